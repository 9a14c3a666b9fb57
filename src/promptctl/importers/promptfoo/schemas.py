"""JSON Schemas of promptfoo, which reads them by draft 7, for checks that read draft 2020-12 unless one is named."""

from collections.abc import Iterator
from typing import Any

from promptctl.errors import PromptctlError
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.promptfoo.js import Unclear

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
UNCHECKED = frozenset(
    {"date-time", "time", "iso-time", "iso-date-time", "duration", "uri", "uri-reference"}
    | {"uri-template", "url", "hostname", "json-pointer", "relative-json-pointer", "byte", "int32"}
    | {"int64", "float", "double"}
)
"""Formats that promptfoo checks and promptctl does not."""

# Keywords that ask for something. A schema without any fits every JSON.
_ASKING = frozenset(
    {"type", "enum", "const", "properties", "required", "additionalProperties", "patternProperties"}
    | {"propertyNames", "minProperties", "maxProperties", "items", "additionalItems", "contains"}
    | {"minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern", "format", "minimum"}
    | {"maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "allOf", "anyOf", "oneOf"}
    | {"not", "if", "$ref", "dependencies"}
)


def schema_of(value: Any) -> dict[str, Any] | None:
    """The schema in an assertion's value: a mapping, YAML in a text. None for one that every JSON fits.

    Raises:
        Unclear: it is none.
    """
    if isinstance(value, str):
        try:
            value = read_yaml(value, "value").value
        except PromptctlError as error:
            raise Unclear(
                f"a schema in YAML that cannot be read ({error.message}), with which every test fails"
            ) from None
    if value is True or value == {}:
        return None
    if not isinstance(value, dict):
        raise Unclear("a schema that is no mapping")
    if not _ASKING & set(value):
        return None
    by_draft_7 = any(isinstance(part.get("items"), list) or "dependencies" in part for part in _parts(value))
    return {"$schema": DRAFT_7, **value} if by_draft_7 else value


def unchecked_formats(schema: dict[str, Any]) -> list[str]:
    """The formats in a schema that promptctl does not check."""
    found = [part["format"] for part in _parts(schema) if isinstance(part.get("format"), str)]
    return sorted({name for name in found if name in UNCHECKED})


def _parts(document: Any) -> Iterator[dict[str, Any]]:
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
