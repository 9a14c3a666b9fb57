"""First draws of several runs: `--fresh` adds one on both sides, and a run without it pools all that are there.

So nobody can draw until the result is liked, neither by drawing again nor by leaving out what was drawn.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from promptctl.core.exchange import FIRST_REDRAW, AnswerKey
from promptctl.core.run import Standing
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import Recorded, answer_all
from promptctl.engine.asking.desk import SharedStore
from promptctl.engine.conversations import Draw, Draws
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.engine.rendered import Rendered
from promptctl.errors import PromptctlError

MOST = FIRST_REDRAW
"""First draws of one request; sample indices from here on are redraws."""
_LOOKED_AT = 20  # requests that are looked at before all are: the cases of some may have been edited
_AT_ONCE = 500  # requests: so many draws are in memory


def with_a_fresh_draw(
    plan: Plan, providers: Providers, store: SharedStore, recorded: Recorded | None = None
) -> Plan:
    """The plan with one first draw more than its cases have on both sides; as it is where they have none yet.

    A fresh draw that an interrupt left unfinished is finished first.

    Raises:
        PromptctlError: `too-many-draws`.
    """
    return _with_samples(plan, _one_more, providers, store, recorded or {})


def with_pooled_draws(
    plan: Plan, providers: Providers, store: SharedStore, recorded: Recorded | None = None
) -> Plan:
    """The plan with all the first draws that are there, where these are more than it asks for.

    A number of samples below that, in the suite or on the command line, leaves none of them out. A further draw is
    there when most counted cases whose request differs have it on both sides: cases that were added or edited since, or
    are asked without being compared, cannot undo it, and are drawn as often. Where no further draw is there, this takes
    one look-up of a few requests a suite.
    """
    return _with_samples(plan, _pooled, providers, store, recorded or {})


class _FirstDraws:
    """The first draws that are there of the requests that decide a suite."""

    def __init__(
        self, suite: SuitePlan, providers: Providers, store: SharedStore, recorded: Recorded
    ) -> None:
        self._providers, self._store, self._recorded = providers, store, recorded
        asked = [planned for planned in suite.cases if planned.ask]
        counted = [
            planned
            for planned in asked
            if planned.standing is Standing.COUNTED and (planned.base is None or not planned.unchanged)
        ]
        self._sides = [planned.sides for planned in counted or asked]
        self._sent = {_key(one): one for sides in self._sides for one in sides}

    def begun(self, sample: int, *, of: int | None = None) -> bool:
        """Whether any of the first `of` requests has this draw."""
        return any(
            self._store.get_many(keys) or any(map(self._is_recorded, keys)) for keys in self._keys(sample, of)
        )

    def whole(self, sample: int, *, most: bool = False) -> bool:
        """Whether every case has this draw on its sides, conversations to their end; or `most`, more than half."""
        missing: set[tuple[str, tuple[str, ...]]] = set()
        for some in _parts(iter(self._sent.values())):
            draws = Draws(Draw(one, sample, self._providers.provider(one.model)) for one in some)
            answer_all(
                draws.questions, store=self._store, recorded=self._recorded, offline=True, follow=draws.follow
            )
            missing.update(_key(draw.rendered) for draw in draws.all if draw.waiting or draw.failure)
            if missing and not most:
                return False
        without = sum(any(_key(one) in missing for one in sides) for sides in self._sides)
        return 2 * without < len(self._sides) if missing else True

    def _keys(self, sample: int, of: int | None) -> Iterator[list[AnswerKey]]:
        for some in _parts(islice(self._sent.values(), of)):
            asked = ((self._providers.provider(one.model), one.digest) for one in some)
            yield [AnswerKey(who.kind, who.base_url, digest, sample) for who, digest in asked]

    def _is_recorded(self, key: AnswerKey) -> bool:
        return (key.request, key.sample) in self._recorded


def _with_samples(
    plan: Plan,
    count: Callable[[SuitePlan, _FirstDraws], int],
    providers: Providers,
    store: SharedStore,
    recorded: Recorded,
) -> Plan:
    def counted(suite: SuitePlan) -> SuitePlan:
        if suite.strategy:
            return suite  # so many draws are one answer
        samples = count(suite, _FirstDraws(suite, providers, store, recorded))
        if samples <= suite.samples:
            return suite
        runs, more = samples - suite.samples + 1, samples - suite.samples
        note = f"{samples} first draws a side are pooled, of {runs} runs (--fresh or --samples added {more})"
        return suite._replace(samples=samples, notes=(*suite.notes, note))

    return plan._replace(suites=tuple(map(counted, plan.suites)))


def _pooled(suite: SuitePlan, there: _FirstDraws) -> int:
    samples = suite.samples
    while samples < MOST and there.begun(samples, of=_LOOKED_AT) and there.whole(samples, most=True):
        samples += 1
    return samples


def _one_more(suite: SuitePlan, there: _FirstDraws) -> int:
    if not there.begun(0) or not there.whole(suite.samples - 1):
        return suite.samples  # the first draws of this run come first
    pooled = _pooled(suite, there)
    if pooled >= MOST:
        raise PromptctlError(
            f"suite {suite.suite.id} has {pooled} first draws of a case, and no more can be told apart",
            slug="too-many-draws",
            at="--fresh",
            fix="run without --fresh",
        )
    return pooled if pooled > suite.samples and not there.whole(pooled - 1) else pooled + 1


def _key(rendered: Rendered) -> tuple[str, tuple[str, ...]]:
    return rendered.model, rendered.sends


def _parts(sent: Iterator[Rendered]) -> Iterator[list[Rendered]]:
    while some := list(islice(sent, _AT_ONCE)):
        yield some
