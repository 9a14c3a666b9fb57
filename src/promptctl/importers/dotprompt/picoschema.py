"""Picoschema, Dotprompt's short form of JSON Schema: `name: string, What it is`, `tags?(array): string`."""

from collections.abc import Iterator
from typing import Any

from promptctl.importers.foreign import Key, in_words
from promptctl.importers.keys import Keys

_SCALARS = ("any", "boolean", "integer", "null", "number", "string")
_JSON_TYPES = (*_SCALARS, "object", "array")

At = tuple[Key, ...]


class PicoReader:
    """Reads one schema. Mistakes go into `keys.errors`; `lists` are the places of `string[]`, read as a list."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.lists: list[At] = []

    def read(self, value: Any, *at: Key) -> dict[str, Any] | None:
        """The JSON Schema of what stands at `at`; None for nothing."""
        if not value:
            return None
        if isinstance(value, str):
            return self._scalar(value, at)
        if isinstance(value, dict) and value.get("type") in _JSON_TYPES:
            return self._json_schema(value, at)
        if isinstance(value, dict) and isinstance(value.get("properties"), dict):
            return self._json_schema({**value, "type": "object"}, at)
        return self._pico(value, at)

    def _json_schema(self, schema: dict[str, Any], at: At) -> dict[str, Any]:
        """A JSON Schema as it is, but for properties that say their type in one word."""
        schema = dict(schema)
        for name, inner in _inner(schema):
            place = (*at, *name)
            if isinstance(inner, str):
                found: Any = self._scalar(inner, place)
            elif isinstance(inner, dict):
                found = self._json_schema(inner, place)
            else:
                self._wrong(f"a schema is a mapping, found {in_words(inner)}", place)
                continue
            if name[0] == "properties":
                schema["properties"] = {**schema["properties"], name[1]: found}
            else:
                schema["items"] = found
        return schema

    def _pico(self, value: Any, at: At) -> dict[str, Any]:
        if isinstance(value, str):
            return self._scalar(value, at)
        if not isinstance(value, dict):
            self._wrong(f"Picoschema has texts and mappings only, found {in_words(value)}", at)
            return {}
        schema: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
        required: list[str] = []
        for key, inner in value.items():
            if key == "(*)":
                schema["additionalProperties"] = self._pico(inner, (*at, key))
                continue
            name, found, optional = self._property(key, inner, (*at, key))
            schema["properties"][name] = found
            if not optional:
                required.append(name)
        return {**schema, "required": required} if required else schema

    def _property(self, key: str, value: Any, at: At) -> tuple[str, dict[str, Any], bool]:
        name, bracket, inside = key.partition("(")
        optional = name.endswith("?")
        name = name.removesuffix("?")
        if not bracket:
            found = dict(self._pico(value, at))
        else:
            kind, _, description = inside.removesuffix(")").partition(",")
            found = self._of_kind(kind.strip(), value, at)
            if description.strip():
                found["description"] = description.strip()
        # Dotprompt lets what is optional be null too.
        if optional and isinstance(found.get("type"), str):
            found["type"] = [found["type"], "null"]
        if optional and "enum" in found and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
        return name, found, optional

    def _of_kind(self, kind: str, value: Any, at: At) -> dict[str, Any]:
        if kind == "array":
            return {"type": "array", "items": self._pico(value, at)}
        if kind == "object":
            return dict(self._pico(value, at))
        if kind == "enum" and isinstance(value, list):
            return {"enum": list(value)}
        self._wrong(f"({kind}) is none of (array), (object) and (enum)", at)
        return {}

    def _scalar(self, text: str, at: At) -> dict[str, Any]:
        kind, comma, description = text.partition(",")
        kind = kind.strip()
        said = {"description": description.strip()} if comma and description.strip() else {}
        if kind.endswith("[]") and kind[:-2] in _SCALARS:
            self.lists.append(at)
            return {"type": "array", "items": self._scalar(kind[:-2], at), **said}
        if kind not in _SCALARS:
            self._wrong(f"the schema {kind!r} is not in this file", at)
            return {}
        return said if kind == "any" else {"type": kind, **said}

    def _wrong(self, message: str, at: At) -> None:
        fix = f"write one of {', '.join(_SCALARS)}, or a JSON Schema"
        self.keys.wrong(message, *at, slug="import-unsupported", fix=fix)


def _inner(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    properties = schema.get("properties")
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        yield ("properties", name), inner
    if "items" in schema:
        yield ("items",), schema["items"]
