"""Differences between -1 and 1, head minus base: graded scores, means of several draws, sums over clusters.

With few differences that are not zero, the usual t interval and the bootstrap see next to no variance and
promise too much (0.36 false passes where 0.05 were asked); a pseudo-case at +1 and one at -1 mend this.
"""

import math
from collections.abc import Sequence
from operator import getitem
from typing import NamedTuple

from promptctl.core.stats.interval import check_level
from promptctl.core.stats.special import student_t_quantile

_EXACT_UP_TO = 16  # differences; 2^16 patterns take some 10 ms
_TIE = 1e-9  # of the summed sizes: 0.1 + 0.2 and 0.3 are the same sum, as are three thirds and 1


class PseudoInterval(NamedTuple):
    """The mean change with its range, and the shrunk mean and standard error the range was built from.

    `estimate` is the observed mean; the range is centred on `shrunk_mean`.
    """

    low: float
    estimate: float
    high: float
    shrunk_mean: float
    standard_error: float


class SignFlip(NamedTuple):
    """P-values of a sign-flip test: `worse` for a mean below zero, `better` for one above.

    `exact` tells whether all 2^k patterns were counted; else `patterns` of them were drawn.
    """

    worse: float
    better: float
    exact: bool
    patterns: int


def graded_pseudo_obs(differences: Sequence[float], *, level: float = 0.90) -> PseudoInterval:
    """The mean change of graded or repeatedly drawn cases, with the range it plausibly lies in.

    Args:
        differences: Head minus base per case, each in [-1, 1], at least one. Scores on another scale are
            divided by its width first.
        level: Two-sided confidence, 0 < level < 1. The ends of 0.90 are the one-sided bounds of 0.95.

    Returns:
        A `PseudoInterval` in fractions within [-1, 1]; never of zero width. One case alone bounds nothing:
        its range is [-1, 1].

    Raises:
        ValueError: no difference, or one outside [-1, 1]; level outside (0, 1).

    Source: Bonett and Price 2012 (one case added at +1 and one at -1), with Student t on n - 1 degrees.
    """
    _check_differences(differences)
    n = len(differences)
    total = math.fsum(differences)
    cases = n + 2
    centre = total / cases
    variance = (math.fsum(d * d for d in differences) + 2) / cases - centre * centre
    return _around(total / n, centre, math.sqrt(variance / cases), n - 1, level)


def clustered_pseudo_obs(
    sums: Sequence[float], sizes: Sequence[int], *, level: float = 0.90
) -> PseudoInterval:
    """As `graded_pseudo_obs`, for cases that stand or fall together (one conversation, one document).

    Args:
        sums: Summed differences per cluster, each within ± its size, at least one.
        sizes: Cases per cluster, each at least 1, in the same order. A case on its own is a cluster of one.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        A `PseudoInterval` of the mean change per case, within [-1, 1]. One cluster alone bounds nothing.

    Raises:
        ValueError: lengths differ, no cluster, a sum or size outside its range; level outside (0, 1).

    Source: the cluster-robust variance CR1 of a ratio mean (Liang and Zeger 1986, Biometrika 73) over the
    clusters and two of mean size, one all better and one all worse; Student t on G - 1 degrees.
    """
    if len(sums) != len(sizes):
        raise ValueError(f"{len(sums)} sums do not match {len(sizes)} sizes")
    if not sizes or min(sizes) < 1:
        raise ValueError("clusters need at least one case each, and there must be one")
    _check_differences([total / size for total, size in zip(sums, sizes, strict=True)])
    clusters = len(sizes)
    cases = sum(sizes)
    typical = cases / clusters
    weight = cases + 2 * typical
    total = math.fsum(sums)
    centre = total / weight
    padded = zip([*sums, typical, -typical], [*sizes, typical, typical], strict=True)
    squares = math.fsum((part - centre * size) ** 2 for part, size in padded)
    standard_error = math.sqrt((clusters + 2) / (clusters + 1) * squares) / weight
    return _around(total / cases, centre, standard_error, clusters - 1, level)


def sign_flip(differences: Sequence[float], *, draws: int = 9_999, seed: int = 0) -> SignFlip:
    """How surprising so low or so high a mean change would be if every sign were a coin toss.

    Args:
        differences: Head minus base per case, or summed per cluster: finite, on any scale, possibly none.
        draws: Patterns drawn where more than 16 differences are not zero, at least 1.
        seed: Makes the draws repeatable; they do not depend on the order of the differences.

    Returns:
        A `SignFlip`: the share of sign patterns whose sum is at most (worse) or at least (better) the
        observed one. The observed pattern is counted, so no p-value is 0. Both are 1 if all differences are
        0.

    Raises:
        ValueError: a difference is not finite, or draws below 1.

    Source: Fisher 1935, The Design of Experiments; drawn patterns with +1 as Phipson and Smyth 2010.
    """
    if not all(map(math.isfinite, differences)):
        raise ValueError("differences must be finite numbers")
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    sizes = sorted(abs(d) for d in differences if d)
    observed, slack = math.fsum(differences), _TIE * math.fsum(sizes)
    exact = len(sizes) <= _EXACT_UP_TO
    sums = _all_sums(sizes) if exact else _drawn_sums(sizes, draws, seed)
    itself = 0 if exact else 1
    patterns = len(sums) + itself
    at_most = sum(s <= observed + slack for s in sums) + itself
    at_least = sum(s >= observed - slack for s in sums) + itself
    return SignFlip(at_most / patterns, at_least / patterns, exact, len(sums))


def _all_sums(sizes: Sequence[float]) -> list[float]:
    """The sum under each of the 2^k sign patterns."""
    sums = [0.0]
    for size in sizes:
        sums = [s - size for s in sums] + [s + size for s in sums]
    return sums


def _drawn_sums(sizes: Sequence[float], draws: int, seed: int) -> list[float]:
    from random import Random  # here: importing it costs milliseconds that few comparisons need

    chance = Random(seed)  # noqa: S311 - a repeatable permutation test, not a secret
    # One random byte settles eight signs by looking their sum up: 5,000 differences take half a second.
    padded = [*sizes, *[0.0] * (-len(sizes) % 8)]
    tables = [_all_sums(padded[start : start + 8]) for start in range(0, len(padded), 8)]
    return [sum(map(getitem, tables, chance.randbytes(len(tables)))) for _ in range(draws)]


def _around(
    observed: float, centre: float, standard_error: float, degrees: int, level: float
) -> PseudoInterval:
    check_level(level)
    reach = student_t_quantile((1 + level) / 2, degrees) * standard_error if degrees else math.inf
    return PseudoInterval(
        max(-1.0, centre - reach), observed, min(1.0, centre + reach), centre, standard_error
    )


def _check_differences(differences: Sequence[float]) -> None:
    if not differences:
        raise ValueError("at least one difference is needed")
    for d in differences:
        if not -1 <= d <= 1:
            raise ValueError(f"a difference must lie in [-1, 1], not {d}")
