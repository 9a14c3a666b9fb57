"""Dotprompt files: Handlebars templates with a header, Picoschema, partials."""
