"""Outputs that were produced elsewhere, as `promptctl answers import` takes them: one JSON object a line.

{"case": "late-refund-3f9c2a", "output": "Within 14 days.", "sample": 0, "usage": {"input": 61, "output": 9}}

The line of a conversation has the earlier replies beside its last one, texts or objects with the same keys:
{"case": "two-questions", "replies": ["Within 14 days."], "output": "You are welcome."}
"""

import json
from typing import Any, NamedTuple

from promptctl.core.exchange import FIRST_REDRAW, Output, Usage
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.fields import Fields
from promptctl.store.json_documents import JsonLine, read_json_lines
from promptctl.store.places import in_words

LAST_SAMPLE = FIRST_REDRAW - 1  # the others are redraws and canaries, which nobody can produce elsewhere


class AnswerLine(NamedTuple):
    """One output, the case and the sample index that it is for, and where it stands; `replies` came before it."""

    case: str
    sample: int
    output: Output
    place: Place
    replies: tuple[Output, ...] = ()


def read_answer_lines(data: bytes, path: str) -> tuple[list[AnswerLine], list[PromptctlError]]:
    """The lines that are right, in the file's order, and a mistake for each that is not.

    Args:
        path: The file as the user would type it, for messages.

    Raises:
        FileError: the file as a whole cannot be read, because it is UTF-16.
    """
    raw, errors = _parsed(data, path)
    lines: list[AnswerLine] = []
    seen: dict[tuple[str, int], int] = {}
    for line in raw:
        mistakes: list[PromptctlError] = []
        read = _line(line, mistakes)
        errors += mistakes
        if read is None or mistakes:
            continue
        first = seen.setdefault((read.case, read.sample), line.line)
        if first == line.line:
            lines.append(read)
            continue
        errors.append(
            FileError(
                f"case {read.case!r}, sample {read.sample} stands on line {first} already",
                slug="duplicate-answer",
                at=line.place,
                fix='keep one of the two, or number them: "sample": 0, "sample": 1',
            )
        )
    return lines, errors


def _parsed(data: bytes, path: str) -> tuple[list[JsonLine], list[PromptctlError]]:
    """What can be read although other lines cannot."""
    try:
        return read_json_lines(data, path), []
    except PromptctlError as error:
        errors = list(getattr(error, "errors", (error,)))
    parts = data.split(b"\n")
    bad = {error.at.line for error in errors if isinstance(error.at, Place)}
    kept = b"\n".join(b"" if number in bad else part for number, part in enumerate(parts, start=1))
    return (read_json_lines(kept, path), errors) if kept.strip() else ([], errors)


def _line(line: JsonLine, errors: list[PromptctlError]) -> AnswerLine | None:
    if not isinstance(line.value, dict):
        message = f"a line is an object, found {in_words(line.value)}"
        fix = 'write {"case": "ID", "output": "…"}'
        errors.append(FileError(message, slug="wrong-type", at=line.place, fix=fix))
        return None
    if {"request", "text"} <= set(line.value):
        message = "this line was written by `promptctl answers export`"
        fix = "put its file under evals/SUITE/answers/: it is read from there, without an import"
        errors.append(FileError(message, slug="exported-answer", at=line.place, fix=fix))
        return None
    fields = Fields(line.document, errors=errors)
    case = fields.string("case")
    output = _output(fields)
    replies = tuple(_reply(fields, index, item) for index, item in enumerate(fields.sequence("replies", [])))
    sample = fields.integer("sample", 0, low=0, high=LAST_SAMPLE)
    fields.collect_unknown()
    return AnswerLine(case, sample, output, line.place, replies)


def _reply(fields: Fields, index: int, item: Any) -> Output:
    """An earlier reply of a conversation."""
    if isinstance(item, str):
        return Output(text=item)
    section = Fields(fields.document, (*fields.keys, "replies", index), errors=fields.errors)
    output = _output(section)
    section.collect_unknown()
    return output


def _output(fields: Fields) -> Output:
    calls = _objects(fields, "tool_calls")
    text = _text(fields, calls)
    usage = fields.section("usage")
    return Output(
        text=text,
        finish="tool_calls" if calls and not text else "stop",
        tool_calls=calls,
        usage=Usage(input=usage.integer("input", None, low=0), output=usage.integer("output", None, low=0))
        if usage.value
        else None,
        seconds=fields.number("seconds", None, low=0),
        cost=fields.number("cost", None, low=0),
        contexts=_objects(fields, "contexts"),
    )


def _text(fields: Fields, calls: tuple[dict[str, Any], ...]) -> str:
    """The output: text as it stands, any other value as JSON. Without one there must be calls of tools."""
    value = fields.any("output")
    if value is None and not calls:
        fix = 'add "output": the model\'s text ("" if it said nothing)'
        fields.mistake("output is missing", slug="missing-field", fix=fix)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _objects(fields: Fields, name: str) -> tuple[dict[str, Any], ...]:
    items = fields.sequence(name, None) or []
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            fields.mistake(
                f"{name} is a list of objects, found {in_words(item)} in it",
                name,
                index,
                slug="wrong-type",
                fix='write {"id": "policy-4", "text": "…"}' if name == "contexts" else "write objects",
            )
    return tuple(item for item in items if isinstance(item, dict))
