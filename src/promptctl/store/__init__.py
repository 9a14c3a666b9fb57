"""Everything kept on disk: strict documents, configuration, Git trees, prompts, suites, answers, runs.

Only `repo` talks to Git, only `answers` to SQLite. Nothing here asks a model or decides anything.
"""
