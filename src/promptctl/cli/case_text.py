"""How a case, a check and a stored draw look on a line."""

from promptctl.api.cases import Known
from promptctl.cli.output import table
from promptctl.core.case import Case, CheckSpec
from promptctl.core.run import Trial
from promptctl.reporters.safe import fit, terminal_line
from promptctl.store.yaml_edits import flow_yaml

SHOWN = 20
"""Draws that are listed; the tally counts all."""


def first_words(case: Case, *, with_why: bool = True) -> str:
    """Why the case is there; failing that, the first text that it gives."""
    if with_why and case.why:
        return case.why
    said = [turn.say for turn in case.turns] or [str(message.get("content", "")) for message in case.messages]
    values = [*said, case.input, *case.vars.values(), *(context.get("text") for context in case.contexts)]
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return texts[0] if texts else next((flow_yaml(value) for value in values if value is not None), "")


def check_words(check: CheckSpec) -> str:
    """A check on one line, as it would be written."""
    if check.kind == "not":
        return f"not: {{{check_words(check.parts[0])}}}"
    if check.parts:
        return f"{check.kind}: [{', '.join(f'{{{check_words(part)}}}' for part in check.parts)}]"
    if not check.args:
        return check.kind
    return f"{check.kind}: {flow_yaml(check.args[''] if set(check.args) == {''} else check.args)}"


def tally(known: Known) -> str:
    """How many of the stored draws pass."""
    if not known.trials:
        return f"draws      none stored for it under {known.model}"
    first = [trial for trial in known.trials if trial.role == "first"]
    redrawn = [trial for trial in known.trials if trial.role == "confirm"]
    text = f"draws      {_of(known.trials)} passed under {known.model}"
    return text + (f": first draws {_of(first)}, redraws {_of(redrawn)}" if first and redrawn else "")


def draws_shown(known: Known) -> str:
    """A table of the draws."""
    rows = [
        (str(trial.sample), str(trial.source), trial.outcome, fit(_why(trial), 30), fit(_said(trial), 36))
        for trial in known.trials[:SHOWN]
    ]
    more = len(known.trials) - len(rows)
    return table(("draw", "from", "outcome", "because", "answer"), rows) + (
        f"\n… and {more} more" if more else ""
    )


def _of(trials: tuple[Trial, ...] | list[Trial]) -> str:
    return f"{sum(trial.outcome == 'pass' for trial in trials)} of {len(trials)}"


def _why(trial: Trial) -> str:
    wanting = [
        verdict
        for verdict in trial.verdicts
        if verdict.status != "pass" and (verdict.votes or trial.outcome == "error")
    ]
    return terminal_line("; ".join(verdict.reason or verdict.check for verdict in wanting))


def _said(trial: Trial) -> str:
    return terminal_line(trial.answer.text if trial.answer else "") or "(empty)"
