"""What was seen: one trial per case, side and sample, and the pair of sides of each case."""

from enum import StrEnum
from typing import Literal

from promptctl.core.case import Severity
from promptctl.core.exchange import Failure, Output, Source
from promptctl.core.record import Record
from promptctl.core.verdict import Verdict

Outcome = Literal["pass", "fail", "unscored", "error", "advisory"]
Role = Literal["first", "confirm"]


class Reply(Record):
    """What the user said in an earlier turn of a conversation, and what came back."""

    say: str
    answer: Output


class Part(Record):
    """One of the answers that an answer was made of; `prompt` is the second prompt, where that gave it."""

    sample: int
    source: Source
    answer: Output
    chosen: bool = False
    prompt: str | None = None


class Trial(Record):
    """One case × one version × one sample index. Exactly one of `answer` and `failure` is there.

    In a conversation `answer` is the last reply, and `replies` are those before it, or before the `failure`. `turn` is
    the turn, from 1, at which it failed or that could not be scored. `parts` are what a strategy made it of.
    """

    sample: int
    source: Source
    outcome: Outcome
    role: Role = "first"
    answer: Output | None = None
    failure: Failure | None = None
    verdicts: tuple[Verdict, ...] = ()
    replies: tuple[Reply, ...] = ()
    turn: int | None = None
    parts: tuple[Part, ...] = ()

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the model said, in order: one output, or those of a conversation so far."""
        earlier = tuple(reply.answer for reply in self.replies)
        return earlier if self.answer is None else (*earlier, self.answer)


class Standing(StrEnum):
    """How much say a case has."""

    COUNTED = "counted"  # active on both sides, blocker or normal
    NEW = "new"  # not active on base: asked on both sides, decides only as a blocker
    LISTED = "listed"  # info or quarantined: asked and shown, no say
    WATCHED = "watched"  # asked, outputs shown side by side


class Pair(Record):
    """One case on both sides. `unchanged`: equal requests. `final`: a first draw confirms itself.

    `flaky`: the draws of one unchanged request disagree often, over six or more. `edited`: its inputs are not base's,
    or base passes by the checks it had, which this change replaces; if it fails by the new ones, nothing is mended.
    """

    case: str
    severity: Severity = "normal"
    tags: tuple[str, ...] = ()
    group: str | None = None
    standing: Standing = Standing.COUNTED
    unchanged: bool = False
    final: bool = False
    flaky: bool = False
    edited: bool = False
    accepted: str | None = None
    base: tuple[Trial, ...] = ()
    head: tuple[Trial, ...] = ()
