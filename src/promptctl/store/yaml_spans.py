"""Where the parts of a YAML text begin and end, and where its comments stand: what an edit by hand would look at."""

from collections.abc import Sequence
from typing import NamedTuple

import yaml
from yaml.nodes import MappingNode, ScalarNode
from yaml.tokens import ScalarToken, StreamEndToken, StreamStartToken

from promptctl.store.places import Key
from promptctl.store.yaml_documents import open_yaml


class Span(NamedTuple):
    """One value: `text[start:end]`. `entries` are a mapping's, by key, `items` a list's; both None for a scalar.

    A text written with `|` or `>` ends behind its last line end, so at the start of a line.
    """

    start: int
    end: int
    flow: bool = False
    block_text: bool = False
    entries: "dict[str, Entry] | None" = None
    items: "list[Span] | None" = None

    def at(self, keys: Sequence[Key]) -> "Span | None":
        """The value at `keys`, or None."""
        span: Span | None = self
        for key in keys:
            if span is None:
                return None
            if isinstance(key, str):
                entry = (span.entries or {}).get(key)
                span = entry.value if entry else None
            else:
                span = span.items[key] if span.items and key < len(span.items) else None
        return span


class Entry(NamedTuple):
    """A key of a mapping, by where it begins, and its value."""

    start: int
    value: Span


def yaml_spans(text: str) -> Span | None:
    """The spans of a text that `read_yaml` reads, with LF for its line ends; None for one without a value."""
    loader, stand_ins = open_yaml(text)
    node = loader.get_single_node()
    return None if node is None else _span(node, {ord(new): chr(old) for old, new in stand_ins.items()})


def yaml_comments(text: str) -> list[tuple[int, str]]:
    """Every comment of a text that `read_yaml` reads: where its `#` stands, and the rest of its line."""
    loader, _ = open_yaml(text)
    found: list[tuple[int, str]] = []
    end = 0
    while True:
        token = loader.get_token()  # type: ignore[no-untyped-call]
        if isinstance(token, StreamStartToken):
            continue
        found += _comments(text, end, token.start_mark.index)
        if isinstance(token, StreamEndToken):
            return found
        end = token.end_mark.index
        if isinstance(token, ScalarToken) and token.style in ("|", ">"):
            start = token.start_mark.index
            found += _comments(text, start, _line_end(text, start))


def _comments(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """The comments between two tokens, or behind the `|` of a text: nothing else there can hold a `#`."""
    found = []
    while (start := text.find("#", start, end)) != -1:
        line_end = _line_end(text, start)
        found.append((start, text[start:line_end].rstrip()))
        start = line_end
    return found


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end == -1 else end


def _span(node: yaml.Node, originals: dict[int, str]) -> Span:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, ScalarNode):
        return Span(start, end, block_text=node.style in ("|", ">"))
    flow = bool(node.flow_style)  # type: ignore[attr-defined]
    # The end that PyYAML gives a block is where the next thing begins, behind blank lines and comments.
    if isinstance(node, MappingNode):
        pairs = [(key, _span(value, originals)) for key, value in node.value]
        entries = {key.value.translate(originals): Entry(key.start_mark.index, value) for key, value in pairs}
        return Span(start, end if flow or not pairs else pairs[-1][1].end, flow, entries=entries)
    items = [_span(item, originals) for item in node.value]
    return Span(start, end if flow or not items else items[-1].end, flow, items=items)
