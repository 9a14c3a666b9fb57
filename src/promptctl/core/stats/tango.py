"""The range of a change in pass rate, by Tango's score: right for few flips, and for none.

`broken` counts cases that passed before and fail after, `fixed` the reverse, `n` all compared cases. The
change is (fixed - broken) / n: negative is worse.
"""

import math

from promptctl.core.stats.interval import Interval, one_sided_z, two_sided_z
from promptctl.core.stats.special import turning_point


def tango_interval(broken: int, fixed: int, n: int, *, level: float = 0.90) -> Interval:
    """The change in pass rate from base to head, with the range it plausibly lies in: the one to show.

    Args:
        broken, fixed: Cases that flipped, 0 or more, together at most n.
        n: Compared cases, at least 1.
        level: Two-sided confidence, 0 < level < 1. The ends of 0.90 are the one-sided bounds of 0.95.

    Returns:
        `Interval(low, estimate, high)` in fractions within [-1, 1]; never of zero width.

    Raises:
        ValueError: a count or the level outside its range.

    Source: Tango 1998, Statistics in Medicine 17.
    """
    check_pairs(broken, fixed, n)
    z = two_sided_z(level)
    return Interval(
        _tango_low(broken, fixed, n, z), (fixed - broken) / n, 0.0 - _tango_low(fixed, broken, n, z)
    )


def tango_lower(broken: int, fixed: int, n: int, *, level: float = 0.95) -> float:
    """The most that the change plausibly costs: the gate's "no worse than".

    Args:
        broken, fixed, n: As `tango_interval`.
        level: One-sided confidence, 0.5 ≤ level < 1.

    Returns:
        A fraction in [-1, (fixed - broken) / n]; without flips it is -z² / (n + z²).

    Raises:
        ValueError: a count or the level outside its range.

    Source: Tango 1998.
    """
    check_pairs(broken, fixed, n)
    return _tango_low(broken, fixed, n, one_sided_z(level))


def tango_upper(broken: int, fixed: int, n: int, *, level: float = 0.95) -> float:
    """The most that the change plausibly gains.

    Args:
        broken, fixed, n: As `tango_interval`.
        level: One-sided confidence, 0.5 ≤ level < 1.

    Returns:
        A fraction in [(fixed - broken) / n, 1].

    Raises:
        ValueError: a count or the level outside its range.

    Source: Tango 1998.
    """
    return 0.0 - tango_lower(fixed, broken, n, level=level)


def tango_z(broken: int, fixed: int, n: int, *, margin: float) -> float:
    """How far the cases speak against a loss of `margin`, in standard errors.

    Args:
        broken, fixed, n: As `tango_interval`.
        margin: The loss tested against, a fraction in [-1, 1]; 0.05 tests a change of -0.05.

    Returns:
        The score statistic; above 1.645 the loss is smaller than the margin at one-sided 95 %. Infinite where
        the cases rule the loss out.

    Raises:
        ValueError: a count or the margin outside its range.

    Source: Tango 1998.
    """
    check_pairs(broken, fixed, n)
    if not -1 <= margin <= 1:
        raise ValueError(f"margin must lie in [-1, 1], not {margin}")
    return _tango_score(broken, fixed, n, 0.0 - margin)


def no_worse_than(broken: int, fixed: int, n: int, *, margin: float, level: float = 0.95) -> bool:
    """Whether the cases show that the change costs less than `margin`.

    Args:
        broken, fixed, n: As `tango_interval`.
        margin: The loss one is ready to miss, a fraction in [0, 1].
        level: One-sided confidence, 0.5 ≤ level < 1.

    Returns:
        True when `tango_lower` lies above -margin.

    Raises:
        ValueError: a count, the margin or the level outside its range.

    Source: Tango 1998.
    """
    if not 0 <= margin <= 1:
        raise ValueError(f"margin must lie in [0, 1], not {margin}")
    return tango_lower(broken, fixed, n, level=level) > -margin


def _tango_low(broken: int, fixed: int, n: int, z: float) -> float:
    return turning_point(
        lambda change: _tango_score(broken, fixed, n, change) > z, -1.0, (fixed - broken) / n
    )


def _tango_score(broken: int, fixed: int, n: int, change: float) -> float:
    if change > 0:  # mirrored: here the root below would subtract nearly equal numbers
        return -_tango_score(fixed, broken, n, -change)
    # The likeliest share q of broken cases if the true change were `change`: 2n·q² + linear·q + constant = 0.
    linear = (2 * n - fixed + broken) * change - fixed - broken
    constant = -broken * change * (1 - change)
    broken_rate = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * broken_rate + change * (1 - change))
    excess = fixed - broken - n * change
    if variance > 0:
        return excess / math.sqrt(variance)
    return math.copysign(math.inf, excess) if excess else 0.0


def check_flips(broken: int, fixed: int) -> None:
    if broken < 0 or fixed < 0:
        raise ValueError(f"counts must not be negative, not {broken} broken and {fixed} fixed")


def check_pairs(broken: int, fixed: int, n: int) -> None:
    check_flips(broken, fixed)
    if n < 1:
        raise ValueError(f"a comparison needs at least one case, not {n}")
    if broken + fixed > n:
        raise ValueError(f"{broken} broken and {fixed} fixed do not fit into {n} cases")
