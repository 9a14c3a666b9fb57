"""JSON as other tools write it, with the place of each part; every failure an error with line and column."""

import math
import re
from bisect import bisect_right
from json import JSONDecodeError, decoder
from typing import Any

from promptctl.errors import FileError, Place
from promptctl.importers.foreign import (
    MAX_DEPTH,
    MAX_DIGITS,
    Foreign,
    Spot,
    duplicate_key,
    huge_number,
    not_finite,
    refuse_large,
    too_deep,
    whole_characters,
)

_TOKEN = re.compile(r'\s*([{}\[\]:,]|"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|[A-Za-z-]+|$|.)', re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_SCAN: Any = decoder.scanstring  # type: ignore[attr-defined]  # older than the stubs know
_WORDS = {"true": True, "false": False, "null": None}
_NAMELESS = ("NaN", "Infinity", "-Infinity")


def read_json(text: str, path: str) -> Foreign:
    """The data of a JSON text.

    Raises:
        FileError: not JSON, a duplicate key, a number that cannot be kept, half a character; with `file:line:column`.
    """
    refuse_large(text, path)
    parser = _Parser(text.removeprefix("\ufeff"), path)
    value, spot = parser.value(1)
    parser.end()
    return Foreign(value, path, spot)


class _Parser:
    """A parser over one text: `json` itself does not say where things stand."""

    def __init__(self, text: str, path: str) -> None:
        self._text, self._path, self._at = text, path, 0
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def value(self, depth: int) -> tuple[Any, Spot]:
        piece, start = self._token()
        if piece in ("{", "["):
            if depth > MAX_DEPTH:
                raise too_deep(self._place(start))
            content, children = self._object(depth) if piece == "{" else self._array(depth)
            return content, self._spot(start, children)
        if piece == '"':
            return self._string(start), self._spot(start)
        if piece in _WORDS:
            return _WORDS[piece], self._spot(start)
        return self._number(piece, start), self._spot(start)

    def end(self) -> None:
        piece, start = self._token()
        if piece:
            raise self._wrong("more text follows", start)

    def _object(self, depth: int) -> tuple[dict[str, Any], dict[str, Spot]]:
        values: dict[str, Any] = {}
        spots: dict[str, Spot] = {}
        piece, start = self._token()
        while piece != "}":
            if piece != '"':
                raise self._wrong("a key in double quotes belongs here", start)
            name = self._string(start)
            if name in values:
                raise duplicate_key(name, spots[name].line, self._place(start))
            self._expect(":")
            values[name], spot = self.value(depth + 1)
            spots[name] = self._spot(start, spot.children)
            piece, start = self._after("}")
        return values, spots

    def _array(self, depth: int) -> tuple[list[Any], list[Spot]]:
        values: list[Any] = []
        spots: list[Spot] = []
        before = self._at
        piece, start = self._token()
        while piece != "]":
            self._at = before
            value, spot = self.value(depth + 1)
            values.append(value)
            spots.append(spot)
            piece, start = self._after("]")
            before = start
        return values, spots

    def _after(self, close: str) -> tuple[str, int]:
        """The piece behind an entry: the bracket, or what follows a comma."""
        piece, start = self._token()
        if piece == close:
            return piece, start
        if piece != ",":
            raise self._wrong(f"a comma or {close} belongs here", start)
        piece, start = self._token()
        if piece == close:
            raise self._wrong("a comma stands before the closing bracket", start)
        return piece, start

    def _string(self, start: int) -> str:
        try:
            text, self._at = _SCAN(self._text, start + 1, True)
        except JSONDecodeError as error:
            raise self._wrong(error.msg[0].lower() + error.msg[1:], error.pos) from None
        whole = whole_characters(text)
        if whole is None:
            raise self._wrong("an escape names half a character (a lone surrogate)", start)
        return whole

    def _number(self, piece: str, start: int) -> int | float:
        if piece in _NAMELESS:
            raise not_finite(piece, self._place(start))
        if not _NUMBER.match(piece):
            raise self._wrong("a value belongs here", start)
        if len(piece) > MAX_DIGITS:
            raise huge_number(piece, self._place(start))
        digits = piece.lstrip("-")
        if digits.isdecimal():
            if digits != "0" and digits[0] == "0":
                raise self._wrong("a number cannot start with 0", start)
            return int(piece)
        number = float(piece)
        if not math.isfinite(number):
            raise not_finite(piece, self._place(start))
        return number

    def _expect(self, wanted: str) -> None:
        piece, start = self._token()
        if piece != wanted:
            raise self._wrong(f"{wanted} belongs here", start)

    def _token(self) -> tuple[str, int]:
        found = _TOKEN.match(self._text, self._at)
        piece, start = (found[1], found.start(1)) if found else ("", len(self._text))
        self._at = start + len(piece)
        return piece, start

    def _wrong(self, message: str, position: int) -> FileError:
        fix = "look for a missing comma, quote or bracket here"
        at = self._place(position)
        return FileError(f"this is not valid JSON: {message}", slug="bad-json", at=at, fix=fix)

    def _place(self, position: int) -> Place:
        line = bisect_right(self._lines, position)
        return Place(self._path, line, position - self._lines[line - 1] + 1)

    def _spot(self, position: int, children: dict[str, Spot] | list[Spot] | None = None) -> Spot:
        place = self._place(position)
        return Spot(place.line, place.column, children)
