"""What was seen: one trial per case, side and sample, and the pair of sides of each case."""

from enum import StrEnum
from typing import Literal

from promptctl.core.case import Severity
from promptctl.core.exchange import Failure, Output, Source
from promptctl.core.record import Record
from promptctl.core.verdict import Verdict

Outcome = Literal["pass", "fail", "unscored", "error", "advisory"]


class Trial(Record):
    """One case × one version × one sample index. Exactly one of `answer` and `failure` is there."""

    sample: int
    source: Source
    outcome: Outcome
    role: Literal["first", "confirm"] = "first"
    answer: Output | None = None
    failure: Failure | None = None
    verdicts: tuple[Verdict, ...] = ()


class Standing(StrEnum):
    """How much say a case has."""

    COUNTED = "counted"  # active on both sides, blocker or normal
    NEW = "new"  # not active on base: asked on both sides, decides only as a blocker
    LISTED = "listed"  # info or quarantined: asked and shown, no say
    WATCHED = "watched"  # asked, outputs shown side by side


class Pair(Record):
    """One case on both sides. `unchanged`: equal requests. `final`: a first draw confirms itself."""

    case: str
    severity: Severity = "normal"
    tags: tuple[str, ...] = ()
    group: str | None = None
    standing: Standing = Standing.COUNTED
    unchanged: bool = False
    final: bool = False
    accepted: str | None = None
    base: tuple[Trial, ...] = ()
    head: tuple[Trial, ...] = ()
