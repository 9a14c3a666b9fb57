"""What a Prompty file declares: inputs, outputs and function tools, in either of its versions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from promptctl.importers.chat_output import can_name
from promptctl.importers.foreign import in_words
from promptctl.importers.imported import LeftOut
from promptctl.importers.keys import Keys

TYPES = {
    "string": "string",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "boolean": "boolean",
    "array": "list",
    "list": "list",
    "object": "object",
    "thread": "messages",
    "image": "image",
}
"""Kinds of values, and our types for them. `audio` and `file` cannot be sent."""

_JSON_TYPES = {"float": "number", "list": "array"}
_JSON_KINDS = ("string", "integer", "float", "number", "boolean", "array", "list", "object")


class Inputs(NamedTuple):
    """Declared inputs: as the header has them, the original's defaults, and values to try, if there are any."""

    header: dict[str, Any]
    defaults: dict[str, Any]
    samples: dict[str, Any]


def read_inputs(keys: Keys, name: str, left_out: list[LeftOut]) -> Inputs:
    """The inputs under `name`, a list or a mapping. Mistakes go into `keys.errors`."""
    found = Inputs({}, {}, {})
    for input_name, own in _properties(keys, name):
        if not input_name.isidentifier():
            left_out.append(LeftOut(f"input {input_name!r}", own.place(), "no template can use this name"))
            continue
        kind = own.text("kind") or own.text("type") or _kind_of(own.any("default"), own.any("sample"))
        ours = TYPES.get(kind)
        if ours is None:
            own.wrong(
                f"an input of kind {kind!r} cannot be sent",
                slug="import-unsupported",
                fix="promptctl sends texts and images: take it out, or write this prompt by hand",
            )
            continue
        spec = _spec(own, ours)
        if "default" in spec:
            found.defaults[input_name] = spec["default"]
        elif own.boolean("required") is False:
            spec |= {"default": ""} if ours == "string" else {"optional": True}
        found.header[input_name] = ours if set(spec) == {"type"} else spec
        for key in ("sample", "example"):
            if own.any(key) is not None:
                found.samples[input_name] = _typed(own.value[key], ours)
    return found


def _spec(own: Keys, ours: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": ours}
    for key in ("enumValues", "enum"):
        if menu := own.listed(key):
            spec["enum"] = menu
    if own.any("default") is not None:
        spec["default"] = _typed(own.value["default"], ours)
    if description := own.text("description"):
        spec["description"] = description
    own.boolean("required")
    own.any("strict")  # it is about role markers in values, of which promptctl makes none
    return spec


def _typed(value: Any, ours: str) -> Any:
    """A default where YAML made a number or a truth of what is a text."""
    if ours == "string" and not isinstance(value, (str, list, dict)):
        return str(value)
    return value


def _kind_of(*values: Any) -> str:
    """The kind of a property that does not say it, from its default or sample."""
    value = next((value for value in values if value is not None), "")
    kinds = {bool: "boolean", int: "integer", float: "float", list: "array", dict: "object"}
    return kinds.get(type(value), "string")


def _properties(keys: Keys, name: str) -> list[tuple[str, Keys]]:
    """The properties under `name`, each with its name; `{properties: …}` around them is seen through."""
    value = keys.any(name)
    at: tuple[str | int, ...] = (name,)
    if isinstance(value, dict) and isinstance(value.get("properties"), (list, dict)):
        keys.below(name).any("properties")
        value, at = value["properties"], (name, "properties")
    found: list[tuple[str, Keys]] = []
    if isinstance(value, list):
        for index, item in enumerate(value):
            own = keys.below(*at, index)
            found.append((own.text("name") or "", own) if isinstance(item, dict) else ("", own))
    elif isinstance(value, dict):
        for key, item in value.items():
            own = keys.below(*at, key) if isinstance(item, dict) else _scalar(keys, at, key, item)
            own.any("name")
            found.append((key, own))
    elif value is not None:
        keys.wrong(f"{name} must be a list or a mapping, found {in_words(value)}", name)
    return found


def _scalar(keys: Keys, at: tuple[str | int, ...], key: str, item: Any) -> Keys:
    """`firstName: Jane`, as if it were `firstName: {default: Jane}`."""
    own = keys.below(*at, key, "default")
    own.value = {"default": item}
    return own


def schema_of(keys: Keys, name: str, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The JSON Schema that Prompty sends for the properties under `name`."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for property_name, own in _properties(keys, name):
        if not property_name:
            own.wrong("a property needs a name")
            continue
        described = _property(own)
        if property_name in without:
            continue
        properties[property_name] = described
        if own.boolean("required"):
            required.append(property_name)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _property(own: Keys) -> dict[str, Any]:
    kind = own.text("kind") or own.text("type") or _kind_of(own.any("default"))
    if kind not in _JSON_KINDS:
        own.wrong(f"a property of kind {kind!r} has no JSON type", slug="import-unsupported")
    described: dict[str, Any] = {"type": _JSON_TYPES.get(kind, kind)}
    if description := own.text("description"):
        described["description"] = description
    for key in ("enumValues", "enum"):
        if menu := own.listed(key):
            described["enum"] = menu
    if kind in ("array", "list") and "items" in own:
        described["items"] = _property(own.mapping("items"))
    if kind == "object" and "properties" in own:
        described |= schema_of(own, "properties")
    for key in ("name", "default", "required"):
        own.any(key)
    return described


def read_tools(keys: Keys, left_out: list[LeftOut]) -> list[dict[str, Any]]:
    """The function tools as they are sent; others go into `left_out`."""
    tools: list[dict[str, Any]] = []
    for name, own in _properties(keys, "tools"):
        kind = own.text("kind") or own.text("type") or ""
        name = name or own.text("id") or ""
        if kind != "function":
            for key in own.value:
                own.any(key)
            cure = _INSTEAD.get(kind, "write a function tool that does the same")
            left_out.append(LeftOut(f"tool {name!r} ({kind or 'of no kind'})", own.place(), cure))
            continue
        if isinstance(own.value.get("function"), dict):  # written as it is sent
            tools.append({"type": "function", "function": dict(own.mapping("function").value)})
            for key in own.mapping("function").value:
                own.mapping("function").any(key)
            continue
        tools.append(_tool(own, name, left_out))
    for tool in tools:
        if not can_name(str(tool["function"].get("name", ""))):
            keys.wrong(
                f"{tool['function'].get('name')!r} cannot name a tool",
                "tools",
                slug="import-unsupported",
                fix="servers accept at most 64 letters a-z, digits, _ and -",
            )
    return tools


def _tool(own: Keys, name: str, left_out: list[LeftOut]) -> dict[str, Any]:
    bound = own.any("bindings")
    without = frozenset(bound) if isinstance(bound, dict) else frozenset[str]()
    if without:
        cure = "no model sees them: the application fills them in when the tool is called"
        left_out.append(LeftOut(f"bindings of {name!r}", own.place("bindings"), cure))
    function: dict[str, Any] = {"name": name}
    if description := own.text("description"):
        function["description"] = description
    function["parameters"] = schema_of(own, "parameters", without=without)
    if own.boolean("strict"):
        function["strict"] = True
        function["parameters"]["additionalProperties"] = False
    return {"type": "function", "function": function}


_INSTEAD = {
    "mcp": "the server's tools are not in the file: write those that are used as function tools",
    "openapi": "the operations are not in the file: write those that are used as function tools",
    "prompty": "promptctl asks one prompt at a time: import that one by itself",
}


def kinds_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Our types of declared inputs by name."""
    return {name: spec if isinstance(spec, str) else spec["type"] for name, spec in inputs.items()}
