"""What Dotprompt itself sends: the template run over values, then cut at its markers. For the proof."""

from collections.abc import Mapping
from typing import Any

from promptctl.importers.dotprompt.parts import ROLES, Choice, Include, Loop, Marker, Part, Print, Value
from promptctl.importers.dotprompt.values import js_text, js_true, look_up
from promptctl.templating.foreign_growth import Budget


def original_messages(
    parts: list[Part], values: Mapping[str, Any], history: list[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """The messages by Dotprompt's own rules, in chat-completions words.

    Raises:
        ValueError: loops make them longer than any prompt is.
    """
    pieces: list[str | Marker] = []
    _Run(pieces).run(parts, [dict(values)], {})
    messages: list[dict[str, Any]] = []
    now: dict[str, Any] = {"role": "user", "pieces": []}
    waiting = [now]
    for piece in _joined(pieces):
        if isinstance(piece, str):
            if piece.strip():
                now["pieces"].append(piece)
        elif piece.kind == "media":
            now["pieces"].append(piece)
        elif piece.kind == "role":
            if now["pieces"]:
                now = {"role": "", "pieces": []}
                waiting.append(now)
            now["role"] = ROLES[piece.name]
        else:
            waiting += [{"message": one} for one in history]
            now = {"role": "assistant", "pieces": []}
            waiting.append(now)
    for one in waiting:
        if "message" in one:
            messages.append(one["message"])
        elif one["pieces"]:
            messages.append({"role": one["role"], "content": _content(one["pieces"])})
    return tuple(messages)


def _joined(pieces: list[str | Marker]) -> list[str | Marker]:
    """Texts without a marker between them as one."""
    joined: list[str | Marker] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _content(pieces: list[str | Marker]) -> str | list[dict[str, Any]]:
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return [
        {"type": "text", "text": piece}
        if isinstance(piece, str)
        else {"type": "image_url", "image_url": {"url": piece.name}}
        for piece in pieces
    ]


class _Run:
    """Runs parts over values as Handlebars would, into texts and markers."""

    def __init__(self, pieces: list[str | Marker]) -> None:
        self.pieces = pieces
        self._budget = Budget()

    def run(self, parts: list[Part], contexts: list[Any], loop: Mapping[str, Any]) -> None:
        for part in parts:
            if isinstance(part, str):
                self._print(part)
            elif isinstance(part, Print):
                self._print(js_text(_found(part.value, contexts, loop)))
            elif isinstance(part, Choice):
                self._choice(part, contexts, loop)
            elif isinstance(part, Loop):
                self._loop(part, contexts, loop)
            elif isinstance(part, Include):
                self.run(part.parts, contexts, loop)
            elif part.value is not None:
                url = js_text(_found(part.value, contexts, loop))
                self.pieces.append(Marker("media", url))
            else:
                self.pieces.append(part)

    def _print(self, text: str) -> None:
        self._budget.text(text)
        self.pieces.append(text)

    def _choice(self, part: Choice, contexts: list[Any], loop: Mapping[str, Any]) -> None:
        value = _found(part.value, contexts, loop)
        if part.other is not None:
            other = _found(part.other, contexts, loop)
            holds = type(value) is type(other) and value == other
        else:
            holds = js_true(value)
        if holds == part.negated:
            self.run(part.otherwise, contexts, loop)
        else:
            self.run(part.body, [*contexts, value] if part.inner else contexts, loop)

    def _loop(self, part: Loop, contexts: list[Any], loop: Mapping[str, Any]) -> None:
        items = _found(part.value, contexts, loop)
        items = items if isinstance(items, list) else []
        for index, item in enumerate(items):
            self._budget.step()
            now = {"@index": index, "@first": index == 0, "@last": index == len(items) - 1}
            self.run(part.body, [*contexts, item], now)
        if not items:
            self.run(part.otherwise, contexts, loop)


def _found(value: Value, contexts: list[Any], loop: Mapping[str, Any]) -> Any:
    if value.special:
        return loop.get(value.special)
    if value.constant is not None:
        return value.constant
    return look_up(contexts[-1 - value.depth], value.path)
