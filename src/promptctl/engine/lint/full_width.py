"""Full-width signs where YAML or Jinja needs the half-width form: the place of each, and what to write instead."""

import re
from collections.abc import Collection, Sequence

from promptctl.core.full_width import HALF, instead, narrow, signs, structural
from promptctl.engine.lint.findings import Finding, Findings, place_of
from promptctl.engine.load import Side
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.yaml_doubts import doubts
from promptctl.templating.full_width import Lookalike, lookalikes

_NAMING = (
    "undeclared-input",
    "undeclared-variable",
    "unknown-check",
    "unknown-key",
    "unknown-model",
    "unknown-prompt",
    "unknown-provider",
    "unused-variable",
    "wrong-value",
)
"""Errors whose message has in quotes the name that was not understood."""

_SHAPE = ("bad-check", "wrong-type")
"""Errors that may come of a text which was meant as a list or a mapping."""

_TEXT = re.compile(r'found the text "(.+)"', re.DOTALL)
_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"")
_AHEAD = 40  # lines behind the place of an error in which the sign that caused it stands
_TAGS = frozenset(
    {"block", "call", "elif", "else", "extends", "filter", "for", "from", "if", "import", "include"}
    | {"macro", "raw", "set", "with", "system", "developer", "user", "assistant", "tool", "insert"}
)

_FOLLOWING = ("case-cannot-fail", "duplicate-id", "missing-field")
"""What is also wrong with a case whose keys are not read as keys: said by the error of the sign alone."""


def without_followers(findings: Sequence[Finding]) -> list[Finding]:
    """The findings but those that only follow from a sign on the same line."""
    signed = {_line(one) for one in findings if one.level == "error" and " instead of " in (one.fix or "")}
    return [one for one in findings if one.slug not in _FOLLOWING or _line(one) not in signed]


def _line(finding: Finding) -> tuple[str, int] | None:
    at = place_of(finding)
    return (at.path, at.line) if at else None


def with_half_width(finding: Finding, side: Side) -> Finding:
    """A name that is written full-width is most likely not another name: the fix says so, at the sign itself."""
    fix, wide = _cure(finding)
    if not wide:
        return finding
    name = next((name for name in _quoted(finding) if any(sign in name for sign in wide)), "")
    at = place_of(finding)
    found = at and (_place(at, name, wide, side) or _place(at, "", wide, side))
    return finding._replace(fix=fix, at=str(found) if found else finding.at)


def _quoted(finding: Finding) -> list[str]:
    """The names in quotes that a message tells."""
    return [one[1] or one[2] for one in _QUOTED.finditer(finding.message)]


def _cure(finding: Finding) -> tuple[str, list[str]]:
    """What to do, and the signs to blame; none where the mistake is another."""
    fix = finding.fix or ""
    if finding.slug in _NAMING:
        quoted = _quoted(finding)
        if wide := signs("".join(quoted)):
            return instead(wide), wide
        names = [name for name in quoted if narrow(name)]
        return (f"write {narrow(names[0])} instead of {names[0]}", [names[0][0]]) if names else (fix, [])
    if "instead of" in fix:  # the reader has found them
        return fix, signs(fix)
    text = _TEXT.search(finding.message) if finding.slug in _SHAPE else None
    wide = structural(text[1]) if text and text[1][0] in HALF else []
    return f"{fix}; {instead(wide)}", wide


def _place(at: Place, name: str, wide: Collection[str], side: Side) -> Place | None:
    """The place of the first of these signs from `at` on, inside `name` unless that is empty."""
    try:
        lines = side.tree.text(at.path).split("\n")
    except PromptctlError:
        return None
    for number in range(at.line - 1, min(at.line - 1 + _AHEAD, len(lines))):
        first = at.column - 1 if number == at.line - 1 else 0
        if name and (first := lines[number].find(name, first)) < 0:
            continue
        for column in range(first, len(lines[number])):
            if lines[number][column] in wide:
                return Place(at.path, number + 1, column + 1)
    return None


def find_lookalikes(
    found: Findings, side: Side, name: str, inputs: Collection[str], *, declared: bool
) -> None:
    """Placeholders and tags in full-width brackets, which Jinja takes for plain text.

    Args:
        name: A file of the prompt folder.
        inputs: What its prompts are given, by declaration, use or case.
        declared: Whether they all declare their inputs; where one does not, any name may be an input.
    """
    try:
        parts = side.prompts.templates.parts(name)
    except PromptctlError:  # said already
        return
    for one in lookalikes(parts.body):
        error = FileError(
            f'"{one.text}" is plain text: its brackets are full-width, Jinja reads half-width ones',
            slug="full-width",
            at=Place(f"{side.prompts.folder}/{name}", parts.lines + one.line, one.column),
            fix=f"write {one.meant}",
        )
        if _is_meant(one, inputs, declared=declared):
            found.error(error)
        else:
            found.warning(error)


def _is_meant(one: Lookalike, inputs: Collection[str], *, declared: bool) -> bool:
    """Whether it can only be meant for Jinja: a tag, or a placeholder of an input."""
    if one.is_tag:
        return one.word.removeprefix("end") in _TAGS
    if not one.meant.startswith("{{") or not one.word:
        return False
    return one.word in inputs or (not declared and one.word.isascii())


def warn_of_doubts(found: Findings, side: Side, path: str) -> None:
    """Signs in a suite or a case that YAML takes for text."""
    try:
        text = side.tree.text(path)
    except PromptctlError:  # said already
        return
    _warn(found, doubts(text, path))


def warn_of_header_doubts(found: Findings, side: Side, name: str) -> None:
    """The same in the header of a prompt file."""
    try:
        header = side.prompts.templates.parts(name).header
    except PromptctlError:  # said already
        return
    if header:
        _warn(found, doubts(header, f"{side.prompts.folder}/{name}", first_line=2))


def _warn(found: Findings, errors: list[FileError]) -> None:
    for error in errors:
        found.warning(error)
