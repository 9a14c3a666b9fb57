"""The checks of one suite, built once, asked of every output."""

from promptctl.core.case import Case, CheckSpec, Suite
from promptctl.core.exchange import Output
from promptctl.core.record import replace
from promptctl.core.run import Outcome
from promptctl.core.verdict import Verdict
from promptctl.engine.check import Built, build
from promptctl.engine.grading import grade, subject_of
from promptctl.errors import FileError, PromptctlError, raise_all


class Grader:
    """Judges outputs of a suite's cases. `suite` is the same with every check's arguments written out in full.

    Raises:
        FileError, Several: a check that is unknown, has wrong arguments, or needs what its case does not have.
    """

    def __init__(self, suite: Suite) -> None:
        self._built: dict[str, Built] = {}
        self.suite = suite
        self._checks: dict[str, list[Built]] = {}
        self._last: tuple[str, Output, tuple[Outcome, tuple[Verdict, ...]]] | None = None
        errors: dict[str, PromptctlError] = {}
        for case in suite.cases:
            checks = self._checks.setdefault(case.id, [])
            for spec in case.checks:
                try:
                    checks.append(self._check(spec))
                    if case.asked:  # a draft may still wait for its reference
                        _require(checks[-1], case)
                        _refuse_broken(checks[-1], case)
                except PromptctlError as error:
                    errors.setdefault(str(error), error)
        raise_all(list(errors.values()))
        self.suite = replace(suite, cases=tuple(self._written_out(case) for case in suite.cases))

    def grade(self, case: Case, output: Output) -> tuple[Outcome, tuple[Verdict, ...]]:
        """The outcome of one output with the verdict of every check."""
        if self._last and self._last[0] == case.id and _same(self._last[1], output):
            return self._last[2]  # both sides gave the same text: it is judged once
        found = grade(self._checks[case.id], case, output, case.finished)
        verdicts = found.verdicts
        if found.error is not None:
            broken = Verdict(check="error", status="unscored", reason=found.error, votes=False)
            verdicts = (*verdicts, broken)
        self._last = (case.id, output, (found.outcome, verdicts))
        return found.outcome, verdicts

    def _written_out(self, case: Case) -> Case:
        return replace(case, checks=tuple(built.spec for built in self._checks[case.id]))

    def _check(self, spec: CheckSpec) -> Built:
        key = repr(spec.meaning())
        if key not in self._built:
            self._built[key] = build(spec)
        return self._built[key]


def _same(one: Output, other: Output) -> bool:
    """Whether a check could tell the two apart; latency is no part of an answer."""
    return replace(one, seconds=None, first_token_seconds=None) == replace(
        other, seconds=None, first_token_seconds=None
    )


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
