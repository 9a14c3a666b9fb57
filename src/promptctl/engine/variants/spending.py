"""What the answers of both variants of a suite cost and how long they took, case by case as they are judged."""

from collections.abc import Sequence

from promptctl.core.evidence import LEVEL, Evidence
from promptctl.core.findings import Measured, Trade
from promptctl.core.trade import mean_measure, median_measure
from promptctl.engine.conversations import Draw
from promptctl.engine.plan import Variant
from promptctl.engine.variants.made import PriceOf, cost_of, cost_of_all, seconds_of, seconds_of_all

ABSURD = 1e12
"""Seconds, or money of any currency, that one answer never takes."""


class Spending:
    """The means per answer of each case, on both sides, of the cases that both answered."""

    def __init__(self, variant: Variant, price_of: PriceOf) -> None:
        self._variant, self._price_of = variant, price_of
        self._costs: list[tuple[float, float]] = []
        self._seconds: list[tuple[float, float]] = []

    def add(self, base: Sequence[Draw], head: Sequence[Draw]) -> None:
        """Takes the draws of a case."""
        if not base or any(draw.waiting or draw.failure for draw in (*base, *head)):
            return
        each = self._variant.strategy.each if self._variant.strategy else 1
        answers = [head[start : start + each] for start in range(0, len(head), each)]
        before = [cost_of(draw, self._price_of) for draw in base]
        _keep(self._costs, before, [cost_of_all(draws, self._price_of) for draws in answers])
        _keep(self._seconds, [seconds_of(draw) for draw in base], list(map(seconds_of_all, answers)))

    def trade(self, evidence: Evidence) -> Trade:
        """What head's variant gains and costs."""
        return Trade(
            base=self._variant.base,
            head=self._variant.head,
            quality=_quality(evidence),
            cost=mean_measure(*zip(*self._costs, strict=True)) if self._costs else None,
            seconds=median_measure(*zip(*self._seconds, strict=True)) if self._seconds else None,
        )


def _keep(
    into: list[tuple[float, float]], base: Sequence[float | None], head: Sequence[float | None]
) -> None:
    # An imported answer may claim any number; what nobody waits for or pays is not known.
    before, after = ([one for one in side if one is not None and 0 <= one < ABSURD] for side in (base, head))
    if len(before) == len(base) and len(after) == len(head):
        into.append((sum(before) / len(before), sum(after) / len(after)))


def _quality(evidence: Evidence) -> Measured | None:
    found, base, head = evidence.difference, evidence.base, evidence.head
    if found is None or not base.scored or not head.scored:
        return None
    before, after = base.passed / base.scored, head.passed / head.scored
    return Measured(
        cases=evidence.n,
        centre="rate",
        base=before,
        head=after,
        difference=found.estimate,
        low=found.low,
        high=found.high,
        level=LEVEL,
        method=found.method,
        ratio=after / before if before else None,
    )
