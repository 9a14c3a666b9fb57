"""The calls to one provider: each question is sent as often as the rules allow, at the pace that the server bears."""

from collections.abc import Callable, Iterable, Sequence
from random import random
from typing import Any

from promptctl.core.exchange import Answer, Answered, AnswerKey, Failure, Output, Source
from promptctl.core.ports import Provider
from promptctl.core.record import fault_of, replace
from promptctl.engine.asking.claims import Claims
from promptctl.engine.asking.desk import NOT_ASKED, Desk
from promptctl.engine.asking.pace import LONGEST_WAIT_SECONDS, Backoff, Pace, Ticket
from promptctl.engine.asking.retries import Tries
from promptctl.engine.asking.turnstile import Turnstile
from promptctl.engine.asking.wanted import Wanted
from promptctl.engine.asking.work_queue import work_off
from promptctl.errors import PromptctlError

CLAIMED_PER_SLOT = 4
LOOK_AGAIN_SECONDS = 0.25
SHORTEST_WAIT_SECONDS = 0.1

Known = dict[AnswerKey, Answered]
Follow = Callable[[Wanted, Answered], Iterable[Wanted]]
"""The questions that an answer leads to."""


class Lane:
    """The questions of a run for one provider. Belongs to the loop that it was made in."""

    def __init__(self, provider: Provider, desk: Desk, upcoming: Iterable[AnswerKey] = ()) -> None:
        self.provider, self._desk = provider, desk
        self.slots = max(1, desk.limits.slots or provider.concurrency)
        per_minute = getattr(provider, "requests_per_minute", None)
        self.pace = Pace(self.slots, rate=per_minute / 60 if per_minute else None)
        self._turnstile = Turnstile(self.pace)
        self._backoff = Backoff(random)
        self._claims = Claims(desk.store, desk.off_loop, upcoming, self.slots * CLAIMED_PER_SLOT)
        self._calling: set[Any] = set()
        desk.when_stopped.append(self._turnstile.stop)
        if desk.stopped is not None:
            self._turnstile.stop()

    async def ask_all(
        self,
        questions: Sequence[Wanted],
        answered: Known,
        follow: Follow,
        known: Callable[[AnswerKey], Answered | None] = lambda _key: None,
    ) -> None:
        """Puts what comes back for each question, and for those that follow, into `answered`.

        Two answers may lead to the same question: it is asked once, and `follow` is told of it for both.

        Args:
            known: What needs no call although it is not in the store.
        """
        import asyncio

        renewing = asyncio.ensure_future(self._claims.renew())
        elsewhere: dict[AnswerKey, Wanted] = {}
        under_way: dict[AnswerKey, tuple[Wanted, Tries]] = {}

        async def one(wanted: Wanted) -> Iterable[Wanted]:
            key = wanted.key
            if found := answered.get(key) or known(key):
                answered[key] = found
                return follow(wanted, found)
            first, tries = under_way.setdefault(key, (wanted, Tries()))
            if first is not wanted:
                return ()  # what follows from its answer is told to all who wait for it
            if self._desk.stopped is not None and tries.failure is None:
                return ()
            try:
                ours = tries.failure is not None or await self._claims.may_ask(key)
            except PromptctlError as error:
                self._desk.broke(error)
                return ()
            found = self._claims.answered.get(key)
            if found is not None:
                self._desk.ended(found)
            elif not ours:
                del under_way[key]
                elsewhere[key] = wanted
                return ()
            elif (found := await self._try(wanted, tries)) is None:
                return [wanted]  # behind all that was not tried yet: what fails must not hold up the rest
            del under_way[key]
            answered[key] = found
            return follow(wanted, found)

        try:
            await work_off(questions, self.slots, one)
            while elsewhere and self._desk.stopped is None:
                await self._turnstile.rest(LOOK_AGAIN_SECONDS)
                try:
                    free = await self._claims.look_again()
                except PromptctlError as error:
                    self._desk.broke(error)
                    break
                await work_off([elsewhere.pop(key) for key in free], self.slots, one)
        finally:
            renewing.cancel()
            await self._claims.close()

    async def ask(self, wanted: Wanted) -> Answered:
        """One answer, by as many calls as the rules allow."""
        tries = Tries()
        while (found := await self._try(wanted, tries)) is None:
            continue
        return found

    async def _try(self, wanted: Wanted, tries: Tries) -> Answered | None:
        """One call; None where another one is to follow."""
        await self._turnstile.rest(tries.not_before - self._turnstile.now())
        ticket = await self._turnstile.enter()
        if ticket is None:
            return await self._failed(wanted, tries)
        try:
            if refusal := self._desk.spending.refusal(wanted):
                self._desk.stop(refusal, kind="budget")
                return await self._failed(wanted, tries)
            self._count(tries.failure)
            answer = await self._call(wanted, tries.failure)
            self._learn(ticket, wanted, answer)
            if isinstance(answer, Output):
                return await self._kept(wanted, answer, tries)
        finally:
            self._turnstile.leave()
        tries.failure = answer
        seconds = self._desk.retries.wait(answer, tries)
        if seconds is None or self._desk.stopped is not None:
            return await self._failed(wanted, tries, over=seconds is None)
        tries.not_before = self._turnstile.now() + seconds
        return None

    def cancel(self) -> None:
        """Ends the calls in flight. Whoever waits for something else is woken by the stop, and knows what it knows."""
        for task in list(self._calling):
            task.cancel()

    def end(self) -> None:
        """Nothing more is asked here; what the server made us wait for is added up."""
        self._desk.tally.paused += self.pace.paused
        self._desk.tally.refusals += self.pace.refusals

    async def _kept(self, wanted: Wanted, output: Output, tries: Tries) -> Answered:
        if tries.counted:
            output = replace(output, attempts=tries.counted + 1)
        answered = Answered(answer=output, source=Source.ASKED)
        await self._desk.keep(wanted.key, output)
        self._claims.stored(wanted.key)
        self._desk.ended(answered)
        return answered

    async def _failed(self, wanted: Wanted, tries: Tries, *, over: bool = False) -> Answered:
        """No answer. `over`: there would be no further attempt, whether the run goes on or not."""
        if tries.failure is None:
            answered = self._desk.unasked()
        else:
            answered = self._told(tries.failure, tries.counted, over=over)
            self._desk.ended(answered)
        if self._desk.stopped is None:
            try:
                await self._claims.give_up([wanted.key])
            except PromptctlError as error:
                self._desk.broke(error)
        return answered

    def _told(self, failure: Failure, attempts: int, *, over: bool) -> Answered:
        """The failure with all that a reader should know of it."""
        said, stop = failure.message, self._desk.stopped
        if attempts > 1 and failure.kind != "budget":
            said = f"{said} ({attempts} attempts)"
        if (failure.retry_after or 0.0) > LONGEST_WAIT_SECONDS:
            said = f"{said}; the server asks to be left alone for {failure.retry_after:.0f} s"
        if stop is not None and stop.kind == "budget" and failure.kind != "budget" and not over:
            failure = replace(failure, kind="budget")
            said = f"{stop.message.removeprefix(NOT_ASKED)}; before that: {said}"
        return Answered(answer=replace(failure, message=said), source=Source.ASKED)

    def _count(self, failure: Failure | None) -> None:
        """This call is made because an earlier one failed."""
        if failure is None or (failure.kind == "rate_limited" and failure.retry_after is not None):
            return
        self._desk.tally.retried += 1
        self._desk.tally.twice += failure.lost

    async def _call(self, wanted: Wanted, before: Failure | None) -> Answer:
        import asyncio

        task = asyncio.current_task()
        self._calling.add(task)
        try:
            return self._sound(await self.provider.ask(wanted.request, wanted.sample))
        except asyncio.CancelledError as error:
            stop = self._desk.stopped
            if task is None or not task.cancelling():  # not by us: something of the provider's own
                return self._raised(error)
            if stop is None:
                raise
            task.uncancel()
            said = f"cut off: {stop.message.removeprefix(NOT_ASKED)}"
            said += f"; before that: {before.message}" if before else ""
            return replace(stop, message=said, sent=True, lost=True)
        except PromptctlError as error:
            return Failure(kind="rejected", message=str(error), fatal=True)
        except Exception as error:  # a stranger's provider: an error of one trial is data
            return self._raised(error)
        finally:
            self._calling.discard(task)

    def _sound(self, answer: object) -> Answer:
        """The answer, if it is one that can be kept: it may come from a stranger's code."""
        fault = "neither Output nor Failure"
        if isinstance(answer, (Output, Failure)):
            if (found := fault_of(answer)) is None:
                return answer
            fault = found
        said = f"provider {self.provider.kind} gave a bad {type(answer).__name__}: {fault}"
        return Failure(kind="malformed", message=said[:400])

    def _raised(self, error: BaseException) -> Failure:
        said = f"provider {self.provider.kind} raised {type(error).__name__}: {error}"
        return Failure(kind="unavailable", message=said[:400])

    def _learn(self, ticket: Ticket, wanted: Wanted, answer: Answer) -> None:
        """What the call says about the server, and about what was spent."""
        now, pace, spending = self._turnstile.now(), self.pace, self._desk.spending
        if isinstance(answer, Output):
            self._backoff.over()
            pace.answered(ticket, now)
            spending.ended(wanted, answer)
            return
        if answer.lost or answer.answered:
            spending.lost(wanted)
        elif answer.kind == "rate_limited" or not answer.sent:
            spending.refused(wanted)
        else:
            spending.ended(wanted, None)
        if answer.fatal:
            self._desk.stop(answer.message)
        elif answer.kind == "rate_limited" or answer.retry_after is not None:
            self._pause(ticket, now, answer.retry_after)
        elif answer.passing or answer.kind == "malformed":
            pace.failed(ticket, now, answer.message)
        else:
            pace.answered(ticket, now)  # it refuses this question: the server is there
        if pace.down:
            self._desk.stop(f"{getattr(self.provider, 'name', self.provider.kind)}: {pace.down}")

    def _pause(self, ticket: Ticket, now: float, seconds: float | None) -> None:
        before = self.pace.paused
        if seconds is None or seconds < SHORTEST_WAIT_SECONDS:  # "at once" would be a race with the server
            seconds = self._backoff.seconds(ticket, now)
        self.pace.refused(ticket, now, seconds)
        if self._desk.progress and self.pace.paused > before:
            self._desk.progress.wait(self.pace.pause(now))
