"""Drift: base answers otherwise than it did, although nothing of it changed. It is drawn anew then, for all its cases.

A comparison of what base said days ago with what head says now would take a change of the model for one of the prompt.
Two things show it: a canary of old answers, and flips that base itself contradicts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from promptctl.core.comparison import Comparison
from promptctl.core.confirming import Side, contradicted_by_base, has_drifted
from promptctl.core.exchange import Source
from promptctl.core.findings import Drift
from promptctl.engine.answering import Providers
from promptctl.engine.canary import (
    DRIFTED_BELOW,
    are_old,
    chosen,
    drifted,
    stale_cases,
    usual_flip_rate,
    young_draws,
)
from promptctl.engine.confirm import Asks
from promptctl.engine.conversations import Draw
from promptctl.engine.draw_history import OLD, PastStore
from promptctl.engine.judging import CaseDraws, SuiteJudge, cases_of
from promptctl.engine.plan import PlannedCase

Stale = Mapping[str, Sequence[CaseDraws]]
"""By suite the cases whose old answers of base are to be drawn again."""


class StaleCases:
    """Gathers the canary of every suite while cases are looked up; of a suite no more than are drawn are kept."""

    def __init__(self, store: PastStore, now: datetime) -> None:
        self._store, self._now = store, now
        self._any = store.any_before(now - OLD)
        self.by_suite: dict[str, list[CaseDraws]] = {}

    def add(self, cases: Sequence[CaseDraws]) -> None:
        """Takes cases whose stored answers were looked up."""
        if not self._any:
            return
        compared = [case for case in cases if case.suite.compare is None]
        found: dict[str, list[CaseDraws]] = {}
        for case in stale_cases(compared, self._store, self._now):
            found.setdefault(case.suite.suite.id, []).append(case)
        for suite, stale in found.items():
            held = [*self.by_suite.get(suite, ()), *stale]
            self.by_suite[suite] = chosen(held, stale[0].suite.suite.digest)


class Drifting(NamedTuple):
    """What finds and mends drift in one run."""

    providers: Providers
    store: PastStore
    ask: Asks
    now: datetime

    def canary(self, judge: SuiteJudge, cases: Sequence[CaseDraws]) -> Drift | None:
        """Draws old answers of base again; None where none are old."""
        if not cases:
            return None
        draws = young_draws([case.base[0] for case in cases], self.store, self.now)
        self.ask(draws)
        drawn = changed = 0
        for case, draw in zip(cases, draws, strict=True):
            now = judge.aside(case.planned, draw).outcome
            before = judge.pairs[case.planned.case.id].base[0].outcome
            if {now, before} <= {"pass", "fail"}:
                drawn, changed = drawn + 1, changed + (now != before)
        usual = usual_flip_rate(judge.plan, self.providers, self.store)
        p = drifted(changed, drawn, usual)
        return Drift(
            by="canary",
            drawn=drawn,
            changed=changed,
            missing=len(cases) - drawn,
            usual=usual,
            p=p,
            redrawn=p < DRIFTED_BELOW,
        )

    def by_flips(self, judge: SuiteJudge, comparison: Comparison) -> Drift | None:
        """Whether base itself contradicts most flips; None where it does not, or was not drawn before head."""
        flips = sum(not change.only_draw for change in comparison.counted)
        by_base = sum(change.contradicted == "base" for change in comparison.counted)
        contradicted = sum(change.contradicted is not None for change in comparison.counted)
        if not has_drifted(flips, contradicted, by_base) or not self._came_before(judge):
            return None
        p = contradicted_by_base(contradicted, by_base)
        return Drift(
            by="flips", drawn=flips, contradicted=contradicted, changed=by_base, usual=0.5, p=p, redrawn=True
        )

    def draw_anew(self, judge: SuiteJudge) -> None:
        """Draws base once more for all cases, and head where its answers are as old, in the place of what they said."""
        cases = [case for case in cases_of(judge.plan, self.providers) if _can_be_drawn(judge, case)]
        old = are_old([case.head[0] for case in cases], self.store, self.now)
        rows: list[tuple[PlannedCase, Side, Draw]] = [(case.planned, "base", case.base[0]) for case in cases]
        rows += [
            (case.planned, "head", case.head[0]) for case, is_old in zip(cases, old, strict=True) if is_old
        ]
        draws = young_draws([draw for _, _, draw in rows], self.store, self.now)
        self.ask(draws)
        for (planned, side, _), draw in zip(rows, draws, strict=True):
            judge.drawn_anew(planned, side, draw)

    def _came_before(self, judge: SuiteJudge) -> bool:
        """Whether all that base said was stored before anything head said: else both were drawn by the same model."""
        cases = [case for case in cases_of(judge.plan, self.providers) if case.base]
        base = self.store.stored_order(draw.questions[0].key for case in cases for draw in case.base)
        head = self.store.stored_order(draw.questions[0].key for case in cases for draw in case.head)
        return bool(base and head) and max(base.values()) < min(head.values())


def _can_be_drawn(judge: SuiteJudge, case: CaseDraws) -> bool:
    pair = judge.pairs.get(case.planned.case.id)
    ours = pair is not None and all(trial.source in (Source.ASKED, Source.STORE) for trial in pair.base)
    asked = pair is not None and bool(pair.head)  # an early stop leaves cases out
    return bool(case.base) and asked and ours and not case.base[0].questions[0].provider.deterministic
