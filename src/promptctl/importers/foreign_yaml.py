"""YAML as other tools write it: anchors and merge keys are followed, tags are never acted on.

Values are built from the events of PyYAML's pure-Python parser (the C one dies of deep nesting), with no
constructor between, so nothing in a file can name a Python object. An alias gives the value it stands for, not a
copy; what it would be written out is counted, so that a few lines cannot become all memory.
"""

import math
import re
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from promptctl.errors import FileError, Place
from promptctl.importers.foreign import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_VALUES,
    Foreign,
    Spot,
    duplicate_key,
    huge_number,
    in_words,
    not_finite,
    refuse_large,
    shortened,
    too_deep,
    whole_characters,
)

_INNER_QUESTION = re.compile(r"(?<=[^\s{\[,])\?")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YES_NO: dict[str, bool | None] = {
    **{form: True for word in ("yes", "on") for form in (word, word.title(), word.upper())},
    **{form: False for word in ("no", "off") for form in (word, word.title(), word.upper())},
}
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_KIND_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "null", "bool", "int", "float"))

Children = dict[str, Spot] | list[Spot] | None


def read_yaml(text: str, path: str, *, first_line: int = 1, yes_no: bool = False) -> Foreign:
    """The data of a YAML text; an empty one is None.

    Plain words are read by the core schema of YAML 1.2: `null`, `true`, `false` and numbers. A date stays the text
    it is. Keys are text: a number that stands as a key is the text of it.

    Args:
        text, path: The text and where it is from.
        first_line: The file's line that `text` starts at.
        yes_no: Whether plain `yes`, `no`, `on` and `off` are true and false, as in YAML 1.1.

    Raises:
        FileError: anything else, with `file:line:column`.
    """
    refuse_large(text, path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    stand_ins = _stand_ins(text)
    back = {ord(new): old for old, new in stand_ins.items()}
    try:
        loader: Any = yaml.SafeLoader(_without(text, stand_ins))
    except ReaderError as error:
        raise _unprintable(error, text, path, first_line) from None
    words = _WORDS | _YES_NO if yes_no else _WORDS
    try:
        return _Builder(loader, path, first_line - 1, words, back).read()
    except FileError:
        raise
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, path, first_line) from None
    except Exception:  # PyYAML leaks IndexError, OverflowError, ValueError and RecursionError
        raise _bad_yaml("this is not valid YAML", path, loader.line + first_line, loader.column + 1) from None


