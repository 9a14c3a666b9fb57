"""What a check in a suite may look like, as JSON Schema for editors: from the catalogue and each check's arguments."""

import inspect
from types import NoneType
from typing import Any

import msgspec

from promptctl.core.case import CheckSpec, Extract
from promptctl.core.rule import Rule
from promptctl.engine.arguments import fields_of, options, rule_of
from promptctl.engine.check import GROUPS
from promptctl.engine.editor.records import Schema, type_schema
from promptctl.errors import PromptctlError
from promptctl.registry import find, foreign_names, names

CHECK: Schema = {"$ref": "#/definitions/check"}
CHECKS: Schema = {"type": "array", "items": CHECK}

_COMMON: dict[str, Schema] = {
    "name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 120,
        "description": "What reports call it. Default: its kind, then contains-2 and so on.",
    },
    "required": {
        "type": "boolean",
        "default": True,
        "description": "false: the verdict is shown and decides nothing.",
    },
    "extract": {"$ref": "#/definitions/extract"},
}
_GROUPS: dict[str, Schema] = {
    "not": {**CHECK, "description": "Passes where its check fails, and fails where it passes."},
    "any": {**CHECKS, "minItems": 1, "description": "Passes when one of its checks passes."},
    "all": {**CHECKS, "minItems": 1, "description": "Fails when one of its checks fails."},
}


def check_definitions() -> dict[str, Schema]:
    """The definitions `check` and `extract`. Checks of installed packages are known by name; what they take is not."""
    rules: dict[str, Any] = {name: find("checks", name) for name in names("checks")}
    kinds = {name: _check(name, rule) for name, rule in rules.items()}
    foreign: dict[str, Schema] = {name: {} for name in foreign_names("checks") if name not in kinds}
    mapping = {
        "type": "object",
        "properties": {**kinds, **foreign, **_GROUPS, **_COMMON},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in (*kinds, *foreign, *GROUPS)],
    }
    bare = [name for name, rule in rules.items() if _needs_nothing(name, rule)]
    return {
        "check": {
            "description": "A name, a name with one argument, or a name with keywords.",
            "anyOf": [{"enum": [*bare, *foreign]}, mapping],
        },
        "extract": _extract(),
    }


def _check(name: str, kind: type[Rule]) -> Schema:
    """What may stand behind the name of a check: nothing, its one argument, or its keywords."""
    fields = {field.encode_name: field for field in fields_of(kind)}
    keywords = {
        "type": "object",
        "properties": {
            **{key: type_schema(field.type, lenient=True) for key, field in fields.items()},
            **{key: common for key, common in _COMMON.items() if key not in fields},
        },
        "required": [key for key, field in fields.items() if field.required],
        "additionalProperties": False,
    }
    if not keywords["required"]:
        del keywords["required"]
    ways: list[Schema] = [{"type": "null"}] if _needs_nothing(name, kind) else []
    if kind.SHORT is not None:
        ways.append(type_schema(fields[kind.SHORT].type, lenient=True))
    ways.append(keywords)
    return {"description": inspect.cleandoc(kind.__doc__ or ""), "anyOf": ways}


def _needs_nothing(name: str, kind: type[Rule]) -> bool:
    """Whether the name alone is a check."""
    try:
        rule_of(CheckSpec(kind=name, name=name), kind)
    except PromptctlError as error:
        return error.slug == "missing-extra"
    return True


def _extract() -> Schema:
    fields: Any = msgspec.structs.fields(Extract)  # type: ignore[arg-type]  # a Record is a Struct, though not to mypy
    properties = {field.name: type_schema(_without_none(field.type)) for field in fields}
    return {
        "type": "object",
        "description": "The part of the output that the check looks at: one of regex, json, block and line.",
        "properties": properties,
        "additionalProperties": False,
    }


def _without_none(kind: Any) -> Any:
    kept = [option for option in options(kind) if option is not NoneType]
    found = kept[0]
    for option in kept[1:]:
        found = found | option
    return found
