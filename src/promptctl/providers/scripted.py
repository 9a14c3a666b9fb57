"""A provider that says what a test tells it to: from a list, a table, a function or a script file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from promptctl.core.exchange import Answer, Failure, Output, Request
from promptctl.errors import PromptctlError

Said = str | Output | Failure
Answering = Callable[[Request, int], Said]


class ScriptedProvider:
    """Answers in place of a model, for tests of prompts and of code that uses promptctl.

    Args:
        answers: A list gives its items in the order of the calls (which are then sent one at a time); a
            mapping looks up the last user text, else the request digest; a function gets the request and the
            sample index. A text stands for an Output; give an Output or a Failure to say more.
        deterministic: Whether the same request is always answered alike, so that it needs no second draw.
        delay: Seconds before each answer.
        base_url: Part of the key of a stored answer. Scripts that must not share answers get different ones.

    `asked` lists every (request, sample) in the order of the calls.
    """

    kind = "scripted"

    def __init__(
        self,
        answers: Sequence[Said] | Mapping[str, Said] | Answering,
        *,
        deterministic: bool = False,
        delay: float = 0.0,
        base_url: str = "",
    ) -> None:
        self._answer = _answering(answers)
        self.deterministic, self.delay, self.base_url = deterministic, delay, base_url
        self.concurrency = 1 if isinstance(answers, (list, tuple)) else 32
        self.asked: list[tuple[Request, int]] = []

    @classmethod
    def from_script(cls, data: Mapping[str, Any], *, base_url: str = "") -> "ScriptedProvider":
        """A provider from a script file: `{"default", "contains", "failures", "deterministic", "delay"}`.

        `contains` and `failures` are lists of `[needle, answer]`, tried in order, failures first, against the
        text of all messages. An answer is a text or an object with Output's fields; a failure is
        `{"kind", "message", "fatal"}`.

        Raises:
            PromptctlError: `bad-script`, saying what is wrong with it.
        """
        try:
            script = msgspec.convert(dict(data), _Script)
        except msgspec.ValidationError as error:
            raise PromptctlError(
                f"the script of a scripted provider is not valid: {error}",
                slug="bad-script",
                fix='{"default": "text", "contains": [["needle", "answer"]], "failures": [["needle", {…}]]}',
            ) from None
        return cls(script.answer, deterministic=script.deterministic, delay=script.delay, base_url=base_url)

    def prepare(self) -> None:
        """Nothing can be wrong before the first call."""

    async def ask(self, request: Request, sample: int) -> Answer:
        """The scripted answer, after `delay` seconds."""
        self.asked.append((request, sample))
        if self.delay:
            import asyncio

            await asyncio.sleep(self.delay)
        said = self._answer(request, sample)
        return Output(text=said) if isinstance(said, str) else said

    async def close(self) -> None:
        """Nothing to give back."""


class _Script(msgspec.Struct, forbid_unknown_fields=True):
    default: str | Output | None = None
    contains: list[tuple[str, str | Output]] = []
    failures: list[tuple[str, Failure]] = []
    deterministic: bool = False
    delay: float = 0.0

    def answer(self, request: Request, _sample: int) -> Said:
        """The first failure, then the first answer, whose needle stands in a message; else the default."""
        text = "\n".join(message.text for message in request.messages)
        for needle, failure in self.failures:
            if needle in text:
                return failure
        for needle, answer in self.contains:
            if needle in text:
                return answer
        return _nothing() if self.default is None else self.default


def _answering(answers: Sequence[Said] | Mapping[str, Said] | Answering) -> Answering:
    if callable(answers):
        return answers
    if isinstance(answers, Mapping):
        table = answers
        return lambda request, _: table.get(_last_user_text(request), table.get(request.digest, _nothing()))
    rest: Iterator[Said] = iter(answers)
    return lambda _request, _sample: next(rest, _nothing())


def _last_user_text(request: Request) -> str:
    texts = (message.text for message in reversed(request.messages) if message.role == "user")
    return next(texts, "")


def _nothing() -> Failure:
    return Failure(kind="rejected", message="the script has no answer for this request")
