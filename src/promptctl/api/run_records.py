"""What a run leaves in its folder, and the records of runs that have nothing to say or were not carried out."""

import datetime
from typing import Any, TypeVar

import msgspec

from promptctl._version import __version__
from promptctl.core.record import replace
from promptctl.core.result import DecisionRecord, Reason, Result, RevisionRecord
from promptctl.core.run import Trial
from promptctl.engine.plan import Plan
from promptctl.errors import Incomplete, Interrupted
from promptctl.store.revisions import Revision, Sides
from promptctl.store.runs import new_run_id

E = TypeVar("E", Incomplete, Interrupted)


def given_options(base: str | None, head: str | None, no_base: bool) -> tuple[str, ...]:
    """The options that choose the sides, as they would be typed again."""
    options = [f"--{name}={value}" for name, value in (("base", base), ("head", head)) if value is not None]
    return ("--no-base",) if no_base else tuple(options)


def manifest(run_id: str, plan: Plan, sides: Sides) -> dict[str, Any]:
    """What is planned, written before the first call."""
    return {
        "run": run_id,
        "promptctl": __version__,
        "base": None if sides.base is None else {"label": sides.base.label, "commit": sides.base.commit},
        "head": {"label": sides.head.label, "commit": sides.head.commit, "dirty": sides.head.dirty},
        "suites": [
            {
                "suite": suite.suite.id,
                "digest": suite.suite.digest,
                "base": suite.base_digest,
                "head": suite.head_digest,
                "model": suite.model,
                "cases": len(suite.cases),
                "samples": suite.samples,
                **({"variant": suite.variant.head} if suite.variant else {}),
            }
            for suite in plan.suites
        ],
    }


def trial_line(suite: str, case: str, side: str, trial: Trial) -> dict[str, Any]:
    """One trial as a line of the journal."""
    fields = msgspec.structs.asdict(trial)  # type: ignore[arg-type]  # a Struct, as `core.record` knows
    return {"suite": suite, "case": case, "side": side, **fields}


def nothing_differs(sides: Sides) -> Result:
    """Nothing differs. The whole sentence is a note: the decision's line has no room for the command in it."""
    note = sides.note or "nothing to compare"
    reason = Reason(rule="nothing-changed", message=note.partition(";")[0], word="PASS")
    decision = DecisionRecord(status="pass", exit_code=0, reasons=(reason,))
    return replace(_empty(sides.head, sides.base, decision, complete=True), notes=(note,))


def interrupted() -> Interrupted:
    """Ctrl-C before the first call, or while answers are judged."""
    fix = "run the same command again: what was answered is stored"
    return Interrupted("interrupted before the run had a result", slug="interrupted", fix=fix)


def with_result(error: E, head: Revision, base: Revision | None = None, run_id: str = "") -> E:
    """The error with a result that says it is not complete."""
    reason = Reason(rule=error.slug, message=error.message, word="INCOMPLETE")
    decision = DecisionRecord(status="incomplete", exit_code=error.exit_code, reasons=(reason,))
    error.result = _empty(head, base, decision, complete=False, run_id=run_id)
    return error


def _empty(
    head: Revision, base: Revision | None, decision: DecisionRecord, *, complete: bool, run_id: str = ""
) -> Result:
    now = datetime.datetime.now(datetime.UTC)
    return Result(
        run=run_id or new_run_id(now),
        promptctl=__version__,
        started_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=0.0,
        complete=complete,
        base=None if base is None else RevisionRecord(label=base.label, commit=base.commit, dirty=base.dirty),
        head=RevisionRecord(label=head.label, commit=head.commit, dirty=head.dirty),
        decision=decision,
    )
