"""Strict JSON and JSON lines: every failure an error with line and column, all bad lines at once.

Lines end at LF and nowhere else: `str.splitlines` would cut a record in three at U+2028 and U+0085.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from promptctl.core.full_width import instead, signs
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.json_spots import DuplicateKey, is_kept, json_spots, refused_number
from promptctl.store.places import (
    MAX_BYTES,
    Document,
    Mark,
    decode,
    depth_exceeds,
    is_utf16,
    refuse_large,
    shortened,
    too_deep,
)

MAX_LINE_BYTES = 1_000_000

_HALF = re.compile("[\ud800-\udfff]")
_HALF_OR_ESCAPE = re.compile("[\ud800-\udfff]|\\\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class JsonLine:
    """One line: its value, its number from 1, and the document that knows the places inside it."""

    value: Any
    line: int
    document: Document

    @property
    def place(self) -> Place:
        """Where the line starts."""
        return Place(self.document.path, self.line)


def read_json(text: str, path: str, *, limit: int = MAX_BYTES) -> Document:
    """The data of a JSON text of at most `limit` bytes.

    Raises:
        FileError: not JSON, a duplicate key, NaN, Infinity, a number beyond a float or of over 300 digits.
    """
    refuse_large(text, path, limit)
    return _read(text.removeprefix("\ufeff"), path, 0)


def read_json_lines(data: bytes | str, path: str, *, drop_torn_end: bool = False) -> list[JsonLine]:
    """Every line's value; blank lines are skipped.

    A last line without its end that does not parse is the mark of a crash: an error (`torn-line`), or dropped
    with `drop_torn_end`, which is for files that only promptctl appends to.

    Raises:
        FileError: one bad line. `Several`: all bad lines.
    """
    lines: list[JsonLine] = []
    errors: list[PromptctlError] = []
    parts = _split(data, path)
    for number, part in enumerate(parts, start=1):
        try:
            text = _line_text(part, path, number)
            if text and not text.isspace():
                document = _read(text, path, number - 1)
                lines.append(JsonLine(document.value, number, document))
        except FileError as error:
            if number < len(parts) or error.slug not in ("bad-json", "not-utf8"):
                errors.append(error)
            elif not drop_torn_end:
                errors.append(_torn(error))
    raise_all(errors)
    return lines


def _split(data: bytes | str, path: str) -> Sequence[bytes | str]:
    if isinstance(data, str):
        return data.removeprefix("\ufeff").split("\n")
    if is_utf16(data):
        decode(data, path)  # says UTF-16
    return data.removeprefix(b"\xef\xbb\xbf").split(b"\n")


def _line_text(part: bytes | str, path: str, number: int) -> str:
    if len(part) > MAX_LINE_BYTES:
        raise FileError(
            f"this line is longer than {MAX_LINE_BYTES / 1_000_000:g} MB",
            slug="line-too-long",
            at=Place(path, number),
            fix="one line is one record: is a line break missing?",
        )
    if isinstance(part, str):
        return part
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(
            f"byte 0x{part[error.start]:02x} is not UTF-8",
            slug="not-utf8",
            at=Place(path, number, len(part[: error.start].decode("utf-8")) + 1),
            fix="save the file as UTF-8",
        ) from None


def _torn(error: FileError) -> FileError:
    return FileError(
        "the last line is cut off: it has no end and does not parse",
        slug="torn-line",
        at=error.at,
        fix="complete the line or remove it",
    )


class _RefusedKeyError(ValueError):
    """An object names a key twice."""


class _RefusedNumberError(ValueError):
    """A number that is not kept."""


def _read(text: str, path: str, lines_before: int) -> Document:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _bad_json(error, path, lines_before) from None
    except _RefusedKeyError:
        raise _duplicate(text, path, lines_before) from None
    except _RefusedNumberError:
        raise _refused(text, path, lines_before) from None
    except RecursionError:
        raise too_deep(path, lines_before + 1) from None
    if text.count("[") + text.count("{") > 50 and depth_exceeds(value):
        raise too_deep(path, lines_before + 1)
    if _HALF_OR_ESCAPE.search(text):
        value = _whole_characters(value)
    spots = partial(json_spots, text)
    return Document(value, path, spots, lines_before=lines_before, start=_start(text))


def _start(text: str) -> Mark:
    """Where the value of a JSON text begins."""
    first = len(text) - len(text.lstrip(" \t\r\n"))
    return text.count("\n", 0, first) + 1, first - text.rfind("\n", 0, first)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedKeyError
    return found


def _number(kind: Callable[[str], int | float], token: str) -> int | float:
    if not is_kept(token):
        raise _RefusedNumberError
    return kind(token)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_int=partial(_number, int),
    parse_float=partial(_number, float),
    parse_constant=partial(_number, float),
)


def _bad_json(error: json.JSONDecodeError, path: str, lines_before: int) -> FileError:
    fix = "look for a missing comma, quote or bracket here"
    rest = error.doc[error.pos : error.pos + 1]
    if rest == "'":
        fix = 'JSON knows only double quotes: "text"'
    elif rest in ("}", "]") or error.msg.startswith("Illegal trailing comma"):
        fix = "remove the comma before the closing bracket"
    # A text that does not end may end in a full-width quote; else the sign stands where reading stopped.
    open_text = error.msg.startswith("Unterminated string")
    wide = [sign for sign in signs(error.doc[error.pos :]) if sign in "“”"] if open_text else signs(rest)
    if wide:
        fix = instead(wide)
    message = error.msg[0].lower() + error.msg[1:]
    place = Place(path, error.lineno + lines_before, error.colno)
    return FileError(f"this is not valid JSON: {message}", slug="bad-json", at=place, fix=fix)


def _duplicate(text: str, path: str, lines_before: int) -> FileError:
    try:
        json_spots(text)
    except DuplicateKey as found:
        first = f"on line {found.first[0] + lines_before}"
        if found.first[0] == found.second[0]:
            first += f", column {found.first[1]},"
        return FileError(
            f'the key "{shortened(found.name)}" stands {first} already',
            slug="duplicate-key",
            at=Place(path, found.second[0] + lines_before, found.second[1]),
            fix="keep one of the two",
        )
    except RecursionError:
        pass
    return too_deep(path, lines_before + 1)


def _refused(text: str, path: str, lines_before: int) -> FileError:
    token, (line, column) = refused_number(text) or ("", (1, 1))
    huge = token.lstrip("-").isdecimal()
    return FileError(
        f"a number of {len(token)} digits" if huge else f"{shortened(token)} is no number that can be kept",
        slug="huge-number" if huge else "not-finite",
        at=Place(path, line + lines_before, column),
        fix="write it as text, in quotes" if huge else "write null, or text in quotes",
    )


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(item) for key, item in value.items()}
    return value
