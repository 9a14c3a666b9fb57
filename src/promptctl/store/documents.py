"""Readers that turn text into plain data with the place of each part: YAML, JSON, JSON lines, TOML.

No text ever ends in a traceback: whatever is wrong is a FileError (or `Several`) with `file:line:column`, a
slug and a cure. Only PyYAML is imported, so an application that loads prompts needs nothing more.
"""

from promptctl.store.fields import REQUIRED, Fields
from promptctl.store.json_documents import JsonLine, read_json, read_json_lines
from promptctl.store.places import Document, Key, decode, full_width_hint, in_words
from promptctl.store.toml_documents import read_toml
from promptctl.store.yaml_documents import read_yaml

__all__ = [
    "REQUIRED",
    "Document",
    "Fields",
    "JsonLine",
    "Key",
    "decode",
    "full_width_hint",
    "in_words",
    "read_json",
    "read_json_lines",
    "read_toml",
    "read_yaml",
]
