"""What a change of checks does by itself: the same outputs, judged by base's checks and by head's."""

from collections.abc import Iterable

from promptctl.core.case import Case
from promptctl.core.digest import canonical_json
from promptctl.core.record import replace
from promptctl.core.run import Trial
from promptctl.core.words import plural
from promptctl.core.yardstick import same
from promptctl.engine.grader import Grader
from promptctl.engine.plan import PlannedCase, SuitePlan
from promptctl.errors import PromptctlError


class Regrading:
    """How base's checks judge head's outputs, where they are not head's own."""

    def __init__(self, plan: SuitePlan) -> None:
        self._changed = {planned.case.id: planned for planned in plan.cases if _checks_differ(planned)}
        self._before: Grader | None = None
        self._unreadable: PromptctlError | None = None
        self._stricter = self._looser = self._silent = 0
        if self._changed and plan.base_suite is not None:
            try:
                self._before = Grader(replace(plan.base_suite, cases=tuple(_owns(self._changed))))
            except PromptctlError as error:
                self._unreadable = error

    def add(self, planned: PlannedCase, trials: Iterable[Trial]) -> None:
        """Takes head's trials of a case."""
        before, own = self._before, planned.own
        if before is None or own is None or planned.case.id not in self._changed:
            return
        if len(own.turns) != len(planned.case.turns):
            return
        for trial in trials:
            was = _outcome(before, planned, trial)
            self._stricter += was == "pass" and trial.outcome == "fail"
            self._looser += was == "fail" and trial.outcome == "pass"
            self._silent += was in ("pass", "fail") and trial.outcome in ("unscored", "advisory")

    def edited(self, planned: PlannedCase, trials: Iterable[Trial]) -> bool:
        """Whether a fix would be the edit's: other inputs than base's, or base's own checks pass all that base said."""
        before, own = self._before, planned.own
        if own is not None and own is not planned.case and _put(own) != _put(planned.case):
            return True
        if before is None or own is None or planned.case.id not in self._changed:
            return False
        if len(own.turns) != len(planned.case.turns):
            return False
        found = [_outcome(before, planned, trial) for trial in trials]
        return bool(found) and all(outcome == "pass" for outcome in found)

    def notes(self) -> tuple[str, ...]:
        """A sentence on the outputs whose verdict the changed checks turn, or nothing where no check changed."""
        if self._unreadable is not None:
            error = self._unreadable
            return (f"checks changed; base's cannot be read ({error.slug} at {error.at})",)
        if self._before is None:
            return ()
        found = [f"{self._stricter} that passed now fail"] * bool(self._stricter)
        found += [f"{self._looser} that failed now pass"] * bool(self._looser)
        found += [f"{self._silent} that had a verdict have none now"] * bool(self._silent)
        said = ", ".join(found) or "the same outputs are judged alike"
        return (f"checks of {plural(len(self._changed), 'case')} changed: {said}",)


def _put(case: Case) -> list[str]:
    """What a case puts into a prompt, under whatever names: a variable may be renamed."""
    inputs = case.inputs()
    values = [*inputs.pop("vars").values(), inputs.pop("input")]
    return [*sorted(canonical_json(one) for one in values if one is not None), canonical_json(inputs)]


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
    return grader.grade(planned.own, trial.outputs, tools_offered=planned.head.offers_tools).outcome
