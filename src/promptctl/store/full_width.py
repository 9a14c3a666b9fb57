"""Finding the full-width signs that keep a text of YAML or TOML from being read.

A sign is to blame when the text can be read further with its half-width form in its place. Signs in prose change
nothing and are never blamed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from promptctl.core.full_width import DASHES, HALF, SPACE, instead, named
from promptctl.errors import FileError, Place
from promptctl.store.places import Mark

FaultOf = Callable[[str], Mark | None]

_WINDOW = 20  # lines looked at above a fault: a bracket that is not closed is noticed at the end
_AHEAD = 20  # lines read behind a fault, to see whether it has gone: brackets may be closed there
_NEAR = 3  # lines of them where each sign is tried alone: an empty line may stand between
_BUDGET = 600_000  # characters read again, all guesses together: PyYAML reads as many in two or three seconds
_MOST = 20  # slips of one file


class Slip(NamedTuple):
    """Full-width signs of one line that stand for those of the format. Line and column of the first, from 0."""

    line: int
    column: int
    signs: tuple[str, ...]


def slips(text: str, fault: Mark, fault_of: FaultOf, forms: Mapping[str, str] = HALF) -> list[Slip]:
    """The signs to blame, by line; none where the cause is another, or where the text is too large to try.

    Args:
        text: What cannot be read.
        fault: Where it cannot be read any further, as (line, column) from 0.
        fault_of: The same of any text; None for one that can be read.
        forms: What each sign stands for in this format.
    """
    search = _Search(text, fault, fault_of, forms)
    with suppress(_Spent):
        search.run()
    return sorted(search.found)


def slip_error(slip: Slip, place: Place, form: str, forms: Mapping[str, str] = HALF) -> FileError:
    """The error of a slip at its place in a file of the format named `form`."""
    signs = " and ".join(named(sign) for sign in slip.signs)
    verb = "stands" if len(slip.signs) == 1 else "stand"
    message = f"{signs} {verb} where {form} needs the half-width form"
    return FileError(message, slug="full-width", at=place, fix=instead(slip.signs, forms))


class _Spent(Exception):
    """So much was read again that the user would wait."""


class _Search:
    """Guesses what is to blame, mends it and goes on from the next fault, until no sign is to blame."""

    def __init__(self, text: str, fault: Mark, fault_of: FaultOf, forms: Mapping[str, str]) -> None:
        self.lines, self.forms = text.split("\n"), forms
        self._cells: dict[
            int, list[str]
        ] = {}  # of mended lines: what stands for each of the user's characters
        self.found: list[Slip] = []
        self._fault_of, self._fault, self._left, self._start = fault_of, fault, _BUDGET, 0

    def run(self) -> None:
        fault: Mark | None = self._fault
        self._start = self._nearest_start(self._fault)
        while fault is not None and len(self.found) < _MOST:
            needed = next((marks for marks in self._guesses(fault) if self._helps(marks, fault)), None)
            if needed is None:
                return
            needed = self._without_prose(needed, fault)
            for number in sorted({line for line, _ in needed}):
                columns = [column for line, column in needed if line == number]
                signs = dict.fromkeys(self._line(number)[column] for column in columns)
                self.found.append(Slip(number, columns[0], tuple(signs)))
            self._cells.update(self._mended(needed))
            self.lines = self._with({})
            fault = self._read(self.lines)

    def _nearest_start(self, fault: Mark) -> int:
        """A line from which the text can be read by itself, with the same fault: all of a large file is slow."""
        for number in range(max(fault[0] - _WINDOW, 0), 0, -1):
            if self.lines[number][:2] == "- " or self.lines[number][:1].isalpha():
                self._start = number
                return number if self._read(self.lines[: fault[0] + 1 + _AHEAD]) == fault else 0
        return 0

    def _guesses(self, fault: Mark) -> Iterator[list[Mark]]:
        """What may be to blame, the likely first: one sign near the fault, several of one line, one of each, all.

        On the line of the fault the nearest sign comes first, a comma that did not end a value; above it the first one,
        a colon that did not end a key.
        """
        window = range(min(fault[0], len(self.lines) - 1), max(fault[0] - _WINDOW, self._start - 1, -1), -1)
        lines = [
            [(number, column) for column, sign in enumerate(self._line(number)) if sign in self.forms]
            for number in window
        ]
        for marks in filter(None, lines[:_NEAR]):
            one_by_one = marks if marks[0][0] != fault[0] else sorted(marks, key=lambda m: (m > fault, -m[1]))
            yield from ([mark] for mark in one_by_one)
            yield from (marks[:count] for count in range(2, len(marks)))
        told = [marks for marks in lines if marks]
        yield from ([marks[0] for marks in told[:count]] for count in range(2, len(told) + 1))
        yield from told
        yield [mark for marks in told for mark in marks]

    def _without_prose(self, marks: list[Mark], fault: Mark) -> list[Mark]:
        """Those of the signs without which the text cannot be read further."""
        needed = list(marks)
        for mark in marks:
            fewer = [other for other in needed if other != mark]
            if fewer and self._helps(fewer, fault):
                needed = fewer
        return needed

    def _helps(self, marks: list[Mark], fault: Mark) -> bool:
        """Whether the text can be read further with these signs in their half-width form."""
        lines = self._with(self._mended(marks))
        now = self._read(lines[: fault[0] + 1 + _AHEAD])
        if now is None or now[0] != fault[0]:
            return now is None or now > fault
        # Counted from the end of the line, for what stands before may have become longer.
        return len(lines[now[0]]) - now[1] < len(self.lines[fault[0]]) - fault[1]

    def _read(self, lines: list[str]) -> Mark | None:
        """Where reading ends, from `_start` on."""
        text = "\n".join(lines[self._start :])
        self._left -= len(text)
        if self._left < 0:
            raise _Spent
        fault = self._fault_of(text)
        return fault and (fault[0] + self._start, fault[1])

    def _line(self, number: int) -> Sequence[str]:
        return self._cells.get(number, self.lines[number])

    def _with(self, mended: Mapping[int, list[str]]) -> list[str]:
        lines = list(self.lines)
        for number, cells in {**self._cells, **mended}.items():
            lines[number] = "".join(cells)
        return lines

    def _mended(self, marks: list[Mark]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for number in {line for line, _ in marks}:
            cells = list(self._line(number))
            for _, column in sorted(mark for mark in marks if mark[0] == number):
                cells[column] = self._form(cells, column)
            found[number] = cells
        return found

    def _form(self, cells: list[str], column: int) -> str:
        """What a sign stands for where it stands: a dash begins an item, a wide space is as wide as two."""
        sign, before = cells[column], "".join(cells[:column])
        after = "".join(cells[column + 1 : column + 2])
        form = self.forms[sign]
        if sign == SPACE and not before.strip():
            return "  "
        if sign in DASHES and before.strip(f" {DASHES}"):
            return sign
        if form in (":", ",") or (sign in DASHES and not before.strip() and after not in DASHES):
            return form if after in ("", " ") else f"{form} "
        return form
