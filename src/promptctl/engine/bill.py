"""What a run asked and what that cost."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from promptctl.core.config import Config, Price
from promptctl.core.digest import canonical_json
from promptctl.core.exchange import Answered, Output, Request, Source, Usage
from promptctl.core.record import replace
from promptctl.core.result import Calls, Sent, Tokens
from promptctl.engine.conversations import Draw, ahead
from promptctl.engine.load import routed
from promptctl.engine.plan import Plan

FREE = ("embedded", "scripted")
"""Kinds of provider that answer on this machine: their price is known to be nothing."""


USUAL_ANSWER = 100
"""Tokens that an answer is taken to have before it is there."""
IMAGE_TOKENS = {"low": 85, "high": 1000}
"""Tokens that an image is taken to have, by the detail that is asked for: what a middling picture costs at OpenAI."""


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


def priced(output: Output, model: str, config: Config) -> Output:
    """The answer with what it cost, for the check `cost`; as it is where that cannot be known."""
    return replace(output, cost=price(output, model, config))


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


def forecast(plan: Plan, waiting: Sequence[Draw], stored: int, config: Config) -> Forecast:
    """What a run is about to ask, before it asks.

    Args:
        plan: What is compared.
        waiting: The draws that nothing stored answers, or not to their end.
        stored: How many questions something stored answers.
        config: For prices.
    """
    cases = [planned for suite in plan.suites for planned in suite.cases]
    asked = {
        draw.waiting.key: (draw.waiting.request, draw.rendered.model) for draw in waiting if draw.waiting
    }
    models = {model for _, model in asked.values()}
    calls = [*asked.values()]
    for model in models:
        later = ahead(draw for draw in waiting if draw.rendered.model == model)
        calls += [(request, model) for request in later]
    costs = [_guess(request, model, config) for request, model in calls]
    known = [cost for cost in costs if cost is not None]
    return Forecast(
        cases=len(cases),
        differ=sum(not planned.unchanged for planned in cases)
        if any(suite.has_base for suite in plan.suites)
        else None,
        calls=len(calls),
        stored=stored,
        models=tuple(sorted(models)),
        cost=sum(known) if len(known) == len(costs) else None,
    )


def _guess(request: Request, model: str, config: Config) -> float | None:
    """About what one call will cost: four letters or one Chinese character a token, images, and a short answer."""
    route = routed(config, model)
    if route and route.kind in FREE:
        return 0.0
    known = config.prices.get(model)
    if known is None:
        return None
    text = "".join(message.text for message in request.messages)
    if request.tools or request.response_format:
        text += canonical_json([request.tools, request.response_format])
    letters = sum(character.isascii() for character in text)
    details = [image.detail for message in request.messages for image in message.images]
    tokens = letters / 4 + (len(text) - letters)
    tokens += sum(IMAGE_TOKENS["low" if detail == "low" else "high"] for detail in details)
    return (tokens * known.input + USUAL_ANSWER * known.output) / 1_000_000
