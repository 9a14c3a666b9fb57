"""What is asked and what comes back: Request, Output, Failure."""

from enum import StrEnum
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
        return digest(
            "r1",
            {
                "model": self.model,
                "messages": [message.as_dict() for message in self.messages],
                "params": self.params,
                "tools": self.tools,
                "response_format": self.response_format,
            },
        )


class Usage(Record):
    """Tokens of one answer as the provider counted them; None where it did not say."""

    input: int | None = None
    output: int | None = None


Finish = Literal["stop", "length", "refusal", "content_filter", "tool_calls"]


class Output(Record):
    """An answer of the model, whatever it did. `text` may be empty; `seconds` are wall-clock seconds."""

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


FailureKind = Literal["timeout", "rate_limited", "unavailable", "rejected", "malformed", "budget", "offline"]


class Failure(Record):
    """What kept us from an answer: an error of the world, neither a pass nor a fail, never stored as an answer.

    `fatal` failures (a refused key, an unknown model) stop the run: the next call would fail alike. `sent` is
    False where nothing was sent at all.
    """

    kind: FailureKind
    message: str
    fatal: bool = False
    sent: bool = True


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


class AnswerKey(NamedTuple):
    """Which answer: provider kind and base URL, request digest, sample index. Never a key, header or organisation.

    Sample indices 0 to 999 are first draws, 1000 and up confirmations, 2000 and up canaries.
    """

    kind: str
    base_url: str
    request: str
    sample: int
