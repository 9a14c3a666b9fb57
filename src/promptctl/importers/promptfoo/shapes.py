"""Tools and shapes of answers in a provider's config, in chat-completions words."""

import json
from collections.abc import Mapping
from typing import Any

from promptctl.errors import PromptctlError
from promptctl.importers.chat_output import can_name
from promptctl.importers.imported import LeftOut
from promptctl.importers.promptfoo.config import Part
from promptctl.importers.promptfoo.sources import Sources, is_code


def tools_of(
    settings: Mapping[str, Any], sources: Sources, config: Part, left_out: list[LeftOut]
) -> list[dict[str, Any]]:
    """The tools that are offered: OpenAI's own form, Anthropic's, and functions of the older kind.

    What is none of these is added to `left_out`.
    """
    found: list[dict[str, Any]] = []
    for key in ("tools", "functions"):
        written = _loaded(settings.get(key), sources, config, key, left_out)
        for tool in written if isinstance(written, list) else []:
            made = _tool(tool)
            if made is not None and "{{" in json.dumps(made):
                cure = "write what the template makes into a tool file"
                left_out.append(LeftOut(f"config.{key}: a tool with a template", config.place(key), cure))
            elif made is None:
                what = f"config.{key}: a tool that is no function"
                left_out.append(LeftOut(what, config.place(key), "write it as a function with parameters"))
            elif any(made["function"]["name"] == one["function"]["name"] for one in found):
                what = f"config.{key}: a second tool with the name {made['function']['name']}"
                left_out.append(LeftOut(what, config.place(key), "give it a name of its own"))
            else:
                found.append(made)
    return found


def response_format_of(
    written: Any, sources: Sources, config: Part, left_out: list[LeftOut]
) -> dict[str, Any] | None:
    """The `response_format` that goes out; None where text is wanted, or where it cannot be carried over."""
    found = _loaded(written, sources, config, "response_format", left_out)
    if found is None or (isinstance(found, dict) and found.get("type") == "text"):
        return None
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "json_object":
        return {"type": "json_object"}
    inner = found.get("json_schema", found) if kind == "json_schema" else None
    schema = inner.get("schema") if isinstance(inner, dict) else None
    if (
        not isinstance(inner, dict)
        or not isinstance(schema, dict)
        or not can_name(str(inner.get("name", "output")))
    ):
        cure = "write a schema file, and name it under `output:` in the header"
        left_out.append(
            LeftOut("config.response_format of another form", config.place("response_format"), cure)
        )
        return None
    strict = {"strict": inner["strict"]} if isinstance(inner.get("strict"), bool) else {}
    return {
        "type": "json_schema",
        "json_schema": {"name": inner.get("name", "output"), **strict, "schema": schema},
    }


def _loaded(value: Any, sources: Sources, config: Part, key: str, left_out: list[LeftOut]) -> Any:
    """`value`, or what the file in it holds. A template in it is left out."""
    if not isinstance(value, str):
        return value
    try:
        if value.startswith("file://") and "{{" not in value and not is_code(value):
            return sources.document(value).value
    except PromptctlError as error:
        left_out.append(LeftOut(f"config.{key}: {error.message}", config.place(key), error.fix or "mend it"))
        return None
    left_out.append(
        LeftOut(f"config.{key} that is made by code or a template", config.place(key), "write it out")
    )
    return None


def _tool(tool: Any) -> dict[str, Any] | None:
    """A tool in OpenAI's form."""
    if not isinstance(tool, dict):
        return None
    function = tool.get("function") if tool.get("type") == "function" else tool
    if not isinstance(function, dict) or not can_name(str(function.get("name") or "")):
        return None
    parameters = function.get("parameters", function.get("input_schema"))
    if parameters is not None and not isinstance(parameters, dict):
        return None
    made = {"name": function["name"]}
    if isinstance(function.get("description"), str):
        made["description"] = function["description"]
    if parameters is not None:
        made["parameters"] = parameters
    if isinstance(function.get("strict"), bool):
        made["strict"] = function["strict"]
    return {"type": "function", "function": made}
