"""What a run asked and what that cost."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from promptctl.core.config import Config, Price
from promptctl.core.digest import canonical_json
from promptctl.core.exchange import Answered, Output, Request, Source, Usage
from promptctl.core.record import replace
from promptctl.core.result import Calls, ConfirmCalls, Sent, SideCalls, Tokens
from promptctl.core.words import plural
from promptctl.engine.asking.spending import Limits, Tally, too_many_calls
from promptctl.engine.asking.wanted import Wanted
from promptctl.engine.conversations import Draw, ahead
from promptctl.engine.load import routed
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.errors import Incomplete

FREE = ("embedded", "scripted")
"""Kinds of provider that answer on this machine: their price is known to be nothing."""


Purpose = Literal["base", "head", "confirm"]
"""What a question was asked for: a side's first draws, or drawing again."""

USUAL_ANSWER = 100
"""Tokens that an answer is taken to have before it is there."""
IMAGE_TOKENS = {"low": 85, "high": 1000}
"""Tokens that an image is taken to have, by the detail that is asked for: what a middling picture costs at OpenAI."""


class Bill:
    """What a run asked and what that cost, added up question by question."""

    def __init__(self, config: Config) -> None:
        """`config` is for prices; a model without one makes the cost unknown, never 0."""
        self._config = config
        self._sent: Counter[Purpose] = Counter()
        self._reused: Counter[Purpose] = Counter()
        self._tokens_in = self._tokens_out = 0
        self._cost = 0.0
        self._unknown: set[str] = set()

    def add(self, model: str, answered: Answered, purpose: Purpose) -> None:
        """One question, of the model as the project calls it, and what came back."""
        answer = answered.answer
        if answered.source is not Source.ASKED:
            self._reused[purpose] += 1
            return
        if not isinstance(answer, Output):
            self._sent[purpose] += answer.sent
            if (answer.lost or answer.answered) and not is_free(model, self._config):
                self._unknown.add(model)  # it may have been billed, and nobody said how much
            return
        self._sent[purpose] += 1
        usage = answer.usage or Usage()
        self._tokens_in += usage.input or 0
        self._tokens_out += usage.output or 0
        paid = price(answer, model, self._config)
        if paid is None:
            self._unknown.add(model)
        else:
            self._cost += paid

    def calls(self, *, saved_equal: int, tally: Tally) -> Calls:
        """The calls of the run.

        Args:
            saved_equal: Draws that base did not need because head sends the same.
            tally: What asking took beyond one call a question.
        """
        return Calls(
            prompt=Sent(
                sent=self._sent["base"] + self._sent["head"],
                reused=self._reused["base"] + self._reused["head"],
                saved_equal=saved_equal,
            ),
            confirm=ConfirmCalls(sent=self._sent["confirm"]),
            sides=SideCalls(
                base=self._sent["base"], head=self._sent["head"], redraws_reused=self._reused["confirm"]
            ),
            retried=tally.retried,
            possibly_paid_twice=tally.twice,
            rate_limited=tally.refusals,
            paused_seconds=round(tally.paused, 1),
            tokens=Tokens(input=self._tokens_in, output=self._tokens_out),
            cost=None if self._unknown else round(self._cost, 6),
            currency=self._config.project.currency,
            cost_unknown_models=tuple(sorted(self._unknown)),
        )


def price(output: Output, model: str, config: Config) -> float | None:
    """What one answer cost in the project's currency; None where it cannot be known."""
    if output.cost is not None:
        return output.cost
    if is_free(model, config):
        return 0.0
    known: Price | None = config.prices.get(model)
    usage = output.usage
    if known is None or usage is None or usage.input is None or usage.output is None:
        return None
    return (usage.input * known.input + usage.output * known.output) / 1_000_000


def priced(output: Output, model: str, config: Config) -> Output:
    """The answer with what it cost, for the check `cost`; as it is where that cannot be known."""
    return replace(output, cost=price(output, model, config))


def is_free(model: str, config: Config) -> bool:
    """Whether the model runs on this machine, so that its price is known to be nothing."""
    route = routed(config, model)
    return bool(route and route.kind in FREE)


class Expected(NamedTuple):
    """What a call will take, before it is made. `cost` is in the project's currency, None where it is not known."""

    input_tokens: int
    output_tokens: int
    cost: float | None


class SuiteForecast(NamedTuple):
    """What one suite is about to ask, under one model. A question that two suites share counts in both."""

    suite: str
    model: str
    cases: int
    differ: int | None
    calls: int


class Forecast(NamedTuple):
    """What a run is about to ask. `differ` is None without a base.

    `cost` is an estimate in the project's currency, None where it is not known: `unpriced` are the models whose price
    is missing. `tokens` are estimates too, of what goes in and what comes out.
    """

    cases: int
    differ: int | None
    calls: int
    stored: int
    models: tuple[str, ...]
    cost: float | None
    tokens: tuple[int, int] = (0, 0)
    unpriced: tuple[str, ...] = ()
    suites: tuple[SuiteForecast, ...] = ()
    currency: str = "USD"


