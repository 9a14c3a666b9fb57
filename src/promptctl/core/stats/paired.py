"""The same cases before and after, each pass or fail: tests of harm, and two further ranges beside Tango's.

`broken` counts cases that passed before and fail after, `fixed` the reverse, `n` all compared cases. The
change is (fixed - broken) / n: negative is worse.
"""

import math
from typing import Literal

from promptctl.core.stats.binomial import binomial_at_least, binomial_probability
from promptctl.core.stats.interval import Interval, two_sided_z
from promptctl.core.stats.rates import wilson_interval
from promptctl.core.stats.tango import check_flips, check_pairs

Side = Literal["worse", "better", "two-sided"]


def mcnemar_midp(broken: int, fixed: int, *, side: Side = "worse") -> float:
    """How surprising so many breaks against so few fixes would be if the change did nothing.

    Args:
        broken, fixed: Cases that flipped, each 0 or more.
        side: "worse" looks for more breaks than fixes, "better" for the reverse, "two-sided" for either.

    Returns:
        A p-value in (0, 1]: P(X > broken) + P(X = broken) / 2 with X ~ Bin(broken + fixed, ½). It is 1
        without flips.

    Raises:
        ValueError: a negative count.

    Source: Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13.
    """
    check_flips(broken, fixed)
    if side == "two-sided":
        return min(1.0, 2 * mcnemar_midp(max(broken, fixed), min(broken, fixed)))
    flips, this_way = broken + fixed, broken if side == "worse" else fixed
    if flips == 0:
        return 1.0
    return binomial_at_least(this_way + 1, flips, 0.5) + binomial_probability(this_way, flips, 0.5) / 2


def mcnemar_exact(broken: int, fixed: int, *, side: Side = "worse") -> float:
    """As `mcnemar_midp`, but never too small, at the price of missing more real regressions.

    Args:
        broken, fixed: Cases that flipped, each 0 or more.
        side: As `mcnemar_midp`.

    Returns:
        A p-value in (0, 1]: P(X ≥ broken) with X ~ Bin(broken + fixed, ½). It is 1 without flips.

    Raises:
        ValueError: a negative count.

    Source: McNemar 1947, Psychometrika 12; the exact conditional form.
    """
    check_flips(broken, fixed)
    if side == "two-sided":
        return min(1.0, 2 * mcnemar_exact(max(broken, fixed), min(broken, fixed)))
    return binomial_at_least(broken if side == "worse" else fixed, broken + fixed, 0.5)


def bonett_price_interval(broken: int, fixed: int, n: int, *, level: float = 0.95) -> Interval:
    """The change in pass rate with a range found by adding one broken and one fixed case.

    Args:
        broken, fixed, n: As `tango_interval`.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        `Interval(low, estimate, high)` in fractions within [-1, 1]. The range is centred on the shrunk
        change, so at a low level it may miss the estimate.

    Raises:
        ValueError: a count or the level outside its range.

    Source: Bonett and Price 2012, Journal of Educational and Behavioral Statistics 37.
    """
    check_pairs(broken, fixed, n)
    cases = n + 2
    centre = (fixed - broken) / cases
    reach = two_sided_z(level) * math.sqrt(((broken + fixed + 2) / cases - centre * centre) / cases)
    return Interval(max(-1.0, centre - reach), (fixed - broken) / n, min(1.0, centre + reach))


def newcombe_paired_interval(
    both_pass: int, broken: int, fixed: int, both_fail: int, *, level: float = 0.95
) -> Interval:
    """The change in pass rate with a range built from the Wilson ranges of both sides.

    Args:
        both_pass, broken, fixed, both_fail: The four kinds of cases, each 0 or more, together at least 1.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        `Interval(low, estimate, high)` in fractions within [-1, 1].

    Raises:
        ValueError: a count or the level outside its range.

    Source: Newcombe 1998, Statistics in Medicine 17, 2635-2650, method 10.
    """
    n = both_pass + broken + fixed + both_fail
    check_pairs(broken, fixed, n)
    before = wilson_interval(both_pass + broken, n, level=level)
    after = wilson_interval(both_pass + fixed, n, level=level)
    agreement = _newcombe_correlation(both_pass, broken, fixed, both_fail)
    change = (fixed - broken) / n
    return Interval(
        change - _side(after.estimate - after.low, before.high - before.estimate, agreement),
        change,
        change + _side(after.high - after.estimate, before.estimate - before.low, agreement),
    )


def _newcombe_correlation(both_pass: int, broken: int, fixed: int, both_fail: int) -> float:
    margins = (both_pass + broken) * (fixed + both_fail) * (both_pass + fixed) * (broken + both_fail)
    if margins == 0:
        return 0.0
    product = both_pass * both_fail - broken * fixed
    half = (both_pass + broken + fixed + both_fail) / 2
    corrected = product if product < 0 else max(0.0, product - half)
    return corrected / math.sqrt(margins)


def _side(own: float, other: float, correlation: float) -> float:
    return math.sqrt(max(0.0, own * own - 2 * correlation * own * other + other * other))
