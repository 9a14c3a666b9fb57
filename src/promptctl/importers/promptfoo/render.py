"""Nunjucks templates, rendered as promptfoo does: what it would have sent, to hold our own rendering against.

With `Traits` a template is rendered as its translation will be: where Nunjucks and Jinja read a value differently (an
empty list in a condition), `Unclear` is raised, and what the translation depends on is noted: which expressions were
undefined, which loops went over mappings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptctl.importers.promptfoo.filters import MAX_TEXT, filtered, kind_of, length_of, text_of
from promptctl.importers.promptfoo.js import UNDEFINED, Unclear, as_text, truthy
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
    written,
)

MAX_ROUNDS = 1_000_000
"""Of all loops together. More is an attack: loops inside loops."""


@dataclass
class Traits:
    """What rendering has shown of a template, by the `id` of expressions and loops.

    `transparent` is given: filters whose work is done already, because the values are given read or written.
    """

    transparent: set[int] = field(default_factory=set)

    undefined: set[int] = field(default_factory=set)
    over_mappings: set[int] = field(default_factory=set)
    over_lists: set[int] = field(default_factory=set)
    keys_named_length: set[int] = field(default_factory=set)
    rounds: int = 0


def render(nodes: list[Node], values: Mapping[str, Any], traits: Traits | None = None) -> str:
    """The text of a template.

    Raises:
        Unclear: a value that Nunjucks refuses or prints as nobody means it, or (with `traits`) Jinja reads differently.
    """
    return _Renderer([dict(values)], traits or Traits(), agree=traits is not None).nodes(nodes)


def holds(expr: Expr, values: Mapping[str, Any], traits: Traits | None = None) -> bool:
    """Whether an expression is true. Raises as `render` does."""
    return _Renderer([dict(values)], traits or Traits(), agree=traits is not None).holds(expr)


def rounds(loop: For, values: Mapping[str, Any], traits: Traits | None = None) -> list[dict[str, Any]]:
    """The variables of each round of a loop. Raises as `render` does."""
    return _Renderer([dict(values)], traits or Traits(), agree=traits is not None).rounds(loop)


class _Renderer:
    """`agree`: refuses what Jinja would print differently."""

    def __init__(self, scopes: list[dict[str, Any]], traits: Traits, *, agree: bool) -> None:
        self.scopes, self.traits, self.agree = scopes, traits, agree

    def nodes(self, nodes: list[Node]) -> str:
        return "".join(self.node(node) for node in nodes)

    def node(self, node: Node) -> str:
        if isinstance(node, Text):
            return node.text
        if isinstance(node, Output):
            value = self.value(node.expr)
            if value is None and self.agree:
                raise Unclear("null put into text", node.at)
            return "" if value is UNDEFINED or value is None else text_of(value, node.at, agree=self.agree)
        if isinstance(node, If):
            for condition, body in node.branches:
                if self.holds(condition):
                    return self.nodes(body)
            return self.nodes(node.otherwise)
        if isinstance(node, For):
            return self.loop(node)
        if isinstance(node, Set):
            self.scopes[-1][node.name] = self.value(node.value)
            return ""
        raise TypeError(type(node).__name__)

    def loop(self, node: For) -> str:
        rounds = self.rounds(node)
        inner = [_Renderer([*self.scopes, scope], self.traits, agree=self.agree) for scope in rounds]
        return "".join(one.nodes(node.body) for one in inner) if rounds else self.nodes(node.otherwise)

    def rounds(self, node: For) -> list[dict[str, Any]]:
        source = self.value(node.source)
        if isinstance(source, dict) and len(node.names) == 2:
            self.traits.over_mappings.add(id(node))
            items = [list(item) for item in source.items()]
        elif isinstance(source, list):
            self.traits.over_lists.add(id(node))
            items = source
        elif source is UNDEFINED or source is None:
            items = []
        else:
            raise Unclear(f"a loop over {kind_of(source)}", node.at)
        self.traits.rounds += len(items)
        if self.traits.rounds > MAX_ROUNDS:
            raise Unclear(f"loops of more than {MAX_ROUNDS:,} rounds", node.at)
        found = []
        for index, item in enumerate(items):
            scope: dict[str, Any] = {"loop": _loop(index, len(items))}
            if len(node.names) == 1:
                scope[node.names[0]] = item
            elif isinstance(item, list) and len(item) == 2:
                scope.update(zip(node.names, item, strict=True))
            else:
                raise Unclear(f"a loop of two variables over {kind_of(item)}", node.at)
            found.append(scope)
        return found

    def holds(self, expr: Expr) -> bool:
        value = self.value(expr)
        if self.agree and isinstance(value, (list, dict)) and not value:
            raise Unclear("an empty list or mapping in a condition, which is true in Nunjucks only", expr.at)
        return truthy(value)

    def value(self, expr: Expr) -> Any:
        found = self._value(expr)
        if found is UNDEFINED:
            self.traits.undefined.add(id(expr))
        if isinstance(found, str) and len(found) > MAX_TEXT:
            raise Unclear(f"a text of more than {MAX_TEXT:,} characters", expr.at)
        return found

    def _value(self, expr: Expr) -> Any:
        if isinstance(expr, Literal):
            return expr.value
        if isinstance(expr, Name):
            return next(
                (scope[expr.name] for scope in reversed(self.scopes) if expr.name in scope), UNDEFINED
            )
        if isinstance(expr, Attr):
            return self.member(expr)
        if isinstance(expr, Items):
            return [self.value(item) for item in expr.items]
        if isinstance(expr, Not):
            return not self.holds(expr.operand)
        if isinstance(expr, Defined):
            value = self.value(expr.operand)
            if value is None:
                raise Unclear("null where it matters whether a value is defined", expr.at)
            return value is not UNDEFINED
        if isinstance(expr, Choice):
            if self.holds(expr.condition):
                return self.value(expr.then)
            return UNDEFINED if expr.otherwise is None else self.value(expr.otherwise)
        if isinstance(expr, Filter):
            return self.filtered(expr)
        if isinstance(expr, Binary):
            return self.binary(expr)
        raise TypeError(type(expr).__name__)

    def member(self, expr: Attr) -> Any:
        target, key = self.value(expr.target), self.value(expr.key)
        if key == "length" and isinstance(target, (str, list)):
            return length_of(target, expr.at)
        if isinstance(target, dict):
            if key == "length":
                self.traits.keys_named_length.add(id(expr))
            found = target.get(key if isinstance(key, str) else as_text(key), UNDEFINED)
            if found is UNDEFINED and self.agree and key in dir(dict):
                raise Unclear(f"{written(expr)}, which is not given and would be a method in Jinja", expr.at)
            return found
        if isinstance(target, list) and isinstance(key, int) and not isinstance(key, bool):
            if key < 0:
                raise Unclear("a negative index, which counts from the end in Jinja only", expr.at)
            return target[key] if key < len(target) else UNDEFINED
        if target is UNDEFINED or target is None:
            return UNDEFINED
        raise Unclear(f"{written(expr)} of {kind_of(target)}", expr.at)

    def binary(self, expr: Binary) -> Any:
        if expr.op in ("and", "or"):
            if self.holds(expr.left) == (expr.op == "or"):
                return self.value(expr.left)
            return self.value(expr.right)
        left, right = self.value(expr.left), self.value(expr.right)
        if expr.op == "~":
            return "".join(text_of(value, expr.at, agree=self.agree) for value in (left, right))
        if expr.op == "in":
            return self.contained(left, right, expr.at)
        if not _comparable(left, right, expr.op):
            raise Unclear(
                f"{kind_of(left)} {expr.op} {kind_of(right)}, which differs between Nunjucks and Jinja",
                expr.at,
            )
        return _OPERATORS[expr.op](left, right)

    def contained(self, left: Any, right: Any, at: int) -> bool:
        if isinstance(right, str) and isinstance(left, str):
            return left in right
        if isinstance(right, dict) and isinstance(left, str):
            return left in right
        if isinstance(right, list) and all(type(item) is type(left) for item in right):
            return left in right
        raise Unclear(f"{kind_of(left)} in {kind_of(right)}", at)

    def filtered(self, expr: Filter) -> Any:
        target = self.value(expr.target)
        if id(expr) in self.traits.transparent:
            return target
        if target is None and self.agree:
            raise Unclear(f"null given to the filter {expr.name}", expr.at)
        args = [self.value(argument) for argument in expr.args]
        if expr.name == "default":
            return self.default(expr, target, args)
        return filtered(expr.name, target, args, expr.at, agree=self.agree)

    def default(self, expr: Filter, target: Any, args: list[Any]) -> Any:
        if not 1 <= len(args) <= 2:
            raise Unclear("the filter default without a value", expr.at)
        if len(args) == 2 and args[1] is True:
            return target if self.holds(expr.target) else args[0]
        if target is None:
            raise Unclear("null given to the filter default", expr.at)
        return args[0] if target is UNDEFINED else target


def _loop(index: int, length: int) -> dict[str, Any]:
    return {
        "index": index + 1,
        "index0": index,
        "revindex": length - index,
        "revindex0": length - index - 1,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
    }


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}


def _comparable(left: Any, right: Any, operator: str) -> bool:
    """Whether both languages agree about `left operator right`."""
    if isinstance(left, bool) and isinstance(right, bool):
        return operator in ("==", "!=")
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return True
    if isinstance(left, str) and isinstance(right, str):
        return operator not in ("-", "*")
    return left is UNDEFINED and operator in ("==", "!=") and isinstance(right, str) and right != ""
