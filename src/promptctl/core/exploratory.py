"""Which tags and checks stand out by themselves: a table to look into, never a reason to stop a change.

Many rows are looked at, so the p-values are raised for their number; rows at or below 0.10 after that are worth a
look, and about one in ten of them is a false find.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from promptctl.core.findings import Exploratory
from promptctl.core.result import CaseResult, TrialRecord
from promptctl.core.stats import benjamini_hochberg, mcnemar_midp

SHOWN_BELOW = 0.10
"""Adjusted p-value up to which a row is worth a look."""

_MIN_CASES = 2  # with a tag: one case is its own row already

_Passed = Callable[[TrialRecord], bool | None]


def exploratory(cases: Iterable[CaseResult]) -> tuple[Exploratory, ...]:
    """The change of every tag and of every check alone, over first draws of counted cases.

    A side passes where more than half of its scored draws do; evenly mixed sides are no flip. A case is left out of
    the row of a check that did not run on it, or could not score it, on either side.

    Args:
        cases: In any order, counted or not.

    Returns:
        Rows of tags, of two cases at least, then rows of checks; within a kind the most telling one first. `p` is
        McNemar's two-sided mid-p, `adjusted` after Benjamini-Hochberg over the rows of that kind.
    """
    counted = [case for case in cases if case.counted]
    return (*_rows("tag", _by_tag(counted), _MIN_CASES), *_rows("check", _by_check(counted), 1))


def _rows(kind: str, flips: dict[str, list[int]], at_least: int) -> Iterator[Exploratory]:
    """`flips` are, by name, -1 for each broken case, +1 for each fixed one, 0 for the others."""
    named = sorted((name, found) for name, found in flips.items() if len(found) >= at_least)
    counts = [(found.count(-1), found.count(1)) for _, found in named]
    tested = [mcnemar_midp(broken, fixed, side="two-sided") for broken, fixed in counts]
    rows = [
        Exploratory(kind=kind, name=name, n=len(found), broken=broken, fixed=fixed, p=p, adjusted=adjusted)
        for (name, found), (broken, fixed), p, adjusted in zip(
            named, counts, tested, benjamini_hochberg(tested), strict=True
        )
    ]
    # Rows with more flips come first among those that tell as little: p is 1 without a flip, and with 4 against 4.
    yield from sorted(
        rows, key=lambda row: (row.adjusted, row.p, -(row.broken + row.fixed), -row.n, row.name)
    )


def _by_tag(cases: Sequence[CaseResult]) -> dict[str, list[int]]:
    flips: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        flip = 0 if case.state == "unchanged" else _flip(case.base, case.head, _outcome)
        if flip is not None:
            for tag in set(case.tags):
                flips[tag].append(flip)
    return flips


def _by_check(cases: Sequence[CaseResult]) -> dict[str, list[int]]:
    flips: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        # Equal requests were asked once, so the draws may stand on one side alone, and are no flip.
        base = case.head or case.base if case.state == "unchanged" else case.base
        head = base if case.state == "unchanged" else case.head
        for name in {verdict.check for trial in _first(head) for verdict in trial.verdicts}:
            flip = _flip(base, head, _verdict_of(name))
            if flip is not None:
                flips[name].append(flip)
    return flips


def _flip(base: Sequence[TrialRecord], head: Sequence[TrialRecord], passed: _Passed) -> int | None:
    """-1 broken, +1 fixed, 0 neither; None where a side has nothing to go by."""
    before, after = _margin(base, passed), _margin(head, passed)
    if before is None or after is None:
        return None
    return (before < 0 < after) - (after < 0 < before)


def _margin(trials: Sequence[TrialRecord], passed: _Passed) -> int | None:
    """How many more of the scored first draws pass than fail; None where none is scored."""
    scored = [found for trial in _first(trials) if (found := passed(trial)) is not None]
    return 2 * sum(scored) - len(scored) if scored else None


def _first(trials: Iterable[TrialRecord]) -> list[TrialRecord]:
    return [trial for trial in trials if trial.role == "first"]


def _outcome(trial: TrialRecord) -> bool | None:
    return trial.outcome == "pass" if trial.outcome in ("pass", "fail") else None


def _verdict_of(name: str) -> _Passed:
    def passed(trial: TrialRecord) -> bool | None:
        # A check may look at every reply of a conversation: then one that fails, fails it.
        found = {verdict.status for verdict in trial.verdicts if verdict.check == name}
        return False if "fail" in found else True if found == {"pass"} else None

    return passed
