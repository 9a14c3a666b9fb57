"""How many cases or samples would settle a question, and which change a suite can see.

`flip_rate` is the share of cases whose outcome differs between the sides, whatever the direction (psi).
`alpha` is one-sided, `power` the chance of getting the answer; both lie in (0, 1).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from promptctl.core.stats.special import normal_quantile


class VarianceComponents(NamedTuple):
    """What makes the mean change uncertain, from several samples of each case on both sides.

    `within_cases` (sigma²) is chance from draw to draw, which more samples reduce; `between_cases` (omega²)
    is real difference of the effect from case to case, which only more cases reduce.
    """

    mean_change: float
    variance_of_case_means: float
    within_cases: float
    between_cases: float
    standard_error: float


def cases_to_detect(change: float, flip_rate: float, *, alpha: float = 0.05, power: float = 0.80) -> int:
    """How many cases it takes to notice a change of this size.

    Args:
        change: True change of the pass rate, a fraction other than 0; the sign does not matter.
        flip_rate: In (0, 1], at least |change|.
        alpha, power: In (0, 1).

    Returns:
        Cases, rounded up.

    Raises:
        ValueError: an argument outside its range.

    Source: Connor 1987, Biometrics 43: (z_alpha·√psi + z_power·√(psi - d²))² / d².
    """
    _check_flip_rate(flip_rate, change)
    if change == 0:
        raise ValueError("no number of cases detects a change of 0")
    reach = _z(alpha) * math.sqrt(flip_rate) - normal_quantile(1 - power) * math.sqrt(
        flip_rate - change * change
    )
    return math.ceil((reach / change) ** 2)


def cases_to_show_no_worse(
    flip_rate: float, margin: float, *, change: float = 0.0, alpha: float = 0.05, power: float = 0.80
) -> int:
    """How many cases it takes to show that the change costs less than `margin`.

    Args:
        flip_rate: In (0, 1], at least |change|.
        margin: The loss one is ready to miss, a fraction above 0.
        change: True change of the pass rate, above -margin.
        alpha, power: In (0, 1).

    Returns:
        Cases, rounded up. `cases_without_flips` is the least even if nothing flips.

    Raises:
        ValueError: an argument outside its range.

    Source: the normal approximation (z_alpha + z_power)²·(psi - d²) / (d + margin)².
    """
    _check_flip_rate(flip_rate, change)
    return math.ceil((flip_rate - change * change) / _settling_variance(margin, change, alpha, power))


def cases_without_flips(margin: float, *, alpha: float = 0.05) -> int:
    """How many cases are the least that can show "no worse than `margin`", if not one of them flips.

    Args:
        margin: A fraction in (0, 1).
        alpha: In (0, 0.5).

    Returns:
        Cases, rounded up: 52 for five points, 25 for ten.

    Raises:
        ValueError: an argument outside its range.

    Source: the Tango bound without flips, -z² / (n + z²), solved for n.
    """
    if not 0 < margin < 1:
        raise ValueError(f"margin must lie between 0 and 1, not {margin}")
    return math.ceil(_z(alpha) ** 2 * (1 / margin - 1))


def detectable_change(n: int, flip_rate: float, *, alpha: float = 0.05, power: float = 0.80) -> float:
    """How large a change of the pass rate a suite of `n` cases notices.

    Args:
        n: Cases, at least 1.
        flip_rate: In (0, 1].
        alpha, power: In (0, 1).

    Returns:
        The size of the change, a fraction above 0; it may exceed 1 for very few cases: nothing is noticed
        then.

    Raises:
        ValueError: an argument outside its range.

    Source: the normal approximation (z_alpha + z_power)·√(psi / n).
    """
    if n < 1:
        raise ValueError(f"a suite needs at least one case, not {n}")
    _check_flip_rate(flip_rate, 0)
    return (_z(alpha) - normal_quantile(1 - power)) * math.sqrt(flip_rate / n)


def variance_components(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]
) -> VarianceComponents:
    """How much of the uncertainty is chance of single draws, and how much is difference between cases.

    Args:
        before, after: Scores of the samples of each case, cases in the same order; at least two cases, and at
            least two samples of each on both sides. Their number may differ.

    Returns:
        `VarianceComponents` in squared score units; the mean change and its standard error in score units.

    Raises:
        ValueError: lengths differ, fewer than two cases, or a case with fewer than two samples.

    Source: Miller 2024, arXiv 2411.00640; omega² = max(0, var of case means - chance left in a case mean).
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} cases before do not match {len(after)} after")
    n = len(before)
    if n < 2 or min(map(len, [*before, *after])) < 2:
        raise ValueError("at least two cases with two samples on each side are needed")
    spreads = [(_variance(b), _variance(a)) for b, a in zip(before, after, strict=True)]
    left = [vb / len(b) + va / len(a) for (vb, va), b, a in zip(spreads, before, after, strict=True)]
    changes = [_mean(a) - _mean(b) for b, a in zip(before, after, strict=True)]
    total = _variance(changes)
    return VarianceComponents(
        mean_change=_mean(changes),
        variance_of_case_means=total,
        within_cases=_mean([vb + va for vb, va in spreads]),
        between_cases=max(0.0, total - _mean(left)),
        standard_error=math.sqrt(total / n),
    )


