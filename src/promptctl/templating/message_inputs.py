"""One message of an input of type `messages`: plain data from a case, checked key by key.

It may hold what the chat-completions protocol knows: a text or typed parts, calls of tools, which call it answers.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from promptctl.core.message import ROLES
from promptctl.core.prompt import InputSpec
from promptctl.core.words import did_you_mean
from promptctl.errors import PromptError
from promptctl.templating.images import DETAILS, checked_address
from promptctl.templating.values import MessageParts, MessageValue, Role, in_words

_KEYS = ("role", "content", "tool_calls", "tool_call_id")
_CALL = '{id: call_1, type: function, function: {name: …, arguments: "{…}"}}'
_PART = '{type: text, text: "…"} or {type: image_url, image_url: {url: "https://…"}}'


def message_value(spec: InputSpec, item: Any) -> MessageValue:
    """The message as a template sees it.

    Raises:
        PromptError: `wrong-input-type`, `role-not-allowed`, `image-role`, `bad-image`.
    """
    if not isinstance(item, dict) or "role" not in item:
        raise _wrong(spec, "is not {role, content}", 'write {role: user, content: "…"}')
    _refuse_unknown(spec, item, _KEYS, 'write {role: user, content: "…"}')
    role = _role(spec, item["role"])
    found: dict[str, Any] = {"role": role, "content": _content(spec, item, role)}
    if "tool_calls" in item:
        found["tool_calls"] = _calls(spec, item["tool_calls"], role)
    if "tool_call_id" in item:
        found["tool_call_id"] = _call_id(spec, item["tool_call_id"], role)
    return MessageValue(found)


def _role(spec: InputSpec, role: Any) -> Role:
    if isinstance(role, str) and role in spec.roles:
        return Role(role)
    wider = f"; `roles: [{', '.join((*spec.roles, role))}]` in the header allows it" if role in ROLES else ""
    raise PromptError(
        f"{spec.name!r} has a message of role {role!r}, which it does not take",
        slug="role-not-allowed",
        fix=f"allowed are {', '.join(spec.roles)}{wider}",
    )


def _content(spec: InputSpec, item: Mapping[str, Any], role: str) -> str | list[dict[str, Any]]:
    content = item.get("content")
    if isinstance(content, str):
        return content
    if content is None and item.get("tool_calls"):
        return ""
    if isinstance(content, list) and content:
        return MessageParts(_part(spec, part, role) for part in content)
    raise _wrong(spec, f"has {in_words(content)} as content", f"write a text, or a list of {_PART}")


def _part(spec: InputSpec, part: Any, role: str) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and set(part) == {"type", "text"} and isinstance(part["text"], str):
        return dict(part)
    picture = part.get("image_url") if kind == "image_url" and set(part) == {"type", "image_url"} else None
    if not isinstance(picture, dict) or not isinstance(picture.get("url"), str):
        raise _wrong(spec, "has a part that is neither a text nor an image", f"write {_PART}")
    _refuse_unknown(spec, picture, ("url", "detail"), f"write {_PART}")
    if picture.get("detail") not in (None, *DETAILS):
        raise _wrong(spec, f"has the detail {picture['detail']!r}", f"one of: {', '.join(DETAILS)}")
    if role != "user":
        raise PromptError(
            f"{spec.name!r} has an image in a message of role {role}",
            slug="image-role",
            fix="put it into a user message: models look at images in those only",
        )
    checked_address(picture["url"], f"an image of {spec.name!r}")
    return {"type": "image_url", "image_url": dict(picture)}


def _calls(spec: InputSpec, calls: Any, role: str) -> list[dict[str, Any]]:
    if role != "assistant":
        raise _wrong(spec, f"has tool_calls in a message of role {role}", "only the assistant calls tools")
    if not isinstance(calls, list) or not calls:
        raise _wrong(spec, f"has {in_words(calls)} as tool_calls", f"write a list of {_CALL}")
    return [_call(spec, call) for call in calls]


def _call(spec: InputSpec, call: Any) -> dict[str, Any]:
    shape = isinstance(call, dict) and set(call) == {"id", "type", "function"} and call["type"] == "function"
    function = call["function"] if shape else None
    if not isinstance(function, dict) or set(function) != {"name", "arguments"}:
        raise _wrong(spec, "has a tool call of another shape", f"write {_CALL}")
    if isinstance(function["arguments"], dict):
        written = json.dumps(function["arguments"], ensure_ascii=False)
        raise _wrong(
            spec, "has a tool call whose arguments are no text", f"write them as JSON text: '{written[:60]}'"
        )
    if not all(isinstance(text, str) for text in (call["id"], *function.values())):
        raise _wrong(spec, "has a tool call of another shape", f"write {_CALL}")
    return {**call, "function": dict(function)}


def _call_id(spec: InputSpec, value: Any, role: str) -> str:
    if role != "tool":
        raise _wrong(
            spec, f"has a tool_call_id in a message of role {role}", "only tool messages answer a call"
        )
    if not isinstance(value, str) or not value:
        raise _wrong(spec, f"has {in_words(value)} as tool_call_id", "write the id of the call it answers")
    return value


def _refuse_unknown(spec: InputSpec, found: Mapping[Any, Any], known: Collection[str], fix: str) -> None:
    for name in found:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise _wrong(spec, f"has the key {name!r}", hint or f"{fix}, with no other key")


def _wrong(spec: InputSpec, what: str, fix: str) -> PromptError:
    return PromptError(f"a message of {spec.name!r} {what}", slug="wrong-input-type", fix=fix)
