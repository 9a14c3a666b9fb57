"""Draws of a case: one question, or in a conversation those that follow from the model's own replies."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import ClassVar, NamedTuple

from promptctl.core.exchange import Answered, AnswerKey, Failure, Output, Request, Source
from promptctl.core.ports import Provider
from promptctl.core.record import replace
from promptctl.core.run import Part
from promptctl.engine.asking.wanted import Wanted
from promptctl.engine.grading import why_over
from promptctl.engine.rendered import Later, Rendered
from promptctl.engine.requests import stand_in
from promptctl.errors import PromptctlError

# Answers that cannot be drawn again say the most about where a conversation came from.
_TELLING = (Source.IMPORTED, Source.RECORDED, Source.ASKED, Source.STORE)


def next_request(rendered: Rendered, replies: Sequence[Output]) -> Request | None:
    """What is sent after these replies; None where nothing more is.

    Raises:
        PromptctlError: the prompt cannot be rendered with these replies.
    """
    later = rendered.later
    if later is None or len(replies) >= len(later.says) or why_over(replies[-1], later.finished):
        return None
    return replace(rendered.sender.blank, messages=later.messages([reply.text for reply in replies]))


def digests_along(rendered: Rendered, reply: Callable[[str], Output | None]) -> Iterator[str]:
    """The digests of the requests of a conversation, for as long as `reply` knows what came back.

    Raises:
        PromptctlError: as `next_request`.
    """
    digest = rendered.digest
    replies: list[Output] = []
    yield digest
    while output := reply(digest):
        replies.append(output)
        request = next_request(rendered, replies)
        if request is None:
            return
        digest = request.digest
        yield digest


class Ahead(NamedTuple):
    """A question that may follow, of a model as the project calls it. Those with equal keys are one."""

    key: tuple[AnswerKey, tuple[str, ...]]
    model: str
    request: Callable[[], Request]


class Draw:
    """One sample of what a side sends for a case. It goes on by `take`, and is over when it waits for nothing."""

    __slots__ = ("answers", "failure", "questions", "rendered", "sample")
    parts: ClassVar[tuple[Part, ...]] = ()

    def __init__(self, rendered: Rendered, sample: int, provider: Provider) -> None:
        self.rendered, self.sample = rendered, sample
        self.questions = [Wanted(rendered, sample, provider, rendered.model)]
        self.answers: list[Answered] = []
        self.failure: Failure | None = None

    @property
    def waiting(self) -> Wanted | None:
        """The question whose answer is not there yet."""
        return self.questions[-1] if len(self.answers) < len(self.questions) else None

    @property
    def replies(self) -> list[Output]:
        """What the model said so far, in order."""
        return [one.answer for one in self.answers if isinstance(one.answer, Output)]

    @property
    def turns(self) -> int:
        """How many questions there are when nothing ends the conversation early."""
        return 1 + len(self.rendered.ahead)

    @property
    def source(self) -> Source:
        """Where its answers came from; of several places the one that says the most."""
        sources = {answered.source for answered in self.answers}
        return next(source for source in _TELLING if source in sources)

    def take(self, answered: Answered) -> Wanted | None:
        """Takes the answer to the question it waits for, and gives the next one."""
        self.answers.append(answered)
        if isinstance(answered.answer, Failure):
            self.failure = answered.answer
            return None
        first = self.questions[0]
        try:
            request = next_request(self.rendered, self.replies)
        except PromptctlError as error:  # a template that cannot take what the model said
            said = f"the prompt cannot be rendered with the replies so far: {error}"
            self.failure = Failure(kind="rejected", message=said, sent=False)
            return None
        if request is None:
            return None
        self.questions.append(Wanted(request, first.sample, first.provider, model=first.model))
        return self.questions[-1]

    def ahead(self) -> Iterable[Ahead]:
        """What may follow once the question that it waits for is answered: each request after stand-ins for replies."""
        question, rendered, done = self.waiting, self.rendered, len(self.answers)
        if question is None or rendered.later is None:
            return
        for turn in range(done + 1, self.turns):
            request = partial(_expected, rendered, rendered.later, turn)
            yield Ahead((question.key, rendered.ahead[done:turn]), rendered.model, request)


class Draws:
    """Draws under way, by the question each waits for: draws with equal questions go on together.

    `over` is told each that waits for nothing more.
    """

    def __init__(self, draws: Iterable[Draw], over: Callable[[Draw], None] = lambda _draw: None) -> None:
        self._over = over
        self._waiting: defaultdict[AnswerKey, list[Draw]] = defaultdict(list)
        self.all = list(draws)
        for draw in self.all:
            self._wait(draw)

    @property
    def questions(self) -> list[Wanted]:
        """What they wait for; nothing for those that are over."""
        return [question for draw in self.all if (question := draw.waiting)]

    def follow(self, wanted: Wanted, answered: Answered) -> list[Wanted]:
        """The questions that follow from an answer."""
        draws = self._waiting.pop(wanted.key, [])
        further = []
        for draw in draws:
            question = draw.take(answered)
            if question is None:
                self._over(draw)
            else:
                self._wait(draw)
                further.append(question)
        return further

    def ahead(self) -> int:
        """The most questions that may follow from those."""
        return len(ahead(self.all))

    def _wait(self, draw: Draw) -> None:
        if question := draw.waiting:
            self._waiting[question.key].append(draw)


def settle(draws: Iterable[Draw], answers: dict[AnswerKey, Answered]) -> None:
    """Gives every draw the answers it still waits for, as far as they are there."""
    for draw in draws:
        while (question := draw.waiting) and question.key in answers:
            draw.take(answers[question.key])


def _expected(rendered: Rendered, later: Later, turn: int) -> Request:
    stand_ins = [stand_in(number + 1) for number in range(turn)]
    return replace(rendered.sender.blank, messages=later.messages(stand_ins))


def ahead(draws: Iterable[Draw]) -> list[Ahead]:
    """What may follow once the questions that draws wait for are answered.

    Requests that are equal after equal replies are one, so their number is the most that will be asked.
    """
    found: dict[tuple[AnswerKey, tuple[str, ...]], Ahead] = {}
    for draw in draws:
        for one in draw.ahead():
            found.setdefault(one.key, one)
    return list(found.values())
