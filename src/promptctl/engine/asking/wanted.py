"""One question: what is asked, which draw of it, and whom."""

from typing import Protocol

from promptctl.core.exchange import AnswerKey, Request
from promptctl.core.ports import Provider


class Asks(Protocol):
    """What knows a request by its digest and makes it when it is sent: a plan has thousands of them."""

    @property
    def digest(self) -> str:
        """The request's."""
        ...

    @property
    def request(self) -> Request:
        """The request."""
        ...


class Wanted:
    """One question: a request, which draw of it, and who is to answer. Equal keys are the same question.

    `model` is what the project calls the model: prices go by it.
    """

    __slots__ = ("_source", "key", "model", "provider", "sample")

    def __init__(self, source: Request | Asks, sample: int, provider: Provider, model: str = "") -> None:
        self._source = source
        self.sample, self.provider, self.model = sample, provider, model
        # A request computes its digest each time it is asked for it.
        self.key = AnswerKey(provider.kind, provider.base_url, source.digest, sample)

    @property
    def request(self) -> Request:
        """What is sent, made again each time unless it was given."""
        return self._source if isinstance(self._source, Request) else self._source.request
