"""The variables of a prompt as declared inputs: their types from all tests' values, and from how they are used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from promptctl.importers.promptfoo.expressions import TEXT_FILTERS
from promptctl.importers.promptfoo.js import UNDEFINED, Unclear, as_json, as_text, plain, read_json
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
    Name,
    Node,
    Not,
    Output,
    Set,
)
from promptctl.importers.promptfoo.skeleton import Chosen, Inserted, Part, Repeated, Said

Use = Literal["print", "load", "dump", "defined", "insert", "pairs", "loop", "member", "other"]

_EMPTY: dict[str, Any] = {"string": "", "list": [], "object": {}, "messages": []}


@dataclass
class Input:
    """One variable. `view`: how its value is given here: as it is, as read JSON, as written JSON, as messages."""

    name: str
    type: str = "string"
    view: Literal["plain", "load", "dump", "messages", "pairs"] = "plain"
    missing: bool = False
    optional: bool = False
    roles: tuple[str, ...] = ()

    def declared(self) -> Any:
        """What the header says of it."""
        roles = {"roles": list(self.roles)} if self.roles else {}
        if self.optional or (self.missing and self.type not in _EMPTY):
            return {"type": self.type, **roles, "optional": True}
        if self.missing:
            return {"type": self.type, **roles, "default": _EMPTY[self.type]}
        return {"type": self.type, **roles} if roles else self.type

    def ours(self, value: Any) -> Any:
        """promptfoo's value as a case gives it.

        Raises:
            Unclear: it cannot be given so.
        """
        if self.view == "load":
            return plain(_read(value))
        if self.view == "dump":
            return as_json(value)
        if self.view in ("messages", "pairs"):
            return _messages(value, pairs=self.view == "pairs", name=self.name)
        if self.type == "string" and not isinstance(value, str):
            return value if isinstance(value, int) and not isinstance(value, bool) else as_text(value)
        return plain(value)

    def theirs(self, value: Any) -> Any:
        """A case's value as promptfoo has it."""
        if self.view == "load":
            return as_json(value)
        if self.view == "dump":
            return read_json(value)
        if self.view == "pairs":
            return [{one["role"]: one["content"]} for one in value]
        return value


