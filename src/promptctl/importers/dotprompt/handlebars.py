"""Handlebars templates, read into a tree: tags with their words, blocks, and the text as it will be printed.

White space control (`~`, and tags that stand alone on their line) is applied as the language does it, so that what is
made of the tree needs no rule about it.
"""

import re

from promptctl.importers.dotprompt.handlebars_tree import (
    Block,
    Comment,
    Mustache,
    Node,
    Partial,
    Tag,
    Text,
    Word,
    control_space,
)


class Broken(Exception):
    """A template that Handlebars cannot read, or that uses more of it than is read here. `at` is the offset."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


_WORD = re.compile(
    r"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<literal>-?[0-9]+(?:\.[0-9]+)?(?=[\s)}|]|\Z)|(?:true|false|null|undefined)(?=[\s)}|]|\Z))
    | (?P<name>[^\W\d][\w-]*)=
    | (?P<path>@?(?:\.\./)*(?:[^\W\d][\w$-]*|\.\.?|[0-9]+)(?:[./](?:[\w$-]+|\[[^\]]*\]))*)
    | (?P<mark>\(|\)|\||\S)
    )""",
    re.VERBOSE,
)
_MAX_DEPTH = 50


def parse(source: str) -> list[Node]:
    """The tree of a template.

    Raises:
        Broken: it cannot be read; what comes first in the text.
    """
    nodes = _Parser(source).program()
    control_space(nodes, root=True)
    return nodes