def samples_needed(
    n: int,
    within_cases: float,
    between_cases: float,
    *,
    margin: float,
    change: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.80,
) -> int | None:
    """How many samples of each case and side would show "no worse than `margin`" with the cases there are.

    Args:
        n: Cases, at least 1.
        within_cases, between_cases: As in `VarianceComponents`, 0 or more.
        margin, change, alpha, power: As `cases_to_show_no_worse`.

    Returns:
        Samples, at least 1; None when no number of samples settles it and only more cases do.

    Raises:
        ValueError: an argument outside its range.

    Source: Miller 2024, arXiv 2411.00640, solved for K.
    """
    _check_components(within_cases, between_cases)
    if n < 1:
        raise ValueError(f"a suite needs at least one case, not {n}")
    room = n * _settling_variance(margin, change, alpha, power) - between_cases
    return max(1, math.ceil(within_cases / room)) if room > 0 else None


def cases_needed(
    samples: int,
    within_cases: float,
    between_cases: float,
    *,
    margin: float,
    change: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.80,
) -> int:
    """How many cases would show "no worse than `margin`" with this many samples of each.

    Args:
        samples: Samples of each case and side, at least 1.
        within_cases, between_cases, margin, change, alpha, power: As `samples_needed`.

    Returns:
        Cases, at least 1. `cases_without_flips` is the least even if nothing varies.

    Raises:
        ValueError: an argument outside its range.

    Source: Miller 2024, arXiv 2411.00640, solved for n.
    """
    _check_components(within_cases, between_cases)
    if samples < 1:
        raise ValueError(f"a case needs at least one sample, not {samples}")
    variance = between_cases + within_cases / samples
    return max(1, math.ceil(variance / _settling_variance(margin, change, alpha, power)))


def _settling_variance(margin: float, change: float, alpha: float, power: float) -> float:
    """The variance the mean change may have if `change` is to be told from -margin."""
    if not margin > 0:
        raise ValueError(f"margin must be above 0, not {margin}")
    if not margin + change > 0:
        raise ValueError(f"a change of {change} is not better than -{margin}: no number of cases shows it")
    return ((margin + change) / (_z(alpha) - normal_quantile(1 - power))) ** 2


def _z(alpha: float) -> float:
    return -normal_quantile(alpha)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    centre = _mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)


def _check_flip_rate(flip_rate: float, change: float) -> None:
    if not (0 < flip_rate <= 1 and abs(change) <= flip_rate):
        raise ValueError(f"flip rate must lie in (0, 1] and reach |{change}|, not {flip_rate}")


def _check_components(within_cases: float, between_cases: float) -> None:
    if not (within_cases >= 0 and between_cases >= 0):
        raise ValueError(f"variances must not be negative, not {within_cases} and {between_cases}")
