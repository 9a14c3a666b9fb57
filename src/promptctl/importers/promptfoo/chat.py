"""What a prompt of promptfoo sends: text as one user message, or the messages that its JSON lists."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptctl.importers.promptfoo.js import Unclear, read_json, trimmed
from promptctl.importers.promptfoo.nunjucks import parse
from promptctl.importers.promptfoo.render import Traits, holds, render, rounds
from promptctl.importers.promptfoo.skeleton import (
    KEYS,
    Chosen,
    Inserted,
    Part,
    Repeated,
    Said,
    read_skeleton,
    role_of,
)

Messages = list[dict[str, Any]]

MARKERS = re.compile(r"\{[{%#]")
_LIKE_JSON = re.compile(r"\{.*\}|\[\s*(?:[\"{\[\d-]|true|false|null).*\]|\[\s*\]", re.DOTALL)


class Chat:
    """A prompt, read. `parts` are its messages; `is_chat` is False for text that is sent as one user message.

    `rendered_twice`: promptfoo looks for templates in the values too.
    """

    def __init__(self, raw: str) -> None:
        """Raises Unclear: what the template does, or how it builds its messages, cannot be carried over."""
        self.raw = raw
        self.is_chat, self.rendered_twice = True, True
        try:
            self._json = read_json(raw)
        except ValueError:
            self._json = None
        if self._json is not None:
            self.rendered_twice = False
            self.parts = _from_json(self._json)
        elif re.match(r"\[\s*\{", trimmed(raw)):
            self.parts = read_skeleton(parse(raw))
        elif trimmed(raw).startswith("- role:"):
            raise Unclear("a chat in YAML inside a text prompt (a .yaml file of its own can be imported)", 0)
        else:
            self.is_chat = False
            self.parts = [Said("user", parse(raw))]

    def original(self, values: Mapping[str, Any]) -> Messages:
        """The messages that promptfoo sends for its own `values`, by its own rules.

        Raises:
            Unclear: a value that is refused, or a text that becomes no chat.
        """
        if self._json is not None:
            messages = _rendered(self._json, values)
        else:
            text = render(parse(self.raw), values)
            if MARKERS.search(text):
                text = render(parse(text), values)
            messages = _parsed(text)
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise Unclear("a rendered prompt that is JSON, but no list of messages")
        for message in messages:
            if set(message) != set(KEYS) or not isinstance(message["content"], str):
                raise Unclear("a message that is more than role and text")
        return messages

    def ours(self, values: Mapping[str, Any], traits: Traits) -> Messages:
        """The messages that the translation sends for the values of a case; fills `traits`. Raises as `original`."""
        return list(_said(self.parts, values, traits))


def _from_json(found: Any) -> list[Part]:
    if not isinstance(found, list):
        raise Unclear("a prompt in JSON that is no list of messages")
    parts: list[Part] = []
    for message in found:
        if not isinstance(message, dict) or "role" not in message:
            raise Unclear("a list in JSON that holds something else than messages")
        if extra := [key for key in message if key not in KEYS]:
            raise Unclear(f"a message with `{extra[0]}`")
        content = message.get("content")
        if not isinstance(content, str):
            raise Unclear("a message whose content is no text, such as parts with images")
        parts.append(Said(role_of(message["role"]), parse(content)))
    if not parts:
        raise Unclear("a prompt in JSON without any message")
    return parts


def _rendered(value: Any, values: Mapping[str, Any]) -> Any:
    """Every text inside a JSON value rendered, as promptfoo does with a prompt that is valid JSON."""
    if isinstance(value, str):
        return render(parse(value), values)
    if isinstance(value, list):
        return [_rendered(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _rendered(item, values) for key, item in value.items()}
    return value


def _parsed(text: str) -> Any:
    """What promptfoo's chat providers make of a rendered prompt."""
    inside = trimmed(text)
    if inside.startswith("- role:"):
        raise Unclear("a rendered prompt that begins like a chat in YAML")
    try:
        return read_json(text)
    except ValueError:
        if _LIKE_JSON.fullmatch(inside):
            raise Unclear(
                "a rendered prompt that looks like JSON and is none, where promptfoo stops"
            ) from None
        return [{"role": "user", "content": text}]


def _said(parts: list[Part], values: Mapping[str, Any], traits: Traits) -> Iterator[dict[str, Any]]:
    for part in parts:
        if isinstance(part, Said):
            yield {"role": part.role, "content": render(part.content, values, traits)}
        elif isinstance(part, Inserted):
            yield from values.get(part.variable.name, [])
        elif isinstance(part, Repeated):
            for scope in rounds(part.loop, values, traits):
                yield from _said(part.parts, {**values, **scope}, traits)
        elif isinstance(part, Chosen):
            bodies = (body for test, body in part.branches if holds(test, values, traits))
            yield from _said(next(bodies, part.otherwise), values, traits)
