"""What `pick-fields` can recognise in a text: words, patterns, e-mail addresses, links, dates, numbers."""

import re
import warnings
from collections.abc import Iterator
from datetime import date

from promptctl.core.similarity import has_unspaced

Span = tuple[int, int]

# Of the input, for a schema's pattern: two repetitions over 20,000 characters then take seconds at worst.
_LONGEST_LINE = 400
_MOST_REPETITIONS = 2
_MOST_CHOICES = 8  # question marks and groups; each may double the work
_REPETITION = re.compile(r"[*+]|\{\d*,")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}")
_LINK = re.compile(r"https?://[^\s<>\"'，。）)]+")
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,-])-?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?(?![A-Za-z0-9_]|[.,]\d)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>" + "|".join(_MONTHS) + r")[a-z]{0,6}\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<number>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>\d{4})\s?年\s?(?P<number>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号]"),
    re.compile(rf"(?<!\d){_DAY}\s(?:of\s)?{_MONTH},?\s(?P<year>\d{{4}})", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s{_DAY},?\s(?P<year>\d{{4}})", re.IGNORECASE),
)


def mentions(text: str, word: str) -> Iterator[Span]:
    """Where `word` stands: whole, with or without a plural s; anywhere for Chinese and for signs such as €."""
    word = word.strip()
    if not word:
        return
    body = re.escape(word)
    if word[-1].isalnum() and not has_unspaced(word):
        body = rf"(?<![A-Za-z0-9]){body}(?:e?s)?(?![A-Za-z0-9])"
    for match in re.finditer(body, text, re.IGNORECASE):
        yield match.span()


def matching(text: str, pattern: str) -> Iterator[tuple[Span, str]]:
    """Where a schema's pattern matches; nowhere for one that is broken or could backtrack for ever."""
    core = pattern.removeprefix("^").removesuffix("$")
    if backtracks(core):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expression = re.compile(rf"(?<![A-Za-z0-9])(?:{core})(?![A-Za-z0-9])")
    except (re.error, RecursionError, OverflowError):
        return
    start = 0
    for line in text.splitlines(keepends=True):
        for match in expression.finditer(line[:_LONGEST_LINE]):
            if match[0]:
                yield (start + match.start(), start + match.end()), match[0]
        start += len(line)


def backtracks(pattern: str) -> bool:
    """Whether a pattern may take for ever: a repeated group that itself repeats or chooses, or too much of both.

    Careful rather than exact: some harmless patterns are refused too, and their field stays null.
    """
    if len(_REPETITION.findall(pattern)) > _MOST_REPETITIONS:
        return True
    if pattern.count("?") + pattern.count("(") > _MOST_CHOICES:
        return True
    opened: list[bool] = []
    i = 0
    while i < len(pattern):
        character, following = pattern[i], pattern[i + 1 : i + 2]
        if character == "\\":
            if following.isdigit():  # a back-reference
                return True
            i += 1
        elif character == "[":
            i = max(i, pattern.find("]", i + 2))
        elif character == "(":
            opened.append(False)
            i += following == "?"
        elif character == ")" and opened:
            loose = opened.pop()
            if loose and following in ("*", "+", "{"):
                return True
            if opened:
                opened[-1] |= loose
        elif opened and (character in "|*+?" or (character == "{" and "," in pattern[i : i + 6])):
            opened[-1] = True
        i += 1
    return False


def emails(text: str) -> Iterator[tuple[Span, str]]:
    """E-mail addresses."""
    for match in _EMAIL.finditer(text):
        yield match.span(), match[0]


def links(text: str) -> Iterator[tuple[Span, str]]:
    """http and https addresses."""
    for match in _LINK.finditer(text):
        yield match.span(), match[0]


def dates(text: str) -> list[tuple[Span, str]]:
    """Dates that exist, in the order of the text, written as the format asks: 2026-11-03."""
    found = []
    for expression in _DATES:
        for match in expression.finditer(text):
            parts = match.groupdict()
            try:
                month = int(parts.get("number") or _MONTHS.index(parts["month"].lower()) + 1)
                found.append((match.span(), date(int(parts["year"]), month, int(parts["day"])).isoformat()))
            except ValueError:  # 31 February
                continue
    return sorted(found)


def numbers(text: str) -> Iterator[tuple[Span, int | float]]:
    """Numbers, also with thousands separators, that are not part of a word."""
    for match in _NUMBER.finditer(text):
        plain = match[0].replace(",", "")
        yield match.span(), float(plain) if "." in plain else int(plain)