@dataclass
class Inputs:
    """All variables of a prompt. `transparent` are the filters that their views make needless, by `id`."""

    by_name: dict[str, Input] = field(default_factory=dict)
    transparent: set[int] = field(default_factory=set)

    def ours(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of a case, of those that the prompt uses; null is the same as none. Raises Unclear."""
        return {
            name: one.ours(values[name])
            for name, one in self.by_name.items()
            if values.get(name, UNDEFINED) not in (None, UNDEFINED)
        }

    def theirs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that promptfoo would have had for a case."""
        return {
            name: self.by_name[name].theirs(value) for name, value in values.items() if name in self.by_name
        }


def inputs_of(parts: Sequence[Part], tests: Sequence[Mapping[str, Any]]) -> Inputs:
    """The inputs of a prompt, from its messages and the values of all its tests.

    Raises:
        Unclear: a variable that is used, or given, in ways that cannot be declared together.
    """
    uses: dict[str, list[tuple[Use, int]]] = {}
    for name, use, which in _uses(parts, frozenset()):
        uses.setdefault(name, []).append((use, which))
    found = Inputs()
    for name, own in uses.items():
        kinds = {use for use, _ in own}
        values = [one[name] for one in tests if one.get(name) is not None]
        one = Input(name, missing=bool(tests) and len(values) < len(tests))
        _see(one, kinds, values)
        if one.view in ("load", "dump"):
            found.transparent |= {which for _, which in own}
            values = [one.ours(value) for value in values]
        one.optional = one.missing and "defined" in kinds
        if one.view in ("plain", "load"):
            one.type = _type(name, kinds, values, printed=kinds <= {"print"} and one.view == "plain")
        found.by_name[name] = one
    return found


def _see(one: Input, kinds: set[Use], values: list[Any]) -> None:
    """Decides the view of an input."""
    special = kinds & {"load", "insert", "pairs"}
    if special and len(kinds) > 1:
        raise Unclear(f"the variable {one.name}, used as JSON or messages and in another way too")
    if "load" in kinds:
        one.view = "load"
    elif kinds == {"dump"} and any(isinstance(value, (list, dict)) and value for value in values):
        one.view = "dump"
    elif special:
        one.view, one.type = ("messages", "messages") if "insert" in kinds else ("pairs", "messages")
        given = {message["role"] for value in values for message in one.ours(value)}
        usual = ("user", "assistant", "tool")
        one.roles = (*usual, *sorted(given - set(usual))) if given - set(usual) else ()


def _type(name: str, kinds: set[Use], values: list[Any], *, printed: bool) -> str:
    """The declared type of values that are used in some ways."""
    if not values:
        return "list" if "loop" in kinds else "object" if "member" in kinds else "string"
    found = {"number" if isinstance(value, float) else _TYPES[type(value)] for value in values}
    if printed and not found & {"list", "object"}:
        return "string"
    if found == {"integer", "number"}:
        return "number"
    if len(found) > 1:
        raise Unclear(f"the variable {name}, which is {' in one test and '.join(sorted(found))} in another")
    return found.pop()


_TYPES = {str: "string", bool: "boolean", int: "integer", list: "list", dict: "object"}


def _read(value: Any) -> Any:
    try:
        return read_json(value if isinstance(value, str) else "")
    except ValueError:
        raise Unclear("a value that is no JSON given to the filter load") from None


def _messages(value: Any, *, pairs: bool, name: str) -> list[dict[str, Any]]:
    wrong = Unclear(f"the variable {name}, which is no list of messages")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong
    if pairs:
        value = [{"role": role, "content": text} for item in value for role, text in item.items()]
    if not all(set(item) == {"role", "content"} and isinstance(item["content"], str) for item in value):
        raise wrong
    return list(value)


# How variables are used


def _uses(parts: Sequence[Part], bound: frozenset[str]) -> Iterator[tuple[str, Use, int]]:
    for part in parts:
        if isinstance(part, Said):
            yield from _in_nodes(part.content, bound)
        elif isinstance(part, Inserted):
            yield part.variable.name, "pairs" if part.pairs else "insert", id(part)
        elif isinstance(part, Repeated):
            yield from _in_expr(part.loop.source, bound, "loop")
            yield from _uses(part.parts, bound | {*part.loop.names, "loop"})
        elif isinstance(part, Chosen):
            for test, body in part.branches:
                yield from _in_expr(test, bound, "other")
                yield from _uses(body, bound)
            yield from _uses(part.otherwise, bound)


def _in_nodes(nodes: Sequence[Node], bound: frozenset[str]) -> Iterator[tuple[str, Use, int]]:
    for node in nodes:
        if isinstance(node, Output):
            yield from _in_expr(node.expr, bound, "print")
        elif isinstance(node, If):
            for test, body in node.branches:
                yield from _in_expr(test, bound, "other")
                yield from _in_nodes(body, bound)
            yield from _in_nodes(node.otherwise, bound)
        elif isinstance(node, For):
            yield from _in_expr(node.source, bound, "loop")
            yield from _in_nodes(node.body, bound | {*node.names, "loop"})
            yield from _in_nodes(node.otherwise, bound)
        elif isinstance(node, Set):
            yield from _in_expr(node.value, bound, "other")
            bound = bound | {node.name}


def _in_expr(expr: Expr, bound: frozenset[str], use: Use, which: int = 0) -> Iterator[tuple[str, Use, int]]:
    if isinstance(expr, Name):
        if expr.name not in bound:
            yield expr.name, use, which
    elif isinstance(expr, Attr):
        yield from _in_expr(expr.target, bound, "member")
        yield from _in_expr(expr.key, bound, "other")
    elif isinstance(expr, Filter):
        yield from _in_expr(expr.target, bound, _of_filter(expr), id(expr))
        for argument in expr.args:
            yield from _in_expr(argument, bound, "other")
    elif isinstance(expr, Binary):
        inner: Use = "print" if expr.op == "~" else "other"
        yield from _in_expr(expr.left, bound, inner)
        yield from _in_expr(expr.right, bound, inner)
    elif isinstance(expr, Choice):
        yield from _in_expr(expr.condition, bound, "other")
        for part in (expr.then, expr.otherwise):
            if part is not None:
                yield from _in_expr(part, bound, use if use == "print" else "other")
    elif isinstance(expr, Not):
        yield from _in_expr(expr.operand, bound, "other")
    elif isinstance(expr, Defined):
        yield from _in_expr(expr.operand, bound, "defined")
    elif isinstance(expr, Items):
        for item in expr.items:
            yield from _in_expr(item, bound, "other")


def _of_filter(expr: Filter) -> Use:
    if expr.name in ("load", "default"):
        return "load" if expr.name == "load" else "defined"
    if expr.name == "dump":
        return "other" if expr.args else "dump"
    return "print" if expr.name in (*TEXT_FILTERS, "replace") else "other"
