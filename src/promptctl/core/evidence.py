"""What a comparison shows, in numbers: the bound, the test of harm, what it could detect, what would settle it.

First draws only. Confirmed tables would shrink diffuse regressions towards zero, so they never enter a bound.
"""

from collections.abc import Sequence
from typing import NamedTuple

from promptctl.core.case import Gate
from promptctl.core.comparison import Change, Comparison, cluster_sizes
from promptctl.core.stats import (
    cases_needed,
    cases_without_flips,
    clustered_pseudo_obs,
    detectable_change,
    graded_pseudo_obs,
    mcnemar_midp,
    samples_needed,
    sign_flip,
    tango_interval,
    variance_components,
)

LEVEL = 0.90
"""Two-sided level of the interval shown; its lower end is the one-sided 95 % bound of the gate."""
USUAL_FLIPS = 0.08
"""Share of cases that flip between two draws of unchanged prompts, where this suite has not shown its own."""
MIN_CLUSTERS = 8
"""Below this many clusters no bound holds, so the suite is never called a pass."""


class Rate(NamedTuple):
    """Cases passed of cases scored."""

    passed: int
    scored: int


class Difference(NamedTuple):
    """Head minus base as a fraction, with the interval at `LEVEL`."""

    low: float
    estimate: float
    high: float
    method: str


class Evidence(NamedTuple):
    """Everything the gate's rules read.

    `bound` is the one-sided 95 % lower bound of the change with the `missing` pairs (unscored and errors) counted as
    broken; None where nothing is counted. `p_worse` and `p_better` are one-sided, over first draws. `clusters` is None
    where no two counted cases share a group. `flip_rate` is the share of cases that flip, or the usual one where none
    did; with several draws or groups the variance in its place.
    """

    n: int
    broken: int
    fixed: int
    base: Rate
    head: Rate
    difference: Difference | None
    bound: float | None
    test: str
    p_worse: float | None
    p_better: float | None
    detectable: float | None
    settle_samples: int | None
    settle_cases: int | None
    redrawn: bool
    clusters_too_few: bool
    missing: int = 0
    clusters: int | None = None
    flip_rate: float | None = None


def weigh(comparison: Comparison, gate: Gate) -> Evidence:
    """The numbers behind a decision on one suite.

    Args:
        comparison: As `compare` gave it.
        gate: For the margin that "what would settle it" is about.
    """
    counted = comparison.counted
    n = len(counted)
    base, head = _rate([change.base for change in counted]), _rate([change.head for change in counted])
    flips = [change for change in counted if change.state in ("broken", "fixed")]
    redrawn = all(change.confirmed for change in flips)
    if not comparison.has_base or not n:
        return Evidence(
            n=n, broken=0, fixed=0, base=base, head=head, difference=None, bound=None, test="none",
            p_worse=None, p_better=None, detectable=None, settle_samples=None, settle_cases=None,
            redrawn=redrawn, clusters_too_few=False,
        )  # fmt: skip
    table = _Table(comparison)
    samples, cases = _settle(table, gate)
    if all(change.pair.final for change in counted):
        samples = None  # who always answers alike has nothing new to say
    return Evidence(
        n=n,
        broken=comparison.broken,
        fixed=comparison.fixed,
        base=base,
        head=head,
        difference=table.difference(),
        bound=table.bound(),
        test=table.test,
        p_worse=table.p_worse,
        p_better=table.p_better,
        detectable=min(1.0, detectable_change(n, table.spread)),
        settle_samples=samples,
        settle_cases=cases,
        redrawn=redrawn,
        clusters_too_few=table.clusters_too_few,
        missing=table.missing,
        clusters=len(table.sizes) if table.clustered else None,
        flip_rate=table.spread,
    )


def _missing(comparison: Comparison) -> list[Change]:
    """Pairs that would have been counted, had they an outcome."""
    return [change for change in comparison.having("unscored", "error") if change.pair.standing == "counted"]


