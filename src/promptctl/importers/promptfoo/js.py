"""What JavaScript makes of a value: as text, in a condition, as JSON. Only what a promptfoo file can hold."""

import json
from decimal import Decimal
from typing import Any

_SPACES = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)


class Unclear(Exception):
    """Something whose meaning cannot be carried over. The message is half a sentence that names it.

    `at` is the offset of the place in its template, where there is one.
    """

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


class Undefined:
    """JavaScript's `undefined`: what a variable is that nobody gave."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


def as_text(value: Any) -> str:
    """`String(value)`, for what prints alike in every version of promptfoo.

    Raises:
        Unclear: a list or a mapping, which print as `a,b` and `[object Object]`.
    """
    if isinstance(value, str):
        return value
    if value is None or value is UNDEFINED:
        return "null" if value is None else "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    raise Unclear(f"a {'list' if isinstance(value, list) else 'mapping'} put into text without a filter")


def _number(value: int | float) -> str:
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        if 1e-6 <= abs(value) < 1e21:
            return format(Decimal(repr(value)), "f")
        mantissa, _, exponent = repr(value).partition("e")
        return f"{mantissa}e{int(exponent):+d}"
    if value.bit_length() > 1023:
        raise Unclear("a number that JavaScript cannot hold")
    return str(value) if abs(value) < 2**53 else _number(float(value))


def truthy(value: Any) -> bool:
    """Whether `value` counts as true: everything but undefined, null, false, 0 and the empty text."""
    if value is UNDEFINED:
        return False
    return True if isinstance(value, (list, dict)) else bool(value)


def as_json(value: Any, indent: int | None = None) -> str:
    """`JSON.stringify(value)`: no spaces unless `indent` asks for lines, every script as it is."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(plain(value), ensure_ascii=False, separators=separators, indent=indent)


def plain(value: Any) -> Any:
    """`value` with numbers as JavaScript writes them: 1.0 is 1."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def read_json(text: str) -> Any:
    """`JSON.parse(text)`.

    Raises:
        ValueError: it is no JSON.
    """

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def trimmed(text: str) -> str:
    """`text.trim()`."""
    return text.strip(_SPACES)


def is_finite(value: Any) -> bool:
    """Whether `value` is a number that a check can hold: no infinity, nothing that takes hundreds of digits."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
