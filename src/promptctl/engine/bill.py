"""What a run asked and what that cost."""

from collections.abc import Iterable

from promptctl.core.config import Config, Price
from promptctl.core.exchange import Answered, Output, Source, Usage
from promptctl.core.result import Calls, Sent, Tokens
from promptctl.engine.load import routed

FREE = ("embedded", "scripted")
"""Kinds of provider that answer on this machine: their price is known to be nothing."""


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
