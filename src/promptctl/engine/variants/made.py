"""An answer that is made of several draws, as a draw: judged like any other, with what all of them took and cost."""

from collections.abc import Callable, Sequence

from promptctl.core.exchange import Failure, Output, Source, Usage
from promptctl.core.record import replace
from promptctl.core.run import Part
from promptctl.engine.conversations import Draw

PriceOf = Callable[[Output, str], float | None]
"""What an answer of a model cost in the project's currency; None where that is not known."""


def cost_of(draw: Draw, price_of: PriceOf) -> float | None:
    """What all answers of a draw cost in the project's currency; None where that of one is not known."""
    costs = [
        price_of(one.answer, wanted.model)
        for wanted, one in zip(draw.questions, draw.answers, strict=False)
        if isinstance(one.answer, Output)
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def seconds_of(draw: Draw) -> float | None:
    """How long its answers took, one after the other; None where one does not say."""
    seconds = [reply.seconds for reply in draw.replies]
    known = [one for one in seconds if one is not None]
    return sum(known) if known and len(known) == len(seconds) else None


def cost_of_all(draws: Sequence[Draw], price_of: PriceOf) -> float | None:
    """What several draws cost together."""
    known = [cost for draw in draws if (cost := cost_of(draw, price_of)) is not None]
    return sum(known) if len(known) == len(draws) else None


def seconds_of_all(draws: Sequence[Draw]) -> float | None:
    """How long draws take that are asked for at the same time: as long as the slowest."""
    known = [seconds for draw in draws if (seconds := seconds_of(draw)) is not None]
    return max(known) if known and len(known) == len(draws) else None


class Made:
    """What `chosen` of `draws` said, as an answer that took and cost what all of them did.

    `revised`: the second prompt, whose answer stands in the place of the first. It has what a judge reads of a `Draw`.
    """

    def __init__(
        self,
        draws: Sequence[Draw],
        chosen: int,
        sample: int,
        price_of: PriceOf,
        *,
        failure: Failure | None = None,
        revised: str | None = None,
    ) -> None:
        self.draws, self.sample = tuple(draws), sample
        self._chosen, self._price_of, self._revised = draws[chosen], price_of, revised
        self.rendered = self._chosen.rendered
        self.failure = failure or next((draw.failure for draw in draws if draw.failure), None)

    @property
    def source(self) -> Source:
        """Where the answer came from that stands."""
        return self._chosen.source

    @property
    def replies(self) -> list[Output]:
        """What was said; the last with the seconds, the tokens and the cost of everything."""
        replies = self._chosen.replies
        if self._revised is not None and len(replies) == 2:
            replies = replies[1:]
        if not replies or self.failure:
            return replies
        cost = cost_of_all(self.draws, self._price_of)
        models = {wanted.model for draw in self.draws for wanted in draw.questions}
        # Tokens of two models have no price together: their sum would be taken for one.
        usage = self._usage() if cost is not None or len(models) == 1 else None
        seconds = seconds_of_all(self.draws)
        return [*replies[:-1], replace(replies[-1], seconds=seconds, cost=cost, usage=usage)]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All answers that it was made of, in order."""
        found = []
        for draw in self.draws:
            for number, reply in enumerate(draw.replies):
                last = number + 1 == len(draw.replies)
                second = self._revised is not None and number == 1
                found.append(
                    Part(
                        sample=draw.sample,
                        source=draw.answers[number].source,
                        answer=reply,
                        chosen=draw is self._chosen and last and not self.failure,
                        prompt=self._revised if second else None,
                    )
                )
        return tuple(found)

    def _usage(self) -> Usage | None:
        usages = [reply.usage or Usage() for draw in self.draws for reply in draw.replies]
        given = [usage.input for usage in usages if usage.input is not None]
        taken = [usage.output for usage in usages if usage.output is not None]
        return Usage(
            input=sum(given) if len(given) == len(usages) else None,
            output=sum(taken) if len(taken) == len(usages) else None,
        )
