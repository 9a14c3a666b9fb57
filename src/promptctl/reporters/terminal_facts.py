"""What a report says of a case, picked out of its draws: which of them, which turn, which texts, why."""

from collections.abc import Sequence

from promptctl.core.result import CaseResult, SuiteResult, TrialRecord
from promptctl.reporters.safe import width

SHOWN_INPUTS = 3
"""Inputs shown of a case."""
LABEL = 16
"""Columns up to which an answer is taken for a label."""


def passes(case: CaseResult) -> str:
    """`base 4/4 → head 0/4`, `0/4 → 4/4` where that is good, or `pass → fail` for a single draw.

    Only a pass and a fail are draws of a case: an error or a draw without a score is left out.
    """
    sides = [(name, trials) for name, trials in (("base", case.base), ("head", case.head)) if trials]
    if all(len(trials) == 1 for _, trials in sides):
        return " → ".join(trials[0].outcome for _, trials in sides)
    named = "{} " if case.state != "fixed" else ""
    return " → ".join(f"{named.format(name)}{_share(trials)}" for name, trials in sides)


def _share(trials: Sequence[TrialRecord]) -> str:
    outcomes = [trial.outcome for trial in trials]
    passed, scored = outcomes.count("pass"), outcomes.count("pass") + outcomes.count("fail")
    return f"{passed}/{scored}" if scored else outcomes[0]


def labels(case: CaseResult) -> str:
    """`投诉 → 退款`: the answers of a fixed case, where both are no longer than a label."""
    base, head = reply_in(case.base), reply_in(case.head)
    if case.state != "fixed" or not base or not head or base == head:
        return ""
    short = all("\n" not in text and width(text) <= LABEL for text in (base, head))
    return f"{base} → {head}" if short else ""


def deciding_checks(case: CaseResult) -> list[str]:
    """The checks that failed, on the side where the case fails."""
    side = {"fixed": case.base, "flaky": (*case.head, *case.base)}.get(case.state, case.head)
    failed = (
        verdict.check
        for trial in side
        for verdict in trial.verdicts
        if verdict.votes and verdict.status != "pass"
    )
    return list(dict.fromkeys(failed))  # each once, however many draws it failed in


def origins(suite: SuiteResult) -> list[str]:
    """Answers that this project did not ask for itself are named in every report."""
    sources = [trial.source for case in suite.results for trial in (*case.base, *case.head)]
    kinds = {"imported": sources.count("imported"), "recorded": sources.count("recorded")}
    found = [f"{count} {kind}" for kind, count in kinds.items() if count]
    return [f"answers: {', '.join(found)} of {len(sources)}, so nothing was redrawn"] if found else []


def cause(case: CaseResult) -> str:
    """Why there is no answer, or no verdict on it."""
    for trial in (*case.head, *case.base):
        if trial.failure is not None:
            return f"{trial.failure.kind}: {trial.failure.message}"
        if trial.outcome == "error":
            return next((v.reason for v in trial.verdicts if v.check == "error"), "a check failed to run")
    return "no answer"


def telling(case: CaseResult) -> TrialRecord | None:
    """The draw that shows best why the case is in its state."""
    trials = [*case.head, *case.base]
    return next((t for t in trials if t.outcome not in ("pass", "advisory")), trials[0] if trials else None)


def shown_inputs(case: CaseResult, trial: TrialRecord | None) -> list[tuple[str, str]]:
    """The first inputs, up to what the user said in the turn that decided."""
    inputs = list(case.inputs.items())
    decided = f"turn {trial.turn}" if trial and trial.turn else None
    if decided not in case.inputs:
        return inputs[:SHOWN_INPUTS]
    until = [name for name, _ in inputs].index(decided) + 1
    return inputs[max(0, until - SHOWN_INPUTS) : until]


def shown_turn(case: CaseResult) -> int | None:
    """The turn of a conversation to show: where it was decided, else the first that differs, else the last."""
    trial = telling(case)
    if trial is not None and trial.turn:
        return trial.turn
    base, head = replies_of(case.base), replies_of(case.head)
    if max(len(base), len(head)) < 2:
        return None
    differing = (n for n, (one, other) in enumerate(zip(base, head, strict=False), 1) if one != other)
    return next(differing, max(len(base), len(head)))


def reply_in(trials: tuple[TrialRecord, ...], turn: int | None = None) -> str | None:
    """What was said first on a side; in a conversation, what was said in one turn of it."""
    texts = replies_of(trials)
    if turn is None:
        return texts[-1] if texts else None
    return texts[turn - 1] if turn <= len(texts) else None


def replies_of(trials: tuple[TrialRecord, ...]) -> list[str]:
    """The replies of the first draw that has an answer, in order."""
    trial = next((trial for trial in trials if trial.answer is not None), None)
    if trial is None or trial.answer is None:
        return []
    return [*(reply.answer.text for reply in trial.replies), trial.answer.text]
