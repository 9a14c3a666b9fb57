"""What a check said of one output."""

from typing import Any, Literal

from promptctl.core.exchange import Output
from promptctl.core.record import Record

VerdictStatus = Literal["pass", "fail", "unscored"]


class Verdict(Record):
    """`status` with its reason. `score`, where a check has one, is a finite number on the check's own scale.

    `votes` is False for a check that is shown but decides nothing (not required, advisory).
    """

    check: str
    status: VerdictStatus
    reason: str = ""
    score: float | None = None
    by: Literal["rule", "judge", "person"] = "rule"
    votes: bool = True


class Opinion(Record):
    """What a single check thinks of a subject, before negation, name and vote are added."""

    status: VerdictStatus
    reason: str = ""
    score: float | None = None


def passes(reason: str = "", score: float | None = None) -> Opinion:
    """The check holds."""
    return Opinion(status="pass", reason=reason, score=score)


def fails(reason: str, score: float | None = None) -> Opinion:
    """The check does not hold, and why."""
    return Opinion(status="fail", reason=reason, score=score)


def unscored(reason: str) -> Opinion:
    """The check looked and could not tell."""
    return Opinion(status="unscored", reason=reason)


class Subject(Record):
    """All that a check may look at: the text (after `extract`), the whole output, the case's references."""

    text: str
    output: Output
    vars: dict[str, Any] = {}
    expected: dict[str, Any] | None = None
    rejected: dict[str, Any] | None = None
    contexts: tuple[dict[str, Any], ...] = ()
