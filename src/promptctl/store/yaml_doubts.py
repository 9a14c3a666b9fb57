"""Values of a YAML file that were most likely meant otherwise: full-width signs that YAML takes for text."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import ScalarEvent, SequenceEndEvent, SequenceStartEvent

from promptctl.core.full_width import SPACE
from promptctl.errors import FileError, Place
from promptctl.store.yaml_documents import open_yaml

_COMMENT = re.compile(r"(?:^|[ \u3000])(＃)[ \u3000]", re.MULTILINE)
_SEPARATOR = re.compile("[，、]")
_SENTENCE = re.compile("[。？！；…：]")
_LONGEST_ITEM = 8  # characters; what is longer between two commas is a part of a sentence


def doubts(text: str, path: str, first_line: int = 1) -> list[FileError]:
    """What is allowed and looks like a slip of the keyboard, with its place; nothing for text that is not YAML.

    Only values without quotes are looked at: quotes, and the block forms `|` and `>`, say that a text is meant.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return []
    try:
        loader, _ = open_yaml(text)
        events = list(iter(loader.get_event, None))
    except (yaml.YAMLError, IndexError, ValueError, RecursionError, OverflowError):
        return []  # what is wrong with it is said by who reads it
    found = []
    for at, message, fix in _doubts(text, events):
        line, column = text.count("\n", 0, at) + first_line, at - text.rfind("\n", 0, at)
        found.append(FileError(message, slug="full-width", at=Place(path, line, column), fix=fix))
    return found


def _doubts(text: str, events: list[Any]) -> Iterator[tuple[int, str, str]]:
    for number, event in enumerate(events):
        if not isinstance(event, ScalarEvent) or event.style:
            continue
        start, end = _index(event.start_mark), _index(event.end_mark)
        value = text[start:end].rstrip(" \n")
        alone = number and _is_flow(events[number - 1]) and isinstance(events[number + 1], SequenceEndEvent)
        if alone and (separator := _separator(value)):
            yield (
                start + separator.start(),
                f"this list has one text, for {separator[0]} does not end an item",
                f"write , instead of {separator[0]}, or put the text in quotes if it is one",
            )
        if comment := _COMMENT.search(value):
            yield (
                start + comment.start(1),
                "＃ begins no comment: what stands behind it is a part of the text",
                "write # instead of ＃, or put the text in quotes",
            )
        if value[:1] == SPACE or value[-1:] == SPACE:
            yield (
                start if value[0] == SPACE else start + len(value) - 1,
                "a full-width space (U+3000) at the end of a value is a part of it, and cannot be seen",
                "remove it, or put the text in quotes",
            )
        rest = text[end:].partition("\n")[0]
        if value.count("“") > value.count("”") and re.match(r"\s*#.*”", rest):
            yield (
                start + value.rindex("“"),
                "“ does not quote: the text ends before the #",
                'write " instead of “ and ”, or put the whole text in quotes',
            )


def _index(mark: Any) -> int:
    return int(mark.index)


def _is_flow(event: Any) -> bool:
    return isinstance(event, SequenceStartEvent) and bool(event.flow_style)


def _separator(value: str) -> re.Match[str] | None:
    """The first sign that separates short words, none of which reads like a part of a sentence."""
    if _SENTENCE.search(value):
        return None
    pieces = [piece.strip(f" “”‘’{SPACE}") for piece in _SEPARATOR.split(value)]
    return _SEPARATOR.search(value) if all(0 < len(piece) <= _LONGEST_ITEM for piece in pieces) else None
