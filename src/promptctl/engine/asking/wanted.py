"""One question: what is asked, which draw of it, and whom."""

from dataclasses import dataclass, field

from promptctl.core.exchange import AnswerKey, Request
from promptctl.core.ports import Provider


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question: a request, which draw of it, and who is to answer. Equal keys are the same question."""

    request: Request
    sample: int
    provider: Provider
    digest: str = ""
    key: AnswerKey = field(init=False)

    def __post_init__(self) -> None:
        """The digest is computed once, here or by who made the request: it costs more than looking it up."""
        provider = self.provider
        digest = self.digest or self.request.digest
        object.__setattr__(self, "key", AnswerKey(provider.kind, provider.base_url, digest, self.sample))
