"""What is wrong with a YAML text, in words that lead to the cure."""

import re

import yaml
from yaml.reader import ReaderError

from promptctl.errors import FileError, Place
from promptctl.store.full_width import Slip, slip_error
from promptctl.store.places import Mark, too_deep

_BARE_JINJA = re.compile(r"(?:^|[:\[,-])\s*\{[{%]")
_CANNOT_START = re.compile(r"found character '(.+)' that cannot start any token")
_LOOK = "look at the indentation, quotes and brackets here; put unusual text in quotes"
_LINES = 20
QUOTE_JINJA = 'quote Jinja in YAML: key: "{{ name }}"'


class Faults:
    """Makes the errors of one text. Marks are (line, column) from 0, as PyYAML counts."""

    def __init__(self, text: str, path: str, lines_before: int) -> None:
        self._text, self._path, self._lines_before = text, path, lines_before

    def at(self, mark: Mark, message: str, *, slug: str = "bad-yaml", fix: str | None = None) -> FileError:
        """`message` at `mark`, with a better cure where the line gives the cause away."""
        return FileError(message, slug=slug, at=self._place(mark), fix=fix)

    def key_not_text(self, mark: Mark, found: str) -> FileError:
        """A key that is a number, a word of YAML, a list or a mapping."""
        fix = self._cure(mark[0], mark[0], "put the key in quotes")
        return self.at(mark, f"a key must be text, found {found}", slug="key-not-text", fix=fix)

    def too_deep(self, mark: Mark) -> FileError:
        """Lists and mappings nested too deep."""
        place = self._place(mark)
        return too_deep(self._path, place.line, place.column)

    def syntax(self, error: yaml.MarkedYAMLError) -> FileError:
        """What PyYAML's scanner or parser found."""
        marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
        first = marks[-1].line if marks else 0
        if is_unclosed(error):
            marks.reverse()  # where the bracket or quote was opened, not where the file ends
        mark = (marks[0].line, marks[0].column) if marks else (0, 0)
        message, fix = _in_plain_words(error)
        if "\t" in _indent(self._line(mark[0])):
            message, fix = "a tab where YAML needs spaces", "indent with spaces"
        return self.at(mark, message, fix=self._cure(first, mark[0], fix))

    def full_width(self, slip: Slip) -> FileError:
        """Full-width signs without which the text could be read further."""
        return slip_error(slip, self._place((slip.line, slip.column)), "YAML")

    def unprintable(self, error: ReaderError) -> FileError:
        """A control character, or half of a surrogate pair."""
        before = self._text[: error.position]
        mark = (before.count("\n"), len(before) - before.rfind("\n") - 1)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return self.at(
            mark, f"the character U+{code:04X} cannot stand in YAML", fix='write it as an escape in "quotes"'
        )

    def anything(self, mark: Mark) -> FileError:
        """What made PyYAML stumble without saying why."""
        return self.at(mark, "this is not valid YAML", fix=self._cure(mark[0], mark[0], _LOOK))

    def line(self, mark: Mark) -> int:
        """The file's line of a mark that counts from 1."""
        return mark[0] + self._lines_before

    def _place(self, mark: Mark) -> Place:
        return Place(self._path, mark[0] + 1 + self._lines_before, mark[1] + 1)

    def _line(self, number: int) -> str:
        lines = self._text.split("\n", number + 1)
        return lines[number] if number < len(lines) else ""

    def _cure(self, first: int, last: int, fix: str) -> str:
        """`fix`, or what the lines of the fault and the one before (where a key may lack its colon) ask for."""
        for number in range(last, max(first - 2, last - _LINES, -1), -1):
            line = self._line(number)
            if _BARE_JINJA.search(line):
                return QUOTE_JINJA
        return fix


def is_unclosed(error: yaml.MarkedYAMLError) -> bool:
    """Whether a bracket or a quote was opened and the text ended."""
    return "end of stream" in (error.problem or "") or "<stream end>" in (error.problem or "")


def _in_plain_words(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem, context = error.problem or "", error.context or ""
    if found := _CANNOT_START.search(problem):
        character = found.group(1)
        if character == "\\t":
            return "a tab where YAML needs spaces", "indent with spaces"
        return f"a value cannot start with {character}", "put the value in quotes"
    if "alias" in context or "anchor" in context:
        return "a value cannot start with * or &", "put the value in quotes"
    if problem == "mapping values are not allowed here":
        return "a second colon, or a key that does not belong here", 'put a text that contains ": " in quotes'
    return ": ".join(part for part in ("this is not valid YAML", context, problem) if part), _LOOK


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
