"""The numbers of a decision, put into their formulas, so that anyone can compute them again by hand.

What decided stands in the record and is shown as it stands there. Only what lies between, such as a standard error, is
computed here, by the functions that the decision itself used.
"""

import math
from collections.abc import Iterator, Sequence

from promptctl.core.evidence import LEVEL, MIN_CLUSTERS
from promptctl.core.findings import EvidenceRecord
from promptctl.core.result import CaseResult, SuiteResult, TrialRecord
from promptctl.core.stats import (
    clustered_pseudo_obs,
    graded_pseudo_obs,
    normal_quantile,
    student_t_quantile,
    tango_z,
)
from promptctl.core.words import percent, points, signed_points

Z = normal_quantile((1 + LEVEL) / 2)
"""1.6449: what a one-sided 95 % bound is away from what was seen, in standard errors."""
_NOISE = 1e-12  # what sums of thirds leave where they should be 0


def decimal(value: float, digits: int = 4) -> str:
    """A number with so many decimals, and with more where it would look like 0 or 1, or lose its second digit."""
    whole = (0.0, 1.0, -1.0)
    value = 0.0 if abs(value) < _NOISE else value
    while (
        value not in whole
        and digits < 10
        and (round(value, digits) in whole or abs(value) < 10 ** (1 - digits))
    ):
        digits += 1
    shown = f"{value:.{digits}f}" if value in whole or round(value, digits) not in whole else f"{value:.2g}"
    return shown.replace("-", "−")


def chance(p: float, digits: int = 4) -> str:
    """A probability: however small, it is shown as 0 only where it is 0."""
    return f"{p:.1e}".replace("-", "−") if 0 < p < _NOISE else decimal(p, digits)


def signed(value: float) -> str:
    """A fraction and the same in points: `−0.0333 (−3.3 points)`."""
    return f"{decimal(value)} ({signed_points(value)} points)"


_GROUPS = 8  # named at most


def difference_of(case: CaseResult) -> float:
    """Head minus base of a case, over its first draws; 0 where the requests are equal."""
    base, head = (first_draws(trials) for trials in (case.base, case.head))
    if case.state == "unchanged" or not base or not head:
        return 0.0
    return sum(head) / len(head) - sum(base) / len(base)


def flip_of(case: CaseResult) -> int:
    """-1 broken on first draws, 1 fixed: a side's mean above one half against one below it."""
    base, head = (first_draws(trials) for trials in (case.base, case.head))
    if case.state == "unchanged" or not base or not head:
        return 0
    before, after = sum(base) / len(base), sum(head) / len(head)
    return (before < 0.5 < after) - (after < 0.5 < before)


def counted(suite: SuiteResult) -> list[CaseResult]:
    """The n cases that decide, by id."""
    return [case for case in suite.results if case.counted]


