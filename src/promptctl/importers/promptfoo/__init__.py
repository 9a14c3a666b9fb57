"""promptfoo's configurations: prompts in Nunjucks, providers, tests and assertions. Its code never runs here."""
