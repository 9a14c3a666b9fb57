"""Where the keys of a TOML text stand: looked for only when a message needs it, as parsing does not say.

The text is known to parse, so the scan is a short walk over its pieces.
"""

import re
from bisect import bisect_right
from typing import Any

from promptctl.store.places import START, Mark, Spot

_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}=,\n]"
    r"|[^\s\[\]{}=,\"'#.]+|\.",
    re.DOTALL,
)


def toml_spots(text: str) -> Spot:
    """The spots of every table, key and item of a text that parses."""
    try:
        return _Walk(text).document()
    except (IndexError, RecursionError):  # a message without its line is better than none
        return START


class _Walk:
    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        found = [(match.group(), match.start()) for match in _PIECE.finditer(text)]
        self._pieces = [piece for piece in found if not piece[0].startswith("#")]
        self._at = 0

    def document(self) -> Spot:
        root = table = Spot(START.key, START.value, {})
        while self._at < len(self._pieces):
            piece = self._pieces[self._at][0]
            if piece == "\n":
                self._at += 1
            elif piece == "[":
                table = self._header(root)
            else:
                self._entry(table)
        return root

    def _header(self, root: Spot) -> Spot:
        brackets = 2 if self._peek(1) == "[" else 1
        mark = self._mark()
        self._at += brackets
        path = self._dotted()
        self._at += brackets
        spot = _descend(root, path[:-1], mark)
        if brackets == 1:
            return _descend(spot, path[-1:], mark)
        items = _children(spot).setdefault(path[-1], Spot(mark, mark, [])).children
        item = Spot(mark, mark, {})
        if isinstance(items, list):
            items.append(item)
        return item

    def _entry(self, table: Spot) -> None:
        mark = self._mark()
        path = self._dotted()
        self._at += 1  # the equals sign
        value, children = self._value()
        _children(_descend(table, path[:-1], mark))[path[-1]] = Spot(mark, value, children)

    def _value(self) -> tuple[Mark, Any]:
        mark = self._mark()
        piece = self._take()
        if piece == "{":
            inner = Spot(mark, mark, {})
            while (piece := self._pieces[self._at][0]) != "}":
                if piece in ",\n":
                    self._at += 1
                else:
                    self._entry(inner)
            self._at += 1
            return mark, inner.children
        if piece == "[":
            items: list[Spot] = []
            while (piece := self._pieces[self._at][0]) != "]":
                if piece in ",\n":
                    self._at += 1
                else:
                    value, children = self._value()
                    items.append(Spot(value, value, children))
            self._at += 1
            return mark, items
        while self._at < len(self._pieces) and self._pieces[self._at][0] not in ",]}\n":
            self._at += 1  # a number or a date is several pieces
        return mark, None

    def _dotted(self) -> list[str]:
        """The parts of a key, up to the `=` or `]` after it."""
        parts = []
        while (piece := self._pieces[self._at][0]) not in "=]":
            if piece != ".":
                parts.append(_name(piece))
            self._at += 1
        return parts

    def _take(self) -> str:
        self._at += 1
        return self._pieces[self._at - 1][0]

    def _peek(self, ahead: int) -> str:
        return self._pieces[self._at + ahead][0]

    def _mark(self) -> Mark:
        offset = self._pieces[self._at][1]
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _descend(spot: Spot, path: list[str], mark: Mark) -> Spot:
    for name in path:
        spot = _children(spot).setdefault(name, Spot(mark, mark, {}))
        if isinstance(spot.children, list) and spot.children:
            spot = spot.children[-1]
    return spot


def _children(spot: Spot) -> dict[str, Spot]:
    return spot.children if isinstance(spot.children, dict) else {}


def _name(piece: str) -> str:
    if piece[0] not in "\"'":
        return piece
    import tomllib

    return str(tomllib.loads(f"k = {piece}")["k"])
