"""`--stop-early`: a large suite passes as soon as enough of its cases, in random order, show that it may."""

from collections.abc import Iterator, Mapping, Sequence

from promptctl.core.comparison import compare
from promptctl.core.findings import Looks
from promptctl.core.looks import LOOKS, MIN_CASES, look_at, look_sizes
from promptctl.core.run import Standing
from promptctl.engine.judging import CaseDraws, SuiteJudge, turn
from promptctl.engine.plan import Plan, SuitePlan


class Looking:
    """The looks at the suites of a run. `looks` holds the last one at each suite, by its key."""

    def __init__(self, plan: Plan, judges: Mapping[tuple[str, str], SuiteJudge]) -> None:
        self._judges = judges
        self._streams = {suite.key: _stream(suite) for suite in plan.suites if _why_not(suite) is None}
        self.looks: dict[tuple[str, str], Looks] = {}
        self.notes = {
            suite.key: f"--stop-early has no effect: {why}"
            for suite in plan.suites
            if (why := _why_not(suite))
        }

    def batches(self, left: Sequence[CaseDraws]) -> Iterator[list[CaseDraws]]:
        """The cases to ask before each look, in the order given. What comes after an early stop is left out.

        Each batch has to be asked and judged before the next is taken.
        """
        place = {key: {case: n for n, case in enumerate(stream)} for key, stream in self._streams.items()}
        sizes = {key: look_sizes(len(stream)) for key, stream in self._streams.items()}
        for look in range(LOOKS):
            batch = []
            for case in left:
                key = case.suite.key
                where = place.get(key, {}).get(case.planned.case.id, 0)
                due = sum(where >= size for size in sizes[key]) if key in sizes else 0
                if due == look and not self._stopped(key):
                    batch.append(case)
            if batch:
                yield batch
            for key, stream in self._streams.items():
                if not self._stopped(key) and (found := self._look(key, stream, sizes[key][look], look + 1)):
                    self.looks[key] = found

    def drop(self, key: tuple[str, str]) -> None:
        """Forgets the looks at a suite, whose table is another one since."""
        self._streams.pop(key, None)
        self.looks.pop(key, None)

    def look_at_all(self, key: tuple[str, str]) -> None:
        """The last look, at all cases: they were asked after all."""
        if (stream := self._streams.get(key)) and (found := self._look(key, stream, len(stream), LOOKS)):
            self.looks[key] = found

    def _stopped(self, key: tuple[str, str]) -> bool:
        return key in self.looks and self.looks[key].stopped

    def _look(self, key: tuple[str, str], stream: Sequence[str], size: int, look: int) -> Looks | None:
        """What the first `size` cases say; None where none of them has a say."""
        judge = self._judges[key]
        found = compare(judge.pairs[case] for case in stream[:size] if case in judge.pairs)
        missing = len(found.having("unscored", "error"))
        asked, margin = len(found.counted) + missing, judge.plan.suite.gate.margin
        if not asked:
            return None
        return look_at(look, found.broken + missing, found.fixed, asked, planned=len(stream), margin=margin)


def _stream(suite: SuitePlan) -> list[str]:
    """The cases that the looks are at, in the order in which they are asked: blockers come before all of them."""
    found = [planned for planned in suite.cases if _is_random(planned.standing, planned.case.severity)]
    return [planned.case.id for planned in sorted(found, key=lambda planned: turn(suite, planned))]


def _is_random(standing: Standing, severity: str) -> bool:
    return standing is Standing.COUNTED and severity != "blocker"


def _why_not(suite: SuitePlan) -> str | None:
    """Why no look can be taken at a suite; None where it can."""
    counted = [planned for planned in suite.cases if _is_random(planned.standing, planned.case.severity)]
    if not suite.has_base or suite.compare is not None:
        return "base and head are not compared"
    if len(counted) < MIN_CASES:
        return f"{len(counted)} cases, and {MIN_CASES} are needed"
    if suite.samples > 1:
        return "several first draws a case"
    if any(planned.case.group for planned in counted):
        return "cases stand in groups"
    return None
