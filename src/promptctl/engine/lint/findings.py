"""What lint found: errors and warnings with the files they are about, gathered and put in order."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from promptctl.core.words import plural
from promptctl.errors import Place, PromptctlError

Level = Literal["error", "warning"]

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>[0-9]+):(?P<column>[0-9]+)", re.DOTALL)


class Finding(NamedTuple):
    """One thing to mend, said in three lines. `more` counts further cases in which the same was found."""

    level: Level
    message: str
    slug: str
    at: str
    fix: str | None
    more: int = 0

    @property
    def where(self) -> str:
        """The place, and how many cases share the finding."""
        return f"{self.at}, and {plural(self.more, 'more case')}" if self.more else self.at


class LintReport(NamedTuple):
    """All findings, errors first, then by file; and how much was looked at."""

    findings: tuple[Finding, ...]
    prompts: int
    suites: int
    cases: int

    def count(self, level: Level) -> int:
        """How many errors or warnings there are."""
        return sum(finding.level == level for finding in self.findings)


class Findings:
    """Gathers findings about some files; the same one is kept once.

    Args:
        only: Files and folders, relative to the project root; empty means all.

    `sharpen` may give a finding a better place or cure, once all are there.
    """

    def __init__(self, only: Sequence[str] = ()) -> None:
        self._only = tuple(only)
        self._found: dict[tuple[str, ...], Finding] = {}
        self.sharpen: Callable[[Finding], Finding] = lambda finding: finding

    def wanted(self, files: Iterable[str]) -> bool:
        """Whether any of these files was asked for."""
        if not self._only:
            return True
        return any(
            not name or file == name or file.startswith(f"{name}/") for file in files for name in self._only
        )

    def error(self, error: PromptctlError, files: Collection[str] = ()) -> None:
        """One error or several, as they were raised; `files` are what they are about, besides their places."""
        for one in error.each():
            # The same circle of includes reads differently from every prompt that enters it.
            said = "" if one.slug == "include-cycle" else one.message
            self._add("error", one.message, one.slug, one.at, one.fix, files, (said, str(one.at)))

    def error_of_case(self, error: PromptctlError, files: Collection[str]) -> None:
        """An error met while rendering a case: one that lies in the template is kept once for all cases."""
        cause = error.__cause__
        place = cause.at if isinstance(cause, PromptctlError) and cause.at else error.at
        self._add("error", error.message, error.slug, error.at, error.fix, files, (error.message, str(place)))

    def warn(
        self, message: str, *, slug: str, at: Place | None, fix: str, files: Collection[str] = ()
    ) -> None:
        """A warning of a place."""
        self._add("warning", message, slug, at, fix, files, (message, str(at)))

    def warning(self, error: PromptctlError) -> None:
        """An error that is raised nowhere: what it says is allowed, and probably not meant."""
        self._add(
            "warning", error.message, error.slug, error.at, error.fix, (), (error.message, str(error.at))
        )

    def warn_of_case(
        self, message: str, *, slug: str, at: Place | None, fix: str, files: Collection[str]
    ) -> None:
        """A warning of a case, kept once for all cases in which it reads the same."""
        self._add("warning", message, slug, at, fix, files, (message,))

    def sorted(self) -> tuple[Finding, ...]:
        """Errors first, each by file, line and column."""
        errors = {_order(finding) for finding in self._found.values() if finding.level == "error"}
        kept = [
            self.sharpen(finding)
            for finding in self._found.values()
            # A case that fails at an undeclared variable has said it already.
            if finding.slug != "undeclared-variable" or _order(finding) not in errors
        ]
        return tuple(sorted(kept, key=lambda finding: (finding.level, _order(finding), finding.message)))

    def _add(
        self,
        level: Level,
        message: str,
        slug: str,
        at: Place | str | None,
        fix: str | None,
        files: Collection[str],
        same: tuple[str, ...],
    ) -> None:
        where = "" if at is None else str(at)
        if not self.wanted({*files, *_paths(where)}):
            return
        key = (level, slug, *same)
        there = self._found.get(key)
        if there is None:
            self._found[key] = Finding(level, message, slug, where, fix)
        elif there.at != where and slug != "include-cycle":
            self._found[key] = there._replace(more=there.more + 1)


def _paths(at: str) -> set[str]:
    found = _PLACE.match(at)
    return {found["path"]} if found else set()


def place_of(finding: Finding) -> Place | None:
    """Where a finding stands, if that is a place in a file."""
    found = _PLACE.fullmatch(finding.at)
    return Place(found["path"], int(found["line"]), int(found["column"])) if found else None


def _order(finding: Finding) -> tuple[str, int, int]:
    at = place_of(finding)
    return (at.path, at.line, at.column) if at else (finding.at, 0, 0)
