"""What the filters of Nunjucks make of values. With `agree`, what Jinja would make otherwise is refused."""

from collections.abc import Callable
from typing import Any

from promptctl.importers.promptfoo.js import UNDEFINED, Unclear, as_json, as_text, read_json, trimmed

MAX_TEXT = 1_000_000
"""Characters. A longer text is an attack: one that doubles, or is put between many."""


def filtered(name: str, target: Any, args: list[Any], at: int, *, agree: bool) -> Any:
    """`target | name(args)`, of all filters but `default`.

    Raises:
        Unclear: Nunjucks refuses the value, prints it as nobody means it, or (with `agree`) Jinja differs.
    """
    if name == "dump":
        return _dumped(target, args, at, agree=agree)
    if name == "replace":
        return _replaced(_wanted(str, target, name, at), args, at)
    if name == "join":
        return _joined(_wanted(list, target, name, at), args, at, agree=agree)
    if name == "safe":
        raise Unclear("the filter safe inside an expression", at)
    if args:
        raise Unclear(f"the filter {name} with arguments", at)
    missing = target is UNDEFINED or target is None
    if name in _TEXT:
        return "" if missing and name != "trim" else _TEXT[name](_wanted(str, target, name, at))
    if name == "length":
        if missing:
            return 0
        return len(target) if isinstance(target, dict) else length_of(target, at)
    if name == "load":
        try:
            return read_json(_wanted(str, target, name, at))
        except ValueError:
            raise Unclear("a value that is no JSON given to the filter load", at) from None
    items = _wanted(list, target, name, at)
    return items[0 if name == "first" else -1] if items else UNDEFINED


def text_of(value: Any, at: int, *, agree: bool) -> str:
    """A value as it stands in text."""
    try:
        shown = as_text(value)
    except Unclear as error:
        raise Unclear(str(error), at) from None
    if agree and (value is None or value is UNDEFINED):
        raise Unclear(f"{shown} put into text", at)
    if agree and (isinstance(value, bool) or (isinstance(value, float) and shown != str(value))):
        raise Unclear(f"{shown} put into text, which Jinja writes {value}", at)
    return shown


def length_of(value: Any, at: int) -> int:
    """The length of a text or a list."""
    if isinstance(value, str) and any(ord(character) > 0xFFFF for character in value):
        raise Unclear("the length of a text with characters that JavaScript counts twice", at)
    if not isinstance(value, (str, list)):
        raise Unclear(f"the length of {kind_of(value)}", at)
    return len(value)


def kind_of(value: Any) -> str:
    """What a value is, in two words."""
    if value is UNDEFINED or value is None:
        return "undefined" if value is UNDEFINED else "null"
    kinds = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "a mapping")


def _dumped(target: Any, args: list[Any], at: int, *, agree: bool) -> str:
    if target is UNDEFINED:
        raise Unclear("undefined given to the filter dump", at)
    if agree and isinstance(target, (list, dict)) and target and not args:
        raise Unclear("a list or mapping given to the filter dump, which tojson writes with spaces", at)
    if len(args) > 1 or (args and (not isinstance(args[0], int) or not 1 <= args[0] <= 10)):
        raise Unclear("the filter dump with anything but a number of spaces", at)
    return as_json(target, args[0] if args else None)


def _replaced(text: str, args: list[Any], at: int) -> str:
    if len(args) != 2 or not all(isinstance(argument, str) for argument in args) or not args[0]:
        raise Unclear("the filter replace with anything but two texts", at)
    if text.count(args[0]) * len(args[1]) > MAX_TEXT:
        raise Unclear(f"a text of more than {MAX_TEXT:,} characters", at)
    return text.replace(args[0], args[1])


def _joined(items: list[Any], args: list[Any], at: int, *, agree: bool) -> str:
    if len(args) > 1 or (args and not isinstance(args[0], str)):
        raise Unclear("the filter join with anything but one text", at)
    if args and len(items) * len(args[0]) > MAX_TEXT:
        raise Unclear(f"a text of more than {MAX_TEXT:,} characters", at)
    return (args[0] if args else "").join(text_of(item, at, agree=agree) for item in items)


def _wanted(kind: type, value: Any, name: str, at: int) -> Any:
    if not isinstance(value, kind):
        raise Unclear(f"{kind_of(value)} given to the filter {name}", at)
    return value


def _capitalized(text: str) -> str:
    return text.lower()[:1].upper() + text.lower()[1:]


_TEXT: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "capitalize": _capitalized,
    "trim": trimmed,
}
