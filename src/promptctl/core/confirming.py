"""Redraws: a flip is a break only where asking again does not contradict it.

A case that passes nine times in ten flips in 18 of 100 comparisons although nothing changed. So both sides of a flip
are drawn again, head first, until one draw contradicts its side or each side has as many agreeing draws as are needed.
For an unchanged case the chance to be confirmed broken is then at most 4^-k (`core.stats.false_break_probability`).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from promptctl.core.run import Outcome, Pair, Trial
from promptctl.core.stats import drift_probability

Side = Literal["base", "head"]

IDENTICAL_SHARE = 0.95
"""At a temperature above 0, so many redraws that repeat their first draw word for word show a cache, not a model."""
IDENTICAL_LEAST = 10
"""Redraws below which nothing is said about that."""
DRIFT_LEAST = 4
"""Flips below which nothing is said about drift."""
DRIFT_ALPHA = 0.10
"""Chance below which contradictions by base are drift; four of four have 0.0625."""

_EACH = ((25, 3), (100, 4), (500, 5))
MOST_EACH = 6
"""The most draws of a side that have to agree."""


def draws_each(asked: int) -> int:
    """How many draws of a side must agree, the first included, where so many cases are asked in the whole run.

    Source: the chance of any false break is at most n · 4^-k, typically 10 to 20 times less (docs/gate.md).
    """
    return next((each for most, each in _EACH if asked <= most), MOST_EACH)


class Redrawn(NamedTuple):
    """What the draws of a flip say so far.

    `verdict`: `open` until it is `confirmed`, or `contradicted` by the draws of `by`, or `unclear` because a redraw
    could not be scored or ended in an error. `next` is the side to be drawn now, while it is open.
    """

    verdict: Literal["open", "confirmed", "contradicted", "unclear"]
    next: Side | None = None
    by: Side | None = None


def redrawn(base: Sequence[Outcome], head: Sequence[Outcome], each: int) -> Redrawn:
    """What the draws of a flip say: outcomes of a side in order, first draws before redraws.

    Args:
        base: Empty where head stands alone (a new case, or no base).
        head: At least one.
        each: Agreeing draws that are needed of each side, the first included, at least 1.
    """
    sides: tuple[tuple[Side, Sequence[Outcome]], ...] = (("head", head), ("base", base))
    for side, outcomes in sides:
        for outcome in outcomes[1:]:
            if outcome != outcomes[0]:
                scored = outcome in ("pass", "fail")
                return Redrawn("contradicted", by=side) if scored else Redrawn("unclear")
    left = [side for side, outcomes in sides if outcomes and len(outcomes) < each]
    if not left:
        return Redrawn("confirmed")
    if len(left) == 2 and len(base) < len(head):
        return Redrawn("open", next="base")
    return Redrawn("open", next=left[0])


def outcomes_of(trials: Sequence[Trial]) -> list[Outcome]:
    """Outcomes in the order of drawing: first draws, then redraws."""
    ordered = sorted(trials, key=lambda trial: trial.role == "confirm")  # stable: each role keeps its order
    return [trial.outcome for trial in ordered]


def redrawn_pair(pair: Pair, each: int, *, alone: bool) -> Redrawn:
    """What the draws of a pair say; `alone`: of head's side only."""
    return redrawn([] if alone else outcomes_of(pair.base), outcomes_of(pair.head), each)


def is_cache(compared: int, identical: int) -> bool:
    """Whether redraws at a temperature above 0 repeat their first draws so often that nobody drew them."""
    return compared >= IDENTICAL_LEAST and identical >= IDENTICAL_SHARE * compared


def has_drifted(flips: int, contradicted: int, by_base: int) -> bool:
    """Whether so many flips are contradicted by base that not the change moved them, but the model under base.

    More than half of at least four, and more than chance explains: without drift about two in five contradictions come
    from base, because a stable case whose base draw was the odd one has nobody else to contradict it.
    """
    if flips < DRIFT_LEAST or 2 * by_base <= flips:
        return False
    return contradicted_by_base(contradicted, by_base) <= DRIFT_ALPHA


def contradicted_by_base(contradicted: int, by_base: int) -> float:
    """How likely base is the side of at least so many contradictions, if either side were: X ~ Bin(contradicted, ½)."""
    return drift_probability(by_base, contradicted, 0.5)
