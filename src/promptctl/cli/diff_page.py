"""How the difference of two versions looks: settings as `a → b`, text as a unified diff, rewritten words marked."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from promptctl.core.linediff import DiffLine, Hunk, line_diff
from promptctl.core.worddiff import word_diff
from promptctl.core.words import plural
from promptctl.engine.history.differences import (
    Difference,
    FileDifference,
    RenderedDifference,
    RequestDifference,
    TextLine,
)
from promptctl.reporters.safe import terminal_line, terminal_text
from promptctl.reporters.terminal import Style
from promptctl.reporters.terminal_page import Page
from promptctl.store.revisions import WORKTREE, Revision

NAMED = 8
"""Cases that are named in a group."""
TOLD = ("setting", "input", "renamed", "broken", "mended", "created", "deleted", "header")
"""Changes that are told in words; those of texts are shown."""
_SIGNS = {"same": " ", "removed": "-", "added": "+"}
_COLOURS = {"removed": "31", "added": "32"}


class FileLine(NamedTuple):
    """A line of a file, and whether it ends in a line break: the last one need not."""

    text: str
    ended: bool


class DiffPage:
    """The lines of `promptctl diff`, harmless for a terminal."""

    def __init__(self, style: Style) -> None:
        self._page = Page(style)
        self._colour = style.colour

    def source(self, found: Difference) -> Iterator[str]:
        """Which versions; then settings, then every file that differs."""
        yield f"comparing  {_side(found.base)} → {_side(found.head)}"
        yield f"prompt     {terminal_line(_prompt(found))}"
        told = [change for change in found.changes if change.kind in TOLD]
        for number, change in enumerate(told):
            yield f"{'' if number else 'changes':<11}{terminal_line(str(change))}"
        if not found.changes and not found.files:
            yield "no difference"
        for file in found.files:
            yield from self._file(file)

    def rendered(self, found: RenderedDifference, shown: int | None) -> Iterator[str]:
        """How many requests change; then each change once, with the cases that have it."""
        yield _counts(found)
        for group in found.groups[:shown]:
            yield ""
            yield from self._request(group)
        if rest := found.groups[len(found.groups) if shown is None else shown :]:
            cases = plural(sum(len(group.cases) for group in rest), "case")
            yield ""
            yield f"… and {plural(len(rest), 'other change')} in {cases} (--all shows them)"

    def _file(self, file: FileDifference) -> Iterator[str]:
        yield self._page.paint(f"--- {_path('a', file.old_path)}", "bold")
        yield self._page.paint(f"+++ {_path('b', file.path)}", "bold")
        for hunk in line_diff(_file_lines(file.before), _file_lines(file.after)):
            yield self._page.paint(_heading(hunk), "dim")
            for one in hunk.lines:
                yield self._line(one.kind, one.line.text, one.partner.text if one.partner else None)
                if not one.line.ended:
                    yield "\\ No newline at end of file"

    def _request(self, group: RequestDifference) -> Iterator[str]:
        names = ", ".join(group.cases[:NAMED]) + (", …" if len(group.cases) > NAMED else "")
        count = f"{len(group.cases)} cases: " if len(group.cases) > 1 else ""
        yield self._page.paint(terminal_line(count + names), "bold")
        if group.base is None:
            yield "  new: the base has no request for it"
            return
        for change in group.changes:
            yield f"  {terminal_line(str(change))}"
        hunks = line_diff(*group.lines)
        for number, hunk in enumerate(hunks):
            if number:
                yield self._page.paint("  …", "dim")
            yield from self._messages(hunk, group.lines[1])

    def _messages(self, hunk: Hunk[TextLine], head: Sequence[TextLine]) -> Iterator[str]:
        """The lines of a hunk below the role of their message; texts stand further right than any role."""
        lines = _without_other_messages(hunk.lines)
        if not lines[0].line.role:
            before = head[: hunk.new_start]
            role = next((line.text for line in reversed(before) if line.role), "")
            yield f"  {terminal_line(role)}"
        for one in lines:
            partner = one.partner.text if one.partner and not one.partner.role else None
            yield self._line(one.kind, one.line.text, partner, indent=" " if one.line.role else "   ")

    def _line(self, kind: str, text: str, partner: str | None, indent: str = "") -> str:
        """A line behind its sign. Where it was rewritten and there is colour, the words that differ stand out."""
        sign = _SIGNS[kind] + indent
        if not self._colour or kind == "same":
            return sign + terminal_text(text)
        pieces = []
        if partner is not None:
            before, after = (text, partner) if kind == "removed" else (partner, text)
            pieces = [piece for piece in word_diff(before, after) if piece.kind in ("same", kind)]
        if not any(piece.kind == "same" and piece.text.strip() for piece in pieces):
            return self._paint(sign + terminal_text(text), kind)
        painted = (
            self._paint(terminal_text(piece.text), kind, strong=piece.kind == kind) for piece in pieces
        )
        return self._paint(sign, kind) + "".join(painted)

    def _paint(self, text: str, kind: str, *, strong: bool = False) -> str:
        return f"\x1b[{'7;' if strong else ''}{_COLOURS[kind]}m{text}\x1b[0m"


def _without_other_messages(lines: Sequence[DiffLine[TextLine]]) -> Sequence[DiffLine[TextLine]]:
    """The lines of a hunk but for messages at its ends in which nothing differs: each case has others there."""
    differs = [number for number, one in enumerate(lines) if one.kind != "same"]
    roles = [number for number, one in enumerate(lines) if one.line.role]
    start = max((number for number in roles if number <= differs[0]), default=0)
    end = min((number for number in roles if number > differs[-1]), default=len(lines))
    return lines[start:end]


def _file_lines(text: str) -> list[FileLine]:
    lines = [FileLine(line, ended=True) for line in text.split("\n")]
    last = lines.pop()
    return [*lines, FileLine(last.text, ended=False)] if last.text else lines


def _heading(hunk: Hunk[FileLine]) -> str:
    spans = ((hunk.old_start, hunk.old_count), (hunk.new_start, hunk.new_count))
    old, new = (f"{start}" if count == 1 else f"{start},{count}" for start, count in spans)
    return f"@@ -{old} +{new} @@"


def _path(side: str, path: str | None) -> str:
    return f"{side}/{terminal_line(path)}" if path else "/dev/null"


def _side(revision: Revision | None) -> str:
    if revision is None:
        return "nothing"
    if revision.label == WORKTREE:
        return "working tree"
    return terminal_line(f"{revision.label}@{(revision.commit or '')[:7]}")


def _prompt(found: Difference) -> str:
    if found.base_prompt is None:
        return f"{found.head_prompt}, which base does not have"
    if found.head_prompt is None:
        return f"{found.base_prompt}, which head does not have"
    if found.base_prompt == found.head_prompt:
        return found.head_prompt
    return f"{found.base_prompt} → {found.head_prompt}"


def _counts(found: RenderedDifference) -> str:
    if found.cases == 1:
        return f"the request of 1 case {'changes' if found.differ else 'is new' if found.new else 'is equal'}"
    parts = [f"requests of {found.differ} of {found.cases} cases change"]
    for count, what in ((found.equal, "equal"), (found.new, "new")):
        if count:
            parts.append(f"{count} {'is' if count == 1 else 'are'} {what}")
    return "; ".join(parts)
