"""What promptctl finds on a machine and in a project: `machine`, `plugins`, `repository`, `models`, `stores`.

Nothing here asks a model, writes a file or shows a key.
"""
