"""From a case and a prompt version to the request that would be sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.core.case import Case
from promptctl.core.exchange import Request
from promptctl.core.message import Message
from promptctl.core.prompt import InputSpec
from promptctl.core.record import replace
from promptctl.core.routes import COMMON, Route, sent_format, sent_params
from promptctl.core.words import plural
from promptctl.engine.filling import Filling, fill
from promptctl.engine.images import with_case_images
from promptctl.engine.output_check import format_note
from promptctl.errors import PromptctlError, PromptError
from promptctl.store.documents import read_json
from promptctl.store.prompts import Prompts
from promptctl.store.trees import Tree
from promptctl.templating.inputs import MissingInput


class Later(NamedTuple):
    """How a conversation goes on after its first reply.

    `says` is what the user says, from the first turn on. `messages` gives those that are sent after these replies, at
    least one. `finished` says whether a reply that did not end by itself is the last.
    """

    says: tuple[str, ...]
    messages: Callable[[Sequence[str]], tuple[Message, ...]]
    finished: bool = True


class Rendered(NamedTuple):
    """A request with its digest, and the model as the project calls it, which says who answers.

    In a conversation it is the first one; `later` says how the others follow from the replies, and `ahead` are their
    digests where stand-ins take the place of the replies. `note` says what the server cannot do that the prompt wants.
    """

    request: Request
    model: str
    digest: str
    later: Later | None = None
    ahead: tuple[str, ...] = ()
    note: str | None = None

    @property
    def sends(self) -> tuple[str, ...]:
        """What is sent: equal where every request is, given equal replies."""
        return (self.digest, *self.ahead)


class Opening(NamedTuple):
    """The messages of a case's first request; in a conversation also how it goes on, and those after stand-ins."""

    messages: tuple[Message, ...]
    later: Later | None = None
    ahead: tuple[tuple[Message, ...], ...] = ()


def stand_in(turn: int) -> str:
    """What takes the place of a reply that nobody gave yet: as long as a usual one, no part of it like another.

    A template that shortens or changes replies then shows what it does; one that looks for words in them does not.
    """
    return f"[The model's reply {turn}]\n" + " ".join(f"{turn}.{word}" for word in range(1, 90))


def render_case(prompts: Prompts, prompt_id: str, case: Case) -> Opening:
    """The messages of a case under head's rules: every mistake names the template's place and the case's.

    Raises:
        PromptctlError: exit 2.
    """
    try:
        filling = _filled(case, prompts.version(prompt_id).inputs, prompts.tree)
        return _opening(case, filling, lambda values: prompts.render(prompt_id, values))
    except PromptctlError as error:
        raise at_case(error, case) from error


def _filled(case: Case, inputs: Mapping[str, InputSpec], tree: Tree, *, strict: bool = True) -> Filling:
    """What a case gives, with the pictures that it names in place of their paths."""
    filling = fill(case, inputs, strict=strict)
    return filling._replace(values=with_case_images(filling.values, case, inputs, tree))


def _opening(
    case: Case, filling: Filling, render: Callable[[Mapping[str, Any]], tuple[Message, ...]]
) -> Opening:
    first = render(filling.values)
    if not case.turns:
        return Opening(first)
    says = tuple(turn.say for turn in case.turns)

    def messages(replies: Sequence[str]) -> tuple[Message, ...]:
        return render(filling.after(says, replies)) if filling.history else _continued(first, says, replies)

    count = range(1, len(says))
    ahead = tuple(messages([stand_in(turn + 1) for turn in range(number)]) for number in count)
    return Opening(first, Later(says, messages, case.finished), ahead)


def _continued(
    first: tuple[Message, ...], says: Sequence[str], replies: Sequence[str]
) -> tuple[Message, ...]:
    """A conversation as a chat application goes on with it, where the prompt itself takes no history."""
    later = zip(replies, says[1:], strict=False)
    pairs = ((Message(role="assistant", content=a), Message(role="user", content=b)) for a, b in later)
    return (*first, *(message for pair in pairs for message in pair))


def at_case(error: PromptctlError, case: Case) -> PromptctlError:
    """The same error, which also names the case that met it."""
    if case.place is None or str(case.place) in str(error.at):
        return error
    at = f"{error.at}, case {case.id} at {case.place}" if error.at else case.place
    return PromptError(error.message, slug=error.slug, at=at, fix=error.fix)


def with_others(error: PromptctlError, others: int) -> PromptctlError:
    """The error, saying how many more cases meet it."""
    if not others:
        return error
    more = f"{error.message} (and in {plural(others, 'more case')})"
    return PromptError(more, slug=error.slug, at=error.at, fix=error.fix)


def render_base(
    prompts: Prompts, prompt_id: str, case: Case, own: Case | None, files: Tree
) -> Opening | None:
    """The messages of a case on base: head's values, base's own where base needs what head no longer has.

    Args:
        prompts: Base's.
        prompt_id: The prompt on base.
        case: The case as head has it.
        own: The case of the same id on base.
        files: Head's, for the pictures that `case` names.

    Returns:
        None where base has no value for an input that it needs: the case is new then.

    Raises:
        PromptctlError: base's template cannot be rendered.
    """
    version = prompts.version(prompt_id)
    filling = _filled(case, version.inputs, prompts.tree if case is own else files, strict=False)
    fallback = _filled(own, version.inputs, prompts.tree, strict=False).values if own else {}
    for _ in range(len(version.inputs) + 1):
        try:
            return _opening(case, filling, lambda values: prompts.render(prompt_id, values, strict=False))
        except MissingInput as error:
            if error.name not in fallback:
                return None
            filling = filling._replace(values={**filling.values, error.name: fallback[error.name]})
    return None


def as_request(
    prompts: Prompts, prompt_id: str, messages: tuple[Message, ...], model: str, route: Route | None
) -> Rendered:
    """What would be sent: the served model's name, parameters and answer's format in the dialect of who answers."""
    version = prompts.version(prompt_id)
    dialect = route.dialect if route else COMMON
    request = Request(
        model=route.served_name if route else model,
        messages=messages,
        params=sent_params(version.header.params, dialect),
        tools=version.tools,
        response_format=sent_format(version.response_format, dialect),
    )
    return Rendered(request, model, request.digest, note=format_note(version, route))


def going_on(rendered: Rendered, opening: Opening) -> Rendered:
    """The first request of a conversation with those that follow from the replies; any other as it is."""
    ahead = tuple(replace(rendered.request, messages=messages).digest for messages in opening.ahead)
    return rendered._replace(later=opening.later, ahead=ahead)


def typed_values(values: Mapping[str, Any], inputs: Mapping[str, InputSpec]) -> dict[str, Any]:
    """Values from a command line, where everything is text: read as JSON for inputs that are not text."""
    typed = {}
    for name, value in values.items():
        spec = inputs.get(name)
        if isinstance(value, str) and spec is not None and spec.type not in ("string", "image"):
            try:
                value = read_json(value, f"--var {name}").value
            except PromptctlError:
                raise PromptError(
                    f"{name!r} must be JSON, because it is an input of type {spec.type}",
                    slug="wrong-input-type",
                    at=f"--var {name}",
                    fix=f"write --var {name}='{_EXAMPLES.get(spec.type, '1')}'",
                ) from None
        typed[name] = value
    return typed


_EXAMPLES = {
    "boolean": "true",
    "list": '["a", "b"]',
    "object": '{"key": "value"}',
    "messages": '[{"role": "user", "content": "…"}]',
    "contexts": '[{"id": "a", "text": "…"}]',
}
