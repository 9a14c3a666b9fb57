"""Strict YAML: values as they are written, the place of each, every failure an error with line and column.

Only the pure-Python scanner is used: the C one dies of 40,000 brackets with a segmentation fault. Values are
built from its events, with no constructor between, so nothing in a file can name a Python object.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
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
from yaml.tokens import DirectiveToken

from promptctl.errors import FileError, raise_all
from promptctl.store.full_width import slips
from promptctl.store.places import (
    MAX_DEPTH,
    MAX_DIGITS,
    Document,
    Mark,
    Spot,
    in_words,
    refuse_large,
    shortened,
)
from promptctl.store.yaml_faults import Faults, is_unclosed

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_INNER_QUESTION = re.compile(r"(?<=[^\s{\[,])\?")
_WORDS: dict[str, bool | None] = {"": None, "null": None, "true": True, "false": False}

Built = tuple[Any, dict[str, Spot] | list[Spot] | None]


def read_yaml(text: str, path: str, first_line: int = 1) -> Document:
    """The data of a YAML text; an empty one is None. `first_line` is the file's line that `text` starts at.

    Only true, false, null (or nothing) and numbers that would be written back as they stand are not strings:
    `NO`, `1.10`, `014`, `12:30:45` and `2026-01-02` stay what they are. Keys are strings, each written once.

    Raises:
        FileError: anything else, with `file:line:column`.
    """
    refuse_large(text, path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    faults = Faults(text, path, first_line - 1)
    try:
        loader, stand_ins = open_yaml(text)
    except ReaderError as error:
        raise faults.unprintable(error) from None
    builder = _Builder(loader.get_event, faults, {ord(new): chr(old) for old, new in stand_ins.items()})
    try:
        value, spot = builder.build()
    except FileError:
        raise
    except yaml.MarkedYAMLError as error:
        found = [] if text.isascii() else slips(text, _mark_of(error), _fault_of)
        raise_all([faults.full_width(slip) for slip in found] or [faults.syntax(error)])
    except (
        Exception
    ):  # PyYAML leaks IndexError, OverflowError, ValueError and RecursionError (its #357, #843, #895)
        raise faults.anything((loader.line, loader.column)) from None
    return Document(value, path, spot, lines_before=first_line - 1)


def open_yaml(text: str) -> "tuple[_Loader, dict[int, str]]":
    """PyYAML at the start of `text` (line ends LF), and what stands in for characters that it would trip over.

    Stand-ins are single characters, so its marks are those of `text`.
    """
    stand_ins = _stand_ins(text)
    others = {code: new for code, new in stand_ins.items() if code != ord("?")}
    return _Loader(_INNER_QUESTION.sub(stand_ins.get(ord("?"), "?"), text).translate(others)), stand_ins


def _mark_of(error: yaml.MarkedYAMLError) -> Mark:
    mark = error.problem_mark or error.context_mark
    if is_unclosed(error):
        mark = error.context_mark or mark
    return (mark.line, mark.column) if mark else (0, 0)


def _fault_of(text: str) -> Mark | None:
    """Where PyYAML cannot read any further."""
    try:
        loader, _ = open_yaml(text)
        while not isinstance(loader.get_event(), StreamEndEvent):  # type: ignore[no-untyped-call]
            pass
    except yaml.MarkedYAMLError as error:
        return _mark_of(error)
    except Exception:  # see `read_yaml`
        return (0, 0)
    return None


class _Loader(yaml.SafeLoader):
    """PyYAML's own scanner and parser, without directives, and quicker by a third."""

    def __init__(self, text: str) -> None:
        self._settled = -1
        super().__init__(text)

    def check_token(self, *choices: Any) -> bool:
        # The parser asks six times a token; whether the first one is settled changes only when it is taken.
        if self._settled != self.tokens_taken:
            while self.need_more_tokens():
                self.fetch_more_tokens()
            self._settled = self.tokens_taken
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def forward(self, length: int = 1) -> None:
        passed = self.buffer[self.pointer : self.pointer + length]
        self.pointer += length
        self.index += length
        if "\n" in passed:
            self.line += passed.count("\n")
            self.column = length - passed.rindex("\n") - 1
        else:
            self.column += length

    def process_directives(self) -> Any:
        if self.check_token(DirectiveToken):
            mark = self.tokens[0].start_mark
            raise yaml.MarkedYAMLError(problem="lines that start with % are not used here", problem_mark=mark)
        return super().process_directives()  # type: ignore[no-untyped-call]


