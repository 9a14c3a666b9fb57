"""From a case and a prompt version to the messages that would be sent."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from promptctl.core.case import Case
from promptctl.core.message import Message
from promptctl.core.prompt import InputSpec
from promptctl.core.words import plural
from promptctl.engine.filling import Filling, fill
from promptctl.engine.images import with_case_images
from promptctl.engine.rendered import Later, Opening
from promptctl.errors import PromptctlError, PromptError
from promptctl.store.documents import read_json
from promptctl.store.prompts import Prompts
from promptctl.store.trees import Tree
from promptctl.templating.inputs import MissingInput
from promptctl.templating.templates import Pending

AHEAD = 32
"""Cases whose rendering is under way at a time; pictures may make each of them large."""

T = TypeVar("T")


def stand_in(turn: int) -> str:
    """What takes the place of a reply that nobody gave yet: as long as a usual one, no part of it like another.

    A template that shortens or changes replies then shows what it does; one that looks for words in them does not.
    """
    return f"[The model's reply {turn}]\n" + " ".join(f"{turn}.{word}" for word in range(1, 90))


def begin_case(prompts: Prompts, prompt_id: str, case: Case) -> Callable[[], Opening]:
    """Begins to render a case under head's rules; what is returned gives the messages, or raises.

    Where another process renders, the next case may be begun before this one is asked for.

    Raises:
        PromptctlError: when called (exit 2): every mistake names the template's place and the case's.
    """
    try:
        filling = _filled(case, prompts.version(prompt_id).inputs, prompts.tree)
        first = prompts.begin(prompt_id, filling.values)
    except PromptctlError as error:
        return _raising(at_case(error, case), error)

    def opening() -> Opening:
        try:
            return _opening(case, filling, first, partial(prompts.render, prompt_id))
        except PromptctlError as error:
            raise at_case(error, case) from error

    return opening


def ahead(begun: Iterable[T]) -> Iterator[T]:
    """The same, taken some way ahead: while one case is worked on, the renderings of the next are under way."""
    under_way: deque[T] = deque()
    for one in begun:
        under_way.append(one)
        if len(under_way) > AHEAD:
            yield under_way.popleft()
    yield from under_way


def render_case(prompts: Prompts, prompt_id: str, case: Case) -> Opening:
    """The messages of a case under head's rules, at once. Raises as `begin_case`."""
    return begin_case(prompts, prompt_id, case)()


def _raising(error: PromptctlError, cause: PromptctlError | None = None) -> Callable[[], Any]:
    """An error that waits for whoever asks."""

    def ask() -> Any:
        raise error from cause

    return ask


def _filled(case: Case, inputs: Mapping[str, InputSpec], tree: Tree, *, strict: bool = True) -> Filling:
    """What a case gives, with the pictures that it names in place of their paths."""
    filling = fill(case, inputs, strict=strict)
    return filling._replace(values=with_case_images(filling.values, case, inputs, tree))


def values_of(prompts: Prompts, prompt_id: str, case: Case) -> dict[str, Any]:
    """The values that a case gives a prompt for its first request, by input name.

    Raises:
        PromptctlError: as `begin_case`.
    """
    return _filled(case, prompts.version(prompt_id).inputs, prompts.tree).values


def _opening(
    case: Case, filling: Filling, begun: Pending, render: Callable[[Mapping[str, Any]], tuple[Message, ...]]
) -> Opening:
    first = begun()
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


def begin_base(
    prompts: Prompts, prompt_id: str, case: Case, own: Case | None, files: Tree
) -> Callable[[], Opening | None]:
    """Begins to render a case on base: head's values, base's own where base needs what head no longer has.

    Args:
        prompts: Base's.
        prompt_id: The prompt on base.
        case: The case as head has it.
        own: The case of the same id on base.
        files: Head's, for the pictures that `case` names.

    Returns:
        What gives the messages; None where base has no value for an input that it needs: the case is new then.

    Raises:
        PromptctlError: when called: base's template cannot be rendered.
    """
    try:
        version = prompts.version(prompt_id)
        filling = _filled(case, version.inputs, prompts.tree if case is own else files, strict=False)
        fallback = {}
        if own:
            again = filling if own is case else _filled(own, version.inputs, prompts.tree, strict=False)
            fallback = again.values
        first = prompts.begin(prompt_id, filling.values, strict=False)
    except PromptctlError as error:
        return _raising(error)

    def opening() -> Opening | None:
        render = partial(prompts.render, prompt_id, strict=False)
        given, begun = filling, first
        for _ in range(len(version.inputs) + 1):
            try:
                return _opening(case, given, begun, render)
            except MissingInput as error:
                if error.name not in fallback:
                    return None
                given = given._replace(values={**given.values, error.name: fallback[error.name]})
                begun = prompts.begin(prompt_id, given.values, strict=False)
        return None

    return opening


def render_base(
    prompts: Prompts, prompt_id: str, case: Case, own: Case | None, files: Tree
) -> Opening | None:
    """The messages of a case on base, at once. Arguments, result and errors as those of `begin_base`."""
    return begin_base(prompts, prompt_id, case, own, files)()


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
