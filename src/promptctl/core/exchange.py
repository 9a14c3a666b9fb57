"""What is asked and what comes back: Request, Output, Failure."""

from collections.abc import Iterable
from enum import StrEnum
from math import isfinite
from typing import Any, Literal, NamedTuple

from promptctl.core.digest import digest
from promptctl.core.message import Message
from promptctl.core.record import Record


class Request(Record):
    """Everything that is sent, and nothing else. Equal digests are never asked twice."""

    model: str
    messages: tuple[Message, ...]
    params: dict[str, Any] = {}
    tools: tuple[dict[str, Any], ...] = ()
    response_format: dict[str, Any] | None = None

    @property
    def digest(self) -> str:
        """`r1:` over {model, messages, params, tools, response_format}."""
        return digest("r1", self.meaning())

    def meaning(self) -> dict[str, Any]:
        """What its digest is over."""
        return {
            "model": self.model,
            "messages": [message.as_dict() for message in self.messages],
            "params": self.params,
            "tools": self.tools,
            "response_format": self.response_format,
        }


class Usage(Record):
    """Tokens of one answer as the provider counted them; None where it did not say."""

    input: int | None = None
    output: int | None = None


Finish = Literal["stop", "length", "refusal", "content_filter", "tool_calls"]


class Output(Record):
    """An answer of the model, whatever it did. `text` may be empty; `seconds` are wall-clock seconds.

    Raises:
        ValueError: a number in it is NaN or infinite; JSON, in which outputs are kept, has no word for it.
    """

    text: str
    finish: Finish = "stop"
    tool_calls: tuple[dict[str, Any], ...] = ()
    usage: Usage | None = None
    model: str | None = None
    reasoning: str | None = None
    seconds: float | None = None
    first_token_seconds: float | None = None
    attempts: int = 1
    cost: float | None = None
    contexts: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Refused here, because the journal cannot write such a number and the store would change it to null."""
        numbers = (self.seconds, self.first_token_seconds, self.cost)
        odd = any(number is not None and not isfinite(number) for number in numbers)
        if odd or ((self.tool_calls or self.contexts) and not _all_finite((self.tool_calls, self.contexts))):
            raise ValueError("an output holds a number that is not finite")


def _all_finite(values: Iterable[Any]) -> bool:
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, float) and not isfinite(value):
            return False
    return True


FailureKind = Literal["timeout", "rate_limited", "unavailable", "rejected", "malformed", "budget", "offline"]


class Failure(Record):
    """What kept us from an answer: an error of the world, neither a pass nor a fail, never stored as an answer.

    `fatal` failures (a refused key, an unknown model) stop the run: the next call would fail alike. `sent` is
    False where nothing was sent at all. `lost`: it was sent, and what came back did not arrive or cannot be read, so
    that it may have been billed. `answered`: what came was said to be an answer (200) and holds none; it may have been
    billed as well. `retry_after`: seconds for which the server asked to be left alone. `passing`: asking
    again may help, because what went wrong lies outside the request.
    """

    kind: FailureKind
    message: str
    fatal: bool = False
    sent: bool = True
    lost: bool = False
    answered: bool = False
    passing: bool = False
    retry_after: float | None = None


Answer = Output | Failure


class Source(StrEnum):
    """Where an answer came from."""

    ASKED = "asked"
    STORE = "store"
    IMPORTED = "imported"
    RECORDED = "recorded"


class Answered(Record):
    """An answer and where it came from."""

    answer: Output | Failure
    source: Source


FIRST_REDRAW = 1000
"""Sample indices below are first draws, those from here on redraws, which confirm a flip or contradict it."""
FIRST_CANARY = 2000
"""Sample indices from here on are canaries: base asked again because its stored answers are old."""


class AnswerKey(NamedTuple):
    """Which answer: provider kind and base URL, request digest, sample index. Never a key, header or organisation.

    Sample indices 0 to 999 are first draws, 1000 and up confirmations, 2000 and up canaries.
    """

    kind: str
    base_url: str
    request: str
    sample: int
