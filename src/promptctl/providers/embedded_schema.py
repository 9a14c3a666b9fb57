"""Where the schema of `pick-fields` stands: beside the messages, in them as JSON, or in them as a list."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from promptctl.core.message import Message


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)  # NaN is no JSON
_TRIES = 200  # a message of brackets alone must not keep the decoder busy
_FIELD = re.compile(
    r"^[ \t]*[-*•][ \t]+[`\"“]?(?P<name>[\w.-]{1,60})[`\"”]?[ \t]*(?:\((?P<kind>[^)\n]{1,60})\))?[ \t]*[:：]"
    r"[ \t]*(?P<says>.*)$"
)
_ONE_OF = re.compile(r"(?:\bone of\b|之一|可选|选自)[ \t:：]*(?P<values>[^.。;；\n]+)", re.IGNORECASE)
_WORDED = (
    (re.compile(r"\be-?mail\b|邮箱", re.IGNORECASE), {"type": "string", "format": "email"}),
    (re.compile(r"\bdate\b|日期", re.IGNORECASE), {"type": "string", "format": "date"}),
    (re.compile(r"\b(?:integer|whole number)\b|整数", re.IGNORECASE), {"type": "integer"}),
    (re.compile(r"\b(?:number|decimal)\b|数字|金额", re.IGNORECASE), {"type": "number"}),
    (re.compile(r"\b(?:boolean|true or false)\b|是否", re.IGNORECASE), {"type": "boolean"}),
)


def find(
    messages: Sequence[Message], response_format: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, str]:
    """The properties to fill, by name, or None; and the text of the last user message behind the schema."""
    last = next((message for message in reversed(messages) if message.role == "user"), None)
    text = last.text if last else ""
    given = _properties(_unwrapped(response_format or {}))
    if given:
        return given, text
    for message in messages:
        found, end = _written(message.text)
        if not found:
            found, end = _listed(message.text)
        if found:
            return found, text[end:] if message is last else text
    return None, text


def _unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema inside `{"type": "json_schema", "json_schema": {"schema": …}}`."""
    for key in ("json_schema", "schema"):
        inner = value.get(key)
        if isinstance(inner, Mapping):
            value = inner
    return value


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    return dict(properties) if isinstance(properties, Mapping) else {}


def _written(text: str) -> tuple[dict[str, Any], int]:
    """The first JSON object with `properties` in `text`, and where it ends."""
    start = text.find("{")
    for _ in range(_TRIES):
        if start < 0:
            break
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            value, end = None, start + 1
        if isinstance(value, Mapping) and (properties := _properties(_unwrapped(value))):
            return properties, end
        start = text.find("{", end)
    return {}, 0


def _listed(text: str) -> tuple[dict[str, Any], int]:
    """Fields listed as `- name: description, one of a|b`, and where the list ends."""
    found: dict[str, Any] = {}
    end = position = 0
    for line in text.splitlines(keepends=True):
        position += len(line)
        match = _FIELD.match(line.rstrip())
        if match:
            found[match["name"]] = _described(", ".join(filter(None, (match["kind"], match["says"]))))
            end = position
    return found, end


def _described(says: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": says}
    choice = _ONE_OF.search(says)
    if choice:
        values = [value.strip(" \t\"'`“”") for value in re.split(r"[|/、,，]|\bor\b|或", choice["values"])]
        return schema | {"enum": [value for value in values if value]}
    worded = next((meaning for pattern, meaning in _WORDED if pattern.search(says)), {"type": "string"})
    return schema | worded
