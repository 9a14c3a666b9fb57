"""What so many cases can see, and how many it would take: the arithmetic of `--explain` about planning."""

import math
from collections.abc import Iterator, Sequence

from promptctl.core.evidence import USUAL_FLIPS
from promptctl.core.findings import EvidenceRecord
from promptctl.core.result import SuiteResult
from promptctl.core.stats import (
    cases_needed,
    cases_without_flips,
    detectable_change,
    graded_pseudo_obs,
    normal_quantile,
    samples_needed,
    variance_components,
)
from promptctl.core.words import points
from promptctl.reporters.terminal_sums import Z, counted, decimal, difference_of, first_draws

Z_POWER = normal_quantile(0.80)


def detectable_sum(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    """Which loss so many cases would most likely reveal."""
    flips = evidence.flip_rate
    if suite.detectable is None or flips is None:
        return
    shares = suite.difference is None or suite.difference.method == "tango"
    yield _share_that_flips(suite, flips) if shares else _variance_of_d(suite, flips)
    found = detectable_change(suite.n, flips)
    yield (
        f"(z.95 + z.80) × √({'psi' if shares else 'V'} / n) = ({decimal(Z)} + {decimal(Z_POWER)}) × "
        f"√({decimal(flips)} / {suite.n}) = {decimal(found)}" + (", which is cut at 1" if found > 1 else "")
    )
    yield f"a true change of {points(suite.detectable)} points is noticed with a chance of 80 %"


def _share_that_flips(suite: SuiteResult, flips: float) -> str:
    differing = sum(difference_of(case) != 0 for case in counted(suite))
    if differing and differing / suite.n == flips:
        return f"psi, the share of cases that differ = {differing} / {suite.n} = {decimal(flips)}"
    if flips == USUAL_FLIPS:
        return f"psi, the share of cases that differ: none does here, so the usual {decimal(flips)}"
    return f"psi, the share of cases that differ = {decimal(flips)}"


def _variance_of_d(suite: SuiteResult, found: float) -> str:
    """What takes the place of the share of cases that differ, where a difference is not just −1, 0 or 1."""
    if found == USUAL_FLIPS:
        return f"V, the variance of a case's difference: none differs here, so the usual {decimal(found)}"
    if suite.difference is not None and suite.difference.method == "clustered-pseudo-obs":
        return f"V, the variance of a case's difference as its groups show it, n × se² = {decimal(found)}"
    return f"V, the mean of d² over averaged first draws = {decimal(found)}"


def settle_sum(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    """How many cases, or samples of each, would show that a change which does nothing clears the margin."""
    cases, samples, margin = suite.settle.cases, suite.settle.samples, evidence.margin
    if cases is None and samples is None:
        return
    differences = [difference_of(case) for case in counted(suite)]
    if not any(differences) and cases == cases_without_flips(margin):
        yield "without flips the bound is −z²/(n + z²): above −margin from n = z² × (1/margin − 1)"
        least = decimal(Z * Z * (1 / margin - 1), 2)
        yield f"cases = {decimal(Z)}² × (1 / {decimal(margin)} − 1) = {least}, rounded up {cases}"
        return
    yield from _settle_by_variance(suite, evidence, differences)
    if cases is not None:
        yield f"recorded: {cases} cases settle it"
    if samples is not None:
        yield f"recorded: {samples} samples a case settle it"


def _settle_by_variance(
    suite: SuiteResult, evidence: EvidenceRecord, differences: Sequence[float]
) -> Iterator[str]:
    """The two formulas where they give what the record says, and nothing where they do not."""
    n, margin = suite.n, evidence.margin
    mean = math.fsum(differences) / n
    error = graded_pseudo_obs(differences).standard_error
    change = 0.0 if abs(mean) < error else mean
    within, between, draws = _variance(suite, mean)
    found = cases_needed(draws, within, between, margin=margin, change=change)
    if suite.settle.cases not in (None, found):
        return
    near = "within" if change == 0.0 else "beyond"
    yield (
        f"delta = {decimal(mean)} lies {near} one standard error ({decimal(error)}) of 0, so a true change of "
        f"{decimal(change)} is asked about"
    )
    room = ((margin + change) / (Z + Z_POWER)) ** 2
    yield (
        f"V = ((margin + change) / (z.95 + z.80))² = (({decimal(margin)} + {decimal(change)}) / "
        f"{decimal(Z + Z_POWER)})² = {room:.6f}"
    )
    if draws < 2:
        yield f"variance of a case = psi − delta² = {decimal(within)}, all of it taken for chance between draws"
    else:
        yield (
            f"variance of a case: {decimal(within)} from draw to draw and {decimal(between)} from case to case, "
            f"of {draws} draws a side (Miller 2024)"
        )
    if suite.settle.cases is not None:
        yield (
            f"cases = (between + within / draws) / V = ({decimal(between)} + {decimal(within)} / {draws}) / {room:.6f}"
            f", rounded up {found}"
        )
    samples = samples_needed(n, within, between, margin=margin, change=change)
    if suite.settle.samples is not None and samples == suite.settle.samples:
        yield (
            f"samples = within / (n × V − between) = {decimal(within)} / ({n} × {room:.6f} − {decimal(between)}), "
            f"rounded up {samples}"
        )


def _variance(suite: SuiteResult, mean: float) -> tuple[float, float, int]:
    rows = [case for case in counted(suite) if case.state != "unchanged"]
    sides = [(first_draws(case.base), first_draws(case.head)) for case in rows]
    draws = min((len(side) for both in sides for side in both), default=1)
    if draws < 2 or len(rows) < 2:
        differing = sum(difference_of(case) != 0 for case in counted(suite)) / suite.n
        return max(0.0, (differing or USUAL_FLIPS) - mean * mean), 0.0, max(draws, 1)
    found = variance_components([base for base, _ in sides], [head for _, head in sides])
    share = len(rows) / suite.n
    return found.within_cases * share, found.between_cases * share, draws
