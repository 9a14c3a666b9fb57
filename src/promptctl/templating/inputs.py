"""From the values of a case to what a template sees: required inputs, defaults, types, roles."""

import copy
from collections.abc import Mapping
from typing import Any

from promptctl.core.message import Image
from promptctl.core.prompt import InputSpec
from promptctl.core.words import did_you_mean, nearest
from promptctl.errors import PromptError
from promptctl.templating.images import checked_address
from promptctl.templating.message_inputs import message_value
from promptctl.templating.values import ImageValue, MessageValue, in_words


class MissingInput(PromptError):
    """A required input that no one gave. `name` says which, so that base can look into its own case."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        close = nearest(name, given)
        super().__init__(
            f"the prompt needs {name!r}, which is not given",
            slug="undefined-variable",
            fix=(f"did you mean {close!r}, which is given? " if close else "")
            + f"give {name!r} a value, or take it out of the template",
        )
        self.name = name


def bind(
    inputs: Mapping[str, InputSpec], values: Mapping[str, Any], *, strict: bool = True
) -> dict[str, Any]:
    """The variables of one rendering.

    Args:
        inputs: What the prompt declares.
        values: What the case gives, as plain data.
        strict: Whether a value that the prompt does not declare is an error; otherwise it is left out.

    Raises:
        MissingInput: A required value is absent.
        PromptError: A value of the wrong type, off the menu, or not declared.
    """
    if strict:
        for name in values:
            if name not in inputs:
                raise PromptError(
                    f"{name!r} is given, but the prompt declares no such input",
                    slug="undeclared-input",
                    fix=f"{did_you_mean(name, inputs)}declared are: {', '.join(inputs) or 'none'}",
                )
    bound = {}
    for name, spec in inputs.items():
        if name in values:
            bound[name] = _typed(spec, values[name])
        elif spec.has_default:
            bound[name] = _typed(spec, copy.deepcopy(spec.default))
        elif spec.optional:
            bound[name] = _absent(name)
        else:
            raise MissingInput(name, values)
    return bound


def _typed(spec: InputSpec, value: Any) -> Any:
    if value is None and spec.optional:
        return _absent(spec.name)
    if value is None and spec.has_default and spec.default is None:
        return None
    convert = _CONVERTERS[spec.type]
    typed = convert(spec, value)
    if spec.enum and typed not in spec.enum:
        raise PromptError(
            f"{spec.name!r} is {value!r}, which is not on its menu",
            slug="not-in-enum",
            fix=f"use one of: {', '.join(map(str, spec.enum))}",
        )
    return typed


def _absent(name: str) -> Any:
    from promptctl.templating.jinja_values import Absent  # only where something is rendered

    return Absent(name=name)


def _wrong(spec: InputSpec, value: Any, wanted: str) -> PromptError:
    return PromptError(
        f"{spec.name!r} must be {wanted}, not {in_words(value)}",
        slug="wrong-input-type",
        fix=f"give {wanted}, or change the type that the header declares",
    )


def _string(spec: InputSpec, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)  # the YAML reader makes a number only of what reads the same when written back
    raise _wrong(spec, value, "a string")


def _integer(spec: InputSpec, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong(spec, value, "an integer")


def _number(spec: InputSpec, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise _wrong(spec, value, "a number")


def _boolean(spec: InputSpec, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(spec, value, "true or false")


def _list(spec: InputSpec, value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise _wrong(spec, value, "a list")


def _object(spec: InputSpec, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _wrong(spec, value, "a mapping")


def _contexts(spec: InputSpec, value: Any) -> list[dict[str, Any]]:
    items = _list(spec, value)
    for item in items:
        if not isinstance(item, dict) or not {"id", "text"} <= set(item):
            raise _wrong(spec, value, "a list of {id, text}")
    return items


def _image(spec: InputSpec, value: Any) -> ImageValue:
    if isinstance(value, Image):  # a file, read where files are known
        return ImageValue(value)
    if not isinstance(value, str):
        raise _wrong(spec, value, "an image: a file, a data URI or an https address")
    return ImageValue(Image(url=checked_address(value, repr(spec.name))))


def _messages(spec: InputSpec, value: Any) -> list[MessageValue]:
    return [message_value(spec, item) for item in _list(spec, value)]


_CONVERTERS: dict[str, Any] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "list": _list,
    "object": _object,
    "contexts": _contexts,
    "messages": _messages,
    "image": _image,
}


def default_mistake(spec: InputSpec) -> PromptError | None:
    """What is wrong with a declared default: it must be of the input's own type, and on its menu."""
    if not spec.has_default:
        return None
    try:
        _typed(spec, copy.deepcopy(spec.default))
    except PromptError as error:
        return error
    return None
