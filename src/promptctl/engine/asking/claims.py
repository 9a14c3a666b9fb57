"""Which questions this process may ask: what another one is asking right now is waited for, not paid twice."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from promptctl.core.exchange import Answered, AnswerKey
from promptctl.engine.asking.off_loop import OffLoop
from promptctl.errors import PromptctlError
from promptctl.store.claimant import Owner, this_process

RENEW_SECONDS = 300.0
"""Claims lapse after three times this; a run that lasts longer renews its own."""


class ClaimedKeys(Protocol):
    """What became of a batch of keys; see `store.answer_claims.Claimed`."""

    @property
    def answered(self) -> Mapping[AnswerKey, Answered]:
        """Stored meanwhile."""
        ...

    @property
    def granted(self) -> Iterable[AnswerKey]:
        """Ours to ask."""
        ...


class ClaimStore(Protocol):
    """A store that several processes use at once."""

    def claim(self, keys: Sequence[AnswerKey], owner: Owner) -> ClaimedKeys:
        """One transaction for all keys."""
        ...

    def release(self, keys: Sequence[AnswerKey], owner: Owner) -> None:
        """Gives up claims."""
        ...


class Claims:
    """The claims on the questions of one lane.

    Args:
        store: None where nothing is shared: every question is ours.
        upcoming: The keys that will be wanted, in that order; they are claimed some ahead of their turn.
        batch: How many are claimed in one transaction. Few enough that another process finds some left.

    `answered` and `held` hold what was found out about keys that are not ours.
    """

    def __init__(
        self, store: ClaimStore | None, off_loop: OffLoop, upcoming: Iterable[AnswerKey], batch: int
    ) -> None:
        self._store, self._off_loop, self._batch = store, off_loop, batch
        self._upcoming = deque(upcoming)
        self._owner = this_process() if store is not None else None
        self._granted: set[AnswerKey] = set()
        self._mine: set[AnswerKey] = set()
        self.answered: dict[AnswerKey, Answered] = {}
        self.held: set[AnswerKey] = set()
        self._claiming: Any = None

    async def may_ask(self, key: AnswerKey) -> bool:
        """Whether the question is ours to ask; if not, see `answered` and `held`.

        Raises:
            PromptctlError: the store failed.
        """
        if self._store is None:
            return True
        while key not in self._granted:
            if key in self.answered or key in self.held:
                return False
            await self._claim_some(key)
        self._granted.discard(key)
        if len(self._granted) < self._batch // 2 and self._claiming is None and self._upcoming:
            self._start(self._upcoming.popleft())
        return True

    async def look_again(self) -> list[AnswerKey]:
        """The keys that somebody else held and holds no more: answered by now, or ours.

        Raises:
            PromptctlError: the store failed.
        """
        keys, self.held = list(self.held), set()
        await self._claim(keys)
        return [key for key in keys if key not in self.held]

    async def give_up(self, keys: Sequence[AnswerKey]) -> None:
        """Lets others try what did not work here."""
        self._mine.difference_update(keys)
        if self._store is not None:
            await self._off_loop.do(self._store.release, keys, self._owner)

    def stored(self, key: AnswerKey) -> None:
        """The answer is in the store, and with it ends the claim."""
        self._mine.discard(key)

    async def renew(self) -> None:
        """Renews what is ours, for as long as the task lives."""
        import asyncio

        while self._store is not None:
            await asyncio.sleep(RENEW_SECONDS)
            # One that fails is made up for by the next, long before the claims lapse.
            with suppress(PromptctlError):
                await self._off_loop.do(self._store.claim, list(self._mine), self._owner)

    async def close(self) -> None:
        """Waits for what is under way. Errors went to those who asked."""
        import asyncio

        if self._claiming is not None:
            await asyncio.wait([self._claiming])

    async def _claim_some(self, key: AnswerKey) -> None:
        import asyncio

        # One that is over may not have said so yet: to wait for it would be to spin, for it gives nobody else a turn.
        if self._claiming is None or self._claiming.done():
            self._start(key)
        await asyncio.shield(self._claiming)

    def _start(self, key: AnswerKey) -> None:
        import asyncio

        batch = {key: None}
        while self._upcoming and len(batch) < self._batch:
            upcoming = self._upcoming.popleft()
            if upcoming not in self._mine and upcoming not in self.answered and upcoming not in self.held:
                batch[upcoming] = None
        self._claiming = asyncio.ensure_future(self._claim(list(batch)))
        self._claiming.add_done_callback(self._claimed)

    def _claimed(self, task: Any) -> None:
        if self._claiming is task:
            self._claiming = None
        if not task.cancelled():
            task.exception()  # whoever needs the keys claims them again, and is told

    async def _claim(self, keys: list[AnswerKey]) -> None:
        if self._store is None or not keys:
            return
        claimed = await self._off_loop.do(self._store.claim, keys, self._owner)
        self.answered.update(claimed.answered)
        granted = set(claimed.granted)
        self._granted |= granted
        self._mine |= granted
        self.held |= {key for key in keys if key not in granted and key not in claimed.answered}
