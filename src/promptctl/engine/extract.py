"""The part of an output that a check looks at: by pattern, JSON Pointer, code block or line."""

import json
from collections.abc import Callable

from promptctl.checks.json_text import ABSENT, check_pointer, code_blocks, look_up, parse_json
from promptctl.checks.matching import written
from promptctl.checks.pattern import compiled, search
from promptctl.core.case import Extract

Finder = Callable[[str], str | None]


def finder(extract: Extract) -> Finder:
    """A function that gives the part of a text that `extract` names, or None where there is none.

    regex: what the group matched (Python `re` meaning, leftmost match or the last one). json: the value at the pointer,
    of the whole text or else of its first `json` code block; a text as it is, anything else as JSON. block: the inside
    of the first (or last) fenced code block of that language, `any` for all. line: the first or last line that is not
    blank, its ends stripped.

    Raises:
        ValueError: not exactly one way is given, or it cannot work.
    """
    ways = {"regex": extract.regex, "json": extract.json, "block": extract.block, "line": extract.line}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        raise ValueError(f"needs one of regex, json, block and line, found {' and '.join(given) or 'none'}")
    if extract.take == "last" and given[0] in ("json", "line"):
        raise ValueError(f"`take` belongs to regex and block, not to {given[0]}")
    if extract.regex is not None:
        return _by_pattern(extract.regex, extract)
    if extract.json is not None:
        return _by_pointer(extract.json)
    if extract.block is not None:
        return _by_block(extract.block, extract)
    return _last_line if extract.line == "last" else _first_line


def missing(extract: Extract) -> str:
    """What to say where a text has no such part."""
    if extract.regex is not None:
        return f"extract: no match for {written(extract.regex)}"
    if extract.json is not None:
        return f"extract: no JSON with {extract.json}"
    if extract.block is not None:
        return f"extract: no {'' if extract.block == 'any' else extract.block + ' '}code block"
    return "extract: no line that is not blank"


def _by_pattern(pattern: str, extract: Extract) -> Finder:
    program = compiled(pattern)
    group = extract.group
    if isinstance(group, str) and group.isdecimal():
        group = int(group)
    if isinstance(group, int) and not 0 <= group <= program.groups:
        raise ValueError(
            f"the pattern has no group {group}: put parentheses around the part, or write `group: 0`"
        )
    if isinstance(group, str) and group not in program.groupindex:
        raise ValueError(f'the pattern has no group named "{group}": write (?P<{group}>...)')

    def find(text: str) -> str | None:
        found = search(program, text, take=extract.take)
        return None if found is None else found.group(group)

    return find


def _by_pointer(pointer: str) -> Finder:
    check_pointer(pointer)

    def find(text: str) -> str | None:
        for candidate in (text, next(code_blocks(text, "json"), "")):
            try:
                value = look_up(parse_json(candidate), pointer)
            except ValueError:
                continue
            if value is ABSENT:
                return None
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return None

    return find


def _by_block(language: str, extract: Extract) -> Finder:
    if not language:
        raise ValueError("`block` is a language, or `any`")

    def find(text: str) -> str | None:
        blocks = list(code_blocks(text, language))
        return blocks[0 if extract.take == "first" else -1] if blocks else None

    return find


def _first_line(text: str) -> str | None:
    return next((line.strip() for line in text.splitlines() if line.strip()), None)


def _last_line(text: str) -> str | None:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), None)
