"""How fast one provider is asked: how many calls at a time, how many a second, and when none at all.

Pure: whoever asks hands in the time (seconds of any clock that only goes forward) and says how each call ended.

- A server that asks to be left alone is left alone by everybody: the pause is shared.
- A refusal (429) that comes alone is an accident. Where the calls sent after it are refused, too, the server has a
  rate: it is learned from what was let through, kept to, and tried a little higher as long as nothing is refused.
- Where calls fail one after another, one call at a time tries whether the server is back, so that an outage of some
  seconds costs a few calls and not the whole queue.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

GENTLY = 0.75
"""What is left of the calls at a time after a refusal, at most once per `CUT_EVERY_SECONDS`."""
CUT_EVERY_SECONDS = 2.0
SLOWER = (0.75, 0.95)
"""What is left of a learned rate at most when it is refused, and at least when that may be an accident; between them
what was let through decides."""
LEARNING, TRYING = (0.1, 1.5), (0.02, 1.2)
"""Where its limit is not known, a rate grows by a tenth in the first second after a refusal, and by half as much again
in each further one; beyond the limit that was met more carefully. It never more than doubles in a second."""
GROWTH_IN_FLIGHT = 0.12
"""The share by which a rate may grow, about, while a call is under way."""
NEARING = 1.2
"""By how much it grows in a second below the limit that was met."""
MANY = (0.15, 0.4)
"""The shares of refused calls that are no accident when they come twice in a row."""
LATE_SECONDS = 0.05
"""How far sending may catch up: timers are coarser than the distance of two calls."""
ROW_OF_FAILURES = 8
"""So many failures without a success between them are an outage."""
PROBE_SECONDS = (0.5, 8.0)
"""The first and the longest distance of two trials during an outage."""
PATIENCE_SECONDS = 30.0
"""How long an outage may last; a third of it where the server never answered."""
REFUSED_SECONDS = 300.0
"""How long a server may refuse every call; a third of it where it never answered."""
LONGEST_WAIT_SECONDS = 60.0
"""A server that wants to be left alone for longer counts as unavailable."""


class Ticket(NamedTuple):
    """One call that was let through: its number, and when it was sent."""

    number: int
    at: float


class _Refusals:
    """What happened to the calls sent from the first refused one until the pause was over."""

    def __init__(self, first: int) -> None:
        self.first, self.refused, self.admitted = first, 0, 0


class Pace:
    """The pace of one provider.

    Args:
        slots: The most calls at a time.
        rate: The most calls a second; None where nobody set a limit.

    `down` says why nothing more can be expected of the server; None while there is hope. `paused` are the seconds for
    which it asked to be left alone, those of overlapping pauses counted once. `refusals` are the calls it refused.
    """

    def __init__(self, slots: int, *, rate: float | None = None) -> None:
        self.down: str | None = None
        self.paused = 0.0
        self.refusals = 0
        self._slots, self._limit, self._fast = slots, float(slots), float(slots)
        self._busy = self._count = 0
        self._most, self._rate = rate, rate
        self._learned = self._bound = False
        self._ceiling: float | None = None
        self._resume = self._next = self._grown = self._since = self._cut = -math.inf
        self._window: tuple[float, int] | None = None
        self._run: _Refusals | None = None
        self._lonely = self._often = 0
        self._failing: float | None = None
        self._failures = self._probes = 0
        self._refusing: float | None = None
        self._ever = False
        self._asked = self._latency = 0.0

    @property
    def limit(self) -> int:
        """Calls at a time, as things are."""
        return 1 if self._probes else max(1, int(self._limit))

    @property
    def rate(self) -> float | None:
        """Calls a second, as things are; None where there is no limit."""
        return self._rate

    def delay(self, now: float) -> float:
        """Seconds until a call may be sent: 0 at once, infinity not before another one has ended."""
        if self._busy >= self.limit:
            return math.inf
        return max(0.0, self._resume - now, self._next - now if self._rate else 0.0)

    def pause(self, now: float) -> float:
        """Seconds for which the server is left alone from now on."""
        return max(0.0, self._resume - now)

    def take(self, now: float) -> Ticket:
        """A call is sent now."""
        if self._run is not None:
            self._look_back(now)
        if self._window is None:
            self._window = (now, 0)
        if self._rate:
            self._bound = self._next > now - LATE_SECONDS
            self._next = max(self._next, now - LATE_SECONDS) + 1 / self._rate
        self._busy += 1
        self._count += 1
        return Ticket(self._count, now)

    def leave(self) -> None:
        """A call has ended, and what came of it is kept."""
        self._busy -= 1

    def answered(self, ticket: Ticket, now: float) -> None:
        """The server answered."""
        self._ever = True
        self._latency += 0.2 * (now - ticket.at - self._latency)
        self._failures = self._probes = 0
        self._failing = self._refusing = None
        if self._window is not None:
            self._window = (self._window[0], self._window[1] + 1)
        if self._run is not None and ticket.number > self._run.first:
            self._run.admitted += 1
        if self._limit < self._slots:
            self._limit += 1 if self._limit < self._fast else 1 / self._limit
            self._limit = min(self._limit, self._slots)
        if self._learned:
            self._faster(now)

    def refused(self, ticket: Ticket, now: float, seconds: float) -> None:
        """The server refuses so many calls (429), and is left alone for `seconds`."""
        self.refusals += 1
        if seconds > LONGEST_WAIT_SECONDS:
            self.down = f"the server asks to be left alone for {seconds:.0f} s"
            return
        if self._refusing is None:
            self._refusing = ticket.at
        if now + seconds - self._refusing > REFUSED_SECONDS / (1 if self._ever else 3):
            self.down = f"the server refused every call for {now - self._refusing:.0f} s"
            return
        self._asked = seconds
        self.paused += max(0.0, now + seconds - max(self._resume, now))
        self._resume = max(self._resume, now + seconds)
        if self._window is not None and ticket.at < self._window[0]:
            return  # sent before the last pause: it says nothing about the pace since
        self._run = self._run or _Refusals(ticket.number)
        self._run.refused += 1
        if now - self._cut >= CUT_EVERY_SECONDS:
            self._cut, self._fast = now, self._limit * 0.9
            self._limit = max(1.0, self._limit * GENTLY)

    def failed(self, ticket: Ticket, now: float, why: str) -> None:
        """The server did not answer, or not with an answer."""
        self._failures += 1
        self._failing = ticket.at if self._failing is None else min(self._failing, ticket.at)
        if self._failures < ROW_OF_FAILURES:
            return
        if now - self._failing >= PATIENCE_SECONDS / (1 if self._ever else 3):
            self.down = f"{self._failures} calls in a row failed, the last one so: {why}"
        elif now >= self._resume:
            first, most = PROBE_SECONDS
            self._resume = now + min(most, first * 2**self._probes)
            self._probes += 1

    def _look_back(self, now: float) -> None:
        """The pause is over: was it an accident, or has the server a rate?"""
        run, (since, admitted) = self._run, self._window or (now, 0)
        if run is None:
            return
        # A refusal comes at once: what is still under way was let through, though its answer may take a minute.
        admitted += self._busy
        run.admitted += min(self._busy, self._count - run.first)
        accident = run.refused < 3 or run.refused < 1.5 * run.admitted
        # Some of many, twice in a row: it does not bear so many at once. More than that is a server that rolls dice.
        least, most = MANY
        many = run.refused >= 3 and least <= run.refused / (run.refused + admitted) <= most
        self._often = self._often + 1 if many else 0
        # One call at a time is refused alone, whatever the reason: three times soon one after another is a rate.
        self._lonely = self._lonely + 1 if run.refused == 1 and not run.admitted and admitted < 20 else 0
        # The time of the pause counts as well: it is when the server makes up for what it let through at once.
        found = max(admitted, 1) / max(now - since, 0.001)
        if self._learned and self._rate:
            least, most = SLOWER
            few = run.refused < 3
            self._ceiling = self._rate if few else min(self._rate, 1.25 * found)
            slower = self._rate * min(most, max(least if few else 0.0, found / self._rate))
            # After the time that it asked for a server takes a call: there is no use in waiting longer.
            self._rate = min(self._rate, max(slower, 1 / self._asked if self._asked else 0.0))
        elif not accident or self._lonely >= 3 or self._often >= 2:
            self._learned = True
            self._rate = min(found, self._most) if self._most else found
        self._next = self._grown = self._since = now
        self._run, self._window = None, (now, 0)

    def _faster(self, now: float) -> None:
        if self._rate is None:
            return
        if self._ceiling is not None and self._rate < 0.95 * self._ceiling:
            factor = NEARING
        else:
            first, faster = LEARNING if self._ceiling is None else TRYING
            factor = 1 + first * faster ** min(now - self._since, 20.0)
        # What is sent before a refusal can come back is refused as well: the longer that takes, the more careful.
        factor = min(factor, 2.0, 1 + GROWTH_IN_FLIGHT / max(self._latency, 0.01))
        # A rate that is not used to the full, for want of slots, says nothing about the server when it grows.
        grown = self._rate * factor ** min(now - self._grown, 1.0) if self._bound else self._rate
        self._rate = min(grown, self._most) if self._most else grown
        self._grown = now


class Backoff:
    """Seconds to leave a server alone that refuses without saying for how long; longer each time in a row.

    Args:
        chance: Gives a number in [0, 1), so that many clients do not come back at once.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._row = 0
        self._until = -math.inf

    def seconds(self, ticket: Ticket, now: float) -> float:
        """How long from now; calls sent before the last pause do not make it longer."""
        if ticket.at >= self._until:
            self._row += 1
        pause = min(30.0, 0.25 * 2.0**self._row) * (0.75 + 0.5 * self._chance())
        self._until = max(self._until, now + pause)
        return max(0.0, self._until - now)

    def over(self) -> None:
        """The server answered."""
        self._row = 0
