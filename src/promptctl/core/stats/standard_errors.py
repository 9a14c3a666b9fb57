"""The uncertainty of a mean by the normal theory: for planning and for display, never for the gate.

With few scores that differ it sees next to no variance; the ranges of `graded` mend this. For a change between two
sides give the differences, head minus base: what both sides share cancels.
"""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from promptctl.core.stats.interval import Interval, check_level
from promptctl.core.stats.special import normal_quantile, student_t_quantile


class CasesToTell(NamedTuple):
    """Cases, rounded up, and the `exact` number before rounding."""

    cases: int
    exact: float


def standard_error(scores: Sequence[float]) -> float:
    """How far the mean of independent cases plausibly lies from the true one.

    Args:
        scores: One per case, or differences head minus base; finite, at least two.

    Returns:
        Score units, 0 or more: the standard deviation (n - 1) by √n.

    Raises:
        ValueError: fewer than two scores, or one that is not finite.

    Source: Miller 2024, arXiv 2411.00640, section 2.
    """
    _check_scores(scores)
    n = len(scores)
    return math.sqrt(math.fsum(d * d for d in _deviations(scores)) / (n - 1) / n)


def clustered_standard_error(
    scores: Sequence[float], clusters: Sequence[Hashable], *, corrected: bool = True
) -> float:
    """As `standard_error`, for cases that stand or fall together (one conversation, one document).

    Args:
        scores: One per case, or differences head minus base; finite.
        clusters: The cluster of each case, in the same order; at least two different ones.
        corrected: Multiply by √(G / (G - 1)) for G clusters (CR1); without it (CR0) it is too small for few of them.

    Returns:
        Score units, 0 or more.

    Raises:
        ValueError: lengths differ, fewer than two clusters, or a score that is not finite.

    Source: Liang and Zeger 1986, Biometrika 73; CR0 is Miller 2024, arXiv 2411.00640, section 2.2.
    """
    count = _check_clusters(scores, clusters)
    parts: dict[Hashable, list[float]] = {}
    for deviation, cluster in zip(_deviations(scores), clusters, strict=True):
        parts.setdefault(cluster, []).append(deviation)
    plain = math.sqrt(math.fsum(math.fsum(part) ** 2 for part in parts.values())) / len(scores)
    return plain * math.sqrt(count / (count - 1)) if corrected else plain


def clustered_mean_interval(
    scores: Sequence[float], clusters: Sequence[Hashable], *, level: float = 0.95
) -> Interval:
    """The mean of clustered cases with the range it plausibly lies in.

    Args:
        scores, clusters: As `clustered_standard_error`.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        `Interval(low, estimate, high)` in score units; it may reach beyond the scale of the scores.

    Raises:
        ValueError: as `clustered_standard_error`, or level outside (0, 1).

    Source: CR1 with Student t on G - 1 degrees (Cameron and Miller 2015, Journal of Human Resources 50).
    """
    check_level(level)
    error = clustered_standard_error(scores, clusters)
    mean = math.fsum(scores) / len(scores)
    reach = student_t_quantile((1 + level) / 2, len(set(clusters)) - 1) * error
    return Interval(mean - reach, mean, mean + reach)


def cases_to_tell(
    change: float,
    between_cases: float,
    *,
    within_base: float = 0.0,
    within_head: float = 0.0,
    samples_base: int = 1,
    samples_head: int = 1,
    alpha: float = 0.05,
    power: float = 0.80,
) -> CasesToTell:
    """How many cases it takes to notice a change of a mean score, in either direction.

    Args:
        change: True change, in score units, other than 0; the sign does not matter.
        between_cases: Variance of the true effect from case to case (omega²), 0 or more.
        within_base, within_head: Variance from draw to draw of one case on each side, 0 or more.
        samples_base, samples_head: Draws of each case, at least 1.
        alpha: Two-sided, in (0, 1).
        power: In (0, 1).

    Returns:
        `CasesToTell`.

    Raises:
        ValueError: an argument outside its range.

    Source: Miller 2024, arXiv 2411.00640, section 5: (z_{alpha/2} + z_power)²·(omega² + s²_A/K_A + s²_B/K_B) / d².
    """
    if change == 0:
        raise ValueError("no number of cases tells a change of 0")
    if not (between_cases >= 0 and within_base >= 0 and within_head >= 0):
        raise ValueError(
            f"variances must not be negative, not {between_cases}, {within_base} and {within_head}"
        )
    if samples_base < 1 or samples_head < 1:
        raise ValueError(f"a case needs at least one sample, not {samples_base} and {samples_head}")
    variance = between_cases + within_base / samples_base + within_head / samples_head
    reach = normal_quantile(alpha / 2) + normal_quantile(1 - power)
    exact = reach * reach * variance / (change * change)
    return CasesToTell(math.ceil(exact), exact)


def _deviations(scores: Sequence[float]) -> list[float]:
    mean = math.fsum(scores) / len(scores)
    return [score - mean for score in scores]


def _check_scores(scores: Sequence[float]) -> None:
    if len(scores) < 2:
        raise ValueError(f"a standard error needs at least two scores, not {len(scores)}")
    if not all(map(math.isfinite, scores)):
        raise ValueError("scores must be finite numbers")


def _check_clusters(scores: Sequence[float], clusters: Sequence[Hashable]) -> int:
    if len(scores) != len(clusters):
        raise ValueError(f"{len(scores)} scores do not match {len(clusters)} clusters")
    _check_scores(scores)
    count = len(set(clusters))
    if count < 2:
        raise ValueError(f"at least two clusters are needed, not {count}")
    return count
