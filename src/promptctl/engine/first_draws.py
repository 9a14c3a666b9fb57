"""The first draws of a run: what is stored is looked up, the rest is asked, and each case is judged once answered."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from promptctl.core.config import Config
from promptctl.core.exchange import Answered, AnswerKey, Failure, Output, Source
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import AskingInterrupted, answer_all
from promptctl.engine.asking.session import Session
from promptctl.engine.asking.spending import Tally
from promptctl.engine.behind import Behind
from promptctl.engine.bill import Forecast, forecast, refusal
from promptctl.engine.conversations import Draw, Draws, settle
from promptctl.engine.draw_history import PastStore, flaky_cases
from promptctl.engine.drift import StaleCases
from promptctl.engine.judging import Account, CaseDraws, Keys, SuiteJudge, cases_of, turn
from promptctl.engine.looking import Looking
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.engine.terms import Terms

LOOKED_UP_AT_ONCE = 250
"""Cases: two sides of one sample each are a query of the store."""


class FirstDraws:
    """Asks what a plan needs. `stale` are cases whose answers of base are old, `looking` is what may stop early."""

    def __init__(
        self,
        plan: Plan,
        judges: Mapping[tuple[str, str], SuiteJudge],
        *,
        config: Config,
        providers: Providers,
        store: PastStore | None,
        recorded: Mapping[tuple[str, int], Output],
        terms: Terms,
        session: Session,
        tally: Tally,
        account: Account,
        now: datetime,
    ) -> None:
        self._plan, self._judges, self._config = plan, judges, config
        self._providers, self._store, self._recorded = providers, store, recorded
        self._terms, self._session = terms, session
        self._tally, self._account = tally, account
        self.stale = StaleCases(store, now) if store is not None and not terms.offline else None
        self.looking = Looking(plan, judges) if terms.stop_early else None

    def ask(self) -> bool:
        """Answers and judges every case as far as that is possible, and gives whether it was interrupted.

        Raises:
            Incomplete: the plan needs more calls than are allowed, or the store failed.
        """
        if self._store is not None:
            for judge in self._judges.values():
                judge.flaky = flaky_cases(judge.plan, self._providers, self._store)
        left, found = self._looked_up(self._judge, self.stale)
        if self._terms.on_forecast:
            self._terms.on_forecast(found)
        if not self._terms.offline and (refused := refusal(found, self._terms.limits)):
            raise refused
        if left and not self._terms.offline:
            for model in self._plan.further_models:  # before the first call, as those of the first questions
                self._providers.provider(model).prepare()
        left.sort(key=lambda case: turn(case.suite, case.planned, self._judges[case.suite.key].flaky))
        batches = self.looking.batches(left) if self.looking else iter([left])
        interrupted = any(self._asked(batch) for batch in batches)
        for case in left:
            if case.planned.case.id not in self._judges[case.suite.key].pairs:
                self._judge(case)  # it was not asked any more
        return interrupted

    def resume(self, plan: SuitePlan) -> bool:
        """Asks what an early stop left out of a suite, and gives whether it was interrupted."""
        pairs = self._judges[plan.key].pairs
        cases = [case for case in cases_of(plan, self._providers) if not pairs[case.planned.case.id].head]
        return self._asked([case for case in cases if case.planned.ask])

    def notes(self, plan: SuitePlan) -> tuple[str, ...]:
        """What a reader should know about how a suite was asked."""
        note = self.looking.notes.get(plan.key) if self.looking else None
        return (note,) if note else ()

    def forecast(self) -> Forecast:
        """What would be asked. Nothing is asked, and nothing is written."""
        return self._looked_up(lambda _case: None)[1]

    def answer(self, draws: Sequence[Draw], *, stored: bool = False) -> None:
        """Answers a few draws more; the session holds to the limits of the whole run.

        Raises:
            AskingInterrupted: Ctrl-C or SIGTERM; the draws hold what came in time.
        """
        under_way = Draws(draws)
        ended = not stored and self._session.stopped is not None
        try:
            answers = self._answers(under_way, offline=self._terms.offline or stored or ended)
        except AskingInterrupted as stop:
            settle(draws, stop.answers)
            for draw in draws:
                self._account.add_redraw(draw)
            raise
        if ended:  # what the store does not have is not asked any more, and that is no "offline"
            answers = {key: one for key, one in answers.items() if isinstance(one.answer, Output)}
        settle(draws, answers)
        self._leave(draws)

    def _asked(self, cases: Sequence[CaseDraws]) -> bool:
        """Asks and judges cases, and gives whether it was interrupted."""
        if self._session.stopped is not None:
            for case in cases:
                self._leave(case.waiting)
                self._judge(case)
            return False
        judging = Behind(self._judge)
        under_way = _UnderWay(cases, judging.put)
        try:
            answers = self._answers(Draws(under_way.draws, under_way.over), offline=self._terms.offline)
            interrupted = False
        except AskingInterrupted as stop:
            answers, interrupted = stop.answers, True
        finally:
            judging.close()
        for case in under_way.rest():
            settle(case.all, answers)
            if not interrupted:
                self._leave(case.waiting)
            self._judge(case)
        return interrupted

    def _leave(self, draws: Iterable[Draw]) -> None:
        """Conversations whose next turn is not asked any more are errors, not answers."""
        failure = self._session.stopped or Failure(kind="unavailable", message="not asked", sent=False)
        for draw in draws:
            if draw.waiting:
                draw.take(Answered(answer=failure, source=Source.ASKED))

    def _answers(self, draws: Draws, *, offline: bool) -> dict[AnswerKey, Answered]:
        return answer_all(
            draws.questions,
            store=self._store,
            recorded=self._recorded,
            offline=offline,
            limits=self._terms.limits._replace(calls=None),  # the plan was held to it, and the session is
            tally=self._tally,
            progress=self._terms.progress,
            follow=draws.follow,
            ahead=draws.ahead,
            session=self._session,
        )

    def _looked_up(
        self, judge: Callable[[CaseDraws], None], stale: StaleCases | None = None
    ) -> tuple[list[CaseDraws], Forecast]:
        """The cases that must be asked, and the forecast of that. `judge` takes those that need no call, one by one.

        So many are looked up at once that memory does not grow with those whose answers are stored.
        """
        left: list[CaseDraws] = []
        stored, seen = 0, Keys()
        cases = (case for plan in self._plan.suites for case in cases_of(plan, self._providers))
        while some := list(islice(cases, LOOKED_UP_AT_ONCE)):
            draws = Draws(draw for case in some for draw in case.all)
            found = answer_all(
                draws.questions,
                store=self._store,
                recorded=self._recorded,
                offline=True,
                follow=draws.follow,
            )
            stored += sum(isinstance(one.answer, Output) and seen.add(key) for key, one in found.items())
            if stale is not None:
                stale.add(some)
            for case in some:
                if case.planned.ask and case.waiting:
                    left.append(case)
                else:
                    judge(case)
        waiting = [draw for case in left for draw in case.waiting]
        return left, forecast(self._plan, waiting, stored, self._config)

    def _judge(self, case: CaseDraws) -> None:
        self._judges[case.suite.key].judge(case)


class _UnderWay:
    """Cases that are being asked: each goes to `judge` when its last draw is over."""

    def __init__(self, cases: Iterable[CaseDraws], judge: Callable[[CaseDraws], None]) -> None:
        self._cases: list[CaseDraws | None] = list(cases)
        self.draws = [draw for case in self._cases if case for draw in case.waiting]
        self._judge = judge
        self._case_of = {
            id(draw): number for number, case in enumerate(self._cases) if case for draw in case.waiting
        }
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
