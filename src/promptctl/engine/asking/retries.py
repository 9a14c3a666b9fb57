"""When a failed call is sent again."""

from collections.abc import Callable

from promptctl.core.exchange import Failure
from promptctl.engine.asking.pace import LONGEST_WAIT_SECONDS

ATTEMPTS = 5
"""How often one question is sent at most; refusals that named a time to come back do not count."""
LOST = 2
"""How often one may be sent whose answer was lost: each may have been billed."""
SHARE, FEWEST = 0.2, 10
"""All retries of a run together: a share of the planned calls, and as many in any case."""
_WAIT_SECONDS = (0.5, 8.0)


class Tries:
    """What one question has been through so far.

    `counted` are the attempts that are used up, `lost` those whose answer was lost. `failure` is how the last one
    ended, and before `not_before`, in seconds of the loop's clock, there is no next one.
    """

    __slots__ = ("counted", "failure", "lost", "not_before")

    def __init__(self) -> None:
        self.counted = self.lost = 0
        self.failure: Failure | None = None
        self.not_before = 0.0


class Retries:
    """The retries of a run.

    Args:
        planned: The calls that are planned.
        chance: Gives a number in [0, 1).

    Waits have full jitter: a random time up to a bound that doubles with each attempt.
    """

    def __init__(self, planned: int, chance: Callable[[], float]) -> None:
        self.left = max(FEWEST, int(planned * SHARE))
        self._chance = chance

    def wait(self, failure: Failure, tries: Tries) -> float | None:
        """Seconds until the question may be sent again; None if it is not. Counts the failed attempt."""
        told = failure.kind == "rate_limited" and failure.retry_after is not None
        if told and (failure.retry_after or 0.0) <= LONGEST_WAIT_SECONDS:
            return 0.0  # everybody waits at the turnstile
        tries.counted += 1
        tries.lost += failure.lost
        if failure.fatal or not failure.passing or tries.counted >= ATTEMPTS or not self.left:
            return None
        if failure.lost and tries.lost >= LOST:
            return None
        self.left -= 1
        if failure.kind == "rate_limited":
            return 0.0
        first, most = _WAIT_SECONDS
        return self._chance() * min(most, first * 2.0 ** (tries.counted - 1))
