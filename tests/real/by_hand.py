"""What the gate must say of the outcomes of pairs, computed once more with numpy and scipy, apart from the code.

`projects` has Tango's interval and the mid-p; here is the rest, and the decision on outputs that cannot be drawn again.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest, t

from tests.real.projects import midp, tango


class Ruled(NamedTuple):
    """A decision on one suite."""

    status: str
    rule: str
    better: bool


class Pairs(NamedTuple):
    """Outcomes by case under base and under head, of the cases that have both; `missing` have not."""

    base: Mapping[str, bool]
    head: Mapping[str, bool]
    missing: int = 0

    @property
    def broken(self) -> set[str]:
        return {case for case, passed in self.base.items() if passed and not self.head[case]}

    @property
    def fixed(self) -> set[str]:
        return {case for case, passed in self.base.items() if not passed and self.head[case]}

    @property
    def differences(self) -> dict[str, int]:
        return {case: self.head[case] - self.base[case] for case in self.base}

    @property
    def p_worse(self) -> float:
        return midp(len(self.broken), len(self.fixed))

    @property
    def p_better(self) -> float:
        return midp(len(self.fixed), len(self.broken))

    def tango(self, missing: int = 0) -> tuple[float, float]:
        """The interval whose ends are one-sided 95 % bounds, with so many further cases broken."""
        return tango(len(self.broken) + missing, len(self.fixed), len(self.base) + missing, 0.90)


def decided(
    pairs: Pairs,
    *,
    p_adjusted: float,
    floor: float = 0.0,
    max_errors: int = 0,
    blockers: Iterable[str] = (),
    margin: float = 0.05,
) -> Ruled:
    """The rules in their order, where every request differs, no flip can be drawn again and nothing is unscored."""
    passed, scored = sum(pairs.head.values()), len(pairs.head)
    upper = wilson(passed, scored, level=0.90)[1]
    if pairs.broken & set(blockers):
        return Ruled("fail", "blocker-broken", False)
    if pairs.missing > max_errors:
        return Ruled("incomplete", "errors", False)
    if p_adjusted <= 0.02:
        return Ruled("fail", "worse-overall", False)
    if upper < floor:
        return Ruled("fail", "below-floor", False)
    if pairs.tango(pairs.missing)[0] > -margin and passed >= floor * scored:
        better = pairs.p_better <= 0.05 and len(pairs.fixed) > len(pairs.broken)
        return Ruled("pass", "no-worse-than-margin", better)
    return Ruled("undecided", "near-floor" if passed < floor * scored else "no-break-found", False)


def wilson(passed: int, scored: int, *, level: float) -> tuple[float, float]:
    """The two-sided Wilson range of a rate."""
    found = binomtest(passed, scored).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's p-values by what they are: the closed test of Bonferroni's, over every set that a hypothesis is in."""
    adjusted = dict.fromkeys(p_values, 0.0)
    for size in range(1, len(p_values) + 1):
        for chosen in combinations(p_values, size):
            of_all = min(1.0, size * min(p_values[name] for name in chosen))
            adjusted |= {name: max(adjusted[name], of_all) for name in chosen}
    return adjusted


def clustered(differences: Sequence[float], groups: Sequence[str]) -> tuple[float, float]:
    """The 90 % range of the mean difference: least squares on a constant, covariance by cluster (CR1), Student's t.

    Two clusters of mean size are added, one all better and one all worse; the degrees are those of the real ones.
    """
    names, index = np.unique(groups, return_inverse=True)
    sums = np.bincount(index, weights=np.array(differences, dtype=float))
    sizes = np.bincount(index).astype(float)
    typical = sizes.mean()
    sums, sizes = np.append(sums, [typical, -typical]), np.append(sizes, [typical, typical])
    bread = 1 / sizes.sum()
    mean = bread * sums.sum()
    scores = sums - mean * sizes
    variance = len(sums) / (len(sums) - 1) * bread * (scores @ scores) * bread
    reach = t.ppf(0.95, len(names) - 1) * np.sqrt(variance)
    return float(mean - reach), float(mean + reach)


def averaged(differences: Sequence[float]) -> tuple[float, float]:
    """The 90 % range of the mean of graded differences with one more at +1 and one at -1."""
    padded = np.append(np.array(differences, dtype=float), [1.0, -1.0])
    reach = t.ppf(0.95, len(differences) - 1) * padded.std() / np.sqrt(len(padded))
    return float(padded.mean() - reach), float(padded.mean() + reach)


def flipped_signs(sums: Sequence[float]) -> tuple[float, float]:
    """The one-sided p-values (worse, better) of a sum among those of all 2^G signs of its parts."""
    observed = float(np.sum(sums))
    every = np.array(list(product([-1, 1], repeat=len(sums)))) @ np.abs(np.array(sums, dtype=float))
    return float(np.mean(every <= observed + 1e-9)), float(np.mean(every >= observed - 1e-9))


def flipped_halves(differences: Sequence[float]) -> tuple[float, float]:
    """As `flipped_signs`, for any number of multiples of one half: the sum's distribution, one by one."""
    halves = np.rint(2 * np.array(differences)).astype(int)
    chances = np.array([1.0])
    for size in np.abs(halves[halves != 0]):
        step = np.zeros(2 * size + 1)
        step[[0, -1]] = 0.5
        chances = np.convolve(chances, step)
    reached = len(chances) // 2 + int(halves.sum())
    return float(chances[: reached + 1].sum()), float(chances[reached:].sum())
