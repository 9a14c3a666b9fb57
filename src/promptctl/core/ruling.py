"""What the gate says of a suite, and what that makes of a run: words, statuses, exit codes."""

from collections.abc import Sequence

from promptctl.core.case import Gate
from promptctl.core.record import Record
from promptctl.core.result import Status

WORDS = {
    "no-break-found": "NO BREAK FOUND",
    "trade-off": "UNDECIDED",
    "near-floor": "UNDECIDED",
    "advisory-only": "ADVISORY",
    "compared": "ADVISORY",
    "no-base": "NO BASE",
}
_BY_STATUS = {"pass": "PASS", "fail": "FAIL", "incomplete": "INCOMPLETE", "undecided": "UNDECIDED"}
SEVERITY: dict[Status, int] = {"fail": 3, "incomplete": 2, "undecided": 1, "pass": 0}


class Ruling(Record):
    """What the gate says of one suite: a status, the rule that decided, one sentence, the cases it names."""

    status: Status
    rule: str
    message: str
    cases: tuple[str, ...] = ()
    better: bool = False
    unconfirmed: bool = False

    @property
    def word(self) -> str:
        """What begins the decision line. Breaks that could not be drawn again are not "no break found"."""
        return _BY_STATUS[self.status] if self.unconfirmed else word(self.status, self.rule)


def word(status: Status, rule: str) -> str:
    """What begins the decision line by status and rule alone; a record says it where more is known."""
    return WORDS.get(rule, _BY_STATUS[status]) if status == "undecided" else _BY_STATUS[status]


def worst(statuses: Sequence[Status]) -> Status:
    """The run's status: FAIL before INCOMPLETE before undecided before PASS."""
    return max(statuses, key=SEVERITY.__getitem__, default="pass")


def exit_code(rulings: Sequence[tuple[Ruling, Gate]], *, strict: bool) -> int:
    """0, 1 or 3 for the whole run; 130 when it was interrupted.

    Undecided suites count by their own `on_undecided`, and as 3 under `strict`; compared variants are not gated.
    """
    if any(ruling.rule == "interrupted" for ruling, _ in rulings):
        return 130
    if any(ruling.status == "fail" for ruling, _ in rulings):
        return 1
    if any(ruling.status == "incomplete" for ruling, _ in rulings):
        return 3
    undecided = [
        gate for ruling, gate in rulings if ruling.status == "undecided" and ruling.rule != "compared"
    ]
    if any(gate.on_undecided == "fail" for gate in undecided):
        return 1
    return 3 if strict and undecided else 0
