"""Flips are drawn again: what asking again contradicts is a flaky case, not a break.

Rounds of one draw for each flip that is still open: head, base, head, base … Most flips contradict themselves in the
first round, so this takes about a call for each eight cases of an edit that changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from promptctl.core.comparison import REDRAWN, Change, Comparison, is_mixed_flip
from promptctl.core.confirming import MOST_EACH, Redrawn, Side, is_cache, redrawn_pair
from promptctl.core.exchange import Source
from promptctl.core.result import TrialRecord
from promptctl.core.run import Standing
from promptctl.engine.answering import Providers
from promptctl.engine.conversations import Draw
from promptctl.engine.judging import SuiteJudge, turn
from promptctl.engine.plan import PlannedCase
from promptctl.engine.rendered import Rendered

LONG = 80
"""Characters from which an answer does not repeat itself word for word where chance has a say."""


class Asks(Protocol):
    """Answers draws as far as it can; `stored`: from what is stored or recorded, without a call."""

    def __call__(self, draws: Sequence[Draw], *, stored: bool = False) -> None:
        """What is not answered keeps waiting, or holds a failure."""
        ...


class Flip:
    """A flip of one case that is being drawn again. `alone`: head has no base to compare with."""

    def __init__(self, judge: SuiteJudge, planned: PlannedCase, change: Change, *, offline: bool) -> None:
        self.judge, self.planned, self.state = judge, planned, change.state
        self.alone = change.state == "new_fail"
        sides = change.pair.head if self.alone else (*change.pair.base, *change.pair.head)
        # What was produced elsewhere cannot be drawn again here: another model may have said it.
        ours = all(trial.source in (Source.ASKED, Source.STORE) for trial in sides if trial.role == "first")
        # Mixed first draws are no flip to be drawn again; what was confirmed before they came still stands.
        self.may_ask = ours and not offline and change.state != "flaky"

    def seen(self, each: int) -> Redrawn:
        """What its draws say so far."""
        return redrawn_pair(self.judge.pairs[self.planned.case.id], each, alone=self.alone)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that are drawn again."""
        return ("head",) if self.alone else ("head", "base")

    def rendered(self, side: Side) -> Rendered:
        """What a side sends."""
        return self.planned.head if side == "head" else (self.planned.base or self.planned.head)

    def draw(self, side: Side, providers: Providers, ahead: int = 0) -> Draw:
        """The next draw of a side, or one `ahead` of it."""
        pair = self.judge.pairs[self.planned.case.id]
        drawn = sum(trial.role == "confirm" for trial in (pair.head if side == "head" else pair.base))
        rendered = self.rendered(side)
        sample = self.judge.first_redraw + drawn + ahead
        return Draw(rendered, sample, providers.provider(rendered.model))

    def take(self, side: Side, draw: Draw, repeats: "Repeats") -> None:
        """Takes what a draw came to."""
        self.judge.redrawn(self.planned, side, draw)
        base, head = self.judge.records[self.planned.case.id]
        repeats.add(draw, base if side == "base" else head)


class Repeats:
    """Redraws at a temperature above 0, by provider: how many, and how many repeat their first draw word for word."""

    def __init__(self) -> None:
        self.compared: Counter[tuple[str, str]] = Counter()
        self.identical: Counter[tuple[str, str]] = Counter()

    def add(self, draw: Draw, records: Sequence[TrialRecord]) -> None:
        """Takes a redraw; `records` are those of its side, the first draw first and the redraw last."""
        provider = _address(draw)
        temperature = draw.rendered.params.get("temperature", self._usual(provider, _said(records[0])))
        if not isinstance(temperature, (int, float)) or temperature <= 0 or draw.failure:
            return
        self.compared[provider] += 1
        self.identical[provider] += _said(records[0]) == _said(records[-1])

    @staticmethod
    def _usual(provider: tuple[str, str], said: tuple[object, ...]) -> float:
        """The temperature of a server that is not told one: above 0, but a few words repeat themselves all the same."""
        return 1.0 if provider[0] == "openai" and len(str(said)) > LONG else 0.0

    def of(self, providers: Iterable[tuple[str, str]]) -> tuple[int, int, bool]:
        """How many were compared, how many are identical, and whether one of these providers is but a cache."""
        known = sorted(set(providers))
        cached = any(is_cache(self.compared[one], self.identical[one]) for one in known)
        return sum(self.compared[one] for one in known), sum(self.identical[one] for one in known), cached


def flips_of(judge: SuiteJudge, comparison: Comparison, *, offline: bool) -> list[Flip]:
    """The flips of a suite that drawing again can confirm: of counted cases, and blockers that fail without a base.

    Blockers come first, the others in an order that nobody chose.
    """
    planned = {one.case.id: one for one in judge.plan.cases}
    found = [
        Flip(judge, planned[change.case], change, offline=offline)
        for change in comparison.changes
        if (change.state in REDRAWN or is_mixed_flip(change))
        and not change.pair.final
        and (change.pair.accepted is None or change.state == "fixed")
        and (change.pair.severity == "blocker" if change.state == "new_fail" else _counts(change))
    ]
    return sorted(found, key=lambda flip: turn(judge.plan, flip.planned))


def confirm(flips: Iterable[Flip], each: int, providers: Providers, ask: Asks, repeats: Repeats) -> None:
    """Draws flips again until each is confirmed or contradicted; those that cannot be drawn again stay unconfirmed."""
    open_flips = [flip for flip in flips if flip.may_ask]
    while open_flips:
        drawn = [
            (flip, side, flip.draw(side, providers)) for flip in open_flips if (side := flip.seen(each).next)
        ]
        ask([draw for _, _, draw in drawn])
        for flip, side, draw in drawn:
            flip.take(side, draw, repeats)
        open_flips = [flip for flip, _, _ in drawn]


def recall(flips: Sequence[Flip], providers: Providers, ask: Asks, repeats: Repeats) -> None:
    """Takes the redraws that are stored or recorded, of each side as far as they follow each other.

    What earlier runs drew counts before anything is asked: a contradiction stays one, however often one asks again.
    """
    rows: list[tuple[Flip, Side, list[Draw]]] = [
        (flip, side, [flip.draw(side, providers, ahead) for ahead in range(MOST_EACH - 1)])
        for flip in flips
        for side in flip.sides
    ]
    ask([draw for _, _, draws in rows for draw in draws], stored=True)
    for flip, side, draws in rows:
        for draw in draws:
            if draw.waiting or draw.failure:
                break
            flip.take(side, draw, repeats)


def addresses(judge: SuiteJudge, providers: Providers) -> set[tuple[str, str]]:
    """Who answers for a suite."""
    models = {rendered.model for planned in judge.plan.cases for rendered in planned.sides}
    found = [providers.provider(model) for model in models]
    return {(provider.kind, provider.base_url) for provider in found}


def _counts(change: Change) -> bool:
    return change.counted and change.pair.standing is Standing.COUNTED


def _address(draw: Draw) -> tuple[str, str]:
    key = draw.questions[0].key
    return key.kind, key.base_url


def _said(record: TrialRecord) -> tuple[object, ...]:
    answers = [*(reply.answer for reply in record.replies), *([record.answer] if record.answer else [])]
    return tuple((answer.text, answer.tool_calls) for answer in answers)
