"""The tree of a Nunjucks template: its parts and its expressions. `at` is the offset in the template."""

from dataclasses import dataclass, field
from typing import Any


class Expr:
    """An expression."""

    at: int


@dataclass(eq=False)
class Literal(Expr):
    """A text, a number, true, false or none."""

    value: Any
    at: int = 0


@dataclass(eq=False)
class Name(Expr):
    """A variable."""

    name: str
    at: int = 0


@dataclass(eq=False)
class Attr(Expr):
    """`target.key` and `target[key]`."""

    target: Expr
    key: Expr
    at: int = 0


@dataclass(eq=False)
class Filter(Expr):
    """`target | name(args)`."""

    name: str
    target: Expr
    args: list[Expr]
    at: int = 0


@dataclass(eq=False)
class Binary(Expr):
    """`left op right`; `op` is one of or, and, in, ==, !=, <, >, <=, >=, ~, +, -, *.

    `grouped`: it stands in brackets.
    """

    op: str
    left: Expr
    right: Expr
    at: int = 0
    grouped: bool = False


@dataclass(eq=False)
class Not(Expr):
    """`not operand`."""

    operand: Expr
    at: int = 0


@dataclass(eq=False)
class Choice(Expr):
    """`then if condition else otherwise`; without `else`, nothing is printed."""

    condition: Expr
    then: Expr
    otherwise: Expr | None
    at: int = 0


@dataclass(eq=False)
class Defined(Expr):
    """`operand is defined`; `is undefined` is its `Not`."""

    operand: Expr
    at: int = 0


@dataclass(eq=False)
class Items(Expr):
    """A list written out."""

    items: list[Expr]
    at: int = 0


class Node:
    """A part of a template."""


@dataclass(eq=False)
class Text(Node):
    """Text as it is."""

    text: str


@dataclass(eq=False)
class Output(Node):
    """`{{ expr }}`."""

    expr: Expr
    at: int = 0


@dataclass(eq=False)
class If(Node):
    """`{% if %}` with its `elif`s; `otherwise` is what stands under `else`."""

    branches: list[tuple[Expr, list[Node]]]
    otherwise: list[Node]
    at: int = 0


@dataclass(eq=False)
class For(Node):
    """`{% for names in source %}`; `otherwise` is what stands under `else`."""

    names: list[str]
    source: Expr
    body: list[Node]
    otherwise: list[Node] = field(default_factory=list)
    at: int = 0


@dataclass(eq=False)
class Set(Node):
    """`{% set name = value %}`, outside every loop."""

    name: str
    value: Expr
    at: int = 0


def written(expr: Expr) -> str:
    """A variable or a part of one as its author wrote it, for messages."""
    if isinstance(expr, Name):
        return expr.name
    if isinstance(expr, Attr) and isinstance(expr.key, Literal):
        key = expr.key.value
        return f"{written(expr.target)}[{key}]" if isinstance(key, int) else f"{written(expr.target)}.{key}"
    return "an expression"
