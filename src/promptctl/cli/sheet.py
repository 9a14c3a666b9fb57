"""A sheet of facts with the problems below it: rows for people, data for scripts."""

import json
from typing import Any

from promptctl.cli.output import write
from promptctl.core.words import plural
from promptctl.errors import PromptctlError
from promptctl.reporters.safe import terminal_line

LABEL = 16


class Sheet:
    """Rows for people and data for scripts, then the problems, the worst first."""

    def __init__(self) -> None:
        self.broken = False
        self.data: dict[str, Any] = {}
        self._rows: list[tuple[str, str]] = []
        self._problems: list[tuple[str, PromptctlError]] = []

    def row(self, label: str, text: str) -> None:
        """One line; a label that repeats is left blank."""
        self._rows.append((label, text))

    def problem(self, error: PromptctlError, *, broken: bool = False) -> None:
        """Something with a cure. `broken`: the project or Git cannot be used."""
        self.broken = self.broken or broken
        for one in error.each():
            self._problems.append(("error" if broken else "warning", one))

    def show(self, *, as_json: bool) -> None:
        """All of it, on standard output."""
        problems = sorted(self._problems, key=lambda entry: entry[0])
        if as_json:
            told = [
                {
                    "level": level,
                    "message": one.message,
                    "slug": one.slug,
                    "at": one.at and str(one.at),
                    "fix": one.fix,
                }
                for level, one in problems
            ]
            write(json.dumps({**self.data, "problems": told}, ensure_ascii=True, indent=2), trusted=True)
            return
        before = ""
        for label, text in self._rows:
            write(f"{'' if label == before else label:<{LABEL}}{terminal_line(text)}")
            before = label
        for level, one in problems:
            write(f"{level}: {terminal_line(one.message)}  [{one.slug}]")
            if one.at is not None:
                write(f"  at   {terminal_line(str(one.at))}")
            if one.fix:
                write(f"  fix  {terminal_line(one.fix)}")
        write("no problems found" if not problems else plural(len(problems), "problem"))
