"""What the comparison means: the rules a to f of the gate, first match decides.

Pure: the same comparison and gate give the same decision for ever. Rules and their order are argued in
docs/gate.md; every threshold below is named there.
"""

from collections.abc import Iterable, Sequence

from promptctl.core.case import Gate
from promptctl.core.comparison import Change, Comparison
from promptctl.core.evidence import Evidence
from promptctl.core.findings import Looks
from promptctl.core.ruling import Ruling
from promptctl.core.run import Standing
from promptctl.core.stats import wilson_upper
from promptctl.core.undecided import below_floor, confirmed, none_broke, undecided
from promptctl.core.words import cases_named, percent, plural, points, signed_points

ALPHA_HARM = 0.02
"""One-sided level of the test of harm, after Holm over the suites of a run."""
ALPHA_BETTER = 0.05
ALPHA_FLOOR = 0.05


def decide(
    comparison: Comparison,
    evidence: Evidence,
    gate: Gate,
    *,
    p_worse: float = 1.0,
    looks: Looks | None = None,
    interrupted: bool = False,
) -> Ruling:
    """The first rule that applies to one suite.

    Args:
        comparison: States per case.
        evidence: Bounds and tests over it (see `core.evidence`).
        gate: What the suite asks for.
        p_worse: The one-sided p-value of harm, already adjusted over all suites of the run.
        looks: The last look of an early stop; it decides on "no worse" instead of the bound.
        interrupted: The run was stopped before all answers were there.
    """
    if interrupted:
        return _interrupted()
    return (
        _blockers(comparison)
        or _incomplete(comparison, gate)
        or _harm(comparison, evidence, gate, p_worse)
        or _clear(comparison, evidence, gate, looks)
        or undecided(comparison, evidence, gate)
    )


def advise(comparison: Comparison, gate: Gate, message: str, *, interrupted: bool = False) -> Ruling:
    """The ruling where variants are compared and nothing is gated: what kept us from an answer stays an error."""
    if interrupted:
        return _interrupted()
    return _incomplete(comparison, gate) or Ruling(status="undecided", rule="compared", message=message)


def _interrupted() -> Ruling:
    return Ruling(
        status="incomplete", rule="interrupted", message="interrupted before all cases were answered"
    )


def _blockers(comparison: Comparison) -> Ruling | None:
    """A break that was drawn again counts when that confirmed it; one that cannot be, by the only draw there is."""
    broken = [change for change in comparison.having("broken") if change.confirmed or change.only_draw]
    if found := _blocking(broken):
        return _blocker_broken(found)
    new = _blocking(
        change for change in comparison.having("new_fail") if change.confirmed or change.only_draw
    )
    if new:
        return _new_blocker(new)
    gone = [change.case for change in comparison.yardstick if change.blocker and change.accepted is None]
    if gone:
        return _fail("blocker-removed", f"{cases_named(gone, 'blocker')} removed or weakened", gone)
    return None


def _blocking(changes: Iterable[Change]) -> list[str]:
    """Those that may stop the change by themselves: not a case whose own draws disagree often, until it is mended."""
    return [
        change.case
        for change in changes
        if change.pair.severity == "blocker" and change.pair.accepted is None and not change.pair.flaky
    ]


def _blocker_broken(cases: Sequence[str]) -> Ruling:
    return _fail("blocker-broken", f"{cases_named(cases, 'blocker')} broken", cases)


def _new_blocker(cases: Sequence[str]) -> Ruling:
    return _fail("blocker-new-fail", f"{cases_named(cases, 'new blocker')} failing", cases)


def _incomplete(comparison: Comparison, gate: Gate) -> Ruling | None:
    failed = [
        change
        for change in comparison.having("error")
        if change.pair.standing in (Standing.COUNTED, Standing.NEW)
    ]
    unfinished = [change for change in comparison.having("broken", "fixed", "new_fail") if change.unfinished]
    total, errors = len(comparison.changes), [change.case for change in (*failed, *unfinished)]
    answered = f"{total - len(failed)} of {total} cases answered"
    if not failed and unfinished:
        answered = f"{plural(len(unfinished), 'flip')} could not be drawn again"
    if any(_failed_by(change, "budget") for change in (*comparison.having("error"), *unfinished)):
        return _incompletely("budget", f"{answered}, {_cause(comparison, 'budget')}", errors)
    # Nothing is decided from errors alone, however many the suite allows; unchanged cases answer nothing.
    answered_any = any(change.state != "unchanged" for change in comparison.counted)
    if len(errors) > gate.max_errors or (failed and not answered_any):
        return _incompletely("errors", f"{answered}, {_cause(comparison)}", errors)
    unscored = [
        change.case for change in comparison.having("unscored") if change.pair.standing is Standing.COUNTED
    ]
    counted = len(comparison.counted)
    if unscored and (
        not answered_any or (len(unscored) >= 2 and len(unscored) > 0.10 * (counted + len(unscored)))
    ):
        return _incompletely("unscored", f"{len(unscored)} of {total} cases could not be scored", unscored)
    return None


