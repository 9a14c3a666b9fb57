"""Prompty files, first and second version: role markers in a text of Jinja2 or Mustache."""
