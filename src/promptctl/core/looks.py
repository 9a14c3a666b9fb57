"""Whether a long run may end early because the cases asked so far already show that nothing got worse.

Early PASS alone: a break stops a change by confirmation, which needs no look. The looks count only where the cases
are asked in an order that has nothing to do with their outcomes.
"""

from functools import cache

from promptctl.core.findings import Looks
from promptctl.core.stats import obrien_fleming_boundaries, tango_z

LOOKS = 5
"""Looks in all, the last one at all cases."""
MIN_CASES = 300
"""Below this many cases nothing is gained by looking early."""
ALPHA = 0.05
"""One-sided chance of passing at any look what is worse by the margin."""

_MOST = 1_000_000.0  # beyond any z of a real table; a result file has no word for infinity


@cache
def boundaries() -> tuple[float, ...]:
    """How large z must be at each look, the last one included: 4.2292, 2.8881, 2.2981, 1.9618 and 1.7397."""
    return obrien_fleming_boundaries(LOOKS, alpha=ALPHA)


def look_sizes(planned: int) -> tuple[int, ...]:
    """After how many cases to look, in a run of so many; none where they are fewer than `MIN_CASES`.

    Returns:
        Cases from the start, rising, the last one `planned`: 60, 120, 180, 240 and 300.
    """
    if planned < MIN_CASES:
        return ()
    return tuple(-(-planned * look // LOOKS) for look in range(1, LOOKS + 1))


def look_at(look: int, broken: int, fixed: int, asked: int, *, planned: int, margin: float) -> Looks:
    """What the cases asked so far say at a look.

    Args:
        look: Its number, 1 … `LOOKS`.
        broken, fixed: First draws that flipped, pairs without an outcome counted among the broken ones.
        asked: Cases they are among, at least 1; `look_sizes` of `planned` says when.
        planned: Cases of the whole run.
        margin: The loss one is ready to miss, a fraction in [0, 1].

    Returns:
        `Looks`; `z` at or above `boundary` shows that the change costs less than the margin. `stopped` if that is so
        before the last look. z is finite, also where the cases rule the loss out.

    Raises:
        ValueError: a count, the look or the margin outside its range.

    Source: Tango 1998 for the score, Lan and DeMets 1983 for the boundaries.
    """
    if not 1 <= look <= LOOKS:
        raise ValueError(f"look must lie between 1 and {LOOKS}, not {look}")
    if not asked <= planned:
        raise ValueError(f"{asked} asked cases do not fit into {planned} planned ones")
    z = max(-_MOST, min(_MOST, tango_z(broken, fixed, asked, margin=margin)))
    boundary = boundaries()[look - 1]
    return Looks(
        looks=LOOKS,
        look=look,
        z=z,
        boundary=boundary,
        asked=asked,
        planned=planned,
        stopped=z >= boundary and look < LOOKS,
    )