class _Anchored:
    """What an anchor names: `size` values, or nothing yet while it is being read."""

    __slots__ = ("size", "spot", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.spot: Spot | None = None
        self.size = 0


class _Builder:
    """Turns events into values and spots, in one pass."""

    def __init__(
        self, loader: Any, path: str, above: int, words: dict[str, bool | None], back: dict[int, str]
    ) -> None:
        self._next, self._back = loader.get_event, back
        self.path, self._above, self._words = path, above, words
        self._anchors: dict[str, _Anchored] = {}
        self._count = 0

    def read(self) -> Foreign:
        self._next()  # the stream's start
        if isinstance(self._next(), StreamEndEvent):
            return Foreign(None, self.path, Spot(self._above + 1, 1))
        value, spot = self._node(self._next(), 1)
        while not isinstance(event := self._next(), StreamEndEvent):
            if not isinstance(event, DocumentEndEvent):
                fix = "put the second document in a file of its own"
                raise self._error(event, "a second document starts here", "two-documents", fix)
        return Foreign(value, self.path, spot)

    def _node(self, event: Any, depth: int) -> tuple[Any, Spot]:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            raise too_deep(self._place(event))
        self._counted(event, 1)
        self._refuse_tag(event)
        anchored = _Anchored()
        before = self._count
        if event.anchor is not None:
            self._anchors[event.anchor] = anchored
        value, children = self._content(event, depth)
        spot = self._spot(event, children)
        anchored.value, anchored.spot, anchored.size = value, spot, self._count - before + 1
        return value, spot

    def _content(self, event: Event, depth: int) -> tuple[Any, Children]:
        if isinstance(event, ScalarEvent):
            return self._scalar(event), None
        return self._mapping(depth) if isinstance(event, MappingStartEvent) else self._sequence(depth)

    def _alias(self, event: Any) -> tuple[Any, Spot]:
        anchored = self._anchors.get(event.anchor)
        if anchored is None or anchored.spot is None:
            wrong = "names itself" if anchored else "names nothing above it"
            message = f"the alias *{shortened(str(event.anchor))} {wrong}"
            raise self._error(event, message, "yaml-alias", "write the value out")
        self._counted(event, anchored.size)
        return anchored.value, self._spot(event, anchored.spot.children)

    def _mapping(self, depth: int) -> tuple[dict[str, Any], dict[str, Spot]]:
        values: dict[str, Any] = {}
        spots: dict[str, Spot] = {}
        merged: list[tuple[Any, Spot]] = []
        while not isinstance(key := self._next(), MappingEndEvent):
            name = self._key(key)
            value, spot = self._node(self._next(), depth + 1)
            spot = self._spot(key, spot.children)
            if name == "<<" and not key.style:
                merged += self._merged(key, value, spot)
                continue
            if name in values:
                raise duplicate_key(name, spots[name].line, self._place(key))
            values[name], spots[name] = value, spot
        for other, spot in merged:
            for name, value in other.items():
                values.setdefault(name, value)
                spots.setdefault(name, spot)
        return values, spots

    def _merged(self, key: Any, value: Any, spot: Spot) -> list[tuple[Any, Spot]]:
        """The mappings of `<<: *one` or `<<: [*one, *two]`; the first that has a key wins."""
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in found):
            message = f"<< takes mappings, found {in_words(value)}"
            raise self._error(key, message, "yaml-alias", "write the entries out")
        return [(one, spot) for one in found]

    def _sequence(self, depth: int) -> tuple[list[Any], list[Spot]]:
        values: list[Any] = []
        spots: list[Spot] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            value, spot = self._node(event, depth + 1)
            values.append(value)
            spots.append(spot)
        return values, spots

    def _key(self, event: Any) -> str:
        if not isinstance(event, ScalarEvent):
            found = "a mapping" if isinstance(event, MappingStartEvent) else "a list or an alias"
            message = f"a key must be text, found {found}"
            raise self._error(event, message, "key-not-text", "put the key in quotes")
        self._refuse_tag(event)
        if event.anchor is not None:
            fix = "write the value out"
            raise self._error(event, "an anchor stands before a key", "yaml-alias", fix)
        self._counted(event, 1)
        return self._characters(event)

    def _scalar(self, event: ScalarEvent) -> Any:
        text = self._characters(event)
        if event.style or event.tag in _TEXT_TAGS:
            return text
        if text in self._words:
            return self._words[text]
        return self._number_or_text(text, event) if text[0] in "-.+0123456789" else text

    def _number_or_text(self, text: str, event: ScalarEvent) -> Any:
        if _NOT_FINITE.match(text):
            raise not_finite(text, self._place(event))
        if not (_INTEGER.match(text) or _OTHER_BASE.match(text) or _FLOAT.match(text)):
            return text
        if len(text) > MAX_DIGITS:
            raise huge_number(text, self._place(event))
        if _INTEGER.match(text):
            return int(text)
        if _OTHER_BASE.match(text):
            return int(text, 0)
        number = float(text)
        if not math.isfinite(number):
            raise not_finite(text, self._place(event))
        return number

    def _characters(self, event: ScalarEvent) -> str:
        whole = whole_characters(event.value.translate(self._back))
        if whole is None:
            message = "an escape names half a character (a lone surrogate)"
            raise self._error(event, message, "bad-yaml", "write the character itself")
        return whole

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag not in (*_TEXT_TAGS, *_KIND_TAGS):
            message = f"the tag {shortened(event.tag)} is not acted on"
            raise self._error(event, message, "yaml-tag", "write the value without the tag")

    def _counted(self, event: Any, values: int) -> None:
        self._count += values
        if self._count > MAX_VALUES:
            message = f"more than {MAX_VALUES:,} values, with those that aliases repeat"
            raise self._error(event, message, "too-large", "write less, or without aliases")

    def _error(self, event: Any, message: str, slug: str, fix: str) -> FileError:
        return FileError(message, slug=slug, at=self._place(event), fix=fix)

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.path, mark.line + 1 + self._above, mark.column + 1)

    def _spot(self, event: Any, children: Children) -> Spot:
        return Spot(event.start_mark.line + 1 + self._above, event.start_mark.column + 1, children)


def _stand_ins(text: str) -> dict[str, str]:
    """Unused characters for those that PyYAML trips over, and no other reader of YAML does.

    It takes U+0085, U+2028 and U+2029 for line breaks, and a question mark behind a letter for the end of a plain text
    inside brackets.
    """
    found = [character for character in "\x85\u2028\u2029?" if character in text]
    unused = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
    return dict(zip(found, unused, strict=False))


def _without(text: str, stand_ins: dict[str, str]) -> str:
    text = _INNER_QUESTION.sub(stand_ins.get("?", "?"), text)
    return text.translate({ord(old): new for old, new in stand_ins.items() if old != "?"})


def _syntax(error: yaml.MarkedYAMLError, path: str, first_line: int) -> FileError:
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
    if "end of stream" in (error.problem or "") or "<stream end>" in (error.problem or ""):
        marks.reverse()  # where the bracket or quote was opened, not where the file ends
    line, column = (marks[0].line, marks[0].column) if marks else (0, 0)
    parts = [part for part in (error.context, error.problem) if part]
    return _bad_yaml(": ".join(["this is not valid YAML", *parts]), path, line + first_line, column + 1)


def _unprintable(error: ReaderError, text: str, path: str, first_line: int) -> FileError:
    before = text[: error.position]
    code = error.character if isinstance(error.character, int) else ord(error.character)
    message = f"the character U+{code:04X} cannot stand in YAML"
    column = len(before) - before.rfind("\n")
    return _bad_yaml(message, path, before.count("\n") + first_line, column)


def _bad_yaml(message: str, path: str, line: int, column: int) -> FileError:
    fix = "look at the indentation, quotes and brackets here"
    return FileError(message, slug="bad-yaml", at=Place(path, line, column), fix=fix)
