"""Lets calls through at the pace of their provider."""

import math
from collections import deque
from typing import Any

from promptctl.engine.asking.pace import Pace, Ticket


class Turnstile:
    """Where calls wait for a slot, the end of a pause, or their turn. `now` is the clock of the pace."""

    def __init__(self, pace: Pace) -> None:
        import asyncio

        self.pace = pace
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Any] = deque()
        self._timer: Any = None
        self._stopped = False
        self._ended = self._loop.create_future()

    def now(self) -> float:
        """Seconds of a clock that nobody sets."""
        return self._loop.time()

    async def enter(self) -> Ticket | None:
        """Waits until a call may be sent; None when nothing may be sent any more."""
        while not self._stopped:
            now = self._loop.time()
            delay = self.pace.delay(now)
            if not delay:
                ticket = self.pace.take(now)
                if self._waiting:
                    self._wake()  # for whom there may be room, too
                return ticket
            await self._wait(now, delay)
        return None

    def leave(self) -> None:
        """The call is over, and what came of it is kept."""
        self.pace.leave()
        if self._waiting:
            self._wake()

    def stop(self) -> None:
        """Nothing is let through from now on, and nobody waits any longer."""
        self._stopped = True
        if not self._ended.done():
            self._ended.set_result(None)
        while self._waiting:
            self._wake()

    async def rest(self, seconds: float) -> None:
        """Waits without a slot; a stop ends it."""
        import asyncio

        if seconds > 0:
            await asyncio.wait([self._ended], timeout=seconds)

    async def _wait(self, now: float, delay: float) -> None:
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        if delay < math.inf and (self._timer is None or self._timer.when() > now + delay):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(now + delay, self._ring)
        try:
            await waiter
        except BaseException:
            if not waiter.cancelled():
                self._wake()  # it was this one's turn, which is another's now
            raise

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # it was cancelled, and waits no more
                waiter.set_result(None)
                return
