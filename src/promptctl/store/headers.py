"""The header of a prompt file, from strict YAML to a record."""

import re
from math import isfinite
from typing import Any

from promptctl.core.message import ROLES
from promptctl.core.prompt import (
    INPUT_TYPES,
    OUTPUT_FORMATS,
    OUTPUT_NAME,
    Header,
    InputSpec,
    OutputFormat,
    OutputSpec,
)
from promptctl.errors import Place
from promptctl.store.documents import read_yaml
from promptctl.store.fields import Fields
from promptctl.store.places import Document, Key, in_words
from promptctl.templating.images import is_address
from promptctl.templating.inputs import default_mistake
from promptctl.templating.names import FLAGS, OutsidePrompts, refuse_outside

FORMAT = 1
RESERVED = ("model", "messages", "tools", "response_format", "stream", "n")
_INSTEAD = {
    "model": "; write `model: NAME` above",
    "tools": "; write `tools: [FILE]` above",
    "response_format": "; write `output: {schema: FILE}` above",
}
WIRE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""What servers accept as the name of a schema or a tool."""

_NAME = re.compile(r"[^\W\d]\w*\Z")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")


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
    header = Header(
        description=fields.string("description", ""),
        model=fields.string("model", None),
        params=_params(fields),
        inputs=_inputs(fields) if "inputs" in fields else None,
        output=_output(fields) if "output" in fields else None,
        tools=_tools(fields),
        jinja=_jinja(fields.section("jinja")) if "jinja" in fields else {},
        allow_empty=fields.boolean("allow_empty", False),
        renamed_from=fields.string("renamed_from", None),
        meta=fields.mapping("meta", {}),
    )
    fields.finish()
    return header


def place_in_header(text: str, path: str, *keys: Key) -> Place:
    """Where an entry of a header that can be read stands."""
    return read_yaml(text, path, first_line=2).place(*keys)


def _params(fields: Fields) -> dict[str, Any]:
    params = fields.mapping("params", {})
    for name in params:
        if name in RESERVED:
            fields.mistake(
                f"{name} is set by promptctl itself",
                "params",
                name,
                slug="reserved-param",
                fix=f"take it out of params{_INSTEAD.get(name, '')}; reserved are {', '.join(RESERVED)}",
            )
    limit = params.get("max_output_tokens", 1)
    if type(limit) is not int or limit < 1:
        fields.mistake(
            f"max_output_tokens is {in_words(limit)}, which is no number of tokens",
            "params",
            "max_output_tokens",
            slug="wrong-value",
            fix="write a whole number above 0, such as 600",
        )
    return {name: _number(fields.document, value, name) for name, value in params.items()}


def _number(document: Document, value: Any, name: str) -> Any:
    """`0.20` and `1e-5` without quotes are numbers here, though in a case they would stay the text that they are."""
    if isinstance(value, str) and _NUMBER.match(value) and document.is_bare("params", name):
        number = float(value)
        return number if isfinite(number) else value
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
        if mistake := default_mistake(inputs[name]):
            section.mistake(
                f"the default does not fit: {mistake.message}", name, slug=mistake.slug, fix=mistake.fix
            )
    return inputs


def _input(name: str, own: Fields) -> InputSpec:
    roles = own.strings("roles", ("user", "assistant", "tool"))
    for role in roles:
        if role not in ROLES:
            own.mistake(
                f"{role!r} is no role", "roles", slug="unknown-role", fix=f"one of: {', '.join(ROLES)}"
            )
    if own.value.get("type") == "image" and "enum" in own:
        own.mistake("an image has no menu", "enum", slug="wrong-place", fix="take enum out")
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


def _output(fields: Fields) -> OutputSpec:
    own = fields.section("output")
    inline = isinstance(own.value.get("schema"), dict)
    if inline:
        own.mistake(
            "a schema is a file of the prompt folder",
            "schema",
            slug="wrong-type",
            fix="put it into a file and name that: `schema: schemas/reply.json`",
        )
    schema = own.any("schema") if inline else own.string("schema", None)
    usual: OutputFormat = "json_schema" if schema else "text"
    spec = OutputSpec(
        format=own.choice("format", OUTPUT_FORMATS, usual),
        name=own.string("name", OUTPUT_NAME),
        strict=own.boolean("strict", None),
        schema=None if inline else schema,
    )
    if fields.value["output"] in ({}, None):
        fields.mistake(
            "output says nothing",
            "output",
            slug="bad-output",
            fix="write `schema: FILE`, or `format: json_object`",
        )
    _refuse_what_does_not_fit(own, spec.format)
    if not WIRE_NAME.match(spec.name):
        own.mistake(
            f"{spec.name!r} cannot name a schema",
            "name",
            slug="wrong-value",
            fix="use at most 64 letters a-z, digits, _ and -",
        )
    if spec.schema is not None:
        _refuse_outside(own, spec.schema, "schema")
    return spec


def _refuse_what_does_not_fit(own: Fields, found: OutputFormat) -> None:
    """What stands beside a format that has no use for it, and a format without what it needs."""
    if found == "json_schema":
        if "schema" not in own:
            own.mistake(
                "the format json_schema needs a schema",
                "format",
                slug="bad-output",
                fix="add `schema: schemas/reply.json`, or write `format: json_object`",
            )
        return
    if "schema" in own and "format" in own:
        own.mistake(
            f"a schema has no meaning where the format is {found}",
            "schema",
            slug="bad-output",
            fix="write `format: json_schema`, or take the schema out",
        )
    for key in ("name", "strict"):
        if key in own:
            own.mistake(
                f"{key} has no meaning without a schema", key, slug="bad-output", fix=f"take {key} out"
            )


def _tools(fields: Fields) -> tuple[str, ...]:
    written = fields.any("tools")
    inline = [
        index
        for index, item in enumerate(written if isinstance(written, list) else ())
        if isinstance(item, dict)
    ]
    for index in inline:
        fields.mistake(
            "a tool is a file of the prompt folder",
            "tools",
            index,
            slug="wrong-type",
            fix="put it into a file and name that: `tools: [tools/lookup_order.json]`",
        )
    tools = () if inline else fields.strings("tools", ())
    for index, name in enumerate(tools):
        _refuse_outside(fields, name, "tools", index)
    return tools


def _jinja(own: Fields) -> dict[str, bool]:
    """The flags that differ from ours: all of them are on otherwise."""
    flags = {name: own.boolean(name, True) for name in FLAGS}
    return {name: value for name, value in flags.items() if not value}


def _refuse_outside(fields: Fields, name: str, *keys: Key) -> None:
    try:
        refuse_outside(name)
    except OutsidePrompts:
        what = (
            "is an address, and nothing is fetched"
            if is_address(name)
            else "is no file below the prompt folder"
        )
        fix = "put the file into the prompt folder and name it relative to that, such as schemas/reply.json"
        if name.startswith("./"):
            what, fix = "is not how files are named here", f"write {name[2:]}"
        fields.mistake(f"{name!r} {what}", *keys, slug="outside-prompts", fix=fix)
