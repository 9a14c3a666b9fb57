"""What the stored draws of unchanged requests say: how often they pass, and which cases are flaky."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import NamedTuple, Protocol

from promptctl.core.exchange import FIRST_CANARY, AnswerKey, Source
from promptctl.core.run import Standing
from promptctl.core.yardstick import same
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import answer_all
from promptctl.engine.asking.desk import SharedStore
from promptctl.engine.bill import priced
from promptctl.engine.conversations import Draw, Draws
from promptctl.engine.plan import PlannedCase, SuitePlan
from promptctl.engine.rendered import Rendered
from promptctl.store.answer_past import Draw as StoredDraw

FLAKY_DRAWS = 6
"""Draws that pass or fail below which nothing is said about a case."""
FLAKY_FROM, FLAKY_TO = 0.1, 0.9
"""Pass rates between which a case is flaky, both included: below it fails, above it passes, and says so reliably."""
OLD = timedelta(days=7)
"""Draws further apart than this may come from a model that changed in between."""
_AT_ONCE = 250  # cases; so many have all their draws in memory

Choose = Callable[[Sequence[StoredDraw]], Sequence[StoredDraw]]


class PastStore(SharedStore, Protocol):
    """An answer store that knows how often a request was drawn, and when."""

    def draws_of(self, requests: Iterable[str], *, at_least: int = 1) -> Mapping[str, list[StoredDraw]]:
        """The asked draws of many requests, by sample index; requests that were not asked so often are left out."""
        ...

    def stored_at(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, datetime]:
        """When asked answers were stored, in UTC."""
        ...

    def any_before(self, time: datetime) -> bool:
        """Whether any asked answer may be older than this."""
        ...

    def stored_order(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, int]:
        """Numbers that grow in the order in which asked answers were stored."""
        ...


class PastDraw(NamedTuple):
    """A stored draw that passed or failed; `at` is None where its time cannot be read."""

    sample: int
    passed: bool
    at: datetime | None


class Past(NamedTuple):
    """What one case's stored draws of one request say, by sample index."""

    planned: PlannedCase
    draws: tuple[PastDraw, ...]


def flaky_cases(plan: SuitePlan, providers: Providers, store: PastStore) -> frozenset[str]:
    """Ids of the cases whose draws of one unchanged request disagree often, as head's checks see them.

    The request is base's; head's where base has none, or the case is new. First draws and redraws count alike; canaries
    do not, because a run that draws them must say the same when it is run again. Nothing is read of a case with fewer
    than `FLAKY_DRAWS` stored draws, or of a deterministic provider.

    A pass and a fail must lie within `OLD` of each other. Where the draws of one week all pass and those of a later one
    all fail, the model has drifted: that must not disarm a blocker.

    Source: docs/gate.md; six draws of a case that passes 97 times in 100 all agree in five of six looks.
    """
    sent = ((planned, _unchanged(planned)) for planned in plan.cases if _asks_the_same(planned))
    found = graded_draws(plan, sent, providers, store, at_least=FLAKY_DRAWS, choose=_no_canaries)
    return frozenset(past.planned.case.id for past in found if _is_flaky(past.draws))


def graded_draws(
    plan: SuitePlan,
    sent: Iterable[tuple[PlannedCase, Rendered]],
    providers: Providers,
    store: PastStore,
    *,
    at_least: int,
    choose: Choose = lambda draws: draws,
) -> Iterator[Past]:
    """The stored draws of requests, judged by head's checks. Nothing is asked.

    Args:
        at_least: Draws that the asked provider must have given; requests with fewer are left out unread.
        choose: Which of a request's draws, by sample index, are judged.
    """
    waiting = iter(sent)
    while some := list(islice(waiting, _AT_ONCE)):
        stored = store.draws_of({rendered.digest for _, rendered in some}, at_least=at_least)
        drawn = [
            (planned, _draws(rendered, stored[rendered.digest], providers, at_least, choose))
            for planned, rendered in some
            if rendered.digest in stored
        ]
        _follow((draw for _, draws in drawn for draw, _ in draws), store)
        for planned, draws in drawn:
            if draws:
                yield Past(planned, _judged(plan, planned, draws, providers))


def _no_canaries(draws: Sequence[StoredDraw]) -> list[StoredDraw]:
    return [draw for draw in draws if draw.sample < FIRST_CANARY]


def _asks_the_same(planned: PlannedCase) -> bool:
    """Whether the checks are base's own: new ones may disagree with old draws, which must not disarm a blocker."""
    own = planned.own
    return own is None or own is planned.case or same(own.meaning(), planned.case.meaning())


def _unchanged(planned: PlannedCase) -> Rendered:
    """The request whose draws are looked at: a new case's own, else base's, which stays as the prompt is worked on."""
    if planned.base is None or planned.standing is Standing.NEW:
        return planned.head
    return planned.base


def _draws(
    rendered: Rendered,
    stored: Sequence[StoredDraw],
    providers: Providers,
    at_least: int,
    choose: Choose,
) -> list[tuple[Draw, datetime | None]]:
    provider = providers.provider(rendered.model)
    address = (provider.kind, provider.base_url)
    ours = [one for one in stored if (one.kind, one.base_url) == address]
    if provider.deterministic or len(ours) < at_least:
        return []
    draws = []
    for one in choose(ours):
        draw = Draw(rendered, one.sample, provider)
        draw.take(one.answered)
        draws.append((draw, one.time))
    return draws


def _follow(draws: Iterable[Draw], store: PastStore) -> None:
    """Lets conversations go on with what is stored of the same sample."""
    under_way = Draws(draw for draw in draws if draw.waiting)
    if under_way.all:
        answer_all(under_way.questions, store=store, offline=True, follow=under_way.follow)


def _judged(
    plan: SuitePlan,
    planned: PlannedCase,
    draws: Sequence[tuple[Draw, datetime | None]],
    providers: Providers,
) -> tuple[PastDraw, ...]:
    """Whether each draw passed, as far as it is whole and was asked here."""
    whole = [
        (draw, at)
        for draw, at in draws
        if not draw.waiting and not draw.failure and draw.source is Source.STORE
    ]
    found = []
    # Equal replies one after the other are judged once.
    for draw, at in sorted(whole, key=lambda one: [reply.text for reply in one[0].replies]):
        rendered = draw.rendered
        replies = [priced(reply, rendered.model, providers.config) for reply in draw.replies]
        outcome = plan.grade(planned.case, replies, tools_offered=rendered.offers_tools).outcome
        if outcome in ("pass", "fail"):
            found.append(PastDraw(draw.sample, outcome == "pass", at))
    return tuple(sorted(found, key=lambda one: one.sample))


def _is_flaky(draws: Sequence[PastDraw]) -> bool:
    if len(draws) < FLAKY_DRAWS:
        return False
    rate = sum(draw.passed for draw in draws) / len(draws)
    return FLAKY_FROM <= rate <= FLAKY_TO and _disagree_at_a_time(draws)


def _disagree_at_a_time(draws: Sequence[PastDraw]) -> bool:
    """Whether a pass and a fail were drawn within `OLD` of each other."""
    in_time = sorted((draw.at, draw.passed) for draw in draws if draw.at is not None)
    return any(before != after and later - at <= OLD for (at, before), (later, after) in pairwise(in_time))
