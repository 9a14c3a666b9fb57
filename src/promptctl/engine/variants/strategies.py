"""Ways to make one answer of several draws, as an application might: by majority, by a check, by a second prompt."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from promptctl.core.case import Case
from promptctl.core.exchange import Answered, Failure
from promptctl.core.ports import Provider
from promptctl.core.record import replace
from promptctl.core.verdict import Opinion
from promptctl.engine.asking.wanted import Wanted
from promptctl.engine.check import Built
from promptctl.engine.conversations import Ahead, Draw
from promptctl.engine.grading import subject_of
from promptctl.engine.rendered import Rendered
from promptctl.engine.variants.made import Made, PriceOf
from promptctl.engine.variants.voting import majority
from promptctl.errors import PromptctlError

Who = Callable[[str], Provider]
"""Who answers for a model."""


class Strategy(Protocol):
    """How an answer is made. `each` is how many draws of the prompt it takes."""

    @property
    def each(self) -> int:
        """Draws of the prompt that one answer is made of."""
        ...

    def draw(self, case: Case, rendered: Rendered, sample: int, who: Who) -> Draw:
        """One of its draws, nothing of it answered."""
        ...

    def made(self, case: Case, draws: Sequence[Draw], sample: int, price_of: PriceOf) -> Made:
        """The answer that is made of `each` draws, all of which are over."""
        ...


class Majority(NamedTuple):
    """What most of the draws say."""

    each: int

    def draw(self, case: Case, rendered: Rendered, sample: int, who: Who) -> Draw:
        """A plain draw."""
        return Draw(rendered, sample, who(rendered.model))

    def made(self, case: Case, draws: Sequence[Draw], sample: int, price_of: PriceOf) -> Made:
        """The earliest of the draws that say it."""
        failed = any(draw.failure for draw in draws)
        return Made(
            draws, 0 if failed else majority(case, [draw.replies[-1] for draw in draws]), sample, price_of
        )


class Best(NamedTuple):
    """The first draw that passes a check; else the one with the best score, the earliest of equal ones.

    `checks` gives the check of each case. It never sees what a case expects: an application does not know that either.
    """

    each: int
    checks: Mapping[str, Built]

    def draw(self, case: Case, rendered: Rendered, sample: int, who: Who) -> Draw:
        """A plain draw."""
        return Draw(rendered, sample, who(rendered.model))

    def made(self, case: Case, draws: Sequence[Draw], sample: int, price_of: PriceOf) -> Made:
        """The best of the draws; a failure where the check broke."""
        if any(draw.failure for draw in draws):
            return Made(draws, 0, sample, price_of)
        check, blind = self.checks[case.id], replace(case, expected=None, rejected=None)
        try:
            opinions = [check.ask(subject_of(blind, draw.replies[-1])) for draw in draws]
        except Exception as error:  # whatever a check does, the run goes on and says so
            broken = Failure(
                kind="rejected", message=f'check "{check.name}" broke: {error}'[:300], sent=False
            )
            return Made(draws, 0, sample, price_of, failure=broken)
        return Made(draws, _best(opinions), sample, price_of)


def _best(opinions: Sequence[Opinion]) -> int:
    def worth(number: int) -> tuple[bool, float]:
        score = opinions[number].score
        return opinions[number].status == "pass", float("-inf") if score is None else score

    passed = next((n for n, opinion in enumerate(opinions) if opinion.status == "pass"), None)
    return max(range(len(opinions)), key=worth) if passed is None else passed


class Critique(NamedTuple):
    """The answer of a second prompt that is shown the first answer.

    `second` gives what is sent for a case once the first answer is there.
    """

    prompt: str
    second: Callable[[Case, str], Rendered]
    each: int = 1

    def draw(self, case: Case, rendered: Rendered, sample: int, who: Who) -> Draw:
        """A draw that goes on with the second prompt."""
        return _Revised(rendered, sample, who, lambda text: self.second(case, text))

    def made(self, case: Case, draws: Sequence[Draw], sample: int, price_of: PriceOf) -> Made:
        """The second answer; the first where there was no text to show."""
        return Made(draws, 0, sample, price_of, revised=self.prompt)


STAND_IN = "[The model's first answer]\n" + " ".join(f"answer.{word}" for word in range(1, 90))
"""Takes the place of an answer that nobody gave yet: as long as a usual one."""


class _Revised(Draw):
    """A draw whose answer is put into a second request. An answer without text, such as a tool call, stays as it is."""

    __slots__ = ("_second", "_who")

    def __init__(self, rendered: Rendered, sample: int, who: Who, second: Callable[[str], Rendered]) -> None:
        super().__init__(rendered, sample, who(rendered.model))
        self._second, self._who = second, who

    @property
    def turns(self) -> int:
        """The answer, and the second one."""
        return 2

    def take(self, answered: Answered) -> Wanted | None:
        """Takes an answer, and gives the question of the second prompt after the first."""
        self.answers.append(answered)
        answer = answered.answer
        if isinstance(answer, Failure):
            self.failure = answer
            return None
        if len(self.answers) == 2 or not answer.text.strip():
            return None
        try:
            rendered = self._second(answer.text)
        except PromptctlError as error:
            said = f"the second prompt cannot be rendered with the answer: {error}"
            self.failure = Failure(kind="rejected", message=said, sent=False)
            return None
        provider = self._who(rendered.model)
        self.questions.append(Wanted(rendered, self.sample, provider, rendered.model))
        return self.questions[-1]

    def ahead(self) -> list[Ahead]:
        """The second question, while the first waits."""
        waiting = self.waiting
        if waiting is None or self.answers:
            return []
        second = self._second(STAND_IN)
        return [Ahead((waiting.key, (second.digest,)), second.model, lambda: second.request)]