class _Builder:
    """Turns events into values and spots, in one pass."""

    def __init__(self, get_event: Callable[[], Any], faults: Faults, originals: dict[int, str]) -> None:
        self._next, self._faults, self._originals = get_event, faults, originals

    def build(self) -> tuple[Any, Spot]:
        self._next()  # the stream's start
        if isinstance(self._next(), StreamEndEvent):
            return None, Spot((1, 1), (1, 1))
        root = self._next()
        value, children = self._node(root, 1)
        while not isinstance(event := self._next(), StreamEndEvent):
            if not isinstance(event, DocumentEndEvent):
                fix = "remove the --- line, or put the second document in a file of its own"
                raise self._faults.at(
                    _mark(event), "a second document starts here", slug="two-documents", fix=fix
                )
        return value, Spot(_from_one(root), _from_one(root), children, _is_bare(root, value))

    def _node(self, event: Event, depth: int) -> Built:
        self._refuse_references(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event), None
        if depth > MAX_DEPTH:
            raise self._faults.too_deep(_mark(event))
        return self._mapping(depth) if isinstance(event, MappingStartEvent) else self._sequence(depth)

    def _mapping(self, depth: int) -> Built:
        values: dict[str, Any] = {}
        spots: dict[str, Spot] = {}
        while not isinstance(key := self._next(), MappingEndEvent):
            name = self._key(key)
            if name in values:
                first = self._faults.line(spots[name].key)
                message = f'the key "{shortened(name)}" stands on line {first} already'
                raise self._faults.at(_mark(key), message, slug="duplicate-key", fix="keep one of the two")
            event = self._next()
            value, children = self._node(event, depth + 1)
            values[name] = value
            spots[name] = Spot(_from_one(key), _from_one(event), children, _is_bare(event, value))
        return values, spots

    def _sequence(self, depth: int) -> Built:
        values: list[Any] = []
        spots: list[Spot] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            value, children = self._node(event, depth + 1)
            mark = _from_one(event)
            values.append(value)
            spots.append(Spot(mark, mark, children, _is_bare(event, value)))
        return values, spots

    def _key(self, event: Event) -> str:
        self._refuse_references(event)
        if not isinstance(event, ScalarEvent):
            found = "a mapping" if isinstance(event, MappingStartEvent) else "a list"
            raise self._faults.key_not_text(_mark(event), found)
        name = self._scalar(event)
        if not isinstance(name, str):
            raise self._faults.key_not_text(_mark(event), in_words(name))
        if name == "<<" and not event.style:
            message = "merge keys (<<) are not used here"
            raise self._faults.at(_mark(event), message, slug="yaml-alias", fix="write the entries out")
        return name

    def _scalar(self, event: ScalarEvent) -> Any:
        text: str = event.value
        if self._originals:
            text = text.translate(self._originals)
        if event.style:
            return self._whole(text, event) if event.style == '"' and not text.isascii() else text
        if text in _WORDS:
            return _WORDS[text]
        return self._number_or_text(text, event) if text[0] in "-.+0123456789" else text

    def _number_or_text(self, text: str, event: ScalarEvent) -> Any:
        if _INTEGER.match(text) and text != "-0":
            if len(text) > MAX_DIGITS:
                message = f"a number of {len(text)} digits"
                raise self._faults.at(_mark(event), message, slug="huge-number", fix="put it in quotes")
            return int(text)
        if _DECIMAL.match(text):
            number = float(text)
            if math.isfinite(number) and text in (repr(number), written_float(number)):
                return number
        if _NOT_FINITE.match(text):
            message = f"{text} is no number that can be kept"
            raise self._faults.at(
                _mark(event), message, slug="not-finite", fix="put it in quotes if it is text"
            )
        return text

    def _whole(self, text: str, event: ScalarEvent) -> str:
        r"""Joins pairs such as `"\ud83d\ude00"`; half a pair is no character."""
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            message = "an escape names half a character (a lone surrogate)"
            raise self._faults.at(_mark(event), message, fix="write the character itself") from None

    def _refuse_references(self, event: Any) -> None:
        """Aliases first of all: nine levels of them are a few lines here and all memory when written out."""
        if event.anchor is None and getattr(event, "tag", None) is None:
            return
        slug, fix = "yaml-alias", "write the value out, or put the text in quotes"
        if isinstance(event, AliasEvent):
            message = f"aliases (*{shortened(str(event.anchor))}) are not used here"
        elif event.anchor is not None:
            message = f"anchors (&{shortened(str(event.anchor))}) are not used here"
        else:
            slug, message = "yaml-tag", f"tags ({shortened(event.tag or '')}) are not used here"
        raise self._faults.at(_mark(event), message, slug=slug, fix=fix)


def written_float(number: float) -> str:
    """A finite number as it is read back: without an exponent, always with a point."""
    text = f"{Decimal(repr(number)):f}"
    return text if "." in text else f"{text}.0"


def _stand_ins(text: str) -> dict[int, str]:
    """Unused characters for U+0085, U+2028, U+2029 and the question mark.

    The first three are line breaks to PyYAML, but ordinary characters to YAML 1.2, to editors, to whoever pasted
    them. A question mark behind a letter ends a plain text in `{…}` for PyYAML, and for no one who writes a case.
    """
    found = [character for character in "\x85\u2028\u2029?" if character in text]
    unused = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
    return {ord(character): stand_in for character, stand_in in zip(found, unused, strict=False)}


def _mark(event: Any) -> Mark:
    return event.start_mark.line, event.start_mark.column


def _from_one(event: Any) -> Mark:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _is_bare(event: Any, value: Any) -> bool:
    return isinstance(value, str) and not event.style
