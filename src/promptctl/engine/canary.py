"""The drift canary: whether base's stored answers, days old, are still what the model says.

A comparison of old answers of base with new ones of head would take a change of the model for one of the prompt. So
a few of them are asked again beside the stored ones, which stay; if too many change, base is drawn anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from promptctl.core.digest import digest
from promptctl.core.evidence import USUAL_FLIPS
from promptctl.core.exchange import FIRST_CANARY, FIRST_REDRAW, Source
from promptctl.core.run import Standing
from promptctl.core.stats import drift_probability
from promptctl.engine.answering import Providers
from promptctl.engine.conversations import Draw
from promptctl.engine.draw_history import OLD, PastStore, graded_draws
from promptctl.engine.judging import CaseDraws
from promptctl.engine.plan import SuitePlan
from promptctl.store.answer_past import Draw as StoredDraw

CANARIES = 20
"""Cases that are drawn again, or all where there are fewer."""
DRIFTED_BELOW = 0.01
"""Base has drifted where so many changes are less likely than this."""
USUAL_REDRAWS = 20
"""Stored redraws below which `USUAL_FLIPS` is taken."""


def stale_cases(cases: Iterable[CaseDraws], store: PastStore, now: datetime) -> list[CaseDraws]:
    """The counted cases whose first answers of base are older than `OLD`, in the order given.

    Left out: those where both sides send the same, where base's answer was imported or recorded or has just been asked,
    and those of a deterministic provider. Of a conversation the oldest answer counts.

    Args:
        cases: With their draws answered.
        now: In UTC.
    """
    held = [case for case in cases if _is_from_the_store(case)]
    old = are_old([case.base[0] for case in held], store, now)
    return [case for case, is_old in zip(held, old, strict=True) if is_old]


def are_old(draws: Sequence[Draw], store: PastStore, now: datetime) -> list[bool]:
    """Of each draw, whether any answer of it was stored longer ago than `OLD`."""
    stored = store.stored_at(wanted.key for draw in draws for wanted in draw.questions)
    return [
        any(now - at > OLD for wanted in draw.questions if (at := stored.get(wanted.key))) for draw in draws
    ]


def chosen(cases: Sequence[CaseDraws], suite_digest: str, count: int = CANARIES) -> list[CaseDraws]:
    """The cases that are drawn again: always the same of the same, and in an order that nobody chose."""
    order = sorted(cases, key=lambda case: digest("canary", [suite_digest, case.planned.case.id]))
    return order[:count]


def young_draws(old: Sequence[Draw], store: PastStore, now: datetime) -> list[Draw]:
    """A draw that is not old of what each of these draws asked: the stored canary while it is young, else a new one."""
    stored = store.draws_of(draw.rendered.digest for draw in old)
    draws = []
    for draw in old:
        rendered, provider = draw.rendered, draw.questions[0].provider
        address = (provider.kind, provider.base_url)
        ours = [one for one in stored.get(rendered.digest, ()) if (one.kind, one.base_url) == address]
        draws.append(Draw(rendered, canary_sample(ours, now), provider))
    return draws


def canary_sample(stored: Iterable[StoredDraw], now: datetime) -> int:
    """The sample index of a request's canary: the newest that is stored while it is young, else the next.

    Running again draws nothing new for as long.
    """
    canaries = {one.sample: one.time for one in stored if one.sample >= FIRST_CANARY}
    if not canaries:
        return FIRST_CANARY
    newest = max(canaries)
    at = canaries[newest]
    return newest if at is not None and now - at <= OLD else newest + 1


def usual_flip_rate(plan: SuitePlan, providers: Providers, store: PastStore) -> float:
    """The share of redraws of one unchanged request whose outcome is not that of its first draw, in (0, 1).

    From the stored first draws beyond the first, on both sides of the suite's cases, that were made within `OLD` of the
    first, so that drift itself is not taken for usual. Redraws are left out, because they were made where something had
    flipped, and canaries, because they are what is judged by this. One of them more, half of it flipped, is added:
    where none has flipped yet, a single flip must not be impossible.

    With fewer than `USUAL_REDRAWS` of them it is `USUAL_FLIPS`, which is about what the suites of docs/gate.md
    have: a share of so few would itself be chance, and one flip more or less would decide.

    Source: the mean of the Jeffreys posterior, (x + ½) / (r + 1).
    """
    sent = ((planned, rendered) for planned in plan.cases for rendered in planned.sides)
    flips = redraws = 0
    for past in graded_draws(plan, sent, providers, store, at_least=2, choose=_first_draws_of_a_time):
        first, *others = past.draws or (None,)
        if first and first.sample == 0:
            redraws += len(others)
            flips += sum(draw.passed != first.passed for draw in others)
    return (flips + 0.5) / (redraws + 1) if redraws >= USUAL_REDRAWS else USUAL_FLIPS


def drifted(changed: int, drawn: int, usual: float) -> float:
    """How likely at least so many changed canaries are if the model is what it was; below `DRIFTED_BELOW` it is not.

    Args:
        changed: Canaries whose outcome is not that of their first draw, 0 … drawn.
        drawn: Canaries that passed or failed, as their first draws did; 1.0 is given for none.
        usual: See `usual_flip_rate`.
    """
    return drift_probability(changed, drawn, usual) if drawn else 1.0


def _is_from_the_store(case: CaseDraws) -> bool:
    if (
        case.planned.unchanged
        or case.planned.standing is not Standing.COUNTED
        or not (case.base and case.head)
    ):
        return False
    first = case.base[0]
    if first.waiting or first.failure or first.questions[0].provider.deterministic:
        return False
    return first.sample == 0 and first.source is Source.STORE


def _first_draws_of_a_time(stored: Sequence[StoredDraw]) -> list[StoredDraw]:
    """The first of these draws and the further first draws made about then; none where there is but one."""
    first = stored[0]
    if first.sample != 0 or first.time is None:
        return []
    began = first.time
    near = [
        one
        for one in stored
        if one.sample < FIRST_REDRAW and one.time is not None and abs(one.time - began) <= OLD
    ]
    return near if len(near) > 1 else []
