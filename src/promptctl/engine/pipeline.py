"""One run from its plan to its result: ask, check, compare, decide."""

import datetime
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from promptctl._version import __version__
from promptctl.core.comparison import Comparison, compare
from promptctl.core.config import Config
from promptctl.core.evidence import Evidence, weigh
from promptctl.core.exchange import Answered, AnswerKey, Failure, Output, Source
from promptctl.core.gate import SEVERITY, Ruling, decide, exit_code, worst
from promptctl.core.ports import Progress
from promptctl.core.result import (
    Affected,
    Calls,
    DecisionRecord,
    Reason,
    Result,
    RevisionRecord,
    Untested,
)
from promptctl.core.run import Pair, Trial
from promptctl.core.stats import holm
from promptctl.engine.answering import Providers
from promptctl.engine.ask import AskingInterrupted, BulkStore, Wanted, answer_all
from promptctl.engine.bill import Forecast, bill, forecast
from promptctl.engine.plan import Plan, PlannedCase, SuitePlan
from promptctl.engine.records import affected_record, suite_record
from promptctl.engine.regrade import regraded
from promptctl.engine.requests import Rendered
from promptctl.store.revisions import Revision


class Terms(NamedTuple):
    """How a run may ask."""

    offline: bool = False
    max_calls: int | None = None
    strict: bool = False
    progress: Progress | None = None
    on_forecast: Callable[[Forecast], None] | None = None


