"""What goes between us and the process that renders: JSON, with one form for each record. Nothing is ever pickled."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from promptctl.core.message import Image, Message
from promptctl.core.prompt import InputSpec
from promptctl.errors import FileError, Place, PromptctlError, PromptError
from promptctl.templating.closure import FileFacts, Reference
from promptctl.templating.inputs import MissingInput
from promptctl.templating.templates import Asked

NO_MEMORY = 12
"""The exit code of the process where there is not even memory left to say so."""

_KINDS: dict[str, type[PromptctlError]] = {
    kind.__name__: kind for kind in (PromptctlError, PromptError, FileError)
}
_LONGEST = 2000  # characters of a message: a template may put into one what it likes


def line(value: Any) -> bytes:
    """`value` as one line. ASCII, for that carries lone surrogates too."""
    return json.dumps(value).encode() + b"\n"


def body(*values: Any) -> bytes:
    """`values` as part of a line, for `with_head`. Raises TypeError or ValueError for what JSON has no word for."""
    return json.dumps(values)[1:].encode() + b"\n"


def with_head(number: int, kind: str, tree: int, body: bytes) -> bytes:
    """A line of all these values: what takes long to write is written once, and may be sent again."""
    return b'[%d,"%s",%d,%s' % (number, kind.encode(), tree, body)


def written_error(error: PromptctlError) -> list[Any]:
    """An error as `read_error` takes it."""
    at = [error.at.path, error.at.line, error.at.column] if isinstance(error.at, Place) else error.at
    missing = error.name if isinstance(error, MissingInput) else None
    kind = "PromptError" if missing is not None else type(error).__name__
    said = [text and text[:_LONGEST] for text in (error.message, error.fix)]
    return [kind, said[0], error.slug, at, said[1], missing]


def read_error(written: list[Any]) -> PromptctlError:
    """The error that was raised."""
    kind, message, slug, at, fix, missing = written
    place = Place(*at) if isinstance(at, list) else at
    if missing is None:
        return _KINDS[kind](message, slug=slug, at=place, fix=fix)
    error = MissingInput(missing, {})
    error.at, error.fix = place, fix
    return error


def written_messages(messages: Iterable[Message]) -> list[Any]:
    """Messages as `read_messages` takes them."""
    return [
        [one.role, _written_content(one.content), one.tool_calls, one.tool_call_id]
        if one.tool_calls or one.tool_call_id is not None
        else [one.role, _written_content(one.content)]
        for one in messages
    ]


def _written_content(content: str | tuple[str | Image, ...]) -> Any:
    if isinstance(content, str):
        return content
    return [part if isinstance(part, str) else [part.url, part.detail] for part in content]


def read_messages(written: list[Any]) -> tuple[Message, ...]:
    """The messages that were rendered."""
    return tuple(_message(*one) for one in written)


def _message(role: str, content: Any, calls: Iterable[Any] = (), call_id: str | None = None) -> Message:
    if not isinstance(content, str):
        content = tuple(
            part if isinstance(part, str) else Image(url=part[0], detail=part[1]) for part in content
        )
    return Message(role=role, content=content, tool_calls=tuple(calls), tool_call_id=call_id)


def written_values(values: Mapping[str, Any]) -> list[Any]:
    """The values of a case, and apart from them the pictures among them: no value can pass for one."""
    pictures = {name: [one.url, one.detail] for name, one in values.items() if isinstance(one, Image)}
    return [{name: None if name in pictures else one for name, one in values.items()}, pictures]


def read_values(written: list[Any]) -> dict[str, Any]:
    """The values of a case, in their order."""
    values: dict[str, Any] = written[0]
    for name, (url, detail) in written[1].items():
        values[name] = Image(url=url, detail=detail)
    return values


def written_prompt(asked: Asked, inputs: Mapping[str, InputSpec], *, strict: bool) -> list[Any]:
    """How a prompt is rendered, as `read_prompt` takes it."""
    specs = [
        [
            one.name,
            one.type,
            one.enum,
            [one.default] if one.has_default else [],
            one.optional,
            one.roles,
        ]
        for one in inputs.values()
    ]
    return [asked.name, asked.has_roles, asked.allow_empty, dict(asked.flags), specs, strict]


def read_prompt(written: list[Any]) -> tuple[Asked, dict[str, InputSpec], bool]:
    """What is asked, the inputs by name, and whether others are an error."""
    *asked, specs, strict = written
    inputs = {
        name: InputSpec(
            name=name,
            type=kind,
            enum=tuple(enum),
            optional=optional,
            roles=tuple(roles),
            **({"default": default[0]} if default else {}),
        )
        for name, kind, enum, default, optional, roles in specs
    }
    return Asked(*asked), inputs, strict


def written_facts(facts: FileFacts) -> list[Any]:
    """Facts as `read_facts` takes them."""
    return [
        [[one.name, one.line, one.optional] for one in facts.references],
        sorted(facts.undeclared),
        sorted(facts.assigned),
        facts.first_use,
        facts.has_roles,
        facts.nested_roles,
        facts.system_inputs,
        facts.cut_images,
    ]


def read_facts(written: list[Any]) -> FileFacts:
    """What the syntax tree of a file says."""
    references, undeclared, assigned, first_use, has_roles, nested, system, cut = written
    return FileFacts(
        references=tuple(Reference(*one) for one in references),
        undeclared=frozenset(undeclared),
        assigned=frozenset(assigned),
        first_use=first_use,
        has_roles=has_roles,
        nested_roles=tuple((number, inside) for number, inside in nested),
        system_inputs=tuple((number, name) for number, name in system),
        cut_images=tuple(cut),
    )
