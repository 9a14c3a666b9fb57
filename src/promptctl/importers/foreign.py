"""A foreign file's data with the place of each part, and what its readers share."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from promptctl.errors import FileError, Place

MAX_BYTES = 5_000_000
MAX_DEPTH = 50
MAX_VALUES = 100_000
"""Values of one document, with those that aliases repeat."""
MAX_DIGITS = 300

Key = str | int


class Spot(NamedTuple):
    """Where one value stands: line and column, from 1, of its key or list item; and its parts."""

    line: int
    column: int
    children: "dict[str, Spot] | list[Spot] | None" = None


class Foreign:
    """The plain data of a file (`value`) that knows where each part of it is written."""

    __slots__ = ("_spot", "path", "value")

    def __init__(self, value: Any, path: str, spot: Spot) -> None:
        self.value, self.path, self._spot = value, path, spot

    @property
    def spot(self) -> Spot:
        """Where the whole stands, with all its parts."""
        return self._spot

    def place(self, *keys: Key) -> Place:
        """Where the key of an entry stands, or a list's item; failing that, its nearest known ancestor."""
        spot = self._spot
        for key in keys:
            child = _child(spot, key)
            if child is None:
                break
            spot = child
        return Place(self.path, spot.line, spot.column)

    def error(self, message: str, keys: Sequence[Key], *, slug: str, fix: str) -> FileError:
        """An error at the place of `keys`."""
        return FileError(message, slug=slug, at=self.place(*keys), fix=fix)


def refuse_large(text: str, path: str) -> None:
    """Raises FileError (`too-large`) for a text of more than `MAX_BYTES`."""
    if len(text) * 4 > MAX_BYTES and len(text.encode("utf-8", "replace")) > MAX_BYTES:
        fix = "split it, and import the parts"
        message = f"this file is larger than {MAX_BYTES / 1_000_000:g} MB"
        raise FileError(message, slug="too-large", at=Place(path), fix=fix)


def too_deep(at: Place) -> FileError:
    """The error for lists and mappings nested beyond `MAX_DEPTH`."""
    message = f"lists and mappings are nested more than {MAX_DEPTH} deep"
    return FileError(message, slug="too-deep", at=at, fix="flatten the data")


def huge_number(token: str, at: Place) -> FileError:
    """The error for a number that no tool reads alike."""
    message, fix = f"a number of {len(token)} digits", "put it in quotes"
    return FileError(message, slug="huge-number", at=at, fix=fix)


def not_finite(token: str, at: Place) -> FileError:
    """The error for NaN and the infinities, for which JSON has no word."""
    fix = "put it in quotes if it is text"
    return FileError(f"{token[:20]} is no number that can be kept", slug="not-finite", at=at, fix=fix)


def duplicate_key(name: str, first: int, at: Place) -> FileError:
    """The error for a key that stands twice in one mapping. `first` is the line of the first."""
    message = f'the key "{shortened(name)}" stands on line {first} already'
    return FileError(message, slug="duplicate-key", at=at, fix="keep one of the two")


def whole_characters(text: str) -> str | None:
    """`text` with the halves of characters beyond 16 bits joined; None where one half is missing."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None


def in_words(value: Any) -> str:
    """What a value is, as a person would say it."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}" if abs(value) < 1e15 else "a large number"
    if isinstance(value, str):
        return f'the text "{shortened(value)}"'
    return "a mapping" if isinstance(value, dict) else "a list"


def shortened(text: str, limit: int = 40) -> str:
    """One printable line of `text`, cut at `limit` characters."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _child(spot: Spot, key: Key) -> Spot | None:
    if isinstance(spot.children, dict):
        return spot.children.get(str(key))
    if spot.children is not None and isinstance(key, int) and 0 <= key < len(spot.children):
        return spot.children[key]
    return None
