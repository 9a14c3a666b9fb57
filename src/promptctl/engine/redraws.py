"""What is asked after the first draws: flips again until they are confirmed or contradicted, base where it drifted."""

from collections.abc import Sequence

from promptctl.core.comparison import Change, Comparison, compare
from promptctl.core.confirming import draws_each
from promptctl.core.findings import Drift, Redraws
from promptctl.engine.answering import Providers
from promptctl.engine.confirm import Asks, Repeats, addresses, confirm, flips_of, recall
from promptctl.engine.drift import Drifting, Stale
from promptctl.engine.enough import enough
from promptctl.engine.judging import SuiteJudge


class Redrawing:
    """The redraws of one run. `each` is how many draws of a side have to agree, by the cases the whole run asks."""

    def __init__(
        self,
        judges: Sequence[SuiteJudge],
        providers: Providers,
        ask: Asks,
        *,
        offline: bool,
        drifting: Drifting | None,
        stale: Stale,
    ) -> None:
        """`drifting` is None where base cannot be drawn again; `stale` are the cases of the canary."""
        self._judges = [judge for judge in judges if judge.plan.compare is None]
        self._providers, self._ask, self._offline = providers, ask, offline
        self._drifting, self._stale = drifting, stale
        self.asked = sum(planned.ask for judge in self._judges for planned in judge.plan.cases)
        self.each = draws_each(self.asked)
        self.drifts: dict[str, Drift] = {}
        self._repeats = Repeats()
        self._spared: dict[tuple[str, str], set[str]] = {}

    def run(self) -> None:
        """Draws again what has to be.

        Raises:
            AskingInterrupted: Ctrl-C or SIGTERM.
            Incomplete: the store failed.
        """
        for judge in self._judges:
            if self._drifting is not None and judge.plan.suite.id not in self.drifts:
                self._mend(judge, self._drifting.canary(judge, self._stale.get(judge.plan.suite.id, ())))
        self._confirm(self._judges)
        if moved := [judge for judge in self._judges if self._has_moved(judge)]:
            self._confirm(moved)

    @property
    def drifted(self) -> set[str]:
        """The suites whose base was drawn anew."""
        return {suite for suite, drift in self.drifts.items() if drift.redrawn}

    def comparison(self, judge: SuiteJudge) -> Comparison:
        """What a suite's draws say so far."""
        plan = judge.plan
        _, _, cached = self._repeats_of(judge)
        return compare(
            judge.pairs.values(),
            yardstick=plan.yardstick,
            has_base=plan.has_base,
            each=self.each,
            cached=cached,
        )

    def record(self, judge: SuiteJudge, comparison: Comparison) -> Redraws | None:
        """What drawing again showed of a suite; None where nothing flipped."""
        flips = [change for change in comparison.changes if _is_flip(change)]
        if not flips or judge.plan.compare is not None:
            return None
        compared, identical, cached = self._repeats_of(judge)
        confirmed = sum(change.confirmed for change in flips)
        contradicted = sum(change.contradicted is not None for change in flips)
        unconfirmed = [change for change in flips if not change.confirmed and change.contradicted is None]
        return Redraws(
            each=self.each,
            asked=self.asked,
            confirmed=confirmed,
            contradicted=contradicted,
            unconfirmed=len(unconfirmed),
            spared=sum(change.case in self._spared.get(judge.plan.key, ()) for change in unconfirmed),
            compared=compared,
            identical=identical,
            cached=cached,
        )

    def _has_moved(self, judge: SuiteJudge) -> bool:
        """Whether flips show drift that no canary did; base is drawn anew then."""
        known = self.drifts.get(judge.plan.suite.id)
        if self._drifting is None or (known is not None and known.redrawn):
            return False
        drift = self._drifting.by_flips(judge, self.comparison(judge))
        self._mend(judge, drift)
        return drift is not None

    def _mend(self, judge: SuiteJudge, drift: Drift | None) -> None:
        if drift is None or self._drifting is None:
            return
        self.drifts[judge.plan.suite.id] = drift
        if drift.redrawn:
            self._drifting.draw_anew(judge)

    def _confirm(self, judges: Sequence[SuiteJudge]) -> None:
        flips = {
            judge.plan.key: flips_of(judge, self.comparison(judge), offline=self._offline) for judge in judges
        }
        every = [flip for found in flips.values() for flip in found]
        recall(every, self._providers, self._ask, self._repeats)
        while True:
            chosen = []
            for judge in judges:
                due, left = enough(
                    flips[judge.plan.key],
                    self.comparison(judge),
                    judge.plan.suite.gate,
                    each=self.each,
                    suites=len(self._judges),
                )
                chosen += due
                self._spared[judge.plan.key] = {flip.planned.case.id for flip in left}
            if not chosen:
                return
            confirm(chosen, self.each, self._providers, self._ask, self._repeats)

    def _repeats_of(self, judge: SuiteJudge) -> tuple[int, int, bool]:
        return self._repeats.of(addresses(judge, self._providers))


def _is_flip(change: Change) -> bool:
    """Whether its first draws flip and somebody counts on it, whatever asking again said."""
    if change.contradicted is not None:
        return True
    if change.state == "new_fail":
        return change.pair.severity == "blocker"
    return change.counted and change.state in ("broken", "fixed")
