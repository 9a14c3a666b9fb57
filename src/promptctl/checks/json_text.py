"""Reading JSON out of texts that models write, and finding values in it by JSON Pointer (RFC 6901)."""

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NoReturn

import msgspec

from promptctl.checks.text import shown

ABSENT = msgspec.UNSET

# What can begin an object or an array; "{placeholder}" and "[link](...)" cannot.
_OPENING = re.compile(r'\{\s*["}]|\[\s*(?:[\[\]{"\d-]|true|false|null)')
# Fences as in CommonMark, at any indentation; one that is never closed runs to the end.
_FENCE = re.compile(
    r"^[ \t]*(?P<mark>`{3,}|~{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)(?:^[ \t]*(?P=mark)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_WORK = 10_000_000
_WORK_OF_A_FAILURE = 1_000
_WORK_OF_DEEP_NESTING = 50_000


class TooMuchWork(ValueError):
    """So many brackets begin something that is not JSON that the search was given up."""


def parse_json(text: str) -> Any:
    """The value that `text` as a whole stands for.

    Strict JSON (RFC 8259): NaN and Infinity are refused, and so are numbers beyond every float (1e999), which would
    become infinite. Of equal keys the last one counts.

    Raises:
        ValueError: one clause on why it is not JSON, with line and column.
    """
    if not text.strip():
        raise ValueError("the output is empty")
    try:
        return _decoder().decode(text)
    except json.JSONDecodeError as error:
        hint = "; it has a code block: `extract: {block: json}`" if "```" in text else ""
        raise ValueError(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}{hint}"
        ) from None
    except ValueError as error:  # NaN, Infinity, 1e999
        raise ValueError(f"not JSON: {error}") from None
    except RecursionError:
        raise ValueError("not readable JSON: nested too deeply") from None


def fragments(text: str) -> Iterator[Any]:
    """The objects and arrays in `text` that are JSON, in order, none inside another.

    Raises:
        TooMuchWork: after about 10,000 brackets that begin nothing.
    """
    position, work = 0, 0
    while found := _OPENING.search(text, position):
        position = found.start()
        try:
            value, position = _decoder().raw_decode(text, position)
        except RecursionError:
            work += _WORK_OF_DEEP_NESTING
            position += 1
        except ValueError as error:
            work += _WORK_OF_A_FAILURE + max(0, getattr(error, "pos", position) - position)
            position += 1
        else:
            yield value
        if work > _WORK:
            raise TooMuchWork("too many brackets that begin no JSON")


def code_blocks(text: str, language: str) -> Iterator[str]:
    """The insides of the fenced code blocks of that language (`any`: of all), in order."""
    for label, body in labelled_blocks(text):
        if language == "any" or label == language.casefold():
            yield body


def labelled_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Every fenced code block, in order: its language in small letters (empty without one) and its inside."""
    for found in _FENCE.finditer(text.replace("\r\n", "\n")):
        label = found["info"].split()
        yield (label[0].casefold() if label else ""), found["body"]


def without_blocks(text: str) -> str:
    """`text` with an empty line for every line of a fenced code block."""
    return _FENCE.sub(lambda found: "\n" * found.group().count("\n"), text.replace("\r\n", "\n"))


def check_pointer(pointer: str) -> None:
    """Raises ValueError where `pointer` is no JSON Pointer to something inside a document."""
    if not pointer.startswith("/") or re.search(r"~(?![01])", pointer):
        raise ValueError(
            f'"{pointer}" is no JSON Pointer: write one like "/items/0/id" (~1 for a slash, ~0 for ~)'
        )


def look_up(value: Any, pointer: str) -> Any:
    """What stands at `pointer` in `value`, or ABSENT."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def first_difference(wanted: Any, found: Any, ignore: tuple[str, ...] = ()) -> str | None:
    """Where and how two JSON values differ, or None; `ignore` are pointers that are not looked at.

    1 and 1.0 are equal, 1 and true are not. The order of keys does not matter, that of items does.
    """
    waiting: list[tuple[str, Any, Any]] = [("", wanted, found)]
    while waiting:
        at, one, other = waiting.pop()
        if at in ignore:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            keys = [*one, *(key for key in other if key not in one)]
            steps = [(f"{at}/{_escaped(key)}", one.get(key, ABSENT), other.get(key, ABSENT)) for key in keys]
            waiting.extend(reversed(steps))
        elif isinstance(one, list) and isinstance(other, list):
            length = max(len(one), len(other))
            steps = [(f"{at}/{index}", _item(one, index), _item(other, index)) for index in range(length)]
            waiting.extend(reversed(steps))
        elif not _same_scalar(one, other):
            return f"{shown_pointer(at) + ': ' if at else ''}{brief(other)}, not {brief(one)}"
    return None


def brief(value: Any, limit: int = 60) -> str:
    """`value` as JSON, cut after `limit` characters; `nothing` where it is absent."""
    if value is ABSENT:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = "a deeply nested value"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shown_pointer(pointer: str) -> str:
    """`pointer` on one line of bearable length: its keys are the model's own."""
    return shown(pointer, 120)[1:-1]


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _same_scalar(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    return type(one) is type(other) and bool(one == other)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def whole_number(digits: str) -> int:
    """The integer that is written so. Raises ValueError for one of a thousand digits: Python's limit is near."""
    return int(digits) if len(digits) < 1000 else _refuse_size(digits)


def finite_number(written: str) -> float:
    """The number that is written so. Raises ValueError for one that would become infinite."""
    number = float(written)
    return number if math.isfinite(number) else _refuse_size(written)


def _refuse_size(written: str) -> NoReturn:
    raise ValueError(f"the number {shown(written, 20)[1:-1]} is too large to be read")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_refuse, parse_int=whole_number, parse_float=finite_number)
