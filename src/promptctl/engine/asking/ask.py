"""The only way to a model: what is stored is looked up in bulk, and only what is missing is asked.

    store → budget → single flight → slot of the provider → provider, with its deadline → store

The look-up is synchronous and loads neither asyncio nor an SDK: a run that is answered from the store never does.
A call keeps its slot until its answer is committed, so that a kill costs at most the calls in flight.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from promptctl.core.exchange import Answer, Answered, AnswerKey, Failure, Output, Source
from promptctl.core.ports import AnswerStore, Progress, Provider
from promptctl.engine.asking.commits import Commits
from promptctl.engine.asking.interrupts import interrupts
from promptctl.engine.asking.wanted import Wanted
from promptctl.engine.asking.work_queue import work_off
from promptctl.errors import Incomplete, Interrupted, PromptctlError

Recorded = Mapping[tuple[str, int], Output]


class BulkStore(AnswerStore, Protocol):
    """An answer store that takes what arrives together at once."""

    def prepare(self) -> None:
        """Raises PromptctlError if answers could not be stored."""
        ...

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        """Stores answers durably, all or none, and gives how many were new."""
        ...


class AskingInterrupted(Interrupted):
    """Ctrl-C or SIGTERM while asking. `answers` holds what is known so far; all of it is stored."""

    def __init__(self, answers: dict[AnswerKey, Answered]) -> None:
        fix = "run the same command again: it asks only what is missing"
        super().__init__("interrupted: what was answered is stored", slug="interrupted", fix=fix)
        self.answers = answers


Follow = Callable[[Wanted, Answered], Iterable[Wanted]]
"""The questions that an answer leads to."""


def answer_all(
    wanted: Iterable[Wanted],
    *,
    store: BulkStore | None,
    recorded: Recorded | None = None,
    offline: bool = False,
    max_calls: int | None = None,
    progress: Progress | None = None,
    follow: Follow = lambda _wanted, _answered: (),
    ahead: Callable[[], int] = lambda: 0,
) -> dict[AnswerKey, Answered]:
    """An answer or a failure for every question, equal questions asked once, in the order they were wanted.

    Args:
        recorded: Recorded outputs by (request digest, sample index), used where nothing is stored or imported.
        offline: Ask nothing; a miss is a Failure of kind `offline`.
        max_calls: Refuse before the first call if more would be needed.
        follow: Told every answer, and every failure of a call; gives the questions that follow from it.
        ahead: The most calls that may follow from those that are missing, once all that is stored is followed.

    Raises:
        Incomplete: `budget`, more calls are needed; `cannot-write`, the store failed while asking.
        AskingInterrupted: Ctrl-C or SIGTERM, with what is known so far.
        PromptctlError: what can be known before the first call: a missing key, a store that cannot be written.
    """
    questions: dict[AnswerKey, Wanted] = {}
    asker = Asker(
        store=store,
        recorded=recorded or {},
        offline=offline,
        max_calls=max_calls,
        progress=progress,
        follow=follow,
    )
    batch = list(wanted)
    while batch:
        questions.update((one.key, one) for one in batch if one.key not in questions)
        asker.look_up(one.key for one in batch)
        known = [(one, asker.known[one.key]) for one in batch if one.key in asker.known]
        batch = [more for one, answered in known for more in follow(one, answered)]
    missing = [one for key, one in questions.items() if key not in asker.known]
    asked: dict[AnswerKey, Answered] = {}
    if missing and not offline:
        following = ahead()
        asker.prepare(missing, following)
        asked = asker.run(missing, following)
    return {key: asker.known.get(key) or asked.get(key) or asker.unasked() for key in {**questions, **asked}}


class Asker:
    """Asks questions for one run. `known` grows by every Output; `stop` ends asking.

    The budget and being offline are decided before the first call, in `prepare` and by `answer_all`.
    """

    def __init__(
        self,
        *,
        store: BulkStore | None,
        recorded: Recorded,
        offline: bool = False,
        max_calls: int | None = None,
        progress: Progress | None = None,
        follow: Follow = lambda _wanted, _answered: (),
    ) -> None:
        self.known: dict[AnswerKey, Answered] = {}
        self._store, self._recorded, self._offline = store, recorded, offline
        self._max_calls, self._progress, self._follow = max_calls, progress, follow
        self._sent = 0
        self._looked_up: set[AnswerKey] = set()
        self._stopped: str | None = None
        self._interrupted = False
        self._broken_store: PromptctlError | None = None
        self._flying: dict[AnswerKey, Any] = {}
        self._slots: dict[int, Any] = {}
        self._commits = Commits(store) if store is not None else None

    def look_up(self, keys: Iterable[AnswerKey]) -> None:
        """Finds what needs no call: stored, then imported, then recorded answers."""
        new = [key for key in keys if key not in self._looked_up]
        self._looked_up.update(new)
        if self._store is not None:
            self.known.update(self._store.get_many(new))
        for key in new:
            if key not in self.known and (output := self._recorded.get((key.request, key.sample))):
                self.known[key] = Answered(answer=output, source=Source.RECORDED)

    def prepare(self, missing: Sequence[Wanted], ahead: int = 0) -> None:
        """Raises for what can be known before the first call: the budget, the keys, the store."""
        needed = len(missing) + ahead
        if self._max_calls is not None and needed > self._max_calls:
            raise Incomplete(
                f"{needed} calls are needed, and at most {self._max_calls} are allowed",
                slug="budget",
                at="--max-calls, or [budget] max_calls",
                fix=f"allow {needed}, or select fewer cases",
            )
        for provider in {id(one.provider): one.provider for one in missing}.values():
            provider.prepare()
        if self._store is not None:
            self._store.prepare()

    def run(self, missing: Sequence[Wanted], ahead: int = 0) -> dict[AnswerKey, Answered]:
        """Asks all of `missing`, and what follows from it, in a loop of its own and closes their providers."""
        import asyncio

        if self._progress:
            self._progress.start(len(missing) + ahead)
        try:
            asked = asyncio.run(self._run(missing))
        finally:
            if self._progress:
                self._progress.end()
        if self._interrupted:
            raise AskingInterrupted({**self.known, **asked})
        if self._broken_store is not None:
            safe = self._commits.stored if self._commits else 0
            error = self._broken_store
            message = f"{error.message}; asking was stopped, {safe} new answers are safe"
            raise Incomplete(message, slug=error.slug, at=error.at, fix=error.fix)
        return asked

    async def ask(self, wanted: Wanted) -> Answered:
        """One answer: known, or on its way already, or asked now."""
        import asyncio

        if wanted.key not in self._looked_up:
            self.look_up([wanted.key])
        if known := self.known.get(wanted.key):
            return known
        flight = self._flying.get(wanted.key)
        if flight is None:
            flight = asyncio.ensure_future(self._asked(wanted))
            self._flying[wanted.key] = flight
            flight.add_done_callback(lambda _: self._flying.pop(wanted.key, None))
        answered: Answered = await asyncio.shield(flight)
        return answered

    def stop(self, reason: str) -> None:
        """No new calls from now on; the first reason stays."""
        self._stopped = self._stopped or reason

    def unasked(self) -> Answered:
        """What stands for an answer that was not asked."""
        if self._offline:
            failure = Failure(kind="offline", message="no stored answer (--offline)", sent=False)
        else:
            reason = self._stopped or "the run ended"
            failure = Failure(kind="unavailable", message=f"not asked: {reason}", sent=False)
        return Answered(answer=failure, source=Source.ASKED)

    async def _asked(self, wanted: Wanted) -> Answered:
        async with self._slot(wanted.provider):
            if self._stopped is not None:  # while it waited for its slot
                return self.unasked()
            if self._sent == self._max_calls:  # only what follows from answers can go beyond the plan
                self.stop("more calls are needed than are allowed")
                return self.unasked()
            self._sent += 1
            answered = Answered(answer=await _call(wanted), source=Source.ASKED)
            if isinstance(answered.answer, Output):
                self.known[wanted.key] = answered
                await self._keep(wanted.key, answered.answer)
            elif answered.answer.fatal:
                self.stop(answered.answer.message)
        if self._progress:
            self._progress.advance(answered)
        return answered

    async def _keep(self, key: AnswerKey, output: Output) -> None:
        if self._commits is None:
            return
        try:
            await self._commits.add(key, output)
        except PromptctlError as error:  # each further call would be paid for and lost
            self._broken_store = self._broken_store or error
            self.stop(error.message)

    def _slot(self, provider: Provider) -> Any:
        import asyncio

        return self._slots.setdefault(id(provider), asyncio.Semaphore(max(1, provider.concurrency)))

    async def _run(self, missing: Sequence[Wanted]) -> dict[AnswerKey, Answered]:
        import asyncio

        asked: dict[AnswerKey, Answered] = {}

        async def answer(wanted: Wanted) -> Iterable[Wanted]:
            if self._stopped is not None:
                return ()
            asked[wanted.key] = answered = await self.ask(wanted)
            return self._follow(wanted, answered)

        providers = {id(one.provider): one.provider for one in missing}
        shares = [
            work_off(
                [one for one in missing if id(one.provider) == same], max(1, provider.concurrency), answer
            )
            for same, provider in providers.items()
        ]
        try:
            with interrupts(self._interrupt, self._cancel):
                results = await asyncio.gather(*shares, return_exceptions=True)
        finally:
            if self._commits is not None:
                await self._commits.close()
            for provider in providers.values():
                await provider.close()
        for result in results:
            if isinstance(result, Exception):
                raise result
        return asked

    def _interrupt(self) -> None:
        self._interrupted = True
        self.stop("interrupted")

    def _cancel(self) -> None:
        for flight in list(self._flying.values()):
            flight.cancel()


async def _call(wanted: Wanted) -> Answer:
    try:
        return await wanted.provider.ask(wanted.request, wanted.sample)
    except PromptctlError as error:
        return Failure(kind="rejected", message=str(error), fatal=True)
    except Exception as error:  # a stranger's provider: an error of one trial is data
        said = f"provider {wanted.provider.kind} raised {type(error).__name__}: {error}"
        return Failure(kind="unavailable", message=said[:400])
