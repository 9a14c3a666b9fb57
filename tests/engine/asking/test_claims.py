"""Claims in bulk: nobody spins while a batch that has just ended has not been taken note of yet."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from promptctl.core.exchange import AnswerKey
from promptctl.engine.asking.claims import Claims
from promptctl.engine.asking.off_loop import OffLoop
from promptctl.store.answer_claims import Claimed


class Granting:
    """A store that grants whatever is claimed."""

    def claim(self, keys: Sequence[AnswerKey], owner: Any) -> Claimed:
        return Claimed({}, tuple(keys), {})

    def release(self, keys: Sequence[AnswerKey], owner: Any) -> None:
        """Nothing is held."""


@pytest.fixture
def no_spinning() -> Iterator[None]:
    """A loop that never gives way can be ended by a signal alone."""

    def stop(*_: object) -> None:
        raise AssertionError("the loop spins")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_a_question_that_comes_right_when_a_batch_ended_is_claimed_by_itself(no_spinning: None):
    """A conversation goes on in that moment: its next turn was in no batch."""

    async def ask() -> bool:
        off_loop = OffLoop()
        claims = Claims(Granting(), off_loop, [], 4)
        ended = asyncio.get_running_loop().create_future()
        ended.set_result(None)
        claims._claiming = ended  # over, and its callback has not run
        try:
            return await claims.may_ask(AnswerKey("openai", "https://a.test", "r1:next", 0))
        finally:
            off_loop.close()

    assert asyncio.run(ask())
