"""Response formats and tools as the chat-completions protocol writes them: files of ours, and what goes out."""

import json
import re
from collections.abc import Mapping
from typing import Any

from promptctl.importers.imported import LeftOut
from promptctl.importers.keys import Keys

_WIRE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""What servers accept as the name of a schema or a tool."""


def schema_file(
    schema: Mapping[str, Any], name: str, strict: bool | None, prompt_id: str, files: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A JSON Schema as a file; the response format that goes out, and what the header says of it."""
    path = f"schemas/{prompt_id}.json"
    files[path] = as_json(schema)
    said = {} if strict is None else {"strict": strict}
    sent = {"type": "json_schema", "json_schema": {"name": name, **said, "schema": dict(schema)}}
    return sent, {"format": "json_schema", "name": name, **said, "schema": path}


def output_header(
    keys: Keys, name: str, prompt_id: str, files: dict[str, str], left_out: list[LeftOut]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What a `response_format` under `name` asks for: what goes out, and the header's `output`."""
    if name not in keys or not isinstance(keys.value[name], dict):
        return None, None
    own = keys.mapping(name)
    kind = own.any("type")
    if kind == "json_object":
        return {"type": "json_object"}, {"format": "json_object"}
    if kind == "json_schema":
        inner = own.mapping("json_schema")
        called, schema, strict = inner.text("name"), inner.any("schema"), inner.boolean("strict")
        if called and isinstance(schema, dict):
            return schema_file(schema, called, strict, prompt_id, files)
    if kind != "text":
        left_out.append(LeftOut(name, keys.place(name), "write `output:` into the header"))
    return None, None


def tool_files(
    keys: Keys, name: str, prompt_id: str, files: dict[str, str]
) -> tuple[tuple[dict[str, Any], ...], list[str]]:
    """The function tools listed under `name`: what goes out, and the files of them."""
    if name not in keys:
        return (), []
    sent = []
    for index, own in enumerate(keys.items(name)):
        function = own.mapping("function").value
        called = function.get("name")
        if own.any("type") != "function" or not isinstance(called, str) or not _WIRE_NAME.match(called):
            keys.wrong("this is no function tool with a name", name, index, slug="import-unsupported")
            continue
        for key in function:
            own.mapping("function").any(key)
        sent.append(dict(own.value))
    return tuple(sent), tool_paths(sent, prompt_id, files)


def tool_paths(tools: list[dict[str, Any]], prompt_id: str, files: dict[str, str]) -> list[str]:
    """Writes each function tool into a file of its own; the files, for the header."""
    paths = []
    for tool in tools:
        path = f"tools/{prompt_id}/{tool['function']['name']}.json"
        files[path] = as_json(tool)
        paths.append(path)
    return paths


def can_name(name: str) -> bool:
    """Whether servers accept the name of a schema or tool."""
    return bool(_WIRE_NAME.match(name))


def as_json(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
