"""What one variant costs and takes beside another: paired by case, from first draws.

Bills add up, so of money the mean is what counts; one slow call says nothing of the others, so of seconds the median.
"""

import math
from collections.abc import Sequence

from promptctl.core.findings import Measured
from promptctl.core.stats import binomial_at_most, student_t_quantile

LEVEL = 0.90
"""Two-sided level of both intervals, as that of the difference in quality."""


def mean_measure(base: Sequence[float], head: Sequence[float], *, level: float = LEVEL) -> Measured:
    """The mean change of a quantity that adds up, such as money, with the range it plausibly lies in.

    Args:
        base, head: The quantity of the same cases in the same order, length n ≥ 1, finite, any unit.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        A `Measured` of means. One case bounds nothing; equal differences give a range of no width.

    Raises:
        ValueError: lengths differ, or there is no case; level outside (0, 1).

    Source: Student 1908, Biometrika 6, on paired differences: t on n - 1 degrees.
    """
    differences = _differences(base, head, level)
    n = len(differences)
    mean = math.fsum(differences) / n
    low = high = None
    if n > 1:
        variance = math.fsum((d - mean) ** 2 for d in differences) / (n - 1)
        reach = student_t_quantile((1 + level) / 2, n - 1) * math.sqrt(variance / n)
        low, high = mean - reach, mean + reach
    before, after = math.fsum(base) / n, math.fsum(head) / n
    return Measured(
        cases=n,
        centre="mean",
        base=before,
        head=after,
        difference=mean,
        low=low,
        high=high,
        level=level,
        method="paired-t",
        ratio=_ratio(before, after),
    )


def median_measure(base: Sequence[float], head: Sequence[float], *, level: float = LEVEL) -> Measured:
    """The median change of a quantity with rare large values, such as seconds, with the range it plausibly lies in.

    Args:
        base, head: The quantity of the same cases in the same order, length n ≥ 1, finite, any unit.
        level: Two-sided confidence, 0 < level < 1; the range is between two of the differences, so it covers at least
            this. Below five cases nothing covers 0.90.

    Returns:
        A `Measured` of medians.

    Raises:
        ValueError: lengths differ, or there is no case; level outside (0, 1).

    Source: Thompson 1936, Annals of Mathematical Statistics 7: between order statistics, by the exact binomial of the
    sign test.
    """
    ordered = sorted(_differences(base, head, level))
    n = len(ordered)
    below = -1  # how many differences may lie outside on either side
    while below + 1 < n / 2 and binomial_at_most(below + 1, n, 0.5) <= (1 - level) / 2:
        below += 1
    low, high = (None, None) if below < 0 else (ordered[below], ordered[n - 1 - below])
    before, after = _median(sorted(base)), _median(sorted(head))
    each = [_ratio(one, other) for one, other in zip(base, head, strict=True)]
    known = sorted(one for one in each if one is not None)
    ratio = _median(known) if len(known) == n else None
    return Measured(
        cases=n,
        centre="median",
        base=before,
        head=after,
        difference=_median(ordered),
        low=low,
        high=high,
        level=level,
        method="sign-test",
        ratio=ratio,
    )


def _ratio(base: float, head: float) -> float | None:
    """Head as a multiple of base; None where that is beyond any number."""
    ratio = head / base if base > 0 else math.inf
    return ratio if math.isfinite(ratio) else None


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _differences(base: Sequence[float], head: Sequence[float], level: float) -> list[float]:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    if len(base) != len(head) or not base:
        raise ValueError(f"{len(base)} values of base and {len(head)} of head are no pairs")
    return [after - before for before, after in zip(base, head, strict=True)]
