"""Progress on standard error: one updating line on a terminal, a plain line every few seconds elsewhere."""

import sys
import time

from promptctl.core.exchange import Answered, Failure

QUIET_SECONDS = 1.0
"""Nothing is shown for a run that is done before this."""
PLAIN_EVERY_SECONDS = 5.0


class Bar:
    """How many of the total are done, failures, rate, time left. `noun`: what they are, in the plural."""

    def __init__(self, noun: str = "calls") -> None:
        self._noun = noun
        self._total = self._done = self._failed = 0
        self._started = self._shown = 0.0
        self._terminal = sys.stderr.isatty()

    def start(self, total: int) -> None:
        """`total` are to be done: calls to be sent, or whatever else."""
        self._total, self._done, self._failed = total, 0, 0
        self._started = self._shown = time.monotonic()

    def advance(self, answered: Answered | None = None) -> None:
        """One more is done; of a call, how it ended."""
        self._done += 1
        self._failed += answered is not None and isinstance(answered.answer, Failure)
        now = time.monotonic()
        every = 0.1 if self._terminal else PLAIN_EVERY_SECONDS
        waiting = self._done < self._total  # behind the last one there is nothing to wait for
        if waiting and now - self._started >= QUIET_SECONDS and now - self._shown >= every:
            self._shown = now
            self._show(self._line(now))

    def end(self) -> None:
        """No more will come."""
        if self._terminal and self._shown > self._started:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _line(self, now: float) -> str:
        seconds = now - self._started
        rate = self._done / seconds if seconds else 0.0
        left = (self._total - self._done) / rate if rate else 0.0
        failed = f", {self._failed} failed" if self._failed else ""
        done = f"{self._done} of {self._total} {self._noun}{failed}"
        return f"{done}, {rate:.1f} a second, about {left:.0f} s left"

    def _show(self, line: str) -> None:
        sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        sys.stderr.flush()
