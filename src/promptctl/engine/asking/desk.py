"""What all calls of a run share: where answers are kept, what may be spent, whether it goes on."""

from collections.abc import Callable, Sequence
from random import random
from typing import Protocol

from promptctl.core.exchange import Answered, AnswerKey, Failure, FailureKind, Output, Source
from promptctl.core.ports import AnswerStore, Progress
from promptctl.engine.asking.claims import ClaimStore
from promptctl.engine.asking.commits import Commits
from promptctl.engine.asking.off_loop import OffLoop
from promptctl.engine.asking.retries import Retries
from promptctl.engine.asking.spending import Limits, Spending, Tally
from promptctl.errors import Incomplete, PromptctlError

NOT_ASKED = "not asked: "
# Twice, for the last answers and for the claims: less than six seconds after Ctrl-C the process has ended.
HURRIED_SECONDS = 0.3


class SharedStore(AnswerStore, ClaimStore, Protocol):
    """An answer store for many answers at once and several processes."""

    def prepare(self) -> None:
        """Raises PromptctlError if answers could not be stored."""
        ...

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        """Stores answers durably, all or none, and gives how many were new. Ends the claims on them."""
        ...

    def hurry(self, seconds: float) -> None:
        """From now on another process that writes is waited for no longer than this."""
        ...


class Desk:
    """One run while it asks. `stopped` says why nothing new is asked; None as long as it goes on."""

    def __init__(
        self,
        store: SharedStore | None,
        limits: Limits,
        spending: Spending,
        tally: Tally,
        progress: Progress | None,
        *,
        planned: int,
    ) -> None:
        self.store, self.limits, self.tally, self.progress = store, limits, tally, progress
        self.spending = spending
        self.retries = Retries(planned, random)
        self.off_loop = OffLoop()
        self.stopped: Failure | None = None
        self.when_stopped: list[Callable[[], None]] = []
        self._commits = None if store is None else Commits(store, self.off_loop)
        self._broken: PromptctlError | None = None

    def stop(self, reason: str, kind: FailureKind = "unavailable") -> None:
        """No new calls from now on; the first reason stays."""
        if self.stopped is None:
            self.stopped = Failure(kind=kind, message=f"{NOT_ASKED}{reason}", sent=False)
        for tell in self.when_stopped:
            tell()

    def broke(self, error: PromptctlError) -> None:
        """The store failed: each further call would be paid for and lost."""
        self._broken = self._broken or error
        self.stop(error.message)

    def hurry(self) -> None:
        """Nobody has time to wait for another process any more."""
        if self.store is not None:
            self.store.hurry(HURRIED_SECONDS)

    async def keep(self, key: AnswerKey, output: Output) -> None:
        """Returns when the answer is stored, or cannot be."""
        if self._commits is None:
            return
        try:
            await self._commits.add(key, output)
        except PromptctlError as error:
            self.broke(error)

    def unasked(self) -> Answered:
        """What stands for an answer that was not asked."""
        failure = self.stopped or Failure(kind="unavailable", message=f"{NOT_ASKED}the run ended", sent=False)
        return Answered(answer=failure, source=Source.ASKED)

    def ended(self, answered: Answered) -> None:
        """A question is done with."""
        if self.progress:
            self.progress.advance(answered, cost=self.tally.cost)

    async def close(self) -> None:
        """Waits for what is being stored."""
        if self._commits is not None:
            await self._commits.close()
        self.off_loop.close()

    def refuse_broken(self) -> None:
        """Raises Incomplete if the store failed, saying how many answers are safe."""
        if (error := self._broken) is None:
            return
        safe = self._commits.stored if self._commits else 0
        message = f"{error.message}; asking was stopped, {safe} new answers are safe"
        raise Incomplete(message, slug=error.slug, at=error.at, fix=error.fix)
