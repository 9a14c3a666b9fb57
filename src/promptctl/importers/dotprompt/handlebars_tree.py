"""The tree of a Handlebars template, and white space control over it, as the language does it.

A block's tag, a comment or a partial that stands alone on its line takes the line with it; `~` takes all white space
on its side.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple


class Word(NamedTuple):
    """One word inside a tag. `kind` is `path`, `text`, `literal` (a number, true, false, null) or `call`, a bracket."""

    kind: str
    value: str


class Tag(NamedTuple):
    """What stands between the braces: the words in order, and the named ones, `url=photo`."""

    words: tuple[Word, ...]
    named: dict[str, Word]


@dataclass(eq=False)
class Text:
    """Text to print. `written` is what stands in the file, `at` its offset."""

    text: str
    at: int
    written: str = ""
    trimmed_left: bool = False
    trimmed_right: bool = False


@dataclass(eq=False)
class Mustache:
    """`{{…}}`."""

    tag: Tag
    at: int
    strip: tuple[bool, bool] = (False, False)


@dataclass(eq=False)
class Comment:
    """`{{! … }}`."""

    at: int
    strip: tuple[bool, bool] = (False, False)


@dataclass(eq=False)
class Partial:
    """`{{> name}}`. `indent` is the white space before one that stands alone on its line."""

    tag: Tag
    at: int
    strip: tuple[bool, bool] = (False, False)
    indent: str = ""


@dataclass(eq=False)
class Block:
    """`{{#name …}} body {{else}} otherwise {{/name}}`. `chained`: `otherwise` is `{{else if …}}`."""

    name: str
    tag: Tag
    at: int
    body: "list[Node]" = field(default_factory=list)
    otherwise: "list[Node] | None" = None
    chained: bool = False
    open_strip: tuple[bool, bool] = (False, False)
    else_strip: tuple[bool, bool] = (False, False)
    close_strip: tuple[bool, bool] = (False, False)


Node = Text | Mustache | Comment | Partial | Block


def control_space(nodes: list[Node], *, root: bool) -> None:
    """White space control over one list of nodes and all that it holds."""
    for index, node in enumerate(nodes):
        if isinstance(node, Text):
            continue
        before = _ends_line(nodes, index, root)
        if isinstance(node, Block):
            opens, closes = _control_block(node)
            after = _begins_line(nodes, index, root)
            strip = (node.open_strip[0], node.close_strip[1])
            _strip(nodes, index, strip)
            if opens and before:
                _cut_right(node.body, -1)
                _cut_left(nodes, index)
            if closes and after:
                _cut_right(nodes, index)
                last = node.otherwise if node.otherwise is not None else node.body
                _cut_left(last, len(last))
            continue
        after = _begins_line(nodes, index, root)
        _strip(nodes, index, node.strip)
        if isinstance(node, (Comment, Partial)) and before and after:
            _cut_right(nodes, index)
            previous = nodes[index - 1] if index else None
            indent = re.search(r"[ \t]+\Z", previous.written) if isinstance(previous, Text) else None
            if _cut_left(nodes, index) and isinstance(node, Partial) and indent:
                node.indent = indent[0]


def _control_block(block: Block) -> tuple[bool, bool]:
    """The same inside a block; whether its opening and its closing tag could stand alone on their lines."""
    control_space(block.body, root=False)
    if block.otherwise is not None:
        control_space(block.otherwise, root=False)
    first = last = block.otherwise
    if block.chained and block.otherwise:
        inner = block.otherwise[0]
        first = inner.body if isinstance(inner, Block) else first
        while isinstance(inner, Block) and inner.chained and inner.otherwise:
            inner = inner.otherwise[0]
        if isinstance(inner, Block):
            last = inner.otherwise if inner.otherwise is not None else inner.body
    opens = _begins_line(block.body, -1, False)
    closes = _ends_line(first if first is not None else block.body, None, False)
    if block.open_strip[1]:
        _cut_right(block.body, -1, everything=True)
    if first is None or last is None:
        if block.close_strip[0]:
            _cut_left(block.body, len(block.body), everything=True)
        return opens, closes
    if block.else_strip[0]:
        _cut_left(block.body, len(block.body), everything=True)
    if block.else_strip[1]:
        _cut_right(first, -1, everything=True)
    if block.close_strip[0]:
        _cut_left(last, len(last), everything=True)
    if _ends_line(block.body, None, False) and _begins_line(first, -1, False):
        _cut_left(block.body, len(block.body))
        _cut_right(first, -1)
    return opens, closes


def _strip(nodes: list[Node], index: int, strip: tuple[bool, bool]) -> None:
    if strip[1]:
        _cut_right(nodes, index, everything=True)
    if strip[0]:
        _cut_left(nodes, index, everything=True)


def _ends_line(nodes: list[Node], index: int | None, root: bool) -> bool:
    """Whether only white space stands before `index` on its line; None is the end of the list."""
    index = len(nodes) if index is None else index
    if index == 0:
        return root
    previous = nodes[index - 1]
    if not isinstance(previous, Text):
        return False
    pattern = r"\r?\n\s*?\Z" if index > 1 or not root else r"(?:^|\r?\n)\s*?\Z"
    return bool(re.search(pattern, previous.written))


def _begins_line(nodes: list[Node], index: int, root: bool) -> bool:
    """Whether only white space stands behind `index` on its line."""
    if index + 1 >= len(nodes):
        return root
    following = nodes[index + 1]
    if not isinstance(following, Text):
        return False
    more = index + 2 < len(nodes)
    return bool(re.match(r"\s*?\r?\n" if more or not root else r"\s*?(?:\r?\n|\Z)", following.written))


def _cut_right(nodes: list[Node], index: int, *, everything: bool = False) -> None:
    """Takes white space from the start of the text behind `index`: to the end of its line, or all of it."""
    node = nodes[index + 1] if index + 1 < len(nodes) else None
    if not isinstance(node, Text) or (not everything and node.trimmed_right):
        return
    kept = re.sub(r"\A\s+" if everything else r"\A[ \t]*\r?\n?", "", node.text)
    node.trimmed_right, node.text = kept != node.text, kept


def _cut_left(nodes: list[Node], index: int, *, everything: bool = False) -> bool:
    """Takes white space from the end of the text before `index`: from the start of its line, or all of it."""
    node = nodes[index - 1] if index else None
    if not isinstance(node, Text) or (not everything and node.trimmed_left):
        return False
    kept = re.sub(r"\s+\Z" if everything else r"[ \t]+\Z", "", node.text)
    node.trimmed_left, node.text = kept != node.text, kept
    return node.trimmed_left
