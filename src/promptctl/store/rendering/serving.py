"""Reads templates, renders them and answers, one request after the other: what the process that renders does.

Requests and replies are lines of JSON. `files`, `prompt` and `forget` have no reply; `facts`, `meaning` and `render`
begin with a number that their reply begins with, too.
"""

import json
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from promptctl.errors import Place, PromptctlError
from promptctl.processes.inside import Clock, pipes
from promptctl.store.rendering import wire
from promptctl.templating import faults
from promptctl.templating.compiler import TooSlow
from promptctl.templating.rendering import Rendering

READY = b'"ready"\n'

_SLOW = 0.1  # of the time allowed: renderings that take longer are added up


class _Files(Mapping[str, str]):
    """The files of one tree, as far as they were sent."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.texts: dict[str, str] = {}
        self.refused: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> str:
        if name in self.refused:
            raise wire.read_error(self.refused[name])
        return self.texts[name]

    def __contains__(self, name: object) -> bool:
        return name in self.texts or name in self.refused or name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names or self.texts)

    def __len__(self) -> int:
        return len(self.names or self.texts)


class _Tree:
    """The templates of one tree, with the prompts that are rendered."""

    def __init__(self, folder: str) -> None:
        self.folder, self.files = folder, _Files()
        self.rendering = Rendering(self.files, folder)
        self.prompts: dict[int, Any] = {}
        self.spent: dict[str, float] = {}
        self.given_up: dict[str, PromptctlError] = {}


class _Server:
    """What was sent, and how long each prompt took."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._trees: dict[int, _Tree] = {}

    def note(self, kind: str, tree: int, *more: Any) -> None:
        """Takes what needs no reply."""
        if kind == "forget":
            self._trees.pop(tree, None)
        elif kind == "tree":
            self._trees[tree] = _Tree(*more)
        elif kind == "names":
            self._trees[tree].files.names = dict.fromkeys(more[0])
        elif kind == "file":
            name, text, refused = more
            files = self._trees[tree].files
            if refused is None:
                files.texts[name] = text
            else:
                files.refused[name] = refused
        else:
            self._trees[tree].prompts[more[0]] = wire.read_prompt(more[1])

    def answer(self, kind: str, number: int, *more: Any) -> Any:
        """What is asked for, ready to be written. Raises PromptctlError."""
        tree = self._trees[number]
        if kind == "facts":
            return wire.written_facts(tree.rendering.facts(more[0]))
        if kind == "meaning":
            return tree.rendering.meaning(*more)
        asked, inputs, strict = tree.prompts[more[0]]
        if asked.name in tree.given_up:
            raise tree.given_up[asked.name]
        begun = time.monotonic()
        try:
            values = wire.read_values(more[1])
            return wire.written_messages(tree.rendering.filled(asked, inputs, values, strict=strict))
        except PromptctlError as error:
            if error.slug in faults.WITHOUT_MEASURE and time.monotonic() - begun > _SLOW * self._seconds:
                tree.given_up[asked.name] = error
            raise
        finally:
            self._add_up(tree, asked.name, time.monotonic() - begun)

    def _add_up(self, tree: _Tree, name: str, seconds: float) -> None:
        """A thousand cases of a prompt that is almost too slow are too slow together."""
        if seconds > _SLOW * self._seconds:
            tree.spent[name] = tree.spent.get(name, 0) + seconds
            if tree.spent[name] > 2 * self._seconds:
                tree.given_up.setdefault(name, faults.too_slow(Place(f"{tree.folder}/{name}")))


def serve(seconds: float) -> None:
    """Answers requests until there are no more. A request that takes longer than `seconds` is an error."""
    requests, replies = pipes()
    server, clock = _Server(seconds), Clock(seconds, TooSlow)
    with suppress(BrokenPipeError):  # nobody waits any more
        _write(replies, READY)
        for request in requests:
            number, *asked = json.loads(request)
            if number is None:
                server.note(*asked)
            else:
                _write(replies, _reply(server, clock, number, asked))


def _reply(server: _Server, clock: Clock, number: int, asked: list[Any]) -> bytes:
    try:
        with clock:
            return wire.line([number, "is", server.answer(*asked)])
    except PromptctlError as error:
        return wire.line([number, "error", wire.written_error(error)])
    except TooSlow:
        return wire.line([number, "late"])
    except MemoryError:
        os._exit(wire.NO_MEMORY)
    except Exception:  # a bug of ours: whoever asked shows it
        return wire.line([number, "bug", traceback.format_exc()])


def _write(replies: BinaryIO, data: bytes) -> None:
    replies.write(data)
    replies.flush()
