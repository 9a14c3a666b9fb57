"""What a Dotprompt template is made of, once every name in it has one meaning."""

from dataclasses import dataclass
from typing import Any, NamedTuple

ROLES = {"user": "user", "system": "system", "model": "assistant", "assistant": "assistant", "tool": "tool"}
"""Dotprompt's roles, and those of the chat-completions protocol."""


@dataclass(eq=False)
class Print:
    """A value put into the text."""

    value: "Value"


@dataclass(eq=False)
class Choice:
    """One of two bodies. `other` is what `value` is compared with; without it `value` is a condition."""

    value: "Value"
    body: "list[Part]"
    otherwise: "list[Part]"
    negated: bool = False
    other: "Value | None" = None
    inner: bool = False  # `value` becomes the context of the body


@dataclass(eq=False)
class Loop:
    """A body for each item; `item` is our name for it."""

    value: "Value"
    item: str
    body: "list[Part]"
    otherwise: "list[Part]"


@dataclass(eq=False)
class Marker:
    """A change of role, the history, or a picture. `name` is the role; `value` the picture."""

    kind: str
    name: str = ""
    value: "Value | None" = None


@dataclass(eq=False)
class Include:
    """A partial that is kept as a file of its own; `parts` is what it says."""

    file: str
    parts: "list[Part]"


Part = str | Print | Choice | Loop | Marker | Include


class Value(NamedTuple):
    """A value by where it is found, and by how Jinja finds it.

    `depth` is how many contexts out, `path` the names from there; `special` one of `@index`, `@first`, `@last`;
    `constant` a text or number that is written out. `code` is the Jinja, `kind` its JSON type where that is known,
    `sure` whether it is always there.
    """

    depth: int = 0
    path: tuple[str, ...] = ()
    special: str = ""
    constant: Any = None
    code: str = ""
    kind: str = ""
    sure: bool = True
