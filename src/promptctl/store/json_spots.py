"""Where things stand in a JSON text: looked for only when a message needs it, as parsing does not say."""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterator

from promptctl.store.places import MAX_DIGITS, Mark, Spot

_PIECE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)

Piece = tuple[str, Mark]


class DuplicateKey(Exception):
    """The same key twice in one object."""

    def __init__(self, name: str, first: Mark, second: Mark) -> None:
        super().__init__(name)
        self.name, self.first, self.second = name, first, second


def json_spots(text: str) -> Spot:
    """The spots of a text that parses.

    Raises:
        DuplicateKey: at the first object that names a key twice.
    """
    pieces = _pieces(text)
    piece, mark = next(pieces)
    return _spot(piece, mark, mark, pieces)


def refused_number(text: str) -> Piece | None:
    """The first number that is not kept, and where."""
    return next((found for found in _pieces(text) if found[0][0] != '"' and not is_kept(found[0])), None)


def is_kept(piece: str) -> bool:
    """Whether a number is finite and of a length that every reader can hold."""
    if piece in ("NaN", "Infinity", "-Infinity"):
        return False
    if piece.lstrip("-").isdecimal():
        return len(piece) <= MAX_DIGITS
    try:
        return math.isfinite(float(piece))
    except ValueError:
        return True  # no number at all


def _spot(piece: str, mark: Mark, key: Mark, pieces: Iterator[Piece]) -> Spot:
    if piece == "{":
        return Spot(key, mark, _object(pieces))
    return Spot(key, mark, _array(pieces) if piece == "[" else None)


def _object(pieces: Iterator[Piece]) -> dict[str, Spot]:
    children: dict[str, Spot] = {}
    for piece, key in pieces:
        if piece == "}":
            break
        if piece == ",":
            continue
        name = json.loads(piece)
        if name in children:
            raise DuplicateKey(name, children[name].key, key)
        next(pieces)  # the colon
        children[name] = _spot(*next(pieces), key, pieces)
    return children


def _array(pieces: Iterator[Piece]) -> list[Spot]:
    children: list[Spot] = []
    for piece, mark in pieces:
        if piece == "]":
            break
        if piece != ",":
            children.append(_spot(piece, mark, mark, pieces))
    return children


def _pieces(text: str) -> Iterator[Piece]:
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    for found in _PIECE.finditer(text):
        line = bisect_right(starts, found.start())
        yield found.group(), (line, found.start() - starts[line - 1] + 1)
