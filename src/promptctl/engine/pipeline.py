"""One run from its plan to its result: ask, check, compare, decide."""

import datetime
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from promptctl._version import __version__
from promptctl.core.comparison import Comparison, compare
from promptctl.core.config import Config
from promptctl.core.evidence import Evidence, weigh
from promptctl.core.exchange import Output
from promptctl.core.gate import SEVERITY, Ruling, decide, exit_code, worst
from promptctl.core.ports import Progress
from promptctl.core.result import (
    Affected,
    Calls,
    DecisionRecord,
    Reason,
    Result,
    RevisionRecord,
    SuiteResult,
    Untested,
)
from promptctl.core.stats import holm
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import AskingInterrupted, answer_all
from promptctl.engine.asking.desk import SharedStore
from promptctl.engine.asking.session import Session
from promptctl.engine.asking.spending import NO_LIMITS, Limits, Tally
from promptctl.engine.behind import Behind
from promptctl.engine.bill import Forecast, costing, forecast, refusal
from promptctl.engine.conversations import Draw, Draws, settle
from promptctl.engine.judging import Account, CaseDraws, Keys, OnTrial, SuiteJudge, cases_of
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.engine.records import affected_record, suite_record
from promptctl.engine.redraws import Redrawing
from promptctl.store.revisions import Revision

LOOKED_UP_AT_ONCE = 250
"""Cases: two sides of one sample each are a query of the store."""


class Terms(NamedTuple):
    """How a run may ask."""

    offline: bool = False
    limits: Limits = NO_LIMITS
    strict: bool = False
    progress: Progress | None = None
    on_forecast: Callable[[Forecast], None] | None = None


