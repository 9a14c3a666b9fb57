"""Checks of Markdown: code blocks, headings and what stands below them."""

import ast
import re
import tomllib
import warnings
from collections.abc import Callable
from typing import NamedTuple

from promptctl.checks.html_text import html_fault
from promptctl.checks.json_text import TooMuchWork, labelled_blocks, parse_json, without_blocks
from promptctl.checks.text import listed, normalised, shown
from promptctl.checks.xml_text import xml_fault
from promptctl.checks.yaml_text import read_yaml
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored
from promptctl.core.words import plural

MAX_CODE = 100_000  # what Python's own parser reads in a second, and never dies of
MAX_PARTS = 2_000

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?\Z")
_CLOSING = re.compile(r"(?:^|[ \t]+)#+[ \t]*\Z")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*\Z")
_NO_PARAGRAPH = re.compile(r"\s*(?:[>|]|[-*+][ \t]|\d{1,9}[.)][ \t]|\Z)|    ")
_MARKS = re.compile(r"[*_`~]")


class CodeBlock(Rule):
    """The output has a fenced code block of one of these languages.

    `language` is the word behind the fence, whatever its case: one or a list; `any` (default) is every block, also one
    without a word. `count` asks for exactly that many such blocks; without it one is enough. `parses: true` asks that
    each of them can be read as what it says it is: json, yaml (yml), toml, xml, html, python (py). Nothing is run. A
    block that is never closed runs to the end. An empty output fails; code of more than 100,000 characters is not
    parsed, and the output is unscored.
    """

    SHORT = "language"
    FAMILY = "structure"
    EXAMPLES = (
        Example(args="python", output="Try:\n```python\nprint(1)\n```", status="pass"),
        Example(args=["js", "ts"], output="```python\nprint(1)\n```", status="fail"),
        Example(args={"language": "py", "parses": True}, output="```py\nprint(1\n```", status="fail"),
        Example(args={"language": "json", "parses": True}, output='```json\n{"类别": 1}\n```', status="pass"),
        Example(args={"count": 1}, output="```\na\n```\n\n```\nb\n```", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    language: str | tuple[str, ...] = "any"
    count: int | None = None
    parses: bool = False

    def __post_init__(self) -> None:
        if not self.language or not all(self._languages()):
            raise ValueError("`language` is a word, a list of words, or `any`")
        if self.count is not None and self.count < 1:
            raise ValueError("`count` is 1 or more; for none, write `not: {code_block: ...}`")
        unread = [name for name in self._languages() if name not in _FAULTS]
        if self.parses and unread:
            raise ValueError(f"`parses` knows {', '.join(_FAULTS)}, not {listed(unread)}")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where there are such blocks, and all of them can be read."""
        wanted = self._languages()
        found = [(name, body) for name, body in labelled_blocks(subject.text) if {"any", name} & set(wanted)]
        what = "code block" if "any" in wanted else f"code block of {listed(wanted)}"
        if not found:
            return fails(f"no {what}")
        if self.count is not None and len(found) != self.count:
            return fails(f"{plural(len(found), 'code block')}, {self.count} wanted")
        try:
            for number, (name, body) in enumerate(found, 1) if self.parses else ():
                if fault := code_fault(name, body):
                    return fails(f"code block {number}: {fault}")
        except TooMuchWork as error:
            return unscored(str(error))
        return passes(f"{plural(len(found), 'code block')}")

    def _languages(self) -> tuple[str, ...]:
        given = (self.language,) if isinstance(self.language, str) else self.language
        return tuple(name.casefold() for name in given)


def code_fault(language: str, code: str) -> str | None:
    """Why `code` is none of its language; None where it is.

    Raises:
        TooMuchWork: it is too long to be read.
    """
    if len(code) > MAX_CODE:
        raise TooMuchWork(f"a code block of {len(code)} characters is too long to be parsed")
    try:
        return _FAULTS[language](code)
    except TooMuchWork:
        raise
    except ValueError as error:
        return str(error).replace("the output is empty", "it is empty")


def _json(code: str) -> None:
    parse_json(code)


def _yaml(code: str) -> None:
    read_yaml(code)


def _toml(code: str) -> None:
    # The reader walks a dotted key anew for each of its parts: 50,000 of them take a minute.
    if any(line.count(".") > MAX_PARTS for line in code.splitlines()):
        raise TooMuchWork(f"TOML with more than {MAX_PARTS:,} dots in a line is not parsed")
    try:
        tomllib.loads(code)
    except RecursionError:
        raise ValueError("not TOML that can be read: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"not TOML: {error}") from None


def _python(code: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"not Python: {error.msg} at line {error.lineno or 1}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"not Python that can be read ({type(error).__name__})") from None


_FAULTS: dict[str, Callable[[str], str | None]] = {
    "json": _json,
    "yaml": _yaml,
    "yml": _yaml,
    "toml": _toml,
    "xml": xml_fault,
    "html": html_fault,
    "python": _python,
    "py": _python,
}


class Heading(NamedTuple):
    """A heading: its level, its bare text, and the lines below it up to the next one of its level or above."""

    level: int
    text: str
    start: int
    end: int


class MarkdownSection(Rule):
    """The output has a section with this heading; with a list, with these headings in this order.

    A heading is a line that begins with # to ######, or one that is underlined with === or ---; those in code blocks
    are none. Compared apart from case, width, white space, emphasis and final punctuation. `level` (1 to 6) asks for
    headings of that level. `contains` asks that the section, its subsections included, has this text, letter by
    letter; of several sections with the heading one is enough. An empty output fails.
    """

    SHORT = "heading"
    FAMILY = "structure"
    EXAMPLES = (
        Example(args="Refunds", output="# Help\n\n## **Refunds**\n\nWithin 14 days.\n", status="pass"),
        Example(args={"heading": "Refunds", "level": 1}, output="## Refunds\n", status="fail"),
        Example(args={"heading": "退款", "contains": "14 天"}, output="退款\n===\n14 天内", status="pass"),
        Example(
            args={"heading": "Refunds", "contains": "14"}, output="# Refunds\n# Post\n14 days", status="fail"
        ),
        Example(args=["Summary", "Details"], output="# Details\n\n# Summary\n", status="fail"),
        Example(args="Refunds", output="", status="fail"),
    )

    heading: str | tuple[str, ...]
    level: int | None = None
    contains: str | None = None

    def __post_init__(self) -> None:
        if not self.heading or not all(_plain(heading) for heading in self._wanted()):
            raise ValueError("a heading is a text that is not empty")
        if self.level is not None and not 1 <= self.level <= 6:
            raise ValueError("`level` is 1 to 6")
        if self.contains is not None and (not self.contains or len(self._wanted()) > 1):
            raise ValueError("`contains` is a text for the section of one heading")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the headings are there, in order."""
        lines = subject.text.replace("\r\n", "\n").split("\n")
        found = [part for part in headings(subject.text) if self.level in (None, part.level)]
        names = [part.text for part in found]
        wanted, position = self._wanted(), 0
        for heading in wanted:
            if _plain(heading) not in names[position:]:
                return fails(self._missing(heading, names))
            position = names.index(_plain(heading), position) + 1
        if self.contains is not None:
            own = [part for part in found if part.text == _plain(wanted[0])]
            if not any(self.contains in "\n".join(lines[part.start : part.end]) for part in own):
                return fails(f"no {shown(self.contains)} in the section {shown(wanted[0])}")
        return passes(f"has {listed(wanted, 'and')}")

    def _missing(self, heading: str, names: list[str]) -> str:
        level = f" of level {self.level}" if self.level else ""
        elsewhere = " behind the one before it" if _plain(heading) in names else ""
        return f"no heading {shown(heading)}{level}{elsewhere}"

    def _wanted(self) -> tuple[str, ...]:
        return (self.heading,) if isinstance(self.heading, str) else self.heading


def headings(text: str) -> list[Heading]:
    """The headings of a Markdown text, in order, with what is theirs."""
    lines = without_blocks(text).split("\n")
    found: list[tuple[int, str, int, int]] = []  # level, text, the heading's first line, the line below it
    for number, line in enumerate(lines):
        above = lines[number - 1] if number else ""
        if written := _HEADING.match(line):
            title = _CLOSING.sub("", written[2] or "")
            found.append((len(written[1]), _plain(title), number, number + 1))
        elif _UNDERLINE.match(line) and not _NO_PARAGRAPH.match(above) and not _HEADING.match(above):
            found.append((1 if "=" in line else 2, _plain(above), number - 1, number + 1))
    ends = dict.fromkeys(range(1, 7), len(lines))
    parts = []
    for depth, title, first, below in reversed(found):
        parts.append(Heading(depth, title, below, ends[depth]))
        ends |= dict.fromkeys(range(depth, 7), first)
    return parts[::-1]


def _plain(heading: str) -> str:
    return normalised(_MARKS.sub("", heading))
