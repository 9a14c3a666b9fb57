"""What a change does to the yardstick itself: cases that are gone or ask for less, gates that allow more."""

from collections.abc import Iterable, Iterator
from typing import Literal

from promptctl.core.case import Case, CheckSpec, Gate, Suite
from promptctl.core.digest import canonical_json
from promptctl.core.record import Record

What = Literal["removed", "weakened", "retired", "quarantined", "draft"]


class YardstickChange(Record):
    """A case of base that no longer measures what it did."""

    case: str
    what: What
    blocker: bool
    because: str
    accepted: str | None = None


def yardstick_changes(
    base: Suite, head: Suite | None, *, accepted: dict[tuple[str, str], str]
) -> list[YardstickChange]:
    """Cases active on base that head removed, retired or weakened (see `weakened_because`).

    Args:
        base, head: The suite on both sides; head None where the suite is gone.
        accepted: (case, what) → why it is meant so.
    """
    found = []
    kept = head.by_id() if head else {}
    for case in base.cases:
        after = kept.get(case.id)
        change = _taken_out(case, after) if case.status == "active" else None
        if change is None:
            continue
        what, because = change
        meant = accepted.get((case.id, "removed" if what == "removed" else "weakened"))
        blocker = case.severity == "blocker"
        found.append(
            YardstickChange(case=case.id, what=what, blocker=blocker, because=because, accepted=meant)
        )
    return found


def _taken_out(before: Case, after: Case | None) -> tuple[What, str] | None:
    if after is None:
        return "removed", "it is gone"
    if after.status != "active":
        return after.status, f"its status is {after.status} now"
    if before.votes and not after.votes:
        return (
            "weakened",
            "it is only watched now" if after.watch else f"its severity fell to {after.severity}",
        )
    if before.severity == "blocker" and (why := weakened_because(before, after)):
        return "weakened", why
    return None


def weakened_because(before: Case, after: Case) -> str | None:
    """Why an active blocker asks less than it did: severity, `expected`, a required check without its equal."""
    if after.severity != "blocker":
        return f"its severity fell to {after.severity}"
    if before.finished and not after.finished:
        return "its check finished is switched off"
    if not same(before.expected, after.expected):
        return "its expected answer changed"
    for asked, still in _checks_by_reply(before, after):
        kept = {_asked(check) for check in still}
        for check in asked:
            # What a prompt's own schema asks changes with the prompt: that is no change of the yardstick.
            if check.required and not check.implied and _asked(check) not in kept:
                return f"its check {check.name} has no equal now"
    return None


def _checks_by_reply(before: Case, after: Case) -> Iterator[tuple[Iterable[CheckSpec], Iterable[CheckSpec]]]:
    """What was asked of the last reply, of every reply and of each turn's, with what is asked of the same now."""
    of_last = (*after.checks, *(after.turns[-1].checks if after.turns else ()))
    yield before.checks, (*of_last, *after.checks_all)
    yield before.checks_all, after.checks_all if after.turns else of_last
    for number, turn in enumerate(before.turns, 1):
        there = after.turns[number - 1].checks if number <= len(after.turns) else ()
        yield turn.checks, (*there, *after.checks_all, *(of_last if number == len(after.turns) else ()))


def loosened(before: Gate, after: Gate) -> list[str]:
    """The values of a gate that ask for less than they did, as `name before → after`."""
    pairs = {
        "margin": after.margin > before.margin,
        "min_pass_rate": after.min_pass_rate < before.min_pass_rate,
        "max_errors": after.max_errors > before.max_errors,
        "on_undecided": (before.on_undecided, after.on_undecided) == ("fail", "pass"),
        "on_untested": (before.on_untested, after.on_untested) == ("fail", "warn"),
    }
    return [
        f"{name} {getattr(before, name)} → {getattr(after, name)}"
        for name, is_looser in pairs.items()
        if is_looser
    ]


def same(one: object, other: object) -> bool:
    """Whether two pieces of plain data are equal as JSON; for Python alone, 1 equals true."""
    return one == other and canonical_json(one) == canonical_json(other)


def _asked(check: CheckSpec) -> str:
    """What a check asks, whatever it is called."""
    return canonical_json({key: value for key, value in check.meaning().items() if key != "name"})