def _failed_by(change: Change, kind: str) -> bool:
    trials = (*change.pair.base, *change.pair.head)
    return any(trial.failure is not None and trial.failure.kind == kind for trial in trials)


def _cause(comparison: Comparison, kind: str | None = None) -> str:
    unfinished = [change for change in comparison.changes if change.unfinished]
    for change in (*comparison.having("error"), *unfinished):
        for trial in (*change.pair.head, *change.pair.base):
            if trial.failure is not None and kind in (None, trial.failure.kind):
                return trial.failure.message.removeprefix("not asked: ")
            for verdict in trial.verdicts:
                if trial.outcome == "error" and verdict.status == "unscored":
                    return f"check {verdict.check}: {verdict.reason}"
    return "the rest ended in errors"


def _harm(comparison: Comparison, evidence: Evidence, gate: Gate, p_worse: float) -> Ruling | None:
    # What is left of blockers was drawn again in vain: by an error that the suite allows, or a redraw without a score.
    if left := _blocking(comparison.having("broken")):
        return _blocker_broken(left)
    if left := _blocking(comparison.having("new_fail")):
        return _new_blocker(left)
    broken, fixed = confirmed(comparison, "broken"), confirmed(comparison, "fixed")
    if comparison.has_base and len(broken) > len(fixed):
        return _fail(
            "broken-exceeds-fixed", f"{cases_named(broken)} confirmed broken, {len(fixed)} fixed", broken
        )
    if comparison.has_base and p_worse <= ALPHA_HARM:
        names = [change.case for change in comparison.having("broken")]
        seen = f"{evidence.broken} broken, {evidence.fixed} fixed"
        if evidence.test == "sign-flip" and evidence.difference is not None:
            seen = f"{signed_points(evidence.difference.estimate)} points"
        p = f"p = {p_worse:.3f}" if p_worse >= 0.0005 else "p < 0.001"
        return _fail("worse-overall", f"{seen} on first draws ({p})", names)
    head = evidence.head
    if head.scored and wilson_upper(head.passed, head.scored, level=1 - ALPHA_FLOOR) < gate.min_pass_rate:
        return _fail(
            "below-floor",
            f"{head.passed} of {head.scored} pass, the floor is {percent(gate.min_pass_rate)}",
            [],
        )
    return None


def _clear(comparison: Comparison, evidence: Evidence, gate: Gate, looks: Looks | None) -> Ruling | None:
    if comparison.all_equal and comparison.changes and not below_floor(evidence, gate):
        failing = [change.case for change in comparison.having("new_fail")]
        message = "every case sends the same request on both sides"
        if failing:
            message = f"every request is equal on both sides; {cases_named(failing, 'new case')} failing"
        return Ruling(status="pass", rule="nothing-changed", message=message)
    bound = evidence.bound
    if bound is None or below_floor(evidence, gate) or evidence.clusters_too_few:
        return None
    if bound <= -gate.margin if looks is None else looks.z < looks.boundary:
        return None
    better, sentence = _improvement(comparison, evidence)
    return Ruling(
        status="pass",
        rule="no-worse-than-margin",
        message=f"{sentence}, no worse than {points(gate.margin)} points"
        + (f" after {looks.asked} of {looks.planned}" if looks and looks.stopped else ""),
        cases=tuple(change.case for change in comparison.having("fixed")) if better else (),
        better=better,
    )


def _improvement(comparison: Comparison, evidence: Evidence) -> tuple[bool, str]:
    """Whether "better" is earned, and the flips in words that fit into the decision's line."""
    broken, fixed = confirmed(comparison, "broken"), confirmed(comparison, "fixed")
    likely = evidence.p_better is not None and evidence.p_better <= ALPHA_BETTER
    if not evidence.broken and not evidence.fixed:
        return False, none_broke(evidence.n)
    if evidence.redrawn or broken or fixed:
        if likely and len(fixed) > len(broken):
            return True, f"better: {cases_named(fixed)} fixed, {_count(broken)} broken"
        return False, f"{_count(broken)} broken, {_count(fixed)} fixed of {evidence.n}"
    counts = f"{evidence.fixed} fixed, {evidence.broken or 'none'} broken"
    if likely and evidence.fixed > evidence.broken:
        return True, f"better: {counts}, not redrawn"
    return False, f"{counts}, not redrawn"


def _count(names: Sequence[str]) -> str:
    return str(len(names)) if names else "none"


def _fail(rule: str, message: str, cases: Sequence[str]) -> Ruling:
    return Ruling(status="fail", rule=rule, message=message, cases=tuple(cases))


def _incompletely(rule: str, message: str, cases: Sequence[str]) -> Ruling:
    return Ruling(status="incomplete", rule=rule, message=message, cases=tuple(cases))
