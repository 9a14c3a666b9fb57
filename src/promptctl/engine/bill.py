"""What a run asked and what that cost."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from promptctl.core.config import Config, Price
from promptctl.core.exchange import Answered, Output, Source, Usage
from promptctl.core.result import Calls, Sent, Tokens
from promptctl.engine.ask import Wanted
from promptctl.engine.load import routed
from promptctl.engine.plan import Plan, PlannedCase
from promptctl.engine.requests import Rendered

FREE = ("embedded", "scripted")
"""Kinds of provider that answer on this machine: their price is known to be nothing."""


USUAL_ANSWER = 100
"""Tokens that an answer is taken to have before it is there."""


def bill(used: Iterable[tuple[str, Answered | None]], *, saved_equal: int, config: Config) -> Calls:
    """The calls of a run.

    Args:
        used: Per question, the model as the project calls it and the answer; None where nothing was asked.
        saved_equal: Draws that base did not need because head sends the same.
        config: For prices; a model without one makes the cost unknown, never 0.
    """
    sent = reused = tokens_in = tokens_out = retried = 0
    cost: float = 0.0
    unknown: set[str] = set()
    for model, answered in used:
        if answered is None:
            continue
        if answered.source is not Source.ASKED:
            reused += 1
            continue
        if not isinstance(answered.answer, Output):
            sent += answered.answer.sent
            continue
        sent += 1
        output = answered.answer
        retried += output.attempts - 1
        usage = output.usage or Usage()
        tokens_in += usage.input or 0
        tokens_out += usage.output or 0
        paid = price(output, model, config)
        if paid is None:
            unknown.add(model)
        else:
            cost += paid
    return Calls(
        prompt=Sent(sent=sent, reused=reused, saved_equal=saved_equal),
        retried=retried,
        tokens=Tokens(input=tokens_in, output=tokens_out),
        cost=None if unknown else round(cost, 6),
        currency=config.project.currency,
        cost_unknown_models=tuple(sorted(unknown)),
    )


def price(output: Output, model: str, config: Config) -> float | None:
    """What one answer cost in the project's currency; None where it cannot be known."""
    if output.cost is not None:
        return output.cost
    route = routed(config, model)
    if route and route.kind in FREE:
        return 0.0
    known: Price | None = config.prices.get(model)
    usage = output.usage
    if known is None or usage is None or usage.input is None or usage.output is None:
        return None
    return (usage.input * known.input + usage.output * known.output) / 1_000_000


class Forecast(NamedTuple):
    """What a run is about to ask. `differ` is None without a base.

    `cost` is an estimate in the project's currency, None where it is not known.
    """

    cases: int
    differ: int | None
    calls: int
    stored: int
    models: tuple[str, ...]
    cost: float | None


def forecast(plan: Plan, missing: Collection[Wanted], stored: int, config: Config) -> Forecast:
    """What a run is about to ask, before it asks.

    Args:
        plan: What is compared.
        missing: The questions that nothing stored answers.
        stored: How many questions something stored answers.
        config: For prices.
    """
    cases = [planned for suite in plan.suites for planned in suite.cases]
    models = {wanted.key.request: rendered.model for wanted, rendered in _sent(cases, missing)}
    costs = [_guess(wanted, models[wanted.key.request], config) for wanted in missing]
    known = [cost for cost in costs if cost is not None]
    return Forecast(
        cases=len(cases),
        differ=sum(not planned.unchanged for planned in cases)
        if any(suite.has_base for suite in plan.suites)
        else None,
        calls=len(missing),
        stored=stored,
        models=tuple(sorted(set(models.values()))),
        cost=sum(known) if len(known) == len(costs) else None,
    )


def _sent(cases: list[PlannedCase], missing: Collection[Wanted]) -> Iterable[tuple[Wanted, Rendered]]:
    by_digest = {rendered.digest: rendered for planned in cases for rendered in planned.sides}
    return ((wanted, by_digest[wanted.key.request]) for wanted in missing)


def _guess(wanted: Wanted, model: str, config: Config) -> float | None:
    """About what one call will cost: four letters or one Chinese character a token, and a short answer."""
    route = routed(config, model)
    if route and route.kind in FREE:
        return 0.0
    known = config.prices.get(model)
    if known is None:
        return None
    text = "".join(message.text for message in wanted.request.messages)
    letters = sum(character.isascii() for character in text)
    tokens = letters / 4 + (len(text) - letters)
    return (tokens * known.input + USUAL_ANSWER * known.output) / 1_000_000
