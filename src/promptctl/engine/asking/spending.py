"""What a run may spend, and what it has spent so far."""

from collections.abc import Callable
from typing import NamedTuple

from promptctl.core.exchange import Output
from promptctl.engine.asking.wanted import Wanted
from promptctl.errors import Incomplete

CostOf = Callable[[Wanted, Output | None], float | None]
"""What an answer cost, or before there is one, about what it will cost; None where that cannot be known."""


class Limits(NamedTuple):
    """What a run may spend; None: as much as it takes.

    `cost` is in the project's currency. `until` is when the run has to end, in seconds of `time.monotonic`, and
    `seconds` how long that was at the start. `slots` are the calls at a time, instead of each provider's own.
    """

    calls: int | None = None
    cost: float | None = None
    until: float | None = None
    seconds: float | None = None
    slots: int | None = None


NO_LIMITS = Limits()


def too_many_calls(needed: int, allowed: int) -> Incomplete:
    """The refusal of a plan before its first call."""
    return Incomplete(
        f"{needed} calls are needed, and at most {allowed} are allowed",
        slug="budget",
        at="--max-calls, or [budget] max_calls",
        fix=f"allow {needed}, or select fewer cases",
    )


class Tally:
    """What asking took beyond one call a question.

    `retried` are calls sent again, `twice` those of them whose earlier answer was lost, so that both may have been
    billed. `refusals` are calls refused because there were too many, `paused` the seconds that servers asked for.
    `cost` is what was spent as far as it is known.
    """

    def __init__(self) -> None:
        self.retried = self.twice = self.refusals = 0
        self.paused = 0.0
        self.cost: float | None = 0.0


class Spending:
    """Holds a run to its limits while calls are under way: those count with what they will cost about."""

    def __init__(self, limits: Limits, cost_of: CostOf | None, tally: Tally) -> None:
        self._limits, self._cost_of, self._tally = limits, cost_of, tally
        self._calls = 0
        self._spent = self._held = 0.0

    def refusal(self, wanted: Wanted) -> str | None:
        """Why this question may not be sent; None: it may, and is counted from now on."""
        most, dear = self._limits.calls, self._limits.cost
        if most is not None and self._calls >= most:
            return f"the limit of {most} calls is reached"
        if dear is not None:
            guess = self._guess(wanted)
            if self._spent + self._held + guess > dear:
                return f"the limit of {dear:g} for the cost is reached"
            self._held += guess
        self._calls += 1
        return None

    def refused(self, wanted: Wanted) -> None:
        """The call never came to a model, if it was sent at all: nothing is billed."""
        self._calls -= 1
        self.ended(wanted, None)

    def ended(self, wanted: Wanted, output: Output | None) -> None:
        """The call is over. What may have been billed without an answer counts as much as was guessed."""
        if self._limits.cost is not None:
            self._held -= self._guess(wanted)
        if output is None or self._cost_of is None:
            return
        cost = self._cost_of(wanted, output)
        self._spent += (
            (self._guess(wanted) if cost is None else cost) if self._limits.cost is not None else 0.0
        )
        if cost is None:
            self._tally.cost = None
        elif self._tally.cost is not None:
            self._tally.cost += cost

    def lost(self, wanted: Wanted) -> None:
        """The call was sent and may have been billed, though nothing came back."""
        if self._limits.cost is not None:
            guess = self._guess(wanted)
            self._held -= guess
            self._spent += guess

    def _guess(self, wanted: Wanted) -> float:
        return (self._cost_of(wanted, None) if self._cost_of else None) or 0.0
