"""One run from its plan to its result: ask, check, compare, decide."""

import datetime
import time
from collections.abc import Mapping

from promptctl._version import __version__
from promptctl.core.comparison import Comparison, compare
from promptctl.core.config import Config
from promptctl.core.evidence import Evidence, weigh
from promptctl.core.exchange import Output
from promptctl.core.findings import Looks
from promptctl.core.gate import advise, decide
from promptctl.core.record import replace
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
from promptctl.core.ruling import SEVERITY, Ruling, exit_code, worst
from promptctl.core.stats import holm
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import AskingInterrupted
from promptctl.engine.asking.session import Session
from promptctl.engine.asking.spending import Tally
from promptctl.engine.bill import Forecast, costing
from promptctl.engine.draw_history import PastStore
from promptctl.engine.drift import Drifting
from promptctl.engine.first_draws import FirstDraws
from promptctl.engine.judging import Account, OnTrial, SuiteJudge
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.engine.records import Holm, affected_record, suite_record
from promptctl.engine.redraws import Redrawing
from promptctl.engine.terms import Terms
from promptctl.engine.variants import words
from promptctl.store.revisions import Revision


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
        store: PastStore | None,
        recorded: Mapping[tuple[str, int], Output],
        terms: Terms,
        on_trial: OnTrial,
    ) -> None:
        self.plan, self.run_id, self.config, self.terms = plan, run_id, config, terms
        self.base, self.head = base, head
        self.providers, self.store, self.recorded = providers, store, recorded
        self._tally, self._account = Tally(), Account(config)
        self._judges = {
            suite.key: SuiteJudge(
                suite, config=config, providers=providers, account=self._account, on_trial=on_trial
            )
            for suite in plan.suites
        }
        self._session = Session(terms.limits, costing(config), self._tally)
        self._redrawing: Redrawing | None = None
        self.started = datetime.datetime.now(datetime.UTC)
        self._first = FirstDraws(
            plan,
            self._judges,
            config=config,
            providers=providers,
            store=store,
            recorded=recorded,
            terms=terms,
            session=self._session,
            tally=self._tally,
            account=self._account,
            now=self.started,
        )
        self._clock = time.monotonic()

    def result(self) -> Result:
        """Asks what is missing, judges it and decides.

        Raises:
            Incomplete: the plan needs more calls than are allowed, or the store failed.
            PromptctlError: what can be known before the first call.
        """
        with self._session:
            interrupted = self._first.ask() or self._draw_again() or self._ask_the_rest()
        compared = [self._compare(plan) for plan in self.plan.suites]
        adjusted = _adjusted(compared)
        rulings = self._decide(compared, interrupted=interrupted)
        suites = tuple(
            self._suite(plan, *found, ruling, Holm(p, sum(one is not None for one in adjusted)))
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

    def forecast(self) -> Forecast:
        """What the run would ask. Nothing is asked, and nothing is written."""
        return self._first.forecast()

    def _looks(self, plan: SuitePlan) -> Looks | None:
        return self._first.looking.looks.get(plan.key) if self._first.looking else None

    def _looks_of(self, plan: SuitePlan, comparison: Comparison) -> Looks | None:
        """The last look for the record: nothing stopped where all that comes after it was stored."""
        looks = self._looks(plan)
        return replace(looks, stopped=False) if looks and not comparison.having("not_asked") else looks

    def _draw_again(self) -> bool:
        """Draws flips again, as far as the run may still ask, and gives whether it was interrupted."""
        offline, ask = self.terms.offline, self._first.answer
        drifting = None
        if self.store is not None and not offline and self._session.stopped is None:
            drifting = Drifting(self.providers, self.store, ask, self.started)
        if self._redrawing is None:
            self._redrawing = Redrawing(
                list(self._judges.values()),
                self.providers,
                ask,
                offline=offline,
                drifting=drifting,
                stale=self._first.stale.by_suite if self._first.stale else {},
            )
        try:
            self._redrawing.run()
        except AskingInterrupted:
            return True
        return False

    def _ask_the_rest(self) -> bool:
        """Asks all of the suites that stopped early and do not pass: stopping early is for a PASS alone."""
        looking, again = self._first.looking, self._redrawing
        if looking is None or again is None:
            return False
        moved = [key for key in looking.looks if key[0] in again.drifted]
        rulings = self._decide([self._compare(plan) for plan in self.plan.suites], interrupted=False)
        left = [
            plan
            for plan, ruling in zip(self.plan.suites, rulings, strict=True)
            if (looks := self._looks(plan))
            and looks.stopped
            and (ruling.status != "pass" or plan.key in moved)
        ]
        interrupted = any(self._first.resume(plan) for plan in left)
        for plan in left:
            looking.look_at_all(plan.key)
        for key in moved:
            looking.drop(key)
        if not left or interrupted:
            return interrupted
        return self._draw_again()

    # deciding

    def _compare(self, plan: SuitePlan) -> tuple[Comparison, Evidence]:
        judge = self._judges[plan.key]
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
        holm: Holm,
    ) -> SuiteResult:
        judge, again = self._judges[plan.key], self._redrawing
        return suite_record(
            plan,
            comparison,
            evidence,
            ruling,
            judge.records,
            holm=holm,
            redraws=again.record(judge, comparison) if again else None,
            drift=again.drifts.get(plan.suite.id) if again else None,
            looks=self._looks_of(plan, comparison),
            trade=judge.spending.trade(evidence) if judge.spending else None,
            notes=(*judge.regrading.notes(), *self._first.notes(plan)),
        )

    def _decide(self, judged: list[tuple[Comparison, Evidence]], *, interrupted: bool) -> list[Ruling]:
        adjusted = _adjusted(judged)
        return [
            advise(
                comparison,
                plan.suite.gate,
                words.sentence(plan.variant, comparison, evidence),
                interrupted=interrupted,
            )
            if plan.variant
            else decide(
                comparison,
                evidence,
                plan.suite.gate,
                p_worse=1.0 if p is None else p,
                looks=self._looks(plan),
                interrupted=interrupted,
            )
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
        if status == "undecided" and len(rulings) > 1 and rulings[0].rule == "compared":
            reasons.insert(0, words.summary(self.plan))
        code = exit_code(gated, strict=self.terms.strict)
        return DecisionRecord(status=status, exit_code=code, reasons=tuple(reasons))

    def _affected(self) -> tuple[Affected, ...]:
        return tuple(affected_record(entry) for entry in self.plan.affected)

    def _calls(self) -> Calls:
        return self._account.bill.calls(saved_equal=self._account.saved, tally=self._tally)


def _adjusted(judged: list[tuple[Comparison, Evidence]]) -> tuple[float | None, ...]:
    """The p-values of harm after Holm, over the suites that could stop the run: None for any other.

    A suite without a single pair that was asked has no say, else a change could outvote a break by adding suites.
    """
    tested = [evidence.p_worse if _can_stop(comparison) else None for comparison, evidence in judged]
    adjusted = iter(holm([p for p in tested if p is not None]))
    return tuple(None if p is None else next(adjusted) for p in tested)


def _can_stop(comparison: Comparison) -> bool:
    return any(change.state != "unchanged" for change in comparison.counted)


def _reason(ruling: Ruling, suite_id: str | None) -> Reason:
    return Reason(
        rule=ruling.rule, word=ruling.word, message=ruling.message, suite=suite_id, cases=ruling.cases
    )


def _revision(side: Revision | None) -> RevisionRecord | None:
    return None if side is None else RevisionRecord(label=side.label, commit=side.commit, dirty=side.dirty)
