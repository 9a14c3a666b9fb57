"""Nunjucks trees, written as Jinja. What rendering has shown of the values (`Traits`) decides what needs a guard."""

import re

from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.nodes import (
    Attr,
    Binary,
    Choice,
    Defined,
    Expr,
    Filter,
    For,
    If,
    Items,
    Literal,
    Name,
    Node,
    Not,
    Output,
    Set,
    Text,
)
from promptctl.importers.promptfoo.render import Traits

_NAME = re.compile(r"[^\W\d]\w*\Z")
_MARK = re.compile(r"\{(?=[{%#])")
# `mapping.items` is the method in Jinja; `mapping["items"]` is the entry in both.
METHODS = frozenset(dir(dict) + dir(list) + dir(str))
_WORDS = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "elif", "for", "true", "false", "none", "True", "False"}
    | {"None", "self", "super", "caller", "import", "recursive"}
)


def has_tags(nodes: list[Node]) -> bool:
    """Whether there is a tag, after which Jinja's usual settings would eat a line break."""
    return any(not isinstance(node, (Text, Output)) for node in nodes)


class Writer:
    """Writes trees as Jinja.

    Args:
        traits: What rendering has shown.
        optional: Variables that may be absent and have no default.
    """

    def __init__(self, traits: Traits, *, optional: frozenset[str]) -> None:
        self.traits, self.optional = traits, optional

    def nodes(self, nodes: list[Node]) -> str:
        """The template of `nodes`.

        Raises:
            Unclear: an expression that Jinja has no words for.
        """
        pieces: list[str] = []
        text = ""
        for node in nodes:
            if isinstance(node, Text):
                text += node.text
                continue
            pieces += [self._text(text), self._node(node)]
            text = ""
        pieces.append(self._text(text))
        written = ""
        for piece in filter(None, pieces):
            if written.endswith("{") and piece.startswith("{"):
                written = f'{written[:-1]}{{{{ "{{" }}}}'
            written += piece
        # What follows may open a tag with a brace of its own.
        return f'{written[:-1]}{{{{ "{{" }}}}' if written.endswith("{") else written

    def _text(self, text: str) -> str:
        return _MARK.sub('{{ "{" }}', text)

    def _node(self, node: Node) -> str:
        if isinstance(node, Output):
            return f"{{{{ {self.expr(node.expr)} }}}}"
        if isinstance(node, If):
            return self.condition(
                [(test, self.nodes(body)) for test, body in node.branches], self.nodes(node.otherwise)
            )
        if isinstance(node, For):
            return self.loop(node, self.nodes(node.body), self.nodes(node.otherwise))
        if isinstance(node, Set):
            return f"{{% set {node.name} = {self.expr(node.value)} %}}"
        raise TypeError(type(node).__name__)

    def condition(self, branches: list[tuple[Expr, str]], otherwise: str) -> str:
        """`{% if %}` around texts that are written already."""
        text = "".join(
            f"{{% {'elif' if index else 'if'} {self._tested(test)} %}}{body}"
            for index, (test, body) in enumerate(branches)
        )
        return text + (f"{{% else %}}{otherwise}" if otherwise else "") + "{% endif %}"

    def loop(self, node: For, body: str, otherwise: str = "") -> str:
        """`{% for %}` around texts that are written already."""
        if id(node) in self.traits.over_mappings:
            if id(node) in self.traits.over_lists:
                raise Unclear("a loop over mappings in some tests and lists in others", node.at)
            source = f"{self.operand(node.source, absent='{}')}.items()"
        else:
            source = self._tested(node.source)
        ending = f"{{% else %}}{otherwise}" if otherwise else ""
        return f"{{% for {', '.join(node.names)} in {source} %}}{body}{ending}{{% endfor %}}"

    def _tested(self, expr: Expr) -> str:
        """An expression behind `if` or `in`, where Jinja wants brackets around a choice."""
        written = self.expr(expr)
        return f"({written})" if isinstance(self._inside(expr), Choice) else written

    def expr(self, expr: Expr, *, absent: str = '""', tolerant: bool = False) -> str:
        """An expression; `absent` is what stands for undefined, unless the consumer is `tolerant` of it."""
        expr = self._inside(expr)
        written = self._bare(expr)
        if tolerant or not self._may_be_undefined(expr):
            return written
        return f"{written} | default({absent})"

    def operand(self, expr: Expr, *, absent: str = '""', tolerant: bool = False) -> str:
        """An expression as a part of another: in brackets, unless it is one word."""
        expr = self._inside(expr)
        written = self.expr(expr, absent=absent, tolerant=tolerant)
        simple = isinstance(expr, (Name, Literal, Attr, Items)) and " | " not in written
        return written if simple else f"({written})"

    def _inside(self, expr: Expr) -> Expr:
        """An expression without the filters around it that do nothing here."""
        while isinstance(expr, Filter) and id(expr) in self.traits.transparent:
            expr = expr.target
        return expr

    def _may_be_undefined(self, expr: Expr) -> bool:
        if isinstance(expr, Name):
            return expr.name in self.optional and id(expr) in self.traits.undefined
        return isinstance(expr, (Attr, Filter)) and id(expr) in self.traits.undefined

    def _bare(self, expr: Expr) -> str:
        if isinstance(expr, Literal):
            return _literal(expr.value)
        if isinstance(expr, Name):
            if expr.name in _WORDS:
                raise Unclear(f"the variable name {expr.name}, which is a word of Jinja", expr.at)
            return expr.name
        if isinstance(expr, Attr):
            return self._attr(expr)
        if isinstance(expr, Items):
            return f"[{', '.join(self.expr(item) for item in expr.items)}]"
        if isinstance(expr, Not):
            if isinstance(expr.operand, Defined):
                return f"{self.operand(expr.operand.operand, tolerant=True)} is not defined"
            return f"not {self.operand(expr.operand)}"
        if isinstance(expr, Defined):
            return f"{self.operand(expr.operand, tolerant=True)} is defined"
        if isinstance(expr, Choice):
            otherwise = '""' if expr.otherwise is None else self.operand(expr.otherwise)
            return f"{self.operand(expr.then)} if {self.operand(expr.condition)} else {otherwise}"
        if isinstance(expr, Filter):
            return self._filter(expr)
        if isinstance(expr, Binary):
            return f"{self.operand(expr.left)} {expr.op} {self.operand(expr.right)}"
        raise TypeError(type(expr).__name__)

    def _attr(self, expr: Attr) -> str:
        target = self.operand(expr.target)
        key = expr.key.value if isinstance(expr.key, Literal) else None
        if key == "length" and id(expr) not in self.traits.keys_named_length:
            return f"({target} | length)"
        if isinstance(key, str) and _NAME.match(key) and not key.startswith("_") and key not in METHODS:
            return f"{target}.{key}"
        return f"{target}[{self.expr(expr.key)}]"

    def _filter(self, expr: Filter) -> str:
        if expr.name == "load":
            raise Unclear("the filter load on anything but a whole variable", expr.at)
        target = (
            self._bare(expr.target)
            if isinstance(expr.target, Filter)
            else self.operand(expr.target, tolerant=expr.name == "default")
        )
        args = ", ".join(self.expr(argument) for argument in expr.args)
        if expr.name == "dump":
            return f"{target} | tojson" + (f"(indent={args})" if args else "")
        return f"{target} | {expr.name}" + (f"({args})" if args else "")


def _literal(value: object) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        return f'"{escaped}"'
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return str(value)
