"""What values are to Jinja: which are text, which are not there, which stay closed."""

from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.runtime import BlockReference

from promptctl.templating.values import Method, NotText, named


class Absent(StrictUndefined):
    """An optional input that no one gave: false in a condition, not defined, and still an error as text."""

    def __bool__(self) -> bool:  # type: ignore[override]  # the one thing that it allows
        return False


def as_text(value: Any) -> Any:
    """Jinja's `finalize`: text and numbers pass, anything else needs a filter that says how it reads."""
    if isinstance(value, (str, int, float, Undefined)):
        return value
    raise NotText(named(value))


def guarded(value: Any) -> Any:
    """A method in a wrapper that can be called and never becomes text; anything else as it is."""
    # A function: the sandbox's own `format`.
    kinds = (MethodType, BuiltinMethodType, FunctionType, BlockReference)
    return Method(value) if isinstance(value, kinds) else value
