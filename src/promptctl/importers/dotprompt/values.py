"""What JavaScript makes of a value in a Handlebars template: as text, in a condition, along a path."""

from collections.abc import Mapping, Sequence
from typing import Any


def js_text(value: Any) -> str:
    """A value put into the text. Nothing is the empty text, a list its items with commas between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ",".join(js_text(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def js_true(value: Any) -> bool:
    """A value in `{{#if}}`: an empty list, an empty text and 0 are false, an empty mapping is true."""
    return isinstance(value, dict) or bool(value)


def look_up(value: Any, path: Sequence[str]) -> Any:
    """What stands at a path; None where there is nothing on the way."""
    for name in path:
        if name == "length" and isinstance(value, (list, str)):
            value = len(value)
        elif isinstance(value, Mapping):
            value = value.get(name)
        else:
            return None
    return value
