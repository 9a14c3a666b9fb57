"""Each case of a run, judged as soon as its last answer is there; of what it said only the record is kept."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from promptctl.core.config import Config
from promptctl.core.confirming import Side
from promptctl.core.digest import digest
from promptctl.core.exchange import FIRST_REDRAW, AnswerKey, Failure, Output, Source
from promptctl.core.record import replace
from promptctl.core.run import Pair, Reply, Role, Trial
from promptctl.engine.answering import Providers
from promptctl.engine.bill import Bill, Purpose, price, priced
from promptctl.engine.conversations import Draw
from promptctl.engine.plan import PlannedCase, SuitePlan
from promptctl.engine.records import Records, trial_records
from promptctl.engine.regrade import Regrading
from promptctl.engine.rendered import Rendered
from promptctl.engine.variants.made import Made
from promptctl.engine.variants.spending import Spending

AFTER_DRIFT = 500
"""Further sample indices for redraws of a suite that was drawn anew: earlier ones may be another model's."""

OnTrial = Callable[[str, str, str, Trial], None]


class CaseDraws(NamedTuple):
    """A case with the draws of each side, by sample; where both sides send the same they are head's alone."""

    suite: SuitePlan
    planned: PlannedCase
    base: tuple[Draw, ...]
    head: tuple[Draw, ...]

    @property
    def all(self) -> tuple[Draw, ...]:
        """Every draw."""
        return (*self.base, *self.head)

    @property
    def waiting(self) -> list[Draw]:
        """Those that wait for an answer."""
        return [draw for draw in self.all if draw.waiting]


def cases_of(plan: SuitePlan, providers: Providers) -> Iterator[CaseDraws]:
    """The cases of a suite, nothing of them answered."""

    def draws(rendered: Rendered | None) -> tuple[Draw, ...]:
        if rendered is None:
            return ()
        provider = providers.provider(rendered.model)
        return tuple(Draw(rendered, sample, provider) for sample in range(plan.samples))

    for planned in plan.cases:
        base = () if planned.unchanged else draws(planned.base)
        if strategy := plan.strategy:
            count = plan.samples * strategy.each
            made_of = (strategy.draw(planned.case, planned.head, n, providers.provider) for n in range(count))
            yield CaseDraws(plan, planned, base, tuple(made_of))
        else:
            yield CaseDraws(plan, planned, base, draws(planned.head))


def turn(plan: SuitePlan, planned: PlannedCase, flaky: Collection[str] = ()) -> tuple[bool, str]:
    """When a case is asked: blockers and `flaky` cases first, the others in an order that nobody chose."""
    first = planned.case.severity == "blocker" or planned.case.id in flaky
    return not first, digest("turn", [plan.suite.digest, planned.case.id])