class Answers(NamedTuple):
    """What the world said to a run's questions."""

    by_key: Mapping[AnswerKey, Answered]
    interrupted: bool

    def of(self, wanted: Wanted) -> Answered | None:
        """The answer to a question, or None where it was neither stored nor asked."""
        return self.by_key.get(wanted.key)


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
        store: BulkStore | None,
        recorded: Mapping[tuple[str, int], Output],
        terms: Terms,
        on_trial: Callable[[str, str, str, Trial], None],
    ) -> None:
        self.plan, self.run_id, self.config, self.terms = plan, run_id, config, terms
        self.base, self.head = base, head
        self.providers, self.store, self.recorded = providers, store, recorded
        self.on_trial = on_trial
        self._questions_made: dict[tuple[int, int], Wanted] = {}
        self.started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()

    def result(self) -> Result:
        """Asks what is missing, judges it and decides.

        Raises:
            Incomplete: the plan needs more calls than are allowed, or the store failed.
            PromptctlError: what can be known before the first call.
        """
        answers = self._ask()
        judged = [self._judge(plan, answers) for plan in self.plan.suites]
        rulings = self._decide(judged, answers.interrupted)
        suites = tuple(
            suite_record(plan, comparison, evidence, ruling, notes=regraded(plan, comparison))
            for plan, (comparison, evidence), ruling in zip(self.plan.suites, judged, rulings, strict=True)
        )
        return Result(
            run=self.run_id,
            promptctl=__version__,
            started_at=self.started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - self._clock, 3),
            complete=not answers.interrupted,
            base=_revision(self.base),
            head=_revision(self.head) or RevisionRecord(label="?"),
            decision=self._decision(rulings),
            calls=self._calls(answers),
            untested=tuple(Untested(prompt=a.prompt, changed=a.changed) for a in self.plan.untested),
            suites=suites,
            affected=self._affected(),
            notes=self.plan.notes,
        )

    # asking

    def _ask(self) -> Answers:
        needed = [wanted for plan in self.plan.suites for wanted in self._questions(plan, asked=True)]
        optional = [wanted for plan in self.plan.suites for wanted in self._questions(plan, asked=False)]
        looked_up = answer_all([*needed, *optional], store=self.store, recorded=self.recorded, offline=True)
        known = {key: found for key, found in looked_up.items() if isinstance(found.answer, Output)}
        missing = {wanted.key: wanted for wanted in needed if wanted.key not in known}
        if self.terms.on_forecast:
            self.terms.on_forecast(forecast(self.plan, missing.values(), len(known), self.config))
        try:
            found = answer_all(
                missing.values(),
                store=self.store,
                recorded=self.recorded,
                offline=self.terms.offline,
                max_calls=self.terms.max_calls,
                progress=self.terms.progress,
            )
            return Answers({**known, **found}, interrupted=False)
        except AskingInterrupted as stop:
            return Answers({**known, **stop.answers}, interrupted=True)

    def _questions(self, plan: SuitePlan, *, asked: bool) -> list[Wanted]:
        return [
            self._wanted(rendered, sample)
            for planned in plan.cases
            if planned.ask is asked
            for rendered in planned.sides
            for sample in range(plan.samples)
        ]

    def _wanted(self, rendered: Rendered, sample: int) -> Wanted:
        """The question, made once: its digest costs more than looking its answer up."""
        key = (id(rendered), sample)  # the plan holds every `rendered` for as long as the run lasts
        if key not in self._questions_made:
            provider = self.providers.provider(rendered.model)
            self._questions_made[key] = Wanted(rendered.request, sample, provider, rendered.digest)
        return self._questions_made[key]

    # judging

    def _judge(self, plan: SuitePlan, answers: Answers) -> tuple[Comparison, Evidence]:
        pairs = [self._pair(plan, planned, answers) for planned in plan.cases]
        comparison = compare(pairs, yardstick=plan.yardstick, has_base=plan.has_base)
        return comparison, weigh(comparison, plan.suite.gate)

    def _pair(self, plan: SuitePlan, planned: PlannedCase, answers: Answers) -> Pair:
        case = planned.case
        base = self._trials(plan, planned, planned.base, answers, "base")
        head = base if planned.unchanged else self._trials(plan, planned, planned.head, answers, "head")
        if planned.unchanged:
            for trial in head:
                self.on_trial(plan.suite.id, case.id, "head", trial)
        return Pair(
            case=case.id,
            severity=case.severity,
            tags=case.tags,
            group=case.group,
            standing=planned.standing,
            unchanged=planned.unchanged,
            final=self._final(planned, (*base, *head)),
            accepted=planned.accepted,
            base=base,
            head=head,
        )

    def _trials(
        self,
        plan: SuitePlan,
        planned: PlannedCase,
        rendered: Rendered | None,
        answers: Answers,
        side: str,
    ) -> tuple[Trial, ...]:
        if rendered is None:
            return ()
        trials = []
        for sample in range(plan.samples):
            answered = answers.of(self._wanted(rendered, sample))
            if answered is None:
                continue
            trial = self._trial(plan, planned, answered, sample)
            self.on_trial(plan.suite.id, planned.case.id, side, trial)
            trials.append(trial)
        return tuple(trials)

    def _trial(self, plan: SuitePlan, planned: PlannedCase, answered: Answered, sample: int) -> Trial:
        if isinstance(answered.answer, Failure):
            message = self.providers.redactor.clean(answered.answer.message)
            failure = Failure(kind=answered.answer.kind, message=message)
            return Trial(sample=sample, source=answered.source, outcome="error", failure=failure)
        outcome, verdicts = plan.grade(planned.case, answered.answer)
        return Trial(
            sample=sample, source=answered.source, outcome=outcome, answer=answered.answer, verdicts=verdicts
        )

    def _final(self, planned: PlannedCase, trials: tuple[Trial, ...]) -> bool:
        """A deterministic provider confirms by its first draw; imports and recordings cannot be drawn again."""
        if any(trial.source in (Source.IMPORTED, Source.RECORDED) for trial in trials):
            return False
        return all(self.providers.provider(rendered.model).deterministic for rendered in planned.sides)

    # deciding

    def _decide(self, judged: list[tuple[Comparison, Evidence]], interrupted: bool) -> list[Ruling]:
        p_values = [1.0 if evidence.p_worse is None else evidence.p_worse for _, evidence in judged]
        adjusted = holm(p_values) if p_values else ()
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

    def _calls(self, answers: Answers) -> Calls:
        used = {}
        for plan in self.plan.suites:
            for planned in plan.cases:
                for rendered in planned.sides:
                    for sample in range(plan.samples):
                        key = self._wanted(rendered, sample).key
                        used[key] = (rendered.model, answers.by_key.get(key))
        saved = sum(plan.samples for plan in self.plan.suites for planned in plan.cases if planned.unchanged)
        return bill(used.values(), saved_equal=saved, config=self.config)


def _reason(ruling: Ruling, suite_id: str | None) -> Reason:
    return Reason(
        rule=ruling.rule, word=ruling.word, message=ruling.message, suite=suite_id, cases=ruling.cases
    )


def _revision(side: Revision | None) -> RevisionRecord | None:
    return None if side is None else RevisionRecord(label=side.label, commit=side.commit, dirty=side.dirty)