def bound_sum(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    """How the lower bound of the change came about, by the method that the record names.

    Raises:
        ValueError, ArithmeticError: the numbers of the record do not fit together.
    """
    difference, missing = suite.difference, evidence.missing
    if difference is None or evidence.bound is None:
        yield "no case is counted on both sides, so there is no bound"
        return
    if missing:
        yield (
            f"{missing} of the pairs that would be counted have no outcome (unscored or an error): "
            "the bound takes each for broken"
        )
    if difference.method == "tango":
        yield from _tango(suite, evidence)
    elif difference.method == "graded-pseudo-obs":
        yield from _graded(suite, evidence)
    elif difference.method == "clustered-pseudo-obs":
        yield from _clustered(suite, evidence)
    above = evidence.bound > -evidence.margin
    yield (
        f"bound = {signed(evidence.bound)} is {'above' if above else 'not above'} "
        f"−margin = {decimal(-evidence.margin)}: no worse than {points(evidence.margin)} points is "
        f"{'shown' if above else 'not shown'}"
    )
    ends = f"[{signed_points(difference.low)}, {signed_points(difference.high)}]"
    rest = ", without the missing pairs" if missing else ""
    yield f"the report's interval is {ends}: the same on both ends ({percent(difference.level)}{rest})"


def _tango(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    table, margin, bound = suite.test, evidence.margin, evidence.bound or 0.0
    if table is None:
        return
    n, b, f = suite.n + evidence.missing, table.broken + evidence.missing, table.fixed
    yield "z(D) = (f − b − n × D) / √(n × (2q + D × (1 − D))); at the bound it is 1.6449"
    yield "q = (√(B² − 8n × C) − B) / 4n,  B = (2n − f + b) × D − f − b,  C = −b × D × (1 − D)"
    if evidence.missing:
        yield f"n = {suite.n} + {evidence.missing} = {n}, b = {table.broken} + {evidence.missing} = {b}, f = {f}"
    for name, change in (("−margin", -margin), ("the bound", bound)):
        linear, constant, q = _tango_root(b, f, n, change)
        yield (
            f"at D = {name} = {decimal(change)}: B = {decimal(linear)}, C = {decimal(constant)}, "
            f"q = {decimal(q)}, z = {decimal(tango_z(b, f, n, margin=-change))}"
        )


def _tango_root(b: int, f: int, n: int, change: float) -> tuple[float, float, float]:
    """B, C and q of the formula that is shown; z itself comes from `core.stats`."""
    linear = (2 * n - f + b) * change - f - b
    constant = -b * change * (1 - change)
    return linear, constant, (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)


def _graded(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    differences = [*map(difference_of, counted(suite)), *[-1.0] * evidence.missing]
    found = graded_pseudo_obs(differences, level=LEVEL)
    n, total, squares = len(differences), math.fsum(differences), math.fsum(d * d for d in differences)
    yield "d = head's share of passes − base's, over the first draws of a case; one case is added at +1, one at −1"
    yield f"n = {n}, sum of d = {decimal(total)}, sum of d² = {decimal(squares)}, N = n + 2 = {n + 2}"
    yield f"mean = sum of d / N = {decimal(found.shrunk_mean)}"
    yield f"se = √(((sum of d² + 2) / N − mean²) / N) = {decimal(found.standard_error)}"
    if n > 1:
        t = student_t_quantile((1 + LEVEL) / 2, n - 1)
        yield (
            f"bound = mean − t × se = {decimal(found.shrunk_mean)} − {decimal(t)} × "
            f"{decimal(found.standard_error)}, with t the 95 % point of Student t, n − 1 = {n - 1} degrees"
        )


def _clustered(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    missing = [case for case in suite.results if case.state in ("unscored", "error")]
    if len(missing) != evidence.missing:  # an error of a case that would not be counted either
        yield "pairs without an outcome count as broken in their groups; this record does not say which they are"
        return
    differences: dict[str, list[float]] = {}
    for case in (*counted(suite), *missing):
        name = f"group {case.group}" if case.group else f"case {case.case}"
        differences.setdefault(name, []).append(difference_of(case) if case.counted else -1.0)
    groups, n = len(differences), sum(map(len, differences.values()))
    sums = [math.fsum(found) for found in differences.values()]
    yield f"{n} cases in G = {groups} groups that share `group`; a case without one is a group by itself"
    yield "one group of mean size n/G is added at +1 each case, one at −1: mean = sum of d / (n × (1 + 2/G)),"
    yield "se = √((G + 2) / (G + 1) × sum over groups of (sum of d − mean × size)²) / (n × (1 + 2/G))  (CR1)"
    found = clustered_pseudo_obs(sums, [len(one) for one in differences.values()], level=LEVEL)
    yield (
        f"mean = {decimal(math.fsum(sums))} / {decimal(n * (1 + 2 / groups))} = {decimal(found.shrunk_mean)}, "
        f"se = {decimal(found.standard_error)}"
    )
    if groups > 1:
        t = student_t_quantile((1 + LEVEL) / 2, groups - 1)
        cut = ", or less: it is cut at −1" if found.low <= -1 else ""
        yield (
            f"bound = mean − t × se = {decimal(found.shrunk_mean)} − {decimal(t)} × "
            f"{decimal(found.standard_error)}{cut}, with t the 95 % point of Student t, G − 1 = {groups - 1} degrees"
        )
    named = sorted(zip(sums, differences, strict=True), key=lambda one: (one[0], one[1]))
    moved = [f"{name.removeprefix('case ')} {decimal(total)}" for total, name in named if total]
    if moved:
        more = f" and {len(moved) - _GROUPS} more" if len(moved) > _GROUPS else ""
        yield f"groups whose sum of d is not 0: {', '.join(moved[:_GROUPS])}{more}"
    if groups < MIN_CLUSTERS:
        yield f"fewer than {MIN_CLUSTERS} groups hold no bound, so this is never a PASS"


def mixed(case: CaseResult) -> bool:
    """Whether the first draws of one side disagree, so that nothing had to be asked again."""
    return any(len(set(first_draws(trials))) > 1 for trials in (case.base, case.head))


def first_draws(trials: Sequence[TrialRecord]) -> list[bool]:
    """Whether each scored first draw of a side passes."""
    return [
        trial.outcome == "pass"
        for trial in trials
        if trial.role == "first" and trial.outcome in ("pass", "fail")
    ]
