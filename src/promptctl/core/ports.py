"""What the engine needs from the world, as protocols. The rooms above provide them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from promptctl.core.exchange import Answer, Answered, AnswerKey, Output, Request


class Provider(Protocol):
    """Something that answers requests.

    `kind` and `base_url` are part of the key of a stored answer. A deterministic provider answers the same
    request alike for ever, so its first draw confirms itself.
    """

    kind: str
    base_url: str
    deterministic: bool
    concurrency: int

    def prepare(self) -> None:
        """Raises PromptctlError for what can be known before the first call: a missing key, a bad address."""
        ...

    async def ask(self, request: Request, sample: int) -> Answer:
        """One answer. Never raises for what the world does: that is a Failure."""
        ...

    async def close(self) -> None:
        """Gives back connections. Called once."""
        ...


class AnswerStore(Protocol):
    """Append-only answers."""

    def get_many(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answered]:
        """The answers that are there, by key: asked ones first, then imported."""
        ...

    def put(self, key: AnswerKey, output: Output) -> None:
        """Stores one answer durably. A stored sample is never replaced: putting it again keeps the first."""
        ...


class Progress(Protocol):
    """Told about each answer while a run is going on."""

    def start(self, total: int, *, reused: int = 0) -> None:
        """`total` questions are about to be asked; `reused` more were answered before."""
        ...

    def advance(self, answered: Answered, *, cost: float | None = None) -> None:
        """A question is done with. `cost` is that of all so far, None where it is not known."""
        ...

    def tick(self) -> None:
        """Time passes; told about once a second, also while nothing is answered."""
        ...

    def wait(self, seconds: float) -> None:
        """A server asked to be left alone for so long."""
        ...

    def end(self) -> None:
        """No more will come."""
        ...
