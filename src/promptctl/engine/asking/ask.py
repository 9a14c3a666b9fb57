"""The only way to a model: what is stored is looked up in bulk, and only what is missing is asked.

    store → single flight → claim → pace of the provider → budget → provider, with its deadline → store

The look-up is synchronous and loads neither asyncio nor an SDK: a run that is answered from the store never does.
A call keeps its slot until its answer is committed, so that a kill costs at most the calls in flight.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from promptctl.core.exchange import Answered, AnswerKey, Failure, Output, Source
from promptctl.core.ports import Progress, Provider
from promptctl.engine.asking.desk import Desk, SharedStore
from promptctl.engine.asking.interrupts import interrupts
from promptctl.engine.asking.lane import Follow, Lane
from promptctl.engine.asking.session import Session
from promptctl.engine.asking.spending import NO_LIMITS, CostOf, Limits, Tally, too_many_calls
from promptctl.engine.asking.wanted import Wanted
from promptctl.errors import Interrupted

TICK_SECONDS = 1.0

Recorded = Mapping[tuple[str, int], Output]


class AskingInterrupted(Interrupted):
    """Ctrl-C or SIGTERM while asking. `answers` holds what is known so far; all of it is stored."""

    def __init__(self, answers: dict[AnswerKey, Answered]) -> None:
        fix = "run the same command again: it asks only what is missing"
        super().__init__("interrupted: what was answered is stored", slug="interrupted", fix=fix)
        self.answers = answers


def answer_all(
    wanted: Iterable[Wanted],
    *,
    store: SharedStore | None,
    recorded: Recorded | None = None,
    offline: bool = False,
    limits: Limits = NO_LIMITS,
    cost_of: CostOf | None = None,
    tally: Tally | None = None,
    progress: Progress | None = None,
    follow: Follow = lambda _wanted, _answered: (),
    ahead: Callable[[], int] = lambda: 0,
    session: Session | None = None,
) -> dict[AnswerKey, Answered]:
    """An answer or a failure for every question, equal questions asked once, in the order they were wanted.

    Args:
        recorded: Recorded outputs by (request digest, sample index), used where nothing is stored or imported.
        offline: Ask nothing; a miss is a Failure of kind `offline`.
        limits: Refuse before the first call if more calls would be needed; hold to all of them while asking.
        cost_of: For the limit of the cost, and to count it.
        tally: Counts what asking took.
        follow: Told every answer, and every failure of a call; gives the questions that follow from it.
        ahead: The most calls that may follow from those that are missing, once all that is stored is followed.
        session: Of a run that asks more than once; what may be spent is the session's then, beside `limits.calls`.

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
        limits=limits,
        cost_of=cost_of,
        tally=tally,
        progress=progress,
        follow=follow,
        session=session,
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

    Being offline, and whether the plan is within the limits, is decided before the first call, in `prepare` and by
    `answer_all`.
    """

    def __init__(
        self,
        *,
        store: SharedStore | None,
        recorded: Recorded,
        offline: bool = False,
        limits: Limits = NO_LIMITS,
        cost_of: CostOf | None = None,
        tally: Tally | None = None,
        progress: Progress | None = None,
        follow: Follow = lambda _wanted, _answered: (),
        session: Session | None = None,
    ) -> None:
        self.known: dict[AnswerKey, Answered] = {}
        self._store, self._recorded, self._offline = store, recorded, offline
        self._limits, self._progress, self._follow = limits, progress, follow
        self._tally = Tally() if tally is None else tally
        self._own = session is None
        self._session = session or Session(limits, cost_of, self._tally)
        self._looked_up: set[AnswerKey] = set()
        self._interrupted = False
        self._flying: dict[AnswerKey, Any] = {}
        self._lanes: dict[int, Lane] = {}
        self._desk = self._new_desk(1)

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
        needed, allowed = len(missing) + ahead, self._limits.calls
        if allowed is not None and needed > allowed:
            raise too_many_calls(needed, allowed)
        for provider in {id(one.provider): one.provider for one in missing}.values():
            provider.prepare()
        if self._store is not None:
            self._store.prepare()

    def run(self, missing: Sequence[Wanted], ahead: int = 0) -> dict[AnswerKey, Answered]:
        """Asks all of `missing`, and what follows from it. Without a session the providers are closed after it."""
        self._desk = self._new_desk(len(missing) + ahead)
        if self._progress:
            self._progress.start(len(missing) + ahead, reused=len(self.known))
        try:
            with self._session if self._own else nullcontext():
                asked = self._session.run(self._run(missing))
        finally:
            self._session.stopped = self._desk.stopped
            if self._progress:
                self._progress.end()
        if self._interrupted:
            raise AskingInterrupted({**self.known, **asked})
        self._desk.refuse_broken()
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
            lane = self._lane(wanted.provider)
            flight = asyncio.ensure_future(lane.ask(wanted))
            self._flying[wanted.key] = flight
            flight.add_done_callback(lambda _: self._flying.pop(wanted.key, None))
        answered: Answered = await asyncio.shield(flight)
        return answered

    def stop(self, reason: str) -> None:
        """No new calls from now on; the first reason stays."""
        self._desk.stop(reason)

    def unasked(self) -> Answered:
        """What stands for an answer that was not asked."""
        if self._offline:
            failure = Failure(kind="offline", message="no stored answer (--offline)", sent=False)
            return Answered(answer=failure, source=Source.ASKED)
        return self._desk.unasked()

    async def close(self) -> None:
        """Waits for what is being stored; a session that others use as well keeps the providers open."""
        await self._desk.close()
        for lane in self._lanes.values():
            lane.end()

    def _known_already(self, key: AnswerKey) -> Answered | None:
        """Recorded, or found in the store before asking began; claims find what came into it later."""
        if (known := self.known.get(key)) is None and (
            output := self._recorded.get((key.request, key.sample))
        ):
            known = Answered(answer=output, source=Source.RECORDED)
        return known

    def _new_desk(self, planned: int) -> Desk:
        return Desk(
            self._store, self._limits, self._session.spending, self._tally, self._progress, planned=planned
        )

    def _lane(self, provider: Provider, upcoming: Iterable[AnswerKey] = ()) -> Lane:
        if id(provider) not in self._lanes:
            self._session.holds(provider)
            self._lanes[id(provider)] = Lane(provider, self._desk, upcoming)
        return self._lanes[id(provider)]

    async def _run(self, missing: Sequence[Wanted]) -> dict[AnswerKey, Answered]:
        import asyncio

        asked: dict[AnswerKey, Answered] = {}
        ticking = asyncio.ensure_future(self._tick())
        if self._limits.until is not None:
            asyncio.get_running_loop().call_at(self._limits.until, self._time_is_up)
        try:
            with interrupts(self._interrupt, self._cancel):
                waiting = missing
                while waiting:
                    waiting = await self._round(waiting, asked)
        finally:
            ticking.cancel()
            await self.close()
        return asked

    async def _round(self, missing: Sequence[Wanted], asked: dict[AnswerKey, Answered]) -> list[Wanted]:
        """Asks each provider its questions and what follows for it; gives what follows for other providers."""
        import asyncio

        shares: dict[int, list[Wanted]] = {}
        for one in missing:
            shares.setdefault(id(one.provider), []).append(one)
        asking = []
        others: list[Wanted] = []

        def follow(wanted: Wanted, answered: Answered) -> list[Wanted]:
            further = list(self._follow(wanted, answered))
            others.extend(one for one in further if one.provider is not wanted.provider)
            return [one for one in further if one.provider is wanted.provider]

        for share in shares.values():
            lane = self._lane(share[0].provider, [one.key for one in share])
            asking.append(lane.ask_all(share, asked, follow, self._known_already))
        for result in await asyncio.gather(*asking, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        return others

    async def _tick(self) -> None:
        import asyncio

        while self._progress:
            await asyncio.sleep(TICK_SECONDS)
            self._progress.tick()

    def _interrupt(self) -> None:
        self._interrupted = True
        self._desk.stop("interrupted")

    def _time_is_up(self) -> None:
        self._desk.stop(f"the {self._limits.seconds or 0:g} s of --deadline are over", kind="budget")
        self._cancel()

    def _cancel(self) -> None:
        self._desk.hurry()
        for lane in self._lanes.values():
            lane.cancel()
