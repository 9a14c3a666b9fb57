"""The JSON Schema of a Python type, and of a record with what is known beyond its types."""

import dataclasses
from collections.abc import Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from promptctl.engine.arguments import options

Schema = dict[str, Any]

_NUMBER = r"^-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][-+]?[0-9]{1,3})?$"
_REQUIRED = object()


def type_schema(kind: Any, *, lenient: bool = False) -> Schema:
    """The JSON Schema of a Python type.

    Args:
        kind: As it is annotated in a record.
        lenient: As arguments of checks are read: a number where text is wanted, and text that is a number.
    """
    among = options(kind)
    parts: list[Schema] = []
    for option in among:
        if option is not msgspec.UnsetType and (part := _one(option, among, lenient)) not in parts:
            parts.append(part)
    if len(parts) == 1:
        return parts[0]
    if all(set(part) == {"type"} and isinstance(part["type"], str) for part in parts):
        return {"type": [part["type"] for part in parts]}
    return {"anyOf": parts}


def _one(option: Any, among: tuple[Any, ...], lenient: bool) -> Schema:
    origin = get_origin(option)
    if origin is Literal:
        return {"enum": list(get_args(option))}
    if origin is tuple:
        return {"type": "array", "items": type_schema(get_args(option)[0], lenient=lenient)}
    if origin is dict:
        return {"type": "object"}
    if option is str and lenient and not {int, float} & set(among):
        return {"type": ["string", "number", "boolean"]}
    if option in (int, float) and lenient and str not in among:
        name = "number" if option is float else "integer"
        return {"anyOf": [{"type": name}, {"type": "string", "pattern": _NUMBER}]}
    types = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
    return {"type": types[option]} if option in types else {}


def record_schema(
    kind: Any, about: Mapping[str, str], *, without: tuple[str, ...] = (), **instead: Schema
) -> Schema:
    """A mapping with the fields of a record.

    Args:
        kind: The record.
        about: What each field means.
        without: Fields that no file has.
        instead: Fields that are written otherwise than they are kept, and keys that are no field.
    """
    known = {name: (type_schema(field_type), default) for name, field_type, default in _fields(kind)}
    properties: dict[str, Schema] = {}
    for name in (*known, *(key for key in instead if key not in known)):
        if name in without:
            continue
        schema, default = known.get(name, ({}, None))
        made = dict(instead.get(name, schema))
        if name in about:
            made["description"] = about[name]
        if isinstance(default, (str, int, float)) and default != "":
            made.setdefault("default", default)
        properties[name] = made
    required = [name for name in properties if name in known and known[name][1] is _REQUIRED]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _fields(kind: Any) -> list[tuple[str, Any, Any]]:
    """Name, type and default of a record's fields; `_REQUIRED` for one without a default."""
    if not dataclasses.is_dataclass(kind):
        return [
            (field.encode_name, field.type, _REQUIRED if field.required else field.default)
            for field in msgspec.structs.fields(kind)
        ]
    types = get_type_hints(kind)
    return [
        (field.name, types[field.name], _REQUIRED if _is_required(field) else field.default)
        for field in dataclasses.fields(kind)
    ]


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
