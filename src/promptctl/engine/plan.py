"""What a run would do, as records: each case with what each side would send, each suite, the whole."""

from collections.abc import Sequence
from typing import NamedTuple

from promptctl.core.case import Case, Suite
from promptctl.core.exchange import Output
from promptctl.core.run import Standing
from promptctl.core.yardstick import YardstickChange
from promptctl.engine.grader import Graded, Grader
from promptctl.engine.pairing import Affected
from promptctl.engine.rendered import Rendered
from promptctl.engine.variants.strategies import Strategy


class Variant(NamedTuple):
    """What is compared instead of base and head, as it is shown; `strategy` says how head's answers are made."""

    base: str
    head: str
    strategy: Strategy | None = None


class PlannedCase(NamedTuple):
    """One case with what each side would send. `ask`: an answer is wanted, not only looked up.

    `made`: head's answers are made of several, so that equal requests do not make them equal; `further` is what may be
    sent besides.
    """

    case: Case
    standing: Standing
    base: Rendered | None
    head: Rendered
    ask: bool
    accepted: str | None = None
    own: Case | None = None
    made: bool = False
    further: tuple[Rendered, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Both sides send the same, in a conversation for as long as the replies are the same."""
        if self.made:
            return False
        return self.base is self.head or (self.base is not None and self.base.same_as(self.head))

    @property
    def sides(self) -> tuple[Rendered, ...]:
        """What is sent, base first; one where both send the same."""
        if self.made:
            return (self.head, *self.further)
        return (self.head,) if self.base is None or self.unchanged else (self.base, self.head)


class SuitePlan(NamedTuple):
    """One suite under one model on both sides. `has_base` is False where head is scored alone.

    `compare` says what is compared instead of base and head: `models`, `params` or `strategies`; no gate decides then.
    """

    suite: Suite
    grader: Grader | None
    base_suite: Suite | None
    prompt: str
    model: str
    base_digest: str | None
    head_digest: str | None
    has_base: bool
    samples: int
    cases: tuple[PlannedCase, ...]
    changed: tuple[str, ...]
    yardstick: tuple[YardstickChange, ...]
    notes: tuple[str, ...] = ()
    compare: str | None = None
    variant: Variant | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Tells the plans of one suite apart, of which there is one for each variant."""
        return self.suite.id, self.variant.head if self.variant else ""

    @property
    def title(self) -> str:
        """The suite, with the variant where there is one."""
        return f"{self.suite.id} ({self.variant.head})" if self.variant else self.suite.id

    @property
    def strategy(self) -> Strategy | None:
        """How head's answers are made, where not by one draw each."""
        return self.variant.strategy if self.variant else None

    def grade(self, case: Case, replies: Sequence[Output], *, tools_offered: bool = False) -> Graded:
        """What head's checks say of a reply, or of those of a conversation; see `Grader`."""
        if self.grader is None:
            raise AssertionError(f"{self.suite.id} is gone, so nothing of it is asked")
        return self.grader.grade(case, replies, tools_offered=tools_offered)


class Plan(NamedTuple):
    """Everything a run would do."""

    suites: tuple[SuitePlan, ...]
    affected: tuple[Affected, ...]
    untested: tuple[Affected, ...]
    notes: tuple[str, ...]

    @property
    def further_models(self) -> tuple[str, ...]:
        """The models of what may be sent after a case's own request, each once."""
        further = (one for suite in self.suites for planned in suite.cases for one in planned.further)
        return tuple(dict.fromkeys(one.model for one in further))
