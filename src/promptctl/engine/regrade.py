"""What a change of checks does by itself: the same outputs, judged by base's checks and by head's."""

from promptctl.core.case import Case
from promptctl.core.comparison import Comparison, same
from promptctl.core.record import replace
from promptctl.core.run import Trial
from promptctl.core.words import plural
from promptctl.engine.grader import Grader
from promptctl.engine.plan import PlannedCase, SuitePlan
from promptctl.errors import PromptctlError


def regraded(plan: SuitePlan, comparison: Comparison) -> tuple[str, ...]:
    """A sentence on the outputs whose verdict the changed checks turn, or nothing where no check changed."""
    if plan.base_suite is None:
        return ()
    changed = {planned.case.id: planned for planned in plan.cases if _checks_differ(planned)}
    if not changed:
        return ()
    try:
        before = Grader(replace(plan.base_suite, cases=tuple(_owns(changed))))
    except PromptctlError as error:
        return (f"checks changed; base's cannot be read ({error.slug} at {error.at})",)
    stricter = looser = 0
    for change in comparison.changes:
        planned = changed.get(change.case)
        if planned is None or planned.own is None or len(planned.own.turns) != len(planned.case.turns):
            continue
        for trial in change.pair.head:
            was = _outcome(before, planned, trial)
            stricter += was == "pass" and trial.outcome == "fail"
            looser += was == "fail" and trial.outcome == "pass"
    found = [f"{stricter} that passed now fail"] * bool(stricter) + [f"{looser} that failed now pass"] * bool(
        looser
    )
    said = ", ".join(found) or "the same outputs are judged alike"
    return (f"checks of {plural(len(changed), 'case')} changed: {said}",)


def _checks_differ(planned: PlannedCase) -> bool:
    if planned.own is None or planned.own is planned.case:
        return False
    return not same(_judged_by(planned.own), _judged_by(planned.case))


def _judged_by(case: Case) -> dict[str, object]:
    meaning = case.meaning()
    asked = ("checks", "checks_all", "turns", "expected", "rejected", "finished")
    return {name: meaning.get(name) for name in asked}


def _owns(changed: dict[str, PlannedCase]) -> list[Case]:
    return [planned.own for planned in changed.values() if planned.own is not None]


def _outcome(grader: Grader, planned: PlannedCase, trial: Trial) -> str | None:
    if trial.answer is None or planned.own is None:
        return None
    return grader.grade(planned.own, trial.outputs, tools_offered=bool(planned.head.request.tools)).outcome
