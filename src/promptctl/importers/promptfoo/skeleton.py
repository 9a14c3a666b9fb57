"""Chats whose JSON a template builds: read message by message, with loops and conditions around whole messages."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promptctl.core.message import ROLES
from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.nodes import Attr, Expr, Filter, For, If, Literal, Name, Node, Output, Text

KEYS = ("role", "content")


@dataclass(eq=False)
class Said:
    """One message. `role` is one of ours."""

    role: str
    content: list[Node]


@dataclass(eq=False)
class Repeated:
    """Messages inside `{% for %}`."""

    loop: For
    parts: list["Part"]


@dataclass(eq=False)
class Chosen:
    """Messages inside `{% if %}`."""

    branches: list[tuple[Expr, list["Part"]]]
    otherwise: list["Part"]


@dataclass(eq=False)
class Inserted:
    """All messages of a variable. `pairs`: they are written `{user: text}` instead of `{role, content}`."""

    variable: Name
    pairs: bool


@dataclass(eq=False)
class _Computed:
    """A message whose role the template computes: only good inside a loop that becomes an `Inserted`."""

    role: list[Node]
    content: list[Node]


@dataclass(eq=False)
class _Pairs:
    """`{% for role, text in source %}` around one message: only good inside another loop."""

    source: Expr


Part = Said | Repeated | Chosen | Inserted
_Found = Part | _Computed | _Pairs


def read_skeleton(nodes: list[Node]) -> list[Part]:
    """The messages of a list in JSON that is built by a template.

    Raises:
        Unclear: it is built in another way than message by message, or a role is computed.
    """
    reader = _Reader(nodes)
    reader.expect("[")
    parts = reader.elements("]")
    reader.expect("]")
    if reader.next() is not None:
        raise Unclear("text behind the list of messages")
    return parts


def role_of(role: Any) -> str:
    """`role`, which must be one of ours and no template. Raises Unclear."""
    if role not in ROLES:
        shown = role if isinstance(role, str) else json.dumps(role)
        raise Unclear("a role computed by the template" if "{{" in shown else f"the role {shown}")
    return str(role)


class _Reader:
    def __init__(self, nodes: list[Node]) -> None:
        self.stream = list(_stream(nodes))
        self.at = 0

    def next(self) -> str | Node | None:
        """The next character or tag that is no blank, which stays; None at the end."""
        while self.at < len(self.stream) and self.stream[self.at] in (" ", "\n", "\t", "\r"):
            self.at += 1
        return self.stream[self.at] if self.at < len(self.stream) else None

    def expect(self, character: str) -> None:
        """Takes one character."""
        if self.next() != character:
            raise Unclear("a chat whose JSON the template builds in another way than message by message")
        self.at += 1

    def elements(self, end: str | None) -> list[Part]:
        """Messages up to `end`, none of them with a computed role."""
        found = self._elements(end)
        for part in found:
            if isinstance(part, (_Computed, _Pairs)):
                raise Unclear("a role computed by the template")
        return [part for part in found if not isinstance(part, (_Computed, _Pairs))]

    def _elements(self, end: str | None) -> list[_Found]:
        parts: list[_Found] = []
        while (found := self.next()) != end:
            if found == ",":
                self.at += 1
            elif isinstance(found, For) and not found.otherwise:
                self.at += 1
                parts.append(_loop(found, _Reader(found.body)))
            elif isinstance(found, If):
                self.at += 1
                branches = [(test, _Reader(body).elements(None)) for test, body in found.branches]
                parts.append(Chosen(branches, _Reader(found.otherwise).elements(None)))
            else:
                parts.append(self._message())
        return parts

    def _message(self) -> _Found:
        self.expect("{")
        found: dict[str, list[Node]] = {}
        while self.next() != "}":
            key = self._string()
            name = key[0].text if len(key) == 1 and isinstance(key[0], Text) else "a computed key"
            if name not in KEYS:
                raise Unclear(f"a message with `{name}`")
            self.expect(":")
            found[name] = self._value()
            if self.next() == ",":
                self.at += 1
        self.expect("}")
        if set(found) != set(KEYS):
            raise Unclear("a message without role or content")
        role = found["role"]
        if len(role) == 1 and isinstance(role[0], Text):
            return Said(role_of(role[0].text), found["content"])
        return _Computed(role, found["content"])

    def _value(self) -> list[Node]:
        found = self.next()
        if isinstance(found, Output) and isinstance(found.expr, Filter) and found.expr.name == "dump":
            self.at += 1
            return [Output(found.expr.target, found.at)]
        return self._string()

    def _string(self) -> list[Node]:
        self.expect('"')
        nodes: list[Node] = []
        text = ""
        while self.at < len(self.stream) and (found := self.stream[self.at]) != '"':
            self.at += 1
            if isinstance(found, Node):
                nodes += [Text(_unescaped(text)), _inside(found)]
                text = ""
                continue
            text += found
            if found == "\\" and self.at < len(self.stream):
                text += str(self.stream[self.at])
                self.at += 1
        self.expect('"')
        nodes.append(Text(_unescaped(text)))
        return [node for node in nodes if not isinstance(node, Text) or node.text]


def _stream(nodes: list[Node]) -> Iterator[str | Node]:
    for node in nodes:
        if isinstance(node, Text):
            yield from node.text
        else:
            yield node


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        raise Unclear("a text in the chat's JSON that is none") from None


def _inside(node: Node) -> Node:
    """A node inside a JSON string: the texts in it are JSON too."""
    if isinstance(node, Text):
        return Text(_unescaped(node.text))
    if isinstance(node, If):
        branches = [(test, [_inside(part) for part in body]) for test, body in node.branches]
        return If(branches, [_inside(part) for part in node.otherwise], node.at)
    if isinstance(node, For):
        body, otherwise = ([_inside(part) for part in nodes] for nodes in (node.body, node.otherwise))
        return For(node.names, node.source, body, otherwise, node.at)
    return node


def _loop(loop: For, body: _Reader) -> _Found:
    """A loop over messages: an insertion where it only writes out a variable's own messages."""
    parts = body._elements(None)
    only = parts[0] if len(parts) == 1 else None
    if isinstance(only, _Computed) and _is_pair(only, loop.names):
        return _Pairs(loop.source)
    if isinstance(loop.source, Name) and len(loop.names) == 1:
        if isinstance(only, _Computed) and _is_message(only, loop.names[0]):
            return Inserted(loop.source, pairs=False)
        if isinstance(only, _Pairs) and isinstance(only.source, Name) and only.source.name == loop.names[0]:
            return Inserted(loop.source, pairs=True)
    body.at = 0
    return Repeated(loop, body.elements(None))


def _is_message(part: _Computed, name: str) -> bool:
    return _is_key(_only(part.role), name, "role") and _is_key(_only(part.content), name, "content")


def _is_pair(part: _Computed, names: list[str]) -> bool:
    found = [_only(part.role), _only(part.content)]
    return len(names) == 2 and [one.name for one in found if isinstance(one, Name)] == names


def _only(nodes: list[Node]) -> Expr | None:
    return nodes[0].expr if len(nodes) == 1 and isinstance(nodes[0], Output) else None


def _is_key(expr: Expr | None, name: str, key: str) -> bool:
    return (
        isinstance(expr, Attr)
        and isinstance(expr.target, Name)
        and expr.target.name == name
        and isinstance(expr.key, Literal)
        and expr.key.value == key
    )
