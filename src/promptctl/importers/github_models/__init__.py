"""Prompt files of GitHub Models: messages with `{{name}}`, rows of test data, evaluators."""
