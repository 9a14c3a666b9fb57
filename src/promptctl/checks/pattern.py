"""The check `regex`, and patterns for other checks: what is not plain text is tried by the examiner's process."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from promptctl.checks.examiner import SECONDS, Examiner, examiner
from promptctl.checks.matching import MAX_PATTERN, written
from promptctl.checks.text import shown
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes
from promptctl.processes.worker import Patience

MAX_TEXT = 1_000_000

_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]+")
_ZERO_WIDTH = re.compile(r"[\^$]|\\[AZbB]|\(\?(?:=|!|<=|<!|\()")


class Match:
    """What a pattern found: its groups, the whole first."""

    def __init__(self, groups: Sequence[str | None], names: Mapping[str, int]) -> None:
        self._groups, self._names = groups, names

    def group(self, group: int | str = 0) -> str | None:
        """The text of a group by number or name; None for one that took no part."""
        return self._groups[group if isinstance(group, int) else self._names[group]]


class Pattern:
    """A regular expression that Python's `re` accepts. `groups` counts its groups, `groupindex` numbers the named ones.

    `idle` says that it matches an empty text.
    """

    def __init__(self, pattern: str, flags: str, examiner: Examiner) -> None:
        self.pattern, self.flags = pattern, flags
        self.groups, self.groupindex, self.idle = 0, {}, False
        self._examiner = examiner
        self._patience = Patience()
        short = len(pattern) <= MAX_PATTERN  # or the examiner says that it is too long
        self._plain = short and _PLAIN.fullmatch(pattern) is not None and not set(flags) - set("ams")
        if not self._plain:
            said = examiner.ask({"do": "compile", "pattern": pattern, "flags": flags})
            self.groups, self.groupindex, self.idle = said["groups"], said["names"], said["idle"]

    def find(self, text: str, take: Literal["first", "last"], *, full: bool) -> Match | None:
        """The first or last match. Raises as `search`."""
        if self._plain:
            there = text == self.pattern if full else self.pattern in text
            return Match([self.pattern], {}) if there else None
        request = {
            "do": "search",
            "pattern": self.pattern,
            "flags": self.flags,
            "text": text,
            "take": take,
            "full": full,
        }
        with self._patience:
            found = self._examiner.ask(request)["found"]
        return None if found is None else Match(found, self.groupindex)


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: str = "") -> Pattern:
    """`pattern` ready to be searched for; `flags` are letters of `aimsx`.

    Raises:
        ValueError: one sentence on why Python's `re` refuses it, why it would mean something else, or that it takes
            too long or too much memory.
    """
    try:
        return Pattern(pattern, flags, examiner())
    except TimeoutError:
        raise ValueError(f"{written(pattern)} takes longer than {SECONDS:g} s to compile") from None


def search(
    pattern: Pattern, text: str, *, take: Literal["first", "last"] = "first", full: bool = False
) -> Match | None:
    """The leftmost match (or the last of all that do not overlap), with `full` only one of the whole text.

    Raises:
        ValueError: the text is longer than `MAX_TEXT`.
        TimeoutError: no answer within a second.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"the output has {len(text)} characters; patterns are tried on {MAX_TEXT} at most")
    return pattern.find(text, take, full=full)


class Regex(Rule):
    """The output has a part that the regular expression matches; with `full`, the whole output must match.

    The pattern means what it means to Python's `re.search` (`re.fullmatch` with `full`); patterns that `re`
    refuses are refused. `flags` are letters: i ignores case, m lets ^ and $ match at every line, s lets . match
    line breaks, x allows comments, a keeps \\w, \\d and \\s to ASCII. One difference is left: \\w also takes
    combining marks, as Unicode says.

    A pattern that takes longer than one second, or an output of more than a million characters, makes the trial
    an error: never a pass, never a fail. An empty output is searched like any other. A pattern that matches
    every output is refused.
    """

    SHORT = "pattern"
    FAMILY = "text"
    EXAMPLES = (
        Example(args=r"\b14 days\b", output="Within 14 days.", status="pass"),
        Example(args=r"\b14 days\b", output="Within 114 days.", status="fail"),
        Example(args={"pattern": "^yes", "flags": "i"}, output="Yes, it is.", status="pass"),
        Example(args={"pattern": r"\d{4}", "full": True}, output="2026!", status="fail"),
        Example(args=r"\d+ ?天", output="退款在 14 天内到账。", status="pass"),
        Example(args="^$", output="", status="pass", note="asks for an empty output"),
        Example(args=r"\w", output="", status="fail"),
    )

    pattern: str
    flags: str = ""
    full: bool = False

    def __post_init__(self) -> None:
        if not self.pattern:
            raise ValueError("an empty pattern matches every output")
        program = compiled(self.pattern, self.flags)
        anchored = _ZERO_WIDTH.search(self.pattern.replace("[^", "["))
        if not self.full and not anchored and program.idle:
            raise ValueError(f"{written(self.pattern)} can match nothing at all, so it matches every output")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where there is a match."""
        found = search(compiled(self.pattern, self.flags), subject.text, full=self.full)
        if found is None:
            return fails(
                f"{'the whole output does not match' if self.full else 'no match for'} {written(self.pattern)}"
            )
        return passes(f"{written(self.pattern)} matches {shown(found.group() or '')}")
