"""The only Jinja for prompts: header, roles, includes, closure, rendering.

It works on text that others have read. No Git, no file system, no provider enters here.
"""