class _Table:
    """The paired table in the form that fits the draws: binary, averaged over samples, or clustered."""

    def __init__(self, comparison: Comparison) -> None:
        self.counted, missing = comparison.counted, _missing(comparison)
        self.missing = len(missing)
        self.differences = comparison.differences
        counted = self.counted
        clusters = cluster_sizes(counted)
        self._all = [*counted, *missing]
        self.clustered = len(clusters) < len(counted)
        self.sums = [sum(self.differences[i] for i in members) for members in clusters.values()]
        self.sizes = [len(members) for members in clusters.values()]
        self.graded = any(len(_outcomes(change, side)) > 1 for change in counted for side in ("base", "head"))
        self.broken = sum(d < 0 for d in self.differences)
        self.fixed = sum(d > 0 for d in self.differences)
        self._test()

    @property
    def clusters_too_few(self) -> bool:
        return self.clustered and len(self.sizes) < MIN_CLUSTERS

    @property
    def flip_rate(self) -> float:
        """Share of cases that flipped, or the usual one where none did."""
        return (self.broken + self.fixed) / len(self.counted) or USUAL_FLIPS

    @property
    def spread(self) -> float:
        """What a change has to stand out from: the share of flips; with several draws their mean square, less noise.

        Of clusters n times the squared standard error, which is the same thing where no two cases share one.
        """
        if self.clustered:
            error = clustered_pseudo_obs(self.sums, self.sizes, level=LEVEL).standard_error
            return min(1.0, len(self.counted) * error * error)
        if self.graded:
            return sum(d * d for d in self.differences) / len(self.counted) or USUAL_FLIPS
        return self.flip_rate

    def difference(self) -> Difference:
        return self._interval(0)

    def bound(self) -> float:
        return self._interval(self.missing).low

    def _interval(self, missing: int) -> Difference:
        if self.clustered:
            # A pair without an outcome stays in its group, where it counts as broken.
            differences = [*self.differences, *[-1.0] * missing]
            members = cluster_sizes(self._all[: len(differences)]).values()
            found = clustered_pseudo_obs(
                [sum(differences[i] for i in group) for group in members],
                [len(group) for group in members],
                level=LEVEL,
            )
            return Difference(found.low, found.estimate, found.high, "clustered-pseudo-obs")
        if self.graded:
            found = graded_pseudo_obs([*self.differences, *[-1.0] * missing], level=LEVEL)
            return Difference(found.low, found.estimate, found.high, "graded-pseudo-obs")
        binary = tango_interval(self.broken + missing, self.fixed, len(self.counted) + missing, level=LEVEL)
        return Difference(binary.low, binary.estimate, binary.high, "tango")

    def _test(self) -> None:
        if self.clustered or self.graded:
            p = sign_flip(self.sums if self.clustered else self.differences)
            self.test, self.p_worse, self.p_better = "sign-flip", p.worse, p.better
        else:
            self.test = "mcnemar-midp"
            self.p_worse = mcnemar_midp(self.broken, self.fixed, side="worse")
            self.p_better = mcnemar_midp(self.broken, self.fixed, side="better")


def _settle(table: _Table, gate: Gate) -> tuple[int | None, int | None]:
    """Samples a case, or cases, at which a true change of nothing would clear the margin (80 % power)."""
    n = len(table.counted)
    if table.bound() > -gate.margin:
        return None, None
    if not table.broken and not table.fixed:
        return None, cases_without_flips(gate.margin)
    mean = sum(table.differences) / n
    # Within one standard error of zero the honest question is about a change that does nothing. Of the pseudo-cases'
    # error, because that of a single flip among many cases is smaller than the flip itself.
    error = graded_pseudo_obs(table.differences).standard_error
    delta = 0.0 if abs(mean) < error else mean
    if gate.margin + delta <= 0:
        return None, None
    sampling, between, draws = _variance(table, mean)
    samples = samples_needed(n, sampling, between, margin=gate.margin, change=delta)
    cases = cases_needed(draws, sampling, between, margin=gate.margin, change=delta)
    return samples, cases if cases > n else None


def _variance(table: _Table, mean: float) -> tuple[float, float, int]:
    """Variance within a case, between cases, and draws a side. One draw cannot tell them apart: all is sampling."""
    rows = [change for change in table.counted if change.state != "unchanged"]
    draws = min((len(_outcomes(row, side)) for row in rows for side in ("base", "head")), default=1)
    if draws < 2 or len(rows) < 2:
        return max(0.0, table.flip_rate - mean * mean), 0.0, max(draws, 1)
    found = variance_components([_outcomes(c, "base") for c in rows], [_outcomes(c, "head") for c in rows])
    share = len(rows) / len(table.counted)
    return found.within_cases * share, found.between_cases * share, draws


def _outcomes(change: Change, side: str) -> list[bool]:
    trials = change.pair.base if side == "base" else change.pair.head
    return [trial.outcome == "pass" for trial in trials if trial.role == "first"]


def _rate(rates: Sequence[float | None]) -> Rate:
    known = [rate for rate in rates if rate is not None]
    return Rate(sum(rate > 0.5 for rate in known), len(known))
