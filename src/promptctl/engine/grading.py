"""From an output to a grade: every code check asked, their verdicts weighed, nothing raised."""

import math
from collections.abc import Iterable, Sequence

from promptctl.core.case import Case
from promptctl.core.exchange import Output
from promptctl.core.record import Record, replace
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
    """What one output, or a conversation, is worth. `error` says which check broke and how, where that is the outcome.

    `turn` is the turn, from 1, that a conversation fails at or cannot be scored at; None for anything else.
    """

    outcome: Outcome
    verdicts: tuple[Verdict, ...] = ()
    error: str | None = None
    turn: int | None = None


def grade(
    checks: Sequence[Built], case: Case, output: Output, finished: bool = True, *, tools_offered: bool = False
) -> Grade:
    """The verdicts of all code checks on `output`, `finished` first, in the order they are written.

    A check that raises makes the outcome `error`; the others are still asked. `finished=False` leaves the implicit
    check out, as a suite may say.
    """
    return grade_turns([checks], case, [output], finished, tools_offered=tools_offered)


def grade_turns(
    turns: Sequence[Sequence[Built]],
    case: Case,
    replies: Sequence[Output],
    finished: bool = True,
    *,
    tools_offered: bool = False,
) -> Grade:
    """The verdicts on every reply of a conversation: those of `turns`, each a turn's checks, in order.

    Where a reply ended the conversation early, `finished` fails with it, and what is asked of later ones is not asked.
    """
    verdicts: list[Verdict] = []
    broken: list[str] = []
    decided: dict[str, int] = {}
    for number, (checks, reply) in enumerate(zip(turns, replies, strict=False), 1):
        name = FINISHED if number == len(turns) else of_turn(FINISHED, number)
        over = why_over(reply, finished) if number < len(turns) else None
        found = [Verdict(check=name, status="fail", reason=over)] if over else []
        if finished and not over:
            found.append(replace(finished_verdict(reply, tools_offered), check=name))
        found += _asked(_of_answer(checks, reply, tools_offered), subject_of(case, reply), broken)
        for verdict in found:
            if verdict.votes:
                decided.setdefault(verdict.status, number)
        verdicts += found
    if broken:
        return Grade(outcome="error", verdicts=tuple(verdicts), error="; ".join(broken))
    outcome = outcome_of(verdicts)
    at = decided.get(outcome) if len(turns) > 1 and outcome in ("fail", "unscored") else None
    return Grade(outcome=outcome, verdicts=tuple(verdicts), turn=at)


def _asked(checks: Sequence[Built], subject: Subject, broken: list[str]) -> list[Verdict]:
    verdicts = []
    for check in checks:
        try:
            opinion = _checked(check.ask(subject))
        except Exception as error:  # whatever a check does, the run goes on and says so
            broken.append(f'check "{check.name}" broke: {_why(error)}')
        else:
            verdicts.append(verdict_of(check, opinion))
    return verdicts


def _of_answer(checks: Sequence[Built], reply: Output, tools_offered: bool) -> Sequence[Built]:
    """The checks that have something to look at: a reply that calls a tool has no text for the prompt's own schema."""
    if tools_offered and reply.finish == "tool_calls":
        return [check for check in checks if not check.spec.implied]
    return checks


def of_turn(name: str, turn: int) -> str:
    """The name of a check that looks at the reply of one turn."""
    return f"{name} (turn {turn})"


def why_over(reply: Output, finished: bool) -> str | None:
    """Why a conversation ends with this reply although the user has more to say; None where it goes on.

    No server takes a user's message behind a call of a tool that has no result, or behind a reply that is empty.
    """
    if reply.tool_calls:
        return "called a tool where the user goes on: only the last reply may"
    if not reply.text.strip():
        return f"the reply is empty{', ' + _ENDED[reply.finish] if reply.finish in _ENDED else ''}"
    return _ENDED[reply.finish] if finished and reply.finish not in ("stop", "tool_calls") else None


def outcome_of(verdicts: Iterable[Verdict]) -> Outcome:
    """Fail when a voting verdict fails; else unscored when one is; else pass; `advisory` when none votes.

    `finished` can fail a trial but is no vote: a case with nothing else that votes is advisory, or watched where
    the case says `watch: true`, which is for the caller to know.
    """
    voting = [verdict for verdict in verdicts if verdict.votes]
    if any(verdict.status == "fail" for verdict in voting):
        return "fail"
    voting = [verdict for verdict in voting if not _is_finished(verdict.check)]
    if any(verdict.status == "unscored" for verdict in voting):
        return "unscored"
    return "pass" if voting else "advisory"


def _is_finished(name: str) -> bool:
    return name == FINISHED or name.startswith(f"{FINISHED} (turn ")


def finished_verdict(output: Output, tools_offered: bool = False) -> Verdict:
    """Whether the answer ended as an answer should: by itself, or by calling a tool that was offered."""
    if output.finish == "stop" or (output.finish == "tool_calls" and tools_offered):
        return Verdict(check=FINISHED, status="pass")
    return Verdict(check=FINISHED, status="fail", reason=_ENDED[output.finish])


def subject_of(case: Case, output: Output) -> Subject:
    """All that the checks of `case` may look at. Contexts that came with the answer stand before the case's own.

    What the case gives as `input` is among the variables, by that name.
    """
    return Subject(
        text=output.text,
        output=output,
        vars=case.vars if case.input is None else {"input": case.input, **case.vars},
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
