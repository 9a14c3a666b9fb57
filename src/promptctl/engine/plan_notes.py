"""What a reader should know of the yardstick first: gates that ask for less, excuses that excuse nothing."""

from collections.abc import Sequence

from promptctl.core.case import Case, Suite
from promptctl.core.words import plural
from promptctl.core.yardstick import loosened, same
from promptctl.engine.load import Side

_NAMED = 5


def loosened_defaults(base: Side | None, head: Side) -> list[str]:
    """Values of the project's own gate that ask for less than they did."""
    if base is None:
        return []
    return [f"changes to the yardstick: [gate] {what}" for what in loosened(base.own.gate, head.own.gate)]


def private_cases(base: Side | None, head: Side, cases: Sequence[Case]) -> list[str]:
    """How many of these cases come from `cases_root`, where no revision of them is kept."""
    count = sum(case.place is not None and head.suites.is_private(case.place.path) for case in cases)
    if not count or head.private is None:
        return []
    same = ": the same on both sides" if base else ""
    return [f"{plural(count, 'private case')} from {head.private.written}{same}"]


def accepts_of_no_case(suite: Suite, base_suite: Suite | None) -> list[str]:
    """Entries under `accept` that excuse nothing, because no side has such a case."""
    known = {*suite.by_id(), *(base_suite.by_id() if base_suite else ())}
    return [
        f"accept names {entry.case}, which is no case" for entry in suite.accept if entry.case not in known
    ]


def loosened_gate(suite: Suite, base_suite: Suite | None) -> list[str]:
    """Values of a suite's gate that ask for less than they did."""
    if base_suite is None:
        return []
    found = loosened(base_suite.gate, suite.gate)
    if suite.samples < base_suite.samples:
        found.append(f"samples {base_suite.samples} → {suite.samples}")
    return [f"changes to the yardstick: gate {what}" for what in found]


def edited_cases(suite: Suite, base_suite: Suite | None) -> list[str]:
    """Counted cases that put another question than on base, or stand in another group, under the same id."""
    owns = base_suite.by_id() if base_suite else {}
    pairs = [(owns[case.id], case) for case in suite.cases if case.votes and case.id in owns]
    inputs = [case.id for own, case in pairs if own is not case and not same(own.inputs(), case.inputs())]
    groups = [case.id for own, case in pairs if own.group != case.group]
    return [
        f"changes to the yardstick: {what} of {plural(len(ids), 'case')}: {', '.join(ids[:_NAMED])}"
        + (", …" if len(ids) > _NAMED else "")
        for what, ids in (("inputs", inputs), ("group", groups))
        if ids
    ]
