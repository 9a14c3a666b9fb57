"""Progress on standard error: one updating line on a terminal, a plain line every few seconds elsewhere."""

import shutil
import sys
import time

from promptctl.core.exchange import Answered, Failure
from promptctl.reporters.safe import fit

QUIET_SECONDS = 1.0
"""Nothing is shown for a run that is done before this."""
PLAIN_EVERY_SECONDS = 5.0


class Bar:
    """How many of the total are done, failures, rate, time left, cost so far. `noun`: what they are, in the plural.

    Args:
        currency: Of the cost; without one no cost is shown.
    """

    def __init__(self, noun: str = "calls", *, currency: str | None = None) -> None:
        self._noun, self._currency = noun, currency
        self._total = self._done = self._failed = self._reused = 0
        self._cost: float | None = None
        self._started = self._shown = self._waits_until = 0.0
        self._terminal = sys.stderr.isatty()

    def start(self, total: int, *, reused: int = 0) -> None:
        """`total` are to be done: calls to be sent, or whatever else; `reused` more need no call."""
        self._total, self._reused, self._done, self._failed, self._cost = total, reused, 0, 0, None
        self._started = self._shown = time.monotonic()
        self._waits_until = 0.0

    def advance(self, answered: Answered | None = None, *, cost: float | None = None) -> None:
        """One more is done; of a call, how it ended, and what all of them cost so far."""
        self._done += 1
        self._failed += answered is not None and isinstance(answered.answer, Failure)
        self._cost = cost
        waiting = self._done < self._total  # behind the last one there is nothing to wait for
        if waiting:
            self._perhaps_show()

    def tick(self) -> None:
        """Time passes."""
        if self._done < self._total:
            self._perhaps_show()

    def wait(self, seconds: float) -> None:
        """A server asked to be left alone for so long."""
        self._waits_until = time.monotonic() + seconds
        self._perhaps_show()

    def end(self) -> None:
        """No more will come."""
        if self._terminal and self._shown > self._started:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _perhaps_show(self) -> None:
        now = time.monotonic()
        every = 0.1 if self._terminal else PLAIN_EVERY_SECONDS
        if now - self._started >= QUIET_SECONDS and now - self._shown >= every:
            self._shown = now
            self._show(self._line(now))

    def _line(self, now: float) -> str:
        seconds = now - self._started
        rate = self._done / seconds if seconds else 0.0
        parts = [f"{self._done} of {self._total} {self._noun}"]
        if self._failed:
            parts[0] += f", {self._failed} failed"
        if self._reused:
            parts.append(f"{self._reused} reused")
        parts.append(f"{rate:.1f} a second")
        if rate:
            parts.append(f"about {duration((self._total - self._done) / rate)} left")
        if self._currency and self._cost:
            parts.append(money(self._cost, self._currency))
        if self._waits_until > now:
            parts.append(f"the server asked to wait {self._waits_until - now:.0f} s")
        return ", ".join(parts)

    def _show(self, line: str) -> None:
        if self._terminal:  # a line that wraps cannot be taken back
            line = fit(line, max(20, shutil.get_terminal_size().columns - 1))
        sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        sys.stderr.flush()


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def money(amount: float, currency: str) -> str:
    """`$0.012`, `CNY 0.012`."""
    return f"${amount:.3f}" if currency == "USD" else f"{currency} {amount:.3f}"
