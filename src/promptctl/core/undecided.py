"""Rule f of the gate: what is said where the cases do not tell."""

import math

from promptctl.core.case import Gate
from promptctl.core.comparison import Comparison
from promptctl.core.evidence import Evidence
from promptctl.core.ruling import Ruling
from promptctl.core.words import cases_named, percent, plural, points


def undecided(comparison: Comparison, evidence: Evidence, gate: Gate) -> Ruling:
    """What is left where no other rule applies: neither harm nor its absence is shown."""
    head = evidence.head
    if not comparison.has_base:
        near = below_floor(evidence, gate)
        return Ruling(
            status="undecided",
            rule="near-floor" if near else "no-base",
            message=f"{head.passed} of {head.scored} pass; "
            + (
                f"the floor {percent(gate.min_pass_rate)} is too near to tell"
                if near
                else "set gate.min_pass_rate or severity: blocker to gate"
            ),
        )
    if not comparison.counted:
        return _nothing_counted(comparison)
    if below_floor(evidence, gate):
        return Ruling(
            status="undecided",
            rule="near-floor",
            message=f"{head.passed} of {head.scored} pass, near the floor of {percent(gate.min_pass_rate)}",
        )
    broken, fixed = confirmed(comparison, "broken"), confirmed(comparison, "fixed")
    if broken:
        return Ruling(
            status="undecided",
            rule="trade-off",
            message=f"{cases_named(broken)} broken, {len(fixed)} fixed; {_shows(evidence)}",
            cases=tuple(broken),
        )
    unconfirmed = bool(evidence.broken) and not evidence.redrawn
    return Ruling(
        status="undecided", rule="no-break-found", message=_no_break(evidence), unconfirmed=unconfirmed
    )


def _no_break(evidence: Evidence) -> str:
    if not evidence.broken:
        return f"{none_broke(evidence.n)}; {_shows(evidence)}"
    if evidence.redrawn:
        return f"no break confirmed in {evidence.n}; {_shows(evidence).removeprefix('shows ')}"
    flips = f"{evidence.broken} broken, {evidence.fixed} fixed, not redrawn"
    if evidence.bound is None or evidence.clusters_too_few:
        return f"{flips}; {_shows(evidence)}"
    return f"{flips}; at worst −{points(-evidence.bound)} points"


def _nothing_counted(comparison: Comparison) -> Ruling:
    if not comparison.changes:
        return Ruling(status="undecided", rule="advisory-only", message="no case of it is asked any more")
    accepted = [change for change in comparison.having("broken") if change.pair.accepted is not None]
    if accepted:
        message = f"{plural(len(accepted), 'accepted break')}, and nothing else is counted"
        return Ruling(status="undecided", rule="no-break-found", message=message)
    new = len(comparison.having("new_pass", "new_fail"))
    if new:
        failing = len(comparison.having("new_fail"))
        return Ruling(
            status="undecided",
            rule="no-break-found",
            message=f"all of {plural(new, 'case')} new, {failing} failing; none to compare",
        )
    return Ruling(
        status="undecided",
        rule="advisory-only",
        message=f"nothing has a vote in {plural(len(comparison.changes), 'case')}",
    )


def none_broke(n: int) -> str:
    """`none of 24 cases broke`."""
    return "the case did not break" if n == 1 else f"none of {n} cases broke"


def _shows(evidence: Evidence) -> str:
    if evidence.bound is None or evidence.clusters_too_few:
        return "too few groups for a bound"
    return f"shows no worse than {points(-evidence.bound)} points"


def below_floor(evidence: Evidence, gate: Gate) -> bool:
    """Whether head's observed rate misses the floor, or nothing was scored that could reach it."""
    head = evidence.head
    if not gate.min_pass_rate:
        return False
    return not head.scored or head.passed / head.scored < gate.min_pass_rate - math.ulp(1.0)


def confirmed(comparison: Comparison, state: str) -> list[str]:
    """Confirmed flips of this kind. A fix by inputs or checks that the change brings with it outvotes no break."""
    return [
        change.case
        for change in comparison.counted
        if change.state == state and change.confirmed and not (state == "fixed" and change.pair.edited)
    ]
