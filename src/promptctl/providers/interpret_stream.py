"""Answers that come in parts, joined into the whole one that the same server would have sent.

Part of `interpret`, which alone reads what servers send. Events are lines that begin with `data:`; what else a server
writes between them (comments that keep the connection, names of events) says nothing.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(rb'"(?:content|reasoning_content|reasoning|text|arguments|refusal)"\s*:\s*"[^"]')
_LONGEST_TOKEN = 64  # bytes: what may stand before, of a token that two pieces share
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


class CutOffError(Exception):
    """The parts end before the answer does."""


def is_stream(body: str) -> bool:
    """Whether a body is parts, whoever asked for them."""
    return body.lstrip().startswith(("data:", "event:", ":", "id:", "retry:"))


def has_token(received: bytes | bytearray, new: int) -> bool:
    """Whether the first part of the answer, or of its thoughts, ends in the last `new` bytes that were received."""
    return bool(_TOKEN.search(received, max(0, len(received) - new - _LONGEST_TOKEN)))


def joined(body: str) -> Any:
    """The whole answer, as a server sends it that does not stream.

    Raises:
        CutOffError: the parts end before the answer does.
        ValueError: a part is not JSON.
    """
    whole: dict[str, Any] = {}
    answer = _Answer()
    for event in _events(body):
        if event == "[DONE]":
            answer.ended = True
            break
        part = json.loads(event, parse_constant=lambda _: None)
        if not isinstance(part, dict):
            raise ValueError("a part that is no object")
        if part.get("error") or ("choices" not in part and "code" in part and "message" in part):
            return part
        whole.update({name: part[name] for name in ("id", "model", "usage") if part.get(name)})
        choices = part.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            if choices[0].get("error"):
                return {"error": choices[0]["error"]}
            if choices[0].get("index") in (0, None):
                answer.add(choices[0])
    if not answer.ended:
        raise CutOffError
    return {**whole, "choices": [answer.choice()]} if answer.begun else {**whole, "choices": []}


def _events(body: str) -> Iterator[str]:
    """What each event says. Only line feeds end a line: U+2028 may stand inside a text."""
    lines: list[str] = []
    for line in [*body.split("\n"), ""]:
        line = line.removesuffix("\r")
        if line.startswith("data:"):
            lines.append(line[5:].strip())
        elif not line and lines:
            yield "\n".join(lines)
            lines = []


class _Answer:
    """The one choice that is asked for, growing. `ended` once the server says so."""

    def __init__(self) -> None:
        self.begun = self.ended = False
        self._finish: Any = None
        self._texts: dict[str, list[str]] = {name: [] for name in _TEXTS}
        self._calls: dict[Any, dict[str, Any]] = {}
        self._whole: dict[str, Any] | None = None

    def add(self, choice: dict[str, Any]) -> None:
        """What one event says of the choice."""
        self.begun = True
        if choice.get("finish_reason"):
            self._finish, self.ended = choice["finish_reason"], True
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._grow(delta)
        elif isinstance(choice.get("message"), dict):  # some end with the whole
            self._whole = choice["message"]

    def choice(self) -> dict[str, Any]:
        """The choice as a whole answer has it."""
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message |= {name: "".join(texts) for name, texts in self._texts.items() if texts}
        if self._calls:
            message["tool_calls"] = list(self._calls.values())
        if self._whole is not None and len(message) == 2 and message["content"] is None:
            message = self._whole
        return {"index": 0, "message": message, "finish_reason": self._finish}

    def _grow(self, delta: dict[str, Any]) -> None:
        for name, texts in self._texts.items():
            piece = delta.get(name)
            if isinstance(piece, list):  # parts of content
                piece = "".join(
                    part["text"]
                    for part in piece
                    if isinstance(part, dict) and isinstance(part.get("text"), str)
                )
            if isinstance(piece, str):
                texts.append(piece)
        calls = delta.get("tool_calls")
        for place, call in enumerate(calls) if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._grow_call(call.get("index", place), call)
        if isinstance(delta.get("function_call"), dict):
            self._grow_call("old", {"type": "function", "function": delta["function_call"]})

    def _grow_call(self, index: Any, part: dict[str, Any]) -> None:
        call = self._calls.setdefault(
            str(index), {"type": "function", "function": {"name": "", "arguments": ""}}
        )
        for name in ("id", "type"):
            if isinstance(part.get(name), str) and part[name]:
                call[name] = part[name]
        function = part.get("function")
        if isinstance(function, dict):
            for name in ("name", "arguments"):
                if isinstance(function.get(name), str):
                    call["function"][name] += function[name]
