"""Nunjucks templates, read into a tree: the part of the language whose meaning can be carried over to Jinja.

Whatever else is in a template is refused by name and place, never guessed. White space control (`{%-`, `-%}`) is
applied while reading, so that the tree holds the text as it will be printed.
"""

import re

from promptctl.importers.promptfoo.expressions import Expressions
from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.nodes import Expr, For, If, Node, Output, Set, Text
from promptctl.importers.promptfoo.words import read_words

MAX_DEPTH = 50

_OPENING = re.compile(r"\{\{-?|\{%-?|\{#-?")
_RAW_END = {name: re.compile(r"\{%-?\s*end" + name + r"\s*-?%\}") for name in ("raw", "verbatim")}
_BLANKS = " \t\n\r\v\f\u00a0\u2028\u2029\ufeff"
_TAGS = {"if", "elif", "elseif", "else", "endif", "for", "endfor", "set", "endset", "raw", "verbatim"}


def parse(source: str) -> list[Node]:
    """The tree of a template.

    Raises:
        Unclear: it has a tag, a filter, an operator or a call that is not carried over, or no meaning at all.
    """
    try:
        return _Parser(source).whole()
    except RecursionError:
        raise Unclear("brackets nested too deeply", 0) from None


class _Parser:
    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self.drop = False  # the tag before ended in `-`: white space after it goes
        self.loops = 0
        self.depth = 0
        self.tag = Expressions([])  # the inside of the tag that was read last

    def whole(self) -> list[Node]:
        nodes, tag, at = self.nodes(())
        if tag:
            raise Unclear(f"a {{% {tag} %}} that ends nothing", at)
        return nodes

    def nodes(self, ends: tuple[str, ...]) -> tuple[list[Node], str, int]:
        """Nodes up to a tag in `ends` or the end of the template, with the tag's name and place.

        The inside of that tag is left in `tag`.
        """
        if self.depth == MAX_DEPTH:
            raise Unclear(f"tags nested more than {MAX_DEPTH} deep", self.at)
        self.depth += 1
        found: list[Node] = []
        while self.at < len(self.source):
            opening = _OPENING.search(self.source, self.at)
            self._text(
                found, self.source[self.at : opening.start() if opening else len(self.source)], opening
            )
            if opening is None:
                self.at = len(self.source)
                break
            self.at = opening.end()
            if opening[0].startswith("{#"):
                self._comment(opening.start())
            elif opening[0].startswith("{{"):
                self.tag = self._inside("}}")
                found.append(Output(self.tag.printed(), opening.start()))
                self.tag.finish()
            elif tag := self._tag(found, ends, opening.start()):
                self.depth -= 1
                return found, tag, opening.start()
        if ends:
            raise Unclear(f"a tag without its {{% {ends[-1]} %}}", len(self.source))
        return found, "", self.at

    def _text(self, found: list[Node], text: str, opening: re.Match[str] | None) -> None:
        if "#}" in text:
            raise Unclear("a #} that ends no comment", self.at + text.index("#}"))
        if self.drop:
            text = text.lstrip(_BLANKS)
        if opening is not None and opening[0].endswith("-"):
            text = text.rstrip(_BLANKS)
        self.drop = False
        if text:
            found.append(Text(text))

    def _comment(self, start: int) -> None:
        end = self.source.find("#}", self.at)
        if end < 0:
            raise Unclear("a comment without its #}", start)
        self.drop = self.source[end - 1] == "-"
        self.at = end + 2

    def _inside(self, closing: str) -> Expressions:
        """The inside of a tag, up to `closing`, which is taken."""
        words, self.at, self.drop = read_words(self.source, self.at, closing)
        return Expressions(words)

    # Tags

    def _tag(self, found: list[Node], ends: tuple[str, ...], start: int) -> str:
        self.tag = self._inside("%}")
        tag = self.tag.take("name", "the name of a tag").value
        if tag in ends:
            return str(tag)
        if tag in ("raw", "verbatim"):
            self.tag.finish()
            found.append(self._raw(tag, start))
        elif tag == "if":
            found.append(self._if(start))
        elif tag == "for":
            found.append(self._for(start))
        elif tag == "set":
            found.append(self._set(start))
        elif tag in _TAGS:
            raise Unclear(f"a {{% {tag} %}} that ends nothing", start)
        else:
            raise Unclear(f"the tag {{% {tag} %}}", start)
        return ""

    def _raw(self, tag: str, start: int) -> Text:
        end = _RAW_END[tag].search(self.source, self.at)
        if end is None:
            raise Unclear(f"a {{% {tag} %}} without its end", start)
        text = self.source[self.at : end.start()]
        if f"{{% {tag}" in text:
            raise Unclear(f"a {{% {tag} %}} inside another", start)
        self.at, self.drop = end.end(), end[0].endswith("-%}")
        return Text(text)

    def _if(self, start: int) -> If:
        branches: list[tuple[Expr, list[Node]]] = []
        tag = "if"
        while tag in ("if", "elif", "elseif"):
            condition = self.tag.expression()
            self.tag.finish()
            body, tag, _ = self.nodes(("elif", "elseif", "else", "endif"))
            branches.append((condition, body))
        otherwise: list[Node] = []
        if tag == "else":
            self.tag.finish()
            otherwise, _, _ = self.nodes(("endif",))
        self.tag.finish()
        return If(branches, otherwise, start)

    def _for(self, start: int) -> For:
        names = [self.tag.identifier()]
        while self.tag.skip("op", ","):
            names.append(self.tag.identifier())
        if len(names) > 2:
            raise Unclear("a loop over more than two variables", start)
        if not self.tag.skip("name", "in"):
            raise Unclear("a {% for %} without `in`", start)
        source = self.tag.expression()
        self.tag.finish()
        self.loops += 1
        body, tag, _ = self.nodes(("else", "endfor"))
        self.loops -= 1
        otherwise: list[Node] = []
        if tag == "else":
            self.tag.finish()
            otherwise, _, _ = self.nodes(("endfor",))
        self.tag.finish()
        return For(names, source, body, otherwise, start)

    def _set(self, start: int) -> Set:
        name = self.tag.identifier()
        if self.loops:
            raise Unclear("a {% set %} inside a loop, which reaches out of it in Nunjucks only", start)
        if not self.tag.skip("op", "="):
            raise Unclear("a {% set %} of anything but one variable to one value", start)
        value = self.tag.expression()
        self.tag.finish()
        return Set(name, value, start)
