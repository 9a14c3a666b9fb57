"""The checks of one suite, built once, asked of every output."""

from collections.abc import Sequence
from typing import NamedTuple

from promptctl.core.case import Case, CheckSpec, Suite
from promptctl.core.exchange import Output
from promptctl.core.record import replace
from promptctl.core.run import Outcome
from promptctl.core.verdict import Verdict
from promptctl.engine.check import Built, build
from promptctl.engine.check_files import CheckFiles, no_files
from promptctl.engine.grading import grade_turns, of_turn, subject_of
from promptctl.errors import FileError, PromptctlError, raise_all
from promptctl.store.case_checks import with_unique_names

Checks = tuple[CheckSpec, ...]

_ALIKE = 1000  # different verdicts that are remembered


class Graded(NamedTuple):
    """The outcome of a trial with the verdict of every check; `turn` as in `Grade`."""

    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    turn: int | None = None


class Grader:
    """Judges outputs of a suite's cases. `suite` is the same with every check's arguments written out in full.

    Args:
        suite: As it is written, or as an earlier `Grader` has it.
        files: Where the files are read that checks name.

    Raises:
        FileError, Several: a check that is unknown, has wrong arguments, or needs what its case does not have.
    """

    def __init__(self, suite: Suite, files: CheckFiles | None = None) -> None:
        self._built: dict[str, Built] = {}
        self._shared: dict[int, _Known] = {}
        self._files = files or no_files()
        self.suite = suite
        self._turns: dict[str, tuple[tuple[Built, ...], ...]] = {}
        self._said: dict[tuple[Verdict, ...], tuple[Verdict, ...]] = {}
        self._last: tuple[tuple[str, bool, list[Output]], Graded] | None = None
        self._errors: dict[str, PromptctlError] = {}
        for case in suite.cases:
            _refuse_idle(case, self._errors)
            self._turns[case.id] = self._asked_by_turn(case)
        raise_all(list(self._errors.values()))
        cases = tuple(self._written_out(case) for case in suite.cases)
        self.suite = replace(suite, cases=cases, digest=self._files.digest(suite.digest))
        self._shared.clear()
        self._built.clear()

    def grade(self, case: Case, replies: Sequence[Output], *, tools_offered: bool = False) -> Graded:
        """What the checks say of a reply, or of those of a conversation in order, which may have ended early."""
        key = (case.id, tools_offered, self._seen(case, replies))
        if self._last and self._last[0] == key:
            return self._last[1]
        found = grade_turns(self._turns[case.id], case, replies, case.finished, tools_offered=tools_offered)
        verdicts = found.verdicts
        if found.error is not None:
            broken = Verdict(check="error", status="unscored", reason=found.error, votes=False)
            verdicts = (*verdicts, broken)
        graded = Graded(found.outcome, self._once(verdicts), found.turn)
        self._last = (key, graded)
        return graded

    @property
    def files(self) -> frozenset[str]:
        """The files that checks named, or would have found: where one differs, so may their verdicts."""
        return frozenset(self._files.asked)

    def _seen(self, case: Case, replies: Sequence[Output]) -> list[Output]:
        """The replies without their times, where no check looks at those: an equal text is judged once."""
        if any(built.timed for checks in self._turns[case.id] for built in checks):
            return list(replies)
        return [replace(reply, seconds=None, first_token_seconds=None) for reply in replies]

    def _once(self, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        """Verdicts that were given before as the same object: most outputs pass alike."""
        if any(verdict.score is not None for verdict in verdicts):  # 1 equals 1.0, and is written otherwise
            return verdicts
        if len(self._said) < _ALIKE:
            return self._said.setdefault(verdicts, verdicts)
        return self._said.get(verdicts, verdicts)

    def _asked_by_turn(self, case: Case) -> tuple[tuple[Built, ...], ...]:
        asked = tuple(self._asked_of(case, specs) for specs in checks_by_turn(case))
        return asked if case.turns else self._known(case.checks).alone

    def _asked_of(self, case: Case, specs: Checks) -> tuple[Built, ...]:
        """The checks ready to be asked. What is wrong with them, or with what the case gives them, goes to `errors`."""
        found = self._known(specs).built
        for built in found if case.asked else ():  # a draft may still wait for its reference
            try:
                _require(built, case)
                _refuse_broken(built, case)
            except PromptctlError as error:
                self._errors.setdefault(str(error), error)
        return found

    def _written_out(self, case: Case) -> Case:
        return replace(
            case,
            checks=self._known(case.checks).written,
            checks_all=self._known(case.checks_all).written,
            turns=tuple(replace(turn, checks=self._known(turn.checks).written) for turn in case.turns),
        )

    def _known(self, specs: Checks) -> "_Known":
        """The checks of one tuple, which thousands of cases may share, as far as they can be built."""
        known = self._shared.get(id(specs))
        if known is None:
            found = []
            for spec in specs:
                try:
                    found.append(self._check(spec))
                except PromptctlError as error:
                    self._errors.setdefault(str(error), error)
            built = tuple(found)
            known = _Known(specs, built, (built,), tuple(one.spec for one in found))
            self._shared[id(specs)] = known
        return known

    def _check(self, spec: CheckSpec) -> Built:
        key = repr(spec.meaning())
        if key not in self._built:
            self._built[key] = build(spec, self._files)
        return self._built[key]


class _Known(NamedTuple):
    """Checks by the address of their tuple, which is kept so that no other takes its place.

    `alone` is what a case of one turn asks, `written` has every argument written out.
    """

    specs: Checks
    built: tuple[Built, ...]
    alone: tuple[tuple[Built, ...]]
    written: Checks


def checks_by_turn(case: Case) -> list[tuple[CheckSpec, ...]]:
    """What is asked of each reply, in order. Names are unique; those of a single turn's checks end in the turn."""
    if not case.turns:
        return [case.checks]
    found: list[tuple[CheckSpec, ...]] = []
    for number, turn in enumerate(case.turns, 1):
        checks = with_unique_names((*case.checks_all, *turn.checks))
        found.append(tuple(replace(check, name=of_turn(check.name, number)) for check in checks))
    found[-1] = (*case.checks, *found[-1])
    named = iter(with_unique_names(tuple(check for checks in found for check in checks)))
    return [tuple(next(named) for _ in checks) for checks in found]


def _refuse_idle(case: Case, errors: dict[str, PromptctlError]) -> None:
    """Nothing looks at its outputs, not even a schema of its prompt, and nobody is to look at them."""
    if not case.every_check and case.expected is None and not case.watch:
        error = FileError(
            "the case has neither checks nor expected nor watch, so it cannot fail",
            slug="case-cannot-fail",
            at=case.place,
            fix="add `expected: …` or a check, or `watch: true` to see its outputs side by side",
        )
        errors.setdefault(str(error), error)


def _require(built: Built, case: Case) -> None:
    for name in built.needs:
        if getattr(case, name, None) is None:
            raise FileError(
                f"check {built.name} needs `{name}`, which case {case.id} does not have",
                slug="missing-reference",
                at=case.place or built.spec.place,
                fix=f"add `{name}: …` to the case, or take the check out",
            )


def _refuse_broken(built: Built, case: Case) -> None:
    """A reference that the check cannot read (a word where a number is due) is said before anything is asked."""
    if not built.needs:
        return
    try:
        built.ask(subject_of(case, Output(text="")))
    except (ValueError, TypeError) as error:
        raise FileError(
            f"check {built.name} cannot use the case's reference: {error}",
            slug="bad-reference",
            at=case.place or built.spec.place,
            fix="mend `expected`, or take another check",
        ) from error
