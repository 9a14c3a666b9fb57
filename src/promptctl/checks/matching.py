"""Regular expressions with the meaning of Python's `re`, compiled and tried in this process.

A pattern must be accepted by `re`, so that it means what its author can try in any Python; it is then run by
the `regex` package, because `re` cannot be stopped: `^(a+)+$` holds the interpreter for 8.9 s on 28 characters.
"""

import re
import time
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from promptctl.checks.text import shown

if TYPE_CHECKING:
    import regex

SECONDS = 1.0
"""How long one search may take."""
MAX_PATTERN = 10_000
# `regex` writes repeats out when it compiles: (((a{1000}){1000}){1000}) took all the memory there was.
MAX_UNROLLED = 1_000_000

_TOKEN = re.compile(
    r"""\\N\{[^}]*\}            # a named character, its braces included
      | \\.                     # any other escape
      | \[\^?\]?(?:\\.|[^\]])*\]  # a set
      | \{(?P<low>\d*)(?:(?P<comma>,)(?P<high>\d*))?\}  # perhaps a repeat
      | .""",
    re.DOTALL | re.VERBOSE,
)
_FLAGS = {"a": re.ASCII, "i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: str = "") -> "regex.Pattern[str]":
    """`pattern` ready to be searched for; `flags` are letters of `aimsx`.

    Raises:
        ValueError: one sentence on why Python's `re` refuses it, or why it would mean something else.
    """
    import regex

    if unknown := set(flags) - set(_FLAGS):
        raise ValueError(f'flag "{min(unknown)}" is unknown: a, i, m, s and x are')
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(pattern)} characters, more than {MAX_PATTERN}")
    python = _python_pattern(pattern, flags)
    text, unrolled = _plain_braces(pattern)
    if unrolled > MAX_UNROLLED:
        raise ValueError(f"the repeats in {written(pattern)} multiply to more than {MAX_UNROLLED}")
    try:
        # `re` and `regex` give these flags the same letters but not the same numbers.
        letters = "".join(letter for letter in "aimsx" if python.flags & _FLAGS[letter])
        chosen = [getattr(regex, letter.upper()) for letter in letters]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return regex.compile(text, regex.V0 | sum(chosen))
    except (regex.error, ValueError, RecursionError) as error:
        raise ValueError(f"{written(pattern)} is not a regular expression: {error}") from error


def search(
    pattern: "regex.Pattern[str]", text: str, *, take: Literal["first", "last"] = "first", full: bool = False
) -> "regex.Match[str] | None":
    """The leftmost match (or the last of all that do not overlap), with `full` only one of the whole text.

    Raises:
        TimeoutError: no answer within `SECONDS`.
    """
    try:
        if full:
            return pattern.fullmatch(text, timeout=SECONDS)
        if take == "first":
            return pattern.search(text, timeout=SECONDS)
        return _last(pattern.finditer(text, timeout=SECONDS))
    except TimeoutError:
        raise TimeoutError(f"{written(pattern.pattern)} took longer than {SECONDS:g} s") from None


def written(pattern: str) -> str:
    """`pattern` in quotes, its backslashes single as people write them."""
    return shown(pattern).replace("\\\\", "\\")


def _last(matches: "Iterator[regex.Match[str]]") -> "regex.Match[str] | None":
    end = time.monotonic() + 2 * SECONDS  # the limit of `regex` is for each step, not for all of them
    last = None
    for found in matches:
        last = found
        if time.monotonic() > end:
            raise TimeoutError
    return last


def _python_pattern(pattern: str, flags: str) -> re.Pattern[str]:
    number = 0
    for letter in flags:
        number |= _FLAGS[letter]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, number)
    except FutureWarning as error:  # "[[" or "--" in a set: `regex` has another meaning for it
        raise ValueError(f"{written(pattern)} is ambiguous ({error}): put a backslash before it") from error
    except (re.error, RecursionError, OverflowError, DeprecationWarning) as error:
        raise ValueError(f"{written(pattern)} is not a regular expression: {error}") from error


def _plain_braces(pattern: str) -> tuple[str, int]:
    """The pattern with braces that are no repeats escaped, and its length with all repeats written out.

    `{e}` is plain text for `re` and means "up to any number of typing errors" for `regex`.
    """
    pieces: list[str] = []
    sums, last = [0], 0
    for token in _TOKEN.finditer(pattern):
        piece = token.group()
        low, high = token["low"], token["high"]
        if piece == "(":
            sums.append(0)
            last = 1
        elif piece == ")" and len(sums) > 1:
            last = max(1, sums.pop())
            sums[-1] += last
        elif low or token["comma"]:
            times = max(int(low or 0), int(high or 0), 1)
            sums[-1] += last * (times - 1)
            last *= times
        else:
            piece = "\\" + piece if piece.startswith(("{", "}")) and len(piece) == 1 else piece
            piece = r"\{\}" if piece == "{}" else piece
            last = 1
            sums[-1] += 1
        pieces.append(piece)
    return "".join(pieces), sum(sums)
