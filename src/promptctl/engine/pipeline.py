"""One run from its plan to its result: ask, check, compare, decide."""

import datetime
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from promptctl._version import __version__
from promptctl.core.comparison import Comparison, compare
from promptctl.core.config import Config
from promptctl.core.evidence import Evidence, weigh
from promptctl.core.exchange import Failure, Output, Source
from promptctl.core.gate import SEVERITY, Ruling, decide, exit_code, worst
from promptctl.core.ports import Progress
from promptctl.core.record import replace
from promptctl.core.result import (
    Affected,
    Calls,
    DecisionRecord,
    Reason,
    Result,
    RevisionRecord,
    Untested,
)
from promptctl.core.run import Pair, Reply, Trial
from promptctl.core.stats import holm
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import AskingInterrupted, answer_all
from promptctl.engine.asking.desk import SharedStore
from promptctl.engine.asking.spending import NO_LIMITS, Limits, Tally
from promptctl.engine.bill import Forecast, bill, costing, forecast, priced, refusal
from promptctl.engine.conversations import Draw, Draws, settle
from promptctl.engine.plan import Plan, PlannedCase, SuitePlan
from promptctl.engine.records import affected_record, suite_record
from promptctl.engine.regrade import regraded
from promptctl.engine.rendered import Rendered
from promptctl.store.revisions import Revision


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
        on_trial: Callable[[str, str, str, Trial], None],
    ) -> None:
        self.plan, self.run_id, self.config, self.terms = plan, run_id, config, terms
        self.base, self.head = base, head
        self.providers, self.store, self.recorded = providers, store, recorded
        self.on_trial = on_trial
        self._made: dict[tuple[int, int], Draw] = {}
        self._tally = Tally()
        self.started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()

    def result(self) -> Result:
        """Asks what is missing, judges it and decides.

        Raises:
            Incomplete: the plan needs more calls than are allowed, or the store failed.
            PromptctlError: what can be known before the first call.
        """
        interrupted = self._ask()
        judged = [self._judge(plan) for plan in self.plan.suites]
        rulings = self._decide(judged, interrupted)
        suites = tuple(
            suite_record(plan, comparison, evidence, ruling, notes=regraded(plan, comparison))
            for plan, (comparison, evidence), ruling in zip(self.plan.suites, judged, rulings, strict=True)
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
        """Draws everything as far as that is possible, and gives whether it was interrupted."""
        needed, optional = self._all_draws()
        found = self._foreseen(needed, optional)
        draws = Draws(draw for draw in needed if draw.waiting)
        if self.terms.on_forecast:
            self.terms.on_forecast(found)
        if not self.terms.offline and (refused := refusal(found, self.terms.limits)):
            raise refused
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
            )
        except AskingInterrupted as stop:
            settle((*needed, *optional), stop.answers)
            return True
        settle((*needed, *optional), answers)
        return False

    def forecast(self) -> Forecast:
        """What the run would ask. Nothing is asked, and nothing is written."""
        return self._foreseen(*self._all_draws())

    def _all_draws(self) -> tuple[list[Draw], list[Draw]]:
        """The draws that are wanted, and those that count if their answer happens to be there."""
        needed = [draw for plan in self.plan.suites for draw in self._draws(plan, asked=True)]
        return needed, [draw for plan in self.plan.suites for draw in self._draws(plan, asked=False)]

    def _foreseen(self, needed: list[Draw], optional: list[Draw]) -> Forecast:
        known = self._look_up([*needed, *optional])
        return forecast(self.plan, [draw for draw in needed if draw.waiting], known, self.config)

    def _look_up(self, draws: list[Draw]) -> int:
        """Draws what needs no call, and gives how many answers that took."""
        waiting = Draws(draws)
        found = answer_all(
            waiting.questions, store=self.store, recorded=self.recorded, offline=True, follow=waiting.follow
        )
        return sum(isinstance(answered.answer, Output) for answered in found.values())

    def _draws(self, plan: SuitePlan, *, asked: bool) -> list[Draw]:
        return [
            self._draw(rendered, sample)
            for planned in plan.cases
            if planned.ask is asked
            for rendered in planned.sides
            for sample in range(plan.samples)
        ]

    def _draw(self, rendered: Rendered, sample: int) -> Draw:
        """The draw, made once: its digests cost more than looking its answers up."""
        key = (id(rendered), sample)  # the plan holds every `rendered` for as long as the run lasts
        if key not in self._made:
            self._made[key] = Draw(rendered, sample, self.providers.provider(rendered.model))
        return self._made[key]

    # judging

    def _judge(self, plan: SuitePlan) -> tuple[Comparison, Evidence]:
        pairs = [self._pair(plan, planned) for planned in plan.cases]
        comparison = compare(pairs, yardstick=plan.yardstick, has_base=plan.has_base)
        return comparison, weigh(comparison, plan.suite.gate)

    def _pair(self, plan: SuitePlan, planned: PlannedCase) -> Pair:
        case = planned.case
        base = self._trials(plan, planned, planned.head if planned.unchanged else planned.base, "base")
        head = base if planned.unchanged else self._trials(plan, planned, planned.head, "head")
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
        self, plan: SuitePlan, planned: PlannedCase, rendered: Rendered | None, side: str
    ) -> tuple[Trial, ...]:
        if rendered is None:
            return ()
        trials = []
        for sample in range(plan.samples):
            draw = self._draw(rendered, sample)
            if draw.waiting:  # not asked, or not to its end
                continue
            trial = self._trial(plan, planned, draw, sample)
            self.on_trial(plan.suite.id, planned.case.id, side, trial)
            trials.append(trial)
        return tuple(trials)

    def _trial(self, plan: SuitePlan, planned: PlannedCase, draw: Draw, sample: int) -> Trial:
        replies, says = draw.replies, [turn.say for turn in planned.case.turns]
        earlier = replies if draw.failure else replies[:-1]
        trial = Trial(
            sample=sample,
            source=draw.source,
            outcome="error",
            replies=tuple(Reply(say=say, answer=one) for say, one in zip(says, earlier, strict=False)),
        )
        if draw.failure:
            turn = len(replies) + 1 if says else None
            return replace(trial, failure=self._told(draw.failure, turn, len(says)), turn=turn)
        offered = draw.rendered.offers_tools
        seen = [priced(reply, draw.rendered.model, self.config) for reply in replies]
        outcome, verdicts, turn = plan.grade(planned.case, seen, tools_offered=offered)
        return replace(trial, outcome=outcome, answer=replies[-1], verdicts=verdicts, turn=turn)

    def _told(self, failure: Failure, turn: int | None, turns: int) -> Failure:
        """The failure without secrets, saying in which turn of a conversation it happened."""
        message = self.providers.redactor.clean(failure.message)
        return Failure(
            kind=failure.kind, message=message if turn is None else f"turn {turn} of {turns}: {message}"
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

    def _calls(self) -> Calls:
        used = {}
        saved = 0
        for plan in self.plan.suites:
            for planned in plan.cases:
                for sample in range(plan.samples):
                    sides = [self._draw(rendered, sample) for rendered in planned.sides]
                    for draw in sides:
                        for wanted, answered in zip(draw.questions, draw.answers, strict=False):
                            used[wanted.key] = (draw.rendered.model, answered)
                    saved += _saved(planned, sides)
        return bill(used.values(), saved_equal=saved, config=self.config, tally=self._tally)


def _saved(planned: PlannedCase, sides: list[Draw]) -> int:
    """How many questions both sides of a case have in common, so that they are asked for one of them only."""
    if planned.unchanged:
        return sides[0].turns
    keys = [{wanted.key for wanted in draw.questions} for draw in sides]
    return len(keys[0] & keys[1]) if len(keys) > 1 else 0


def _reason(ruling: Ruling, suite_id: str | None) -> Reason:
    return Reason(
        rule=ruling.rule, word=ruling.word, message=ruling.message, suite=suite_id, cases=ruling.cases
    )


def _revision(side: Revision | None) -> RevisionRecord | None:
    return None if side is None else RevisionRecord(label=side.label, commit=side.commit, dirty=side.dirty)