class SuiteJudge:
    """What is found of one suite, by case. `pairs` hold outcomes alone: what was said is in `records`."""

    def __init__(
        self, plan: SuitePlan, *, config: Config, providers: Providers, account: "Account", on_trial: OnTrial
    ) -> None:
        self.plan, self.regrading = plan, Regrading(plan)
        self.pairs: dict[str, Pair] = {}
        self.records: Records = {}
        self._bare: dict[tuple[object, ...], tuple[Trial, ...]] = {}
        self._config, self._providers = config, providers
        self._account, self._on_trial = account, on_trial
        self.flaky: Collection[str] = ()
        self.first_redraw = FIRST_REDRAW
        self.spending = Spending(plan.variant, self._price) if plan.variant else None

    def judge(self, case: CaseDraws) -> None:
        """Takes a case whose draws are as far as they will come; those that still wait were not asked."""
        planned = case.planned
        self._account.add(case)
        if self.spending:
            self.spending.add(case.base or case.head, case.head)
        base = self._trials(planned, case.head if planned.unchanged else case.base, "base")
        head = base if planned.unchanged else self._trials(planned, case.head, "head")
        for trial in head if planned.unchanged else ():
            self._on_trial(self.plan.title, planned.case.id, "head", trial)
        said = trial_records(head)
        self.records[planned.case.id] = said if head is base else trial_records(base), said
        self.regrading.add(planned, head)
        self.pairs[planned.case.id] = Pair(
            case=planned.case.id,
            severity=planned.case.severity,
            tags=planned.case.tags,
            group=planned.case.group,
            standing=planned.standing,
            unchanged=planned.unchanged,
            final=self._final(planned, (*base, *head)),
            flaky=planned.case.id in self.flaky,
            edited=not planned.unchanged and self.regrading.edited(planned, base),
            accepted=planned.accepted,
            base=self._outcomes(base),
            head=self._outcomes(head),
        )

    def redrawn(self, planned: PlannedCase, side: Side, draw: Draw) -> Trial:
        """Takes one more draw of a side, which confirms or contradicts the first ones."""
        trial = self._redraw(planned, side, draw, role="confirm")
        pair, (base, head) = self.pairs[planned.case.id], self.records[planned.case.id]
        further, said = self._outcomes((trial,)), trial_records([trial])
        if side == "base":
            pair, base = replace(pair, base=(*pair.base, *further)), (*base, *said)
        else:
            pair, head = replace(pair, head=(*pair.head, *further)), (*head, *said)
        self.pairs[planned.case.id], self.records[planned.case.id] = pair, (base, head)
        return trial

    def aside(self, planned: PlannedCase, draw: Draw) -> Trial:
        """A draw of base that only tells whether the model is what it was."""
        return self._redraw(planned, "base", draw, role="confirm")

    def drawn_anew(self, planned: PlannedCase, side: Side, draw: Draw) -> None:
        """Takes a draw that stands in the place of all its side said before, which another model may have said."""
        trial = self._redraw(planned, side, draw, role="first")
        self.first_redraw = FIRST_REDRAW + AFTER_DRIFT
        pair, (base, head) = self.pairs[planned.case.id], self.records[planned.case.id]
        outcome, said = self._outcomes((trial,)), trial_records([trial])
        if side == "base":
            pair, base = replace(pair, base=outcome), said
        else:
            pair, head = replace(pair, head=outcome), said
        self.pairs[planned.case.id], self.records[planned.case.id] = pair, (base, head)

    def _redraw(self, planned: PlannedCase, side: Side, draw: Draw, role: Role) -> Trial:
        self._account.add_redraw(draw)
        trial = replace(self._trial(planned, draw), role=role)
        self._on_trial(self.plan.title, planned.case.id, side, trial)
        return trial

    def _outcomes(self, trials: tuple[Trial, ...]) -> tuple[Trial, ...]:
        """What decides of trials: there are few different ones, however many cases there are."""
        if any(trial.outcome == "error" for trial in trials):  # the decision says why
            return tuple(replace(trial, answer=None, replies=(), parts=()) for trial in trials)
        key = tuple((trial.sample, trial.source, trial.outcome, trial.role) for trial in trials)
        if key not in self._bare:
            self._bare[key] = tuple(
                Trial(sample=sample, source=source, outcome=outcome, role=role)
                for sample, source, outcome, role in key
            )
        return self._bare[key]

    def _trials(self, planned: PlannedCase, draws: Iterable[Draw], side: str) -> tuple[Trial, ...]:
        trials = []
        for draw in self._answers(planned, list(draws), side):
            trial = self._trial(planned, draw)
            self._on_trial(self.plan.title, planned.case.id, side, trial)
            trials.append(trial)
        return tuple(trials)

    def _answers(self, planned: PlannedCase, draws: list[Draw], side: str) -> Iterable[Draw | Made]:
        """What draws come to, one answer each or as a strategy makes them; none where one was not asked to its end."""
        strategy = self.plan.strategy if side == "head" else None
        if strategy is None:
            return [draw for draw in draws if not draw.waiting]
        groups = [draws[start : start + strategy.each] for start in range(0, len(draws), strategy.each)]
        return [
            strategy.made(planned.case, group, number, self._price)
            for number, group in enumerate(groups)
            if not any(draw.waiting for draw in group)
        ]

    def _price(self, output: Output, model: str) -> float | None:
        return price(output, model, self._config)

    def _trial(self, planned: PlannedCase, draw: Draw | Made) -> Trial:
        replies, says = draw.replies, [turn.say for turn in planned.case.turns]
        earlier = replies if draw.failure else replies[:-1]
        trial = Trial(
            sample=draw.sample,
            source=draw.source,
            outcome="error",
            parts=draw.parts,
            replies=tuple(Reply(say=say, answer=one) for say, one in zip(says, earlier, strict=False)),
        )
        if draw.failure:
            turn = len(replies) + 1 if says else None
            return replace(trial, failure=self._told(draw.failure, turn, len(says)), turn=turn)
        offered = draw.rendered.offers_tools
        seen = [priced(reply, draw.rendered.model, self._config) for reply in replies]
        outcome, verdicts, turn = self.plan.grade(planned.case, seen, tools_offered=offered)
        return replace(trial, outcome=outcome, answer=replies[-1], verdicts=verdicts, turn=turn)

    def _told(self, failure: Failure, turn: int | None, turns: int) -> Failure:
        """The failure without secrets, saying in which turn of a conversation it happened."""
        message = self._providers.redactor.clean(failure.message)
        return Failure(
            kind=failure.kind, message=message if turn is None else f"turn {turn} of {turns}: {message}"
        )

    def _final(self, planned: PlannedCase, trials: tuple[Trial, ...]) -> bool:
        """A deterministic provider confirms by its first draw; imports and recordings cannot be drawn again."""
        if any(trial.source in (Source.IMPORTED, Source.RECORDED) for trial in trials):
            return False
        return all(self._providers.provider(rendered.model).deterministic for rendered in planned.sides)


class Account:
    """The bill of a run: every question once, however many cases ask it. `saved` counts what equal sides saved."""

    def __init__(self, config: Config) -> None:
        self.bill, self.saved = Bill(config), 0
        self._seen = Keys()

    def add(self, case: CaseDraws) -> None:
        """What was asked for a case."""
        for draw in case.head:
            self._add(draw, "head")
        for draw in case.base:
            self._add(draw, "base")
        if case.planned.unchanged:
            self.saved += sum(draw.turns for draw in case.head)
            return
        for base, head in zip(case.base, case.head, strict=False):
            self.saved += len(_keys(base) & _keys(head))

    def add_redraw(self, draw: Draw) -> None:
        """What was asked to draw a side again."""
        self._add(draw, "confirm")

    def _add(self, draw: Draw, purpose: Purpose) -> None:
        for wanted, answered in zip(draw.questions, draw.answers, strict=False):
            if self._seen.add(wanted.key):
                self.bill.add(wanted.model, answered, purpose)


def _keys(draw: Draw) -> set[AnswerKey]:
    return {wanted.key for wanted in draw.questions}


class Keys:
    """Keys of answers that came by: of each only the digest is held, which the plan holds anyway."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, str, int], set[str]] = {}

    def add(self, key: AnswerKey) -> bool:
        """Whether it is new."""
        digests = self._digests.setdefault((key.kind, key.base_url, key.sample), set())
        known = len(digests)
        digests.add(key.request)
        return len(digests) > known