class _Parser:
    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self._open: list[Block] = []
        self._braces = 0

    def program(self) -> list[Node]:
        nodes = self._nodes()
        if self.at < len(self.source):  # an {{else}} or {{/…}} that closes nothing
            raise Broken(f"{self._line()} closes nothing", self.at)
        return nodes

    def _nodes(self) -> list[Node]:
        """Nodes up to `{{else}}`, `{{/…}}` or the end, which is left for the caller."""
        nodes: list[Node] = []
        while self.at < len(self.source):
            if text := self._text():
                nodes.append(text)
            if self.at >= len(self.source) or self._ends_here():
                break
            nodes.append(self._tag())
        return nodes

    def _ends_here(self) -> bool:
        inside = self.source[self.at + 2 : self.at + 40].lstrip("~").lstrip()
        return inside.startswith("/") or bool(re.match(r"(?:else\b|\^\s*~?\}\})", inside))

    def _text(self) -> Text | None:
        """Text up to the next tag; `\\{{` prints braces."""
        start, written = self.at, ""
        while True:
            opened = self.source.find("{{", self.at)
            piece = self.source[self.at : opened if opened >= 0 else len(self.source)]
            self._count_braces(piece, self.at)
            if opened < 0:
                self.at = len(self.source)
                written += piece
                break
            self.at = opened
            if piece.endswith("\\\\"):
                written += piece[:-1]
                break
            if not piece.endswith("\\"):
                written += piece
                break
            written += piece[:-1] + "{{"
            self._braces += 2
            self.at = opened + 2
        return Text(written, start, self.source[start : self.at]) if self.at > start else None

    def _count_braces(self, piece: str, start: int) -> None:
        """Refuses `}}` that belongs to no brace of the text: nearly always half of a tag."""
        for found in re.finditer(r"\{|\}\}?", piece):
            if found[0] == "{":
                self._braces += 1
            elif found[0] == "}}" and self._braces < 2:
                raise Broken("}} closes nothing", start + found.start())
            else:
                self._braces = max(0, self._braces - len(found[0]))

    def _tag(self) -> Node:
        at = self.at
        if self.source.startswith("{{{{", at):
            raise Broken("{{{{raw}}}} blocks cannot be carried over", at)
        if re.match(r"\{\{~?!", self.source[at:]):
            return self._comment(at)
        inner, strip = self._inside(at)
        sign = inner[:1]
        if sign == "#":
            return self._block(inner[1:], at, strip)
        if sign == ">":
            return Partial(self._words(inner[1:], at), at, strip)
        if sign in ("^", "*", "/"):
            raise Broken(f"{{{{{inner[:20]}}}}} cannot be carried over", at)
        return Mustache(self._words(inner.removeprefix("&"), at), at, strip)

    def _comment(self, at: int) -> Comment:
        long = re.match(r"\{\{~?!--", self.source[at:])
        end = "--}}" if long else "}}"
        closed = self.source.find(end, at + 2)
        if long and closed < 0:  # `--~}}`
            closed = self.source.find("--~}}", at)
            end = "--~}}"
        if closed < 0:
            raise Broken("this comment never ends", at)
        self.at = closed + len(end)
        return Comment(at, (self.source[at + 2] == "~", self.source[self.at - 3] == "~"))

    def _inside(self, at: int) -> tuple[str, tuple[bool, bool]]:
        """What stands between the braces at `at`, and whether `~` stands at either end."""
        triple = self.source.startswith("{{{", at)
        open_, close = ("{{{", "}}}") if triple else ("{{", "}}")
        closed = self.source.find(close, at)
        again = self.source.find("{{", at + len(open_))
        if closed < 0 or (0 <= again < closed):
            raise Broken(f"{self._line()} is never closed", at)
        inner = self.source[at + len(open_) : closed]
        self.at = closed + len(close)
        left, right = inner.startswith("~"), inner.endswith("~")
        return inner.removeprefix("~").removesuffix("~").strip(), (left, right)

    def _block(self, inner: str, at: int, strip: tuple[bool, bool]) -> Block:
        if inner[:1] in ("*", ">"):
            raise Broken(f"{{{{#{inner[:20]}}}}} cannot be carried over", at)
        tag = self._words(inner, at)
        block = Block(tag.words[0].value, tag._replace(words=tag.words[1:]), at, open_strip=strip)
        if len(self._open) >= _MAX_DEPTH:
            raise Broken(f"blocks are nested more than {_MAX_DEPTH} deep", at)
        self._open.append(block)
        block.body = self._nodes()
        self._otherwise(block)
        if self.at >= len(self.source):
            raise Broken(f"{{{{#{block.name}}}}} is never closed", at)
        closing_at = self.at
        closing, block.close_strip = self._inside(closing_at)
        inner_block = block
        while inner_block.chained and inner_block.otherwise and isinstance(inner_block.otherwise[0], Block):
            inner_block = inner_block.otherwise[0]
            inner_block.close_strip = block.close_strip
        if closing.removeprefix("/").strip() != block.name:
            raise Broken(f"{{{{{closing[:30]}}}}} closes {{{{#{block.name}}}}}", closing_at)
        self._open.pop()
        return block

    def _otherwise(self, block: Block) -> None:
        """`{{else}}` and `{{else if …}}`, which shares the end of its block."""
        if self.at >= len(self.source):
            return
        at = self.at
        saved = self.at
        inner, strip = self._inside(at)
        if inner not in ("else", "^") and not re.match(r"else\s", inner):
            self.at = saved
            return
        block.else_strip = strip
        words = inner.removeprefix("else").strip() if inner != "^" else ""
        if not words:
            block.otherwise = self._nodes()
            return
        tag = self._words(words, at)
        chained = Block(tag.words[0].value, tag._replace(words=tag.words[1:]), at, open_strip=strip)
        chained.body = self._nodes()
        self._otherwise(chained)
        block.otherwise, block.chained = [chained], True

    def _words(self, inner: str, at: int) -> Tag:
        words: list[Word] = []
        named: dict[str, Word] = {}
        position = 0
        name: str | None = None
        while position < len(inner) and inner[position:].strip():
            found = _WORD.match(inner, position)
            if found is None:
                raise Broken(f"{self._shown(at)} cannot be read", at)
            position = found.end()
            if found["name"]:
                name = found["name"]
                continue
            word, position = self._word(found, inner, position, at)
            if name is None:
                words.append(word)
            else:
                named[name], name = word, None
        if not words:
            raise Broken("{{}} names nothing", at)
        return Tag(tuple(words), named)

    def _word(self, found: re.Match[str], inner: str, position: int, at: int) -> tuple[Word, int]:
        if found["text"]:
            return Word("text", found["text"][1:-1]), position
        if found["literal"]:
            return Word("literal", found["literal"]), position
        if found["path"]:
            return Word("path", found["path"]), position
        if found["mark"] == "(":
            depth, end = 1, position
            while end < len(inner) and depth:
                depth += {"(": 1, ")": -1}.get(inner[end], 0)
                end += 1
            return Word("call", inner[position : end - 1]), end
        raise Broken(f"{found['mark']!r} in {self._shown(at)} means nothing in Handlebars", at)

    def _shown(self, at: int) -> str:
        return " ".join(self.source[at : max(self.at, at + 2)].split())[:40]

    def _line(self) -> str:
        return self.source[self.at : self.at + 30].split("\n")[0]
