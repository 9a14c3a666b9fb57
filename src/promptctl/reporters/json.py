"""A result as JSON: ASCII only, plain numbers, never NaN, so that any reader and any terminal can take it."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from promptctl.core.json_schema import steady
from promptctl.core.record import Shown
from promptctl.core.result import FORMAT, Result, SuiteResult
from promptctl.errors import FileError, Place

_dump = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def render(result: Result) -> str:
    """The result file's text, with a line end."""
    return "".join(pieces(result))


def pieces(result: Result) -> Iterator[str]:
    """The same text, cut into cases: of a large suite it is as large as all that a run holds besides."""
    yield from _record(result, suites=map(_suite, result.suites))
    yield "\n"


def _suite(suite: SuiteResult) -> Iterator[str]:
    return _record(suite, results=((_plain(case),) for case in suite.results))


def _record(record: Shown, **lists: Iterable[Iterable[str]]) -> Iterator[str]:
    """The text of a record; of its fields in `lists` the items come as text."""
    for number, field in enumerate(msgspec.structs.fields(record)):  # type: ignore[arg-type]
        yield f"{',' if number else '{'}{_dump(field.encode_name)}:"
        if field.name in lists:
            yield from _list(lists[field.name])
        else:
            yield _plain(getattr(record, field.name))
    yield "}"


def _list(items: Iterable[Iterable[str]]) -> Iterator[str]:
    yield "["
    for number, item in enumerate(items):
        yield "," * bool(number)
        yield from item
    yield "]"


def _plain(value: Any) -> str:
    return _dump(msgspec.to_builtins(value))


def read(text: str, path: str) -> Result:
    """A result from a file's text. Unknown keys are ignored: they may be added within a format number.

    Raises:
        FileError: not a result of this format.
    """
    try:
        data = json.loads(text, parse_float=_finite, parse_constant=_finite)
        form = data.get("format") if isinstance(data, dict) else None
        if form != FORMAT:
            raise FileError(
                f"this is no {FORMAT}, but {str(form)[:60]}" if form else "this is no result of promptctl",
                slug="not-a-result",
                at=Place(path),
                fix="give a file that `promptctl test --json` wrote",
            )
        return msgspec.convert(data, Result)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise FileError(
            f"this is no result that can be read: {error}"[:300],
            slug="not-a-result",
            at=Place(path, line, column),
            fix="give a file that `promptctl test --json` wrote, whole and unedited",
        ) from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number that can be kept")
    return number


def schema() -> dict[str, Any]:
    """The JSON Schema of the result file, made from its records; published in docs/schemas/."""
    made = steady(msgspec.json.schema(Result))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FORMAT,
        "description": "What `promptctl test --json` writes. Keys may be added within a format number.",
        **made,
    }