class Run:
    """A plan being carried out. `on_trial` is told every trial as it is judged, for the run's journal."""

    def __init__(
        self,
        plan: Plan,
        *,
        run_id: str,
        base: Revision | None,
        head: Revision,
        config: Config,
        providers: Providers,
        store: SharedStore | None,
        recorded: Mapping[tuple[str, int], Output],
        terms: Terms,
        on_trial: OnTrial,
    ) -> None:
        self.plan, self.run_id, self.config, self.terms = plan, run_id, config, terms
        self.base, self.head = base, head
        self.providers, self.store, self.recorded = providers, store, recorded
        self._tally, self._account = Tally(), Account(config)
        self._judges = {
            suite.suite.id: SuiteJudge(
                suite, config=config, providers=providers, account=self._account, on_trial=on_trial
            )
            for suite in plan.suites
        }
        self._session = Session(terms.limits, costing(config), self._tally)
        self._redrawing: Redrawing | None = None
        self.started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()

    def result(self) -> Result:
        """Asks what is missing, judges it and decides.

        Raises:
            Incomplete: the plan needs more calls than are allowed, or the store failed.
            PromptctlError: what can be known before the first call.
        """
        with self._session:
            interrupted = self._ask() or self._draw_again()
        compared = [self._compare(plan) for plan in self.plan.suites]
        adjusted = _adjusted(compared)
        rulings = self._decide(compared, adjusted, interrupted)
        suites = tuple(
            self._suite(plan, *found, ruling, (p, len(adjusted)))
            for plan, found, ruling, p in zip(self.plan.suites, compared, rulings, adjusted, strict=True)
        )
        return Result(
            run=self.run_id,
            promptctl=__version__,
            started_at=self.started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - self._clock, 3),
            complete=not interrupted,
            base=_revision(self.base),
            head=_revision(self.head) or RevisionRecord(label="?"),
            decision=self._decision(rulings),
            calls=self._calls(),
            untested=tuple(Untested(prompt=a.prompt, changed=a.changed) for a in self.plan.untested),
            suites=suites,
            affected=self._affected(),
            notes=self.plan.notes,
        )

    # asking

    def _ask(self) -> bool:
        """Answers and judges every case as far as that is possible, and gives whether it was interrupted."""
        left, found = self._looked_up(self._judge)
        if self.terms.on_forecast:
            self.terms.on_forecast(found)
        if not self.terms.offline and (refused := refusal(found, self.terms.limits)):
            raise refused
        judging = Behind(self._judge)
        under_way = _UnderWay(left, judging.put)
        draws = Draws(under_way.draws, under_way.over)
        try:
            answers = answer_all(
                draws.questions,
                store=self.store,
                recorded=self.recorded,
                offline=self.terms.offline,
                limits=self.terms.limits,
                cost_of=costing(self.config),
                tally=self._tally,
                progress=self.terms.progress,
                follow=draws.follow,
                ahead=draws.ahead,
                session=self._session,
            )
            interrupted = False
        except AskingInterrupted as stop:
            answers, interrupted = stop.answers, True
        finally:
            judging.close()
        for case in under_way.rest():
            settle(case.all, answers)
            self._judge(case)
        return interrupted

    def _draw_again(self) -> bool:
        """Draws flips again, as far as the run may still ask, and gives whether it was interrupted."""
        offline = self.terms.offline or self._session.stopped is not None
        self._redrawing = Redrawing(
            list(self._judges.values()), self.providers, self._answer, offline=offline
        )
        try:
            self._redrawing.run()
        except AskingInterrupted:
            return True
        return False

    def _answer(self, draws: Sequence[Draw], *, stored: bool = False) -> None:
        """Answers a few draws more; the limits are those of the whole run."""
        under_way = Draws(draws)
        try:
            answers = answer_all(
                under_way.questions,
                store=self.store,
                recorded=self.recorded,
                offline=self.terms.offline or stored,
                limits=self.terms.limits._replace(
                    calls=None
                ),  # the session holds to it, and what is over is not asked
                tally=self._tally,
                progress=self.terms.progress,
                follow=under_way.follow,
                ahead=under_way.ahead,
                session=self._session,
            )
        except AskingInterrupted as stop:
            settle(draws, stop.answers)
            for draw in draws:
                self._account.add_redraw(draw)
            raise
        settle(draws, answers)

    def forecast(self) -> Forecast:
        """What the run would ask. Nothing is asked, and nothing is written."""
        return self._looked_up(lambda _case: None)[1]

    def _looked_up(self, judge: Callable[[CaseDraws], None]) -> tuple[list[CaseDraws], Forecast]:
        """The cases that must be asked, and the forecast of that. `judge` takes those that need no call, one by one.

        So many are looked up at once that memory does not grow with those whose answers are stored.
        """
        left: list[CaseDraws] = []
        stored, seen = 0, Keys()
        cases = (case for plan in self.plan.suites for case in cases_of(plan, self.providers))
        while some := list(islice(cases, LOOKED_UP_AT_ONCE)):
            draws = Draws(draw for case in some for draw in case.all)
            found = answer_all(
                draws.questions, store=self.store, recorded=self.recorded, offline=True, follow=draws.follow
            )
            stored += sum(isinstance(one.answer, Output) and seen.add(key) for key, one in found.items())
            for case in some:
                if case.planned.ask and case.waiting:
                    left.append(case)
                else:
                    judge(case)
        waiting = [draw for case in left for draw in case.waiting]
        return left, forecast(self.plan, waiting, stored, self.config)

    def _judge(self, case: CaseDraws) -> None:
        self._judges[case.suite.suite.id].judge(case)

    # deciding

    def _compare(self, plan: SuitePlan) -> tuple[Comparison, Evidence]:
        judge = self._judges[plan.suite.id]
        if self._redrawing is None:
            comparison = compare(judge.pairs.values(), yardstick=plan.yardstick, has_base=plan.has_base)
        else:
            comparison = self._redrawing.comparison(judge)
        return comparison, weigh(comparison, plan.suite.gate)

    def _suite(
        self,
        plan: SuitePlan,
        comparison: Comparison,
        evidence: Evidence,
        ruling: Ruling,
        holm: tuple[float, int],
    ) -> SuiteResult:
        judge, again = self._judges[plan.suite.id], self._redrawing
        return suite_record(
            plan,
            comparison,
            evidence,
            ruling,
            judge.records,
            holm=holm,
            redraws=again.record(judge, comparison) if again else None,
            drift=again.drifts.get(plan.suite.id) if again else None,
            notes=judge.regrading.notes(),
        )

    def _decide(
        self, judged: list[tuple[Comparison, Evidence]], adjusted: Sequence[float], interrupted: bool
    ) -> list[Ruling]:
        return [
            decide(comparison, evidence, plan.suite.gate, p_worse=p, interrupted=interrupted)
            for plan, (comparison, evidence), p in zip(self.plan.suites, judged, adjusted, strict=True)
        ]

    def _decision(self, rulings: list[Ruling]) -> DecisionRecord:
        pairs = list(zip(rulings, self.plan.suites, strict=True))
        pairs.sort(key=lambda pair: (-SEVERITY[pair[0].status], pair[1].suite.id))
        reasons = [_reason(ruling, plan.suite.id) for ruling, plan in pairs]
        gated = [(ruling, plan.suite.gate) for ruling, plan in pairs]
        interrupted = any(ruling.rule == "interrupted" for ruling in rulings)
        if self.plan.untested and self.config.gate.on_untested == "fail" and not interrupted:
            names = ", ".join(entry.prompt for entry in self.plan.untested)
            untested = Ruling(
                status="fail", rule="untested", message=f"{names} changed and has no active case"
            )
            gated.append((untested, self.config.gate))
            reasons.insert(0, _reason(untested, None))
        status = worst([ruling.status for ruling, _ in gated])
        code = exit_code(gated, strict=self.terms.strict)
        return DecisionRecord(status=status, exit_code=code, reasons=tuple(reasons))

    def _affected(self) -> tuple[Affected, ...]:
        return tuple(affected_record(entry) for entry in self.plan.affected)

    def _calls(self) -> Calls:
        return self._account.bill.calls(saved_equal=self._account.saved, tally=self._tally)


class _UnderWay:
    """Cases that are being asked: each goes to `judge` when its last draw is over."""

    def __init__(self, cases: Sequence[CaseDraws], judge: Callable[[CaseDraws], None]) -> None:
        self.draws = [draw for case in cases for draw in case.waiting]
        self._judge = judge
        self._cases: list[CaseDraws | None] = list(cases)
        self._case_of = {id(draw): number for number, case in enumerate(cases) for draw in case.waiting}
        self._left = Counter(self._case_of.values())

    def over(self, draw: Draw) -> None:
        """A draw waits for nothing more."""
        number = self._case_of[id(draw)]
        self._left[number] -= 1
        case = self._cases[number]
        if not self._left[number] and case is not None:
            self._cases[number] = None
            self._judge(case)

    def rest(self) -> list[CaseDraws]:
        """The cases that were not answered to their end."""
        return [case for case in self._cases if case is not None]


def _adjusted(judged: list[tuple[Comparison, Evidence]]) -> tuple[float, ...]:
    """The p-values of harm after Holm: each suite could stop the run."""
    p_values = [1.0 if evidence.p_worse is None else evidence.p_worse for _, evidence in judged]
    return holm(p_values) if p_values else ()


def _reason(ruling: Ruling, suite_id: str | None) -> Reason:
    return Reason(
        rule=ruling.rule, word=ruling.word, message=ruling.message, suite=suite_id, cases=ruling.cases
    )


def _revision(side: Revision | None) -> RevisionRecord | None:
    return None if side is None else RevisionRecord(label=side.label, commit=side.commit, dirty=side.dirty)
