"""A file's values with the place of each, and what all readers share: limits, decoding, plain words."""

import codecs
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from promptctl.core.full_width import instead, signs
from promptctl.errors import FileError, Place

MAX_BYTES = 5_000_000
MAX_DEPTH = 50
MAX_DIGITS = 300  # `float()` of a longer integer overflows, and Python refuses to write one of 4,300 digits

_LOOKED_AT = 4096  # bytes that tell an encoding: a file of cases may have hundreds of megabytes

Key = str | int
Mark = tuple[int, int]


class Spot(NamedTuple):
    """Where one value stands: line and column, from 1, of its key (or list item) and of the value itself.

    `bare` is True for a YAML string that was written without quotes.
    """

    key: Mark
    value: Mark
    children: "dict[str, Spot] | list[Spot] | None" = None
    bare: bool = False


START = Spot((1, 1), (1, 1))


class Document:
    """The plain data of a file (`value`) that knows where each part of it is written.

    `path` is the file as a user would type it. `spots` may be a function: JSON and TOML look for places only when one
    is asked for; `start` is where the whole begins, if that is known without looking. `lines_before` is how many lines
    of the file stand before the text that was read.
    """

    __slots__ = ("_lines_before", "_spots", "_start", "path", "value")

    def __init__(
        self,
        value: Any,
        path: str,
        spots: Spot | Callable[[], Spot] = START,
        *,
        lines_before: int = 0,
        start: Mark | None = None,
    ) -> None:
        self.value, self.path = value, path
        self._spots: Spot | _Sought = spots if isinstance(spots, Spot) else _Sought(spots)
        self._lines_before, self._start = lines_before, start

    @property
    def spot(self) -> Spot:
        """Where the whole stands, with all its parts."""
        return self._spots if isinstance(self._spots, Spot) else self._spots.spot()

    def place(self, *keys: Key) -> Place:
        """Where the key of an entry stands, or a list's item; failing that, its nearest known ancestor."""
        if not keys and self._start is not None:
            return _at(self.path, self._start, self._lines_before)
        if isinstance(self._spots, _Sought):
            return _SoughtPlace(self.path, self._spots, keys, self._lines_before)
        return _at(self.path, _find(self._spots, keys)[0].key, self._lines_before)

    def is_bare(self, *keys: Key) -> bool:
        """Whether that value is a YAML string written without quotes."""
        spot, found = _find(self.spot, keys)
        return found and spot.bare

    def error(self, message: str, *keys: Key, slug: str, fix: str | None = None) -> FileError:
        """An error at the place of `keys`."""
        return FileError(message, slug=slug, at=self.place(*keys), fix=fix)


class _Sought:
    """The spots of a text, looked for once, when the first is needed."""

    __slots__ = ("_seek", "_spot")

    def __init__(self, seek: Callable[[], Spot]) -> None:
        self._seek = seek
        self._spot: Spot | None = None

    def spot(self) -> Spot:
        self._spot = self._spot or self._seek()
        return self._spot


class _SoughtPlace(Place):
    """A place that is looked for when someone reads it: of 20,000 cases hardly one is ever shown."""

    __slots__ = ("_keys", "_lines_before", "_sought")

    def __init__(self, path: str, sought: _Sought, keys: Sequence[Key], lines_before: int) -> None:
        self.path = path
        self._sought, self._keys, self._lines_before = sought, keys, lines_before

    def __getattr__(self, name: str) -> int:  # called only for what is not set: `line` and `column` at first
        if name not in ("line", "column"):
            raise AttributeError(name)
        found = _at(self.path, _find(self._sought.spot(), self._keys)[0].key, self._lines_before)
        self.line, self.column = found.line, found.column
        return self.line if name == "line" else self.column

    def __reduce__(self) -> tuple[type[Place], tuple[str, int, int]]:
        """To another process it goes as what it says."""
        return Place, (self.path, self.line, self.column)


def decode(data: bytes, path: str) -> str:
    """The text of a file that people write: UTF-8, a byte order mark eaten, CRLF as LF.

    Raises:
        FileError: another encoding, named where it can be told (`not-utf8`).
    """
    if is_utf16(data):
        raise FileError(
            "this file is UTF-16",
            slug="not-utf8",
            at=Place(path),
            fix="save it as UTF-8 (in an editor: Save as…)",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
        raise FileError(
            f"byte 0x{error.object[error.start]:02x} is not UTF-8",
            slug="not-utf8",
            at=Place(path, before.count(b"\n") + 1, column),
            fix="save the file as UTF-8 (in an editor: Save as…)",
        ) from None
    return text.replace("\r\n", "\n")


def is_utf16(data: bytes) -> bool:
    """By its byte order mark, or by the zero that every second byte of plain Western text would be."""
    head = data[:_LOOKED_AT]
    zeros = max(head[0::2].count(0), head[1::2].count(0))
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or zeros * 4 > len(head)


def refuse_large(text: str, path: str, limit: int = MAX_BYTES) -> None:
    """Raises FileError (`too-large`) for a text of more than `limit` bytes."""
    if len(text) * 4 > limit and len(text.encode("utf-8", "replace")) > limit:
        raise FileError(
            f"this file is larger than {limit / 1_000_000:g} MB",
            slug="too-large",
            at=Place(path),
            fix="split it; many cases belong in a .jsonl file",
        )


def too_deep(path: str, line: int = 1, column: int = 1) -> FileError:
    """The error for lists and mappings nested beyond `MAX_DEPTH`."""
    return FileError(
        f"lists and mappings are nested more than {MAX_DEPTH} deep",
        slug="too-deep",
        at=Place(path, line, column),
        fix="flatten the data",
    )


def depth_exceeds(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether lists and mappings in `value` are nested more than `limit` deep."""
    level = [value]
    for _ in range(limit):
        level = [inner for item in level if isinstance(item, (list, dict)) for inner in _inner(item)]
        if not level:
            return False
    return any(isinstance(item, (list, dict)) for item in level)


def is_below(folder: str) -> bool:
    """Whether `folder`, as a person wrote it, lies below the project's root."""
    path = PurePosixPath(folder)
    return not (path.is_absolute() or ".." in path.parts or "\\" in folder or str(path) == ".")


def in_words(value: Any) -> str:
    """What a value is, as a person would say it: `a list`, `the number 3`, `the text "abc"`."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}" if abs(value) < 1e15 else "a large number"
    if isinstance(value, str):
        return f'the text "{shortened(value)}"'
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"


def shortened(text: str, limit: int = 40) -> str:
    """One printable line of `text`, cut at `limit` characters."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def full_width_hint(text: str) -> str | None:
    """What to type where full-width punctuation stands for that of the format; None where there is none."""
    found = signs(text)
    return instead(found) if found else None


def _at(path: str, mark: Mark, lines_before: int) -> Place:
    return Place(path, mark[0] + lines_before, mark[1])


def _find(spot: Spot, keys: Sequence[Key]) -> tuple[Spot, bool]:
    for key in keys:
        child = _child(spot.children, key)
        if child is None:
            return spot, False
        spot = child
    return spot, True


def _child(children: dict[str, Spot] | list[Spot] | None, key: Key) -> Spot | None:
    if isinstance(children, dict):
        return children.get(str(key))
    if children is not None and isinstance(key, int) and 0 <= key < len(children):
        return children[key]
    return None


def _inner(item: list[Any] | dict[str, Any]) -> list[Any]:
    return list(item.values()) if isinstance(item, dict) else item
