"""Writing Jinja that renders exactly some text: literal braces escaped, names made variables, roles made blocks."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from promptctl.core.message import ROLES


class Hole(NamedTuple):
    """A place in a text where a value goes, by the name that the original gives it."""

    name: str


Piece = str | Hole

_OPENS = re.compile(r"\{+\r|\{[{%#]|\r")
# Words of Jinja, and names that mean something inside its blocks.
_TAKEN = frozenset(
    {"and", "else", "elif", "false", "if", "in", "is", "loop", "none", "not", "or", "recursive", "self"}
    | {"super", "true", "caller", "varargs", "kwargs", "False", "None", "True"}
)


def literal(text: str) -> str:
    """Jinja that renders `text`: what would open a tag is put into an expression."""
    return _OPENS.sub(lambda found: _quoted(found[0]), text)


def template(pieces: Iterable[str | tuple[str]]) -> str:
    """Jinja from texts, and from code that stands as a one-tuple: `("{{ name }}",)`."""
    written, text = "", ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        (code,) = piece
        written += _before_code(text) + code
        text = ""
    return written + literal(text)


def filled(pieces: Sequence[Piece], names: dict[str, str]) -> str:
    """Jinja with a variable in every hole; `names` gives ours for the original's."""
    return template(
        piece if isinstance(piece, str) else (f"{{{{ {names[piece.name]} }}}}",) for piece in pieces
    )


def message(role: str, body: str) -> str:
    """A role block around Jinja. Line ends at the ends of a message are never sent, so they are left out here."""
    return "{% " + role + " %}\n" + body.strip("\n") + "\n{% end" + role + " %}\n"


def names_for(foreign: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A variable of ours for each foreign name, in order: the same where Jinja can spell it."""
    names: dict[str, str] = {}
    used = set(taken)
    for name in foreign:
        if name in names:
            continue
        base = re.sub(r"\W+", "_", name).strip("_") or "value"
        base = f"_{base}" if base[0].isdigit() else base
        base = f"{base}_" if base in _TAKEN else base
        ours, number = base, 1
        while ours in used:
            number += 1
            ours = f"{base}_{number}"
        used.add(ours)
        names[name] = ours
    return names


def prompt_id(path: str, *suffixes: str) -> str:
    """An id for the prompt in a file: its path without the suffix, in characters that ids may have."""
    for suffix in suffixes:
        if path.lower().endswith(suffix) and not path.lower().endswith(f"/{suffix}"):
            path = path[: -len(suffix)]
            break
    parts = [re.sub(r"[^\w.-]+", "-", part).strip("-._") for part in path.split("/")]
    return "/".join(part for part in parts if part) or "prompt"


def is_role(role: str) -> bool:
    """Whether promptctl has a block for this role."""
    return role in ROLES


def _before_code(text: str) -> str:
    """A literal with code behind it: braces at its end must not meet the code's own."""
    bare = text.rstrip("{")
    return literal(bare) + (_quoted(text[len(bare) :]) if bare != text else "")


def _quoted(text: str) -> str:
    return "{{ '" + text.replace("\r", "\\r") + "' }}"  # Jinja reads a bare carriage return as a line's end
