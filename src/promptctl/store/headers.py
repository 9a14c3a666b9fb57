"""The header of a prompt file, from strict YAML to a record."""

import re
from typing import Any

from promptctl.core.message import ROLES
from promptctl.core.prompt import INPUT_TYPES, Header, InputSpec
from promptctl.store.documents import read_yaml
from promptctl.store.fields import Fields
from promptctl.store.places import Document
from promptctl.templating.inputs import default_mistake

FORMAT = 1
RESERVED = ("model", "messages", "tools", "response_format", "stream", "n")
LATER = {"output": "an output schema", "tools": "tools", "jinja": "Jinja flags"}
"""Keys of the format that this version does not act on yet: refused by name, never ignored."""

_NAME = re.compile(r"[^\W\d]\w*\Z")
_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+\Z")


def read_header(text: str, path: str) -> Header:
    """The header between its fences. `path` is the file's, as a user would type it.

    Raises:
        FileError, Several: every mistake, with `file:line:column`.
    """
    document = read_yaml(text, path, first_line=2)
    fields = Fields(document, known=("inputs",), free=("x-",))
    version = fields.integer("promptctl", FORMAT)
    if version != FORMAT:
        fields.mistake(
            f"format version {version} is not known",
            "promptctl",
            slug="newer-format",
            fix=f"write promptctl: {FORMAT}, or update promptctl",
        )
    for name, what in LATER.items():
        if name in fields:
            fields.any(name)
            fields.mistake(
                f"{what} cannot be used yet",
                name,
                slug="not-supported-yet",
                fix=f"take {name} out of the header; this version sends text messages only",
            )
    header = Header(
        description=fields.string("description", ""),
        model=fields.string("model", None),
        params=_params(fields),
        inputs=_inputs(fields) if "inputs" in fields else None,
        allow_empty=fields.boolean("allow_empty", False),
        renamed_from=fields.string("renamed_from", None),
        meta=fields.mapping("meta", {}),
    )
    fields.finish()
    return header


def _params(fields: Fields) -> dict[str, Any]:
    params = fields.mapping("params", {})
    for name in params:
        if name in RESERVED:
            fields.mistake(
                f"{name} is set by promptctl itself",
                "params",
                name,
                slug="reserved-param",
                fix=f"take it out of params; the model stands in `model:`, reserved are {', '.join(RESERVED)}",
            )
    return {name: _number(fields.document, value, name) for name, value in params.items()}


def _number(document: Document, value: Any, name: str) -> Any:
    """`0.20` without quotes is a number here, though in a case it would stay the text it is."""
    if isinstance(value, str) and _NUMBER.match(value) and document.is_bare("params", name):
        return float(value)
    return value


def _inputs(fields: Fields) -> dict[str, InputSpec]:
    section = fields.section("inputs")
    inputs = {}
    for name, value in section.value.items():
        if not _NAME.match(name):
            section.mistake(
                f"{name!r} cannot be a variable",
                name,
                slug="bad-input-name",
                fix="use letters, digits and _, not starting with a digit",
            )
        if isinstance(value, dict):
            inputs[name] = _input(name, section.section(name))
        else:
            inputs[name] = InputSpec(name=name, type=section.choice(name, INPUT_TYPES))
        if mistake := default_mistake(inputs[name]) if inputs[name].type != "image" else None:
            section.mistake(
                f"the default does not fit: {mistake.message}", name, slug=mistake.slug, fix=mistake.fix
            )
        if inputs[name].type == "image":
            section.mistake(
                "image inputs cannot be used yet",
                name,
                slug="not-supported-yet",
                fix="this version sends text messages only",
            )
    return inputs


def _input(name: str, own: Fields) -> InputSpec:
    roles = own.strings("roles", ("user", "assistant", "tool"))
    for role in roles:
        if role not in ROLES:
            own.mistake(
                f"{role!r} is no role", "roles", slug="unknown-role", fix=f"one of: {', '.join(ROLES)}"
            )
    default = {"default": own.any("default")} if "default" in own else {}
    return InputSpec(
        name=name,
        type=own.choice("type", INPUT_TYPES, "string"),
        enum=tuple(own.sequence("enum", [])),
        optional=own.boolean("optional", False),
        description=own.string("description", ""),
        roles=tuple(roles),
        **default,
    )
