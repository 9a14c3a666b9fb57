"""The page that the terminal report is written on: its width, its colours, its kinds of line."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promptctl.reporters.safe import fit, pad, terminal_line, width

COLUMNS = 88

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
_STATUS = {"pass": "green", "fail": "red", "incomplete": "yellow", "undecided": "yellow"}


class Style(NamedTuple):
    """How to show it.

    `verbose` lists every case with its outputs; `brief` keeps only the last lines; `explain` adds the arithmetic of the
    decision.
    """

    colour: bool = False
    verbose: bool = False
    brief: bool = False
    explain: bool = False
    columns: int = COLUMNS


class Page:
    """Lines that fit and are painted as the style says."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def fit(self, line: str) -> str:
        """The line, cut to the page's columns unless it is painted already."""
        return fit(line, self.style.columns) if "\x1b" not in line else line

    def wrap(self, text: str, indent: int = 0, hanging: int = 2) -> Iterator[str]:
        """The text on as many lines as it takes, cut at spaces only; a word that is too long alone is cut."""
        line = ""
        for word in terminal_line(text).split(" "):
            longer = f"{line} {word}" if line.strip() else " " * indent + word
            if line.strip() and width(longer) > self.style.columns:
                yield self.fit(line)
                longer = " " * (indent + hanging) + word
            line = longer
        yield self.fit(line)

    def joined(self, parts: Iterable[str], indent: int = 0, hanging: int = 3) -> Iterator[str]:
        """Parts with the signs that separate them at their front, on as many lines as it takes."""
        line = ""
        for part in parts:
            if line and width(line) + width(part) > self.style.columns:
                yield self.fit(line)
                line = " " * (indent + hanging) + part.lstrip(",; ")
            else:
                line += part if line else " " * indent + part
        yield self.fit(line)

    def field(self, name: str, value: str) -> str:
        """A named value below a case."""
        return self.fit(f"      {pad(fit(name, 8), 8)} {terminal_line(value)}")

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, where the style has any."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.style.colour else text

    def verdict(self, first: str, status: str, rule: str, message: str, indent: str = "") -> str:
        """A decision: its word, one sentence, the rule's slug."""
        room = self.style.columns - len(indent) - len(first) - len(rule) - 6
        text = terminal_line(message)
        if width(text) > room:  # the same with fewer words, before anything is cut
            text = text.replace("no worse than", "within").replace("shows ", "")
        text = fit(text, room)
        return f"{indent}{self.paint(first, _STATUS[status])}  {text}  [{rule}]"