NOTHING = Forecast(cases=0, differ=0, calls=0, stored=0, models=(), cost=0.0)
"""Nothing is asked."""


def forecast(plan: Plan, waiting: Sequence[Draw], stored: int, config: Config) -> Forecast:
    """What a run is about to ask, before it asks.

    Args:
        plan: What is compared.
        waiting: The draws that nothing stored answers, or not to their end.
        stored: How many questions something stored answers.
        config: For prices.
    """
    asked = {draw.waiting.key: draw for draw in waiting if draw.waiting}
    models = [draw.waiting.model for draw in asked.values() if draw.waiting]
    # One request after the other: all at once they would be the largest thing in memory.
    expected = [
        expect(draw.waiting.request, draw.waiting.model, config) for draw in asked.values() if draw.waiting
    ]
    for later in ahead(waiting):
        models.append(later.model)
        expected.append(expect(later.request(), later.model, config))
    known = [one.cost for one in expected if one.cost is not None]
    questions: defaultdict[int, set[object]] = defaultdict(set)
    for draw in waiting:
        if draw.waiting:
            questions[id(draw.rendered)] |= {draw.waiting.key, *(one.key for one in draw.ahead())}
    suites = tuple(_of_suite(suite, questions) for suite in plan.suites)
    each = {suite.suite: suite for suite in sorted(suites, key=lambda suite: suite.differ or 0)}.values()
    return Forecast(
        cases=sum(suite.cases for suite in each),  # of several variants once
        differ=sum(suite.differ or 0 for suite in each)
        if any(suite.has_base for suite in plan.suites)
        else None,
        calls=len(expected),
        stored=stored,
        models=tuple(sorted(set(models))),
        cost=sum(known) if len(known) == len(expected) else None,
        tokens=(sum(one.input_tokens for one in expected), sum(one.output_tokens for one in expected)),
        unpriced=tuple(
            sorted({model for model, one in zip(models, expected, strict=True) if one.cost is None})
        ),
        suites=suites,
        currency=config.project.currency,
    )


def _of_suite(suite: SuitePlan, questions: Mapping[int, set[object]]) -> SuiteForecast:
    sent = {id(rendered) for planned in suite.cases for rendered in planned.sides}
    return SuiteForecast(
        suite=suite.suite.id,
        model=suite.variant.head if suite.variant else suite.model,
        cases=len(suite.cases),
        differ=sum(not planned.unchanged for planned in suite.cases) if suite.has_base else None,
        calls=sum(len(questions.get(one, ())) for one in sent),
    )


def refusal(found: Forecast, limits: Limits) -> Incomplete | None:
    """Why a plan may not be carried out: it is beyond the limits, or nobody knows its cost while that has a limit."""
    if limits.calls is not None and found.calls > limits.calls:
        return too_many_calls(found.calls, limits.calls)
    if limits.cost is None or not found.calls:
        return None
    at = "--max-cost, or [budget] max_cost"
    if found.cost is None:
        names = ", ".join(found.unpriced)
        return Incomplete(
            f"the cost of {plural(found.calls, 'call')} cannot be held to {limits.cost:g}: {names} has no price",
            slug="unknown-price",
            at=at,
            fix=f'write its price per million tokens: [prices."{found.unpriced[0]}"] in promptctl.toml',
        )
    if found.cost > limits.cost:
        return Incomplete(
            f"about {found.cost:.4g} {found.currency} are needed, and at most {limits.cost:g} are allowed",
            slug="budget",
            at=at,
            fix="allow more, or select fewer cases",
        )
    return None


def costing(config: Config) -> Callable[[Wanted, Output | None], float | None]:
    """What an answer to a question cost, or without one about what it will."""

    def cost_of(wanted: Wanted, output: Output | None) -> float | None:
        if output is None:
            return expect(wanted.request, wanted.model, config).cost
        return price(output, wanted.model, config)

    return cost_of


def expect(request: Request, model: str, config: Config) -> Expected:
    """About what one call takes: four letters or one Chinese character a token, images, and a short answer."""
    text = "".join(message.text for message in request.messages)
    if request.tools or request.response_format:
        text += canonical_json([request.tools, request.response_format])
    letters = len(text.encode("ascii", "ignore"))
    details = [image.detail for message in request.messages for image in message.images]
    tokens = letters / 4 + (len(text) - letters)
    tokens += sum(IMAGE_TOKENS["low" if detail == "low" else "high"] for detail in details)
    known = config.prices.get(model)
    cost = None
    if is_free(model, config):
        cost = 0.0
    elif known is not None:
        cost = (tokens * known.input + USUAL_ANSWER * known.output) / 1_000_000
    return Expected(round(tokens), USUAL_ANSWER, cost)
