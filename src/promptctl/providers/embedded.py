"""The models that ship with promptctl: small in-context learners that answer from the prompt itself.

They need no key and no network. They are not language models, and say so when they are asked something they
cannot do. What they do is read the prompt: its worked examples, its list of labels, its passages, its stated
abstention phrase, its schema. So editing a prompt changes their answers, for better and for worse, as it does
with the real thing.

    nearest-example   the label of the worked example nearest to the last input; without examples, the allowed
                      label whose words occur in it
    nearest-passage   the sentence of the given passages nearest to the question, or the abstention phrase
    pick-fields       every key of the prompt's JSON schema, filled from the last input, else null
"""

from collections.abc import Callable, Mapping, Sequence

from promptctl.core.exchange import Answer, Failure, Output, Request
from promptctl.core.message import Message

# Each model is imported when it answers: a run that is answered from the store needs none of them.


def _nearest_example(request: Request) -> str:
    from promptctl.providers import embedded_examples

    return embedded_examples.answer(spoken(request))


def _nearest_passage(request: Request) -> str:
    from promptctl.providers import embedded_passages

    return embedded_passages.answer(spoken(request))


def _pick_fields(request: Request) -> str:
    from promptctl.providers import embedded_fields

    return embedded_fields.answer(spoken(request), request.response_format)


MODELS: Mapping[str, Callable[[Request], str]] = {
    "nearest-example": _nearest_example,
    "nearest-passage": _nearest_passage,
    "pick-fields": _pick_fields,
}


class EmbeddedProvider:
    """Answers from the prompt, alike for ever. Token counts are None: nothing here has tokens."""

    kind = "embedded"
    base_url = ""
    deterministic = True
    concurrency = 64  # computation gains nothing from it, but answers that end together are stored together

    def prepare(self) -> None:
        """Nothing can be missing."""

    def answer(self, request: Request) -> Output:
        """What the model named in `request` reads out of its messages.

        Raises:
            KeyError: no such model. Nothing else, whatever the messages hold.
        """
        return Output(text=MODELS[request.model](request), model=request.model)

    async def ask(self, request: Request, sample: int) -> Answer:
        """The same answer for every `sample`; a Failure for a model that does not exist."""
        if request.model not in MODELS:
            known = ", ".join(MODELS)
            message = f"the embedded provider has no model {request.model!r}; it has {known}"
            return Failure(kind="rejected", message=message, fatal=True)
        return self.answer(request)

    async def close(self) -> None:
        """Nothing was opened."""


def spoken(request: Request) -> Sequence[Message]:
    """The messages that say something, in order."""
    return [message for message in request.messages if message.text.strip()]
