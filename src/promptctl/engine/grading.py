"""From an output to a grade: every code check asked, their verdicts weighed, nothing raised."""

import math
from collections.abc import Iterable, Sequence

from promptctl.core.case import Case
from promptctl.core.exchange import Output
from promptctl.core.record import Record
from promptctl.core.run import Outcome
from promptctl.core.verdict import Opinion, Subject, Verdict
from promptctl.engine.check import Built

FINISHED = "finished"

_ENDED = {
    "length": "cut off at the token limit",
    "refusal": "the model refused",
    "content_filter": "the provider's content filter refused",
    "tool_calls": "called a tool, and the prompt offers none",
}


class Grade(Record):
    """What one output is worth. `error` says which check broke and how, where the outcome is `error`."""

    outcome: Outcome
    verdicts: tuple[Verdict, ...] = ()
    error: str | None = None


def grade(
    checks: Sequence[Built], case: Case, output: Output, finished: bool = True, *, tools_offered: bool = False
) -> Grade:
    """The verdicts of all code checks on `output`, `finished` first, in the order they are written.

    A check that raises makes the outcome `error`; the others are still asked. `finished=False` leaves the implicit
    check out, as a suite may say.
    """
    verdicts = [finished_verdict(output, tools_offered)] if finished else []
    subject = subject_of(case, output)
    broken: list[str] = []
    for check in checks:
        try:
            opinion = _checked(check.ask(subject))
        except Exception as error:  # whatever a check does, the run goes on and says so
            broken.append(f'check "{check.name}" broke: {_why(error)}')
        else:
            verdicts.append(verdict_of(check, opinion))
    if broken:
        return Grade(outcome="error", verdicts=tuple(verdicts), error="; ".join(broken))
    return Grade(outcome=outcome_of(verdicts), verdicts=tuple(verdicts))


def outcome_of(verdicts: Iterable[Verdict]) -> Outcome:
    """Fail when a voting verdict fails; else unscored when one is; else pass; `advisory` when none votes.

    `finished` can fail a trial but is no vote: a case with nothing else that votes is advisory, or watched where
    the case says `watch: true`, which is for the caller to know.
    """
    voting = [verdict for verdict in verdicts if verdict.votes]
    if any(verdict.status == "fail" for verdict in voting):
        return "fail"
    voting = [verdict for verdict in voting if verdict.check != FINISHED]
    if any(verdict.status == "unscored" for verdict in voting):
        return "unscored"
    return "pass" if voting else "advisory"


def finished_verdict(output: Output, tools_offered: bool = False) -> Verdict:
    """Whether the answer ended as an answer should: by itself, or by calling a tool that was offered."""
    if output.finish == "stop" or (output.finish == "tool_calls" and tools_offered):
        return Verdict(check=FINISHED, status="pass")
    return Verdict(check=FINISHED, status="fail", reason=_ENDED[output.finish])


def subject_of(case: Case, output: Output) -> Subject:
    """All that the checks of `case` may look at. Contexts that came with the answer stand before the case's own."""
    return Subject(
        text=output.text,
        output=output,
        vars=case.vars,
        expected=case.expected,
        rejected=case.rejected,
        contexts=output.contexts or case.contexts,
    )


def verdict_of(check: Built, opinion: Opinion) -> Verdict:
    """The opinion with the check's name and vote."""
    return Verdict(
        check=check.name,
        status=opinion.status,
        reason=opinion.reason,
        score=opinion.score,
        votes=check.spec.required,
    )


def _checked(opinion: Opinion) -> Opinion:
    """Refuses what only a check from elsewhere can do wrong."""
    if not isinstance(opinion, Opinion) or opinion.status not in ("pass", "fail", "unscored"):
        raise TypeError(f"it gave {opinion!r:.80} where an opinion was due")
    if opinion.score is not None and not math.isfinite(opinion.score):
        raise ValueError(f"its score is {opinion.score}")
    return opinion


def _why(error: Exception) -> str:
    text = str(error).strip()
    return (
        text if text and isinstance(error, (ValueError, TimeoutError)) else f"{type(error).__name__}: {text}"
    )
