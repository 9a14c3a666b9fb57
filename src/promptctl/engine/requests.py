"""From a case and a prompt version to the request that would be sent."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from promptctl.core.case import Case
from promptctl.core.exchange import Request
from promptctl.core.message import Message
from promptctl.core.prompt import InputSpec
from promptctl.core.routes import COMMON, Route, sent_params
from promptctl.core.words import plural
from promptctl.errors import PromptctlError, PromptError
from promptctl.store.documents import read_json
from promptctl.store.prompts import Prompts
from promptctl.templating.inputs import MissingInput


class Rendered(NamedTuple):
    """A request with its digest, and the model as the project calls it, which says who answers."""

    request: Request
    model: str
    digest: str


def case_values(case: Case, inputs: Mapping[str, InputSpec]) -> dict[str, Any]:
    """The values a case gives a prompt: its vars, `input` under the only required name, `contexts` under theirs.

    Raises:
        PromptError: there is no one input that `input` or `contexts` could fill.
    """
    values = dict(case.vars)
    if case.contexts:
        values[
            _only(case, inputs, "contexts", [n for n, spec in inputs.items() if spec.type == "contexts"])
        ] = list(case.contexts)
    if case.input is not None:
        required = [n for n, spec in inputs.items() if spec.required and n not in values]
        values[_only(case, inputs, "input", required or [n for n in inputs if n not in values])] = case.input
    return values


def _only(case: Case, inputs: Mapping[str, InputSpec], what: str, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    raise PromptError(
        f"{what} cannot be given: the prompt has {len(names)} inputs that it could fill",
        slug="ambiguous-input",
        at=case.place,
        fix=f"write vars: {{NAME: …}} instead; the prompt's inputs are {', '.join(inputs) or 'none'}",
    )


def render_case(prompts: Prompts, prompt_id: str, case: Case) -> tuple[Message, ...]:
    """The messages of a case under head's rules: every mistake names the template's place and the case's.

    Raises:
        PromptctlError: exit 2.
    """
    try:
        version = prompts.version(prompt_id)
        return prompts.render(prompt_id, case_values(case, version.inputs))
    except PromptctlError as error:
        raise at_case(error, case) from error


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


def render_base(prompts: Prompts, prompt_id: str, case: Case, own: Case | None) -> tuple[Message, ...] | None:
    """The messages of a case on base: head's values, base's own where base needs what head no longer has.

    Args:
        prompts: Base's.
        prompt_id: The prompt on base.
        case: The case as head has it.
        own: The case of the same id on base.

    Returns:
        None where base has no value for an input that it needs: the case is new then.

    Raises:
        PromptctlError: base's template cannot be rendered.
    """
    version = prompts.version(prompt_id)
    values = _lenient(case, version.inputs)
    fallback = _lenient(own, version.inputs) if own else {}
    for _ in range(len(version.inputs) + 1):
        try:
            return prompts.render(prompt_id, values, strict=False)
        except MissingInput as error:
            if error.name not in fallback:
                return None
            values[error.name] = fallback[error.name]
    return None


def _lenient(case: Case, inputs: Mapping[str, InputSpec]) -> dict[str, Any]:
    try:
        return case_values(case, inputs)
    except PromptError:
        return dict(case.vars)


def as_request(
    prompts: Prompts, prompt_id: str, messages: tuple[Message, ...], model: str, route: Route | None
) -> Rendered:
    """What would be sent: the served model's name, and parameters in the dialect of who answers."""
    params = prompts.header(prompt_id).params
    dialect = route.dialect if route else COMMON
    served = route.served_name if route else model
    request = Request(model=served, messages=messages, params=sent_params(params, dialect))
    return Rendered(request, model, request.digest)


def typed_values(values: Mapping[str, Any], inputs: Mapping[str, InputSpec]) -> dict[str, Any]:
    """Values from a command line, where everything is text: read as JSON for inputs that are not text."""
    typed = {}
    for name, value in values.items():
        spec = inputs.get(name)
        if isinstance(value, str) and spec is not None and spec.type != "string":
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
