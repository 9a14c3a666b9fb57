"""How much longer the expressions of another tool's template can make a text, and what a rendering may take at most.

A few filters in a row make a hundred gigabytes of a short text: `{{ a | replace('a', a) | replace('a', a) }}`. So
what they multiply by has to be written out, and is counted before anything is computed.
"""

from collections.abc import Iterator
from typing import Any

from jinja2 import nodes

LARGEST = 10_000
"""Numbers beyond it in a template are for counting far, or for padding to no end."""
LONGEST = 10_000_000
"""Characters of a rendered text."""
HUGE = 200_000_000
"""Characters that no text on the way there may come to."""
STEPS = 100_000
"""Rounds of all loops together."""

_LISTED = 7
"""A list of the characters of a text, as text again, is as many times as long: `[['a'], …`."""
_MULTIPLIES = ("batch", "indent", "join", "replace")
_LISTS = ("batch", "list", "sort", "split")


class Budget:
    """What one rendering has used."""

    def __init__(self) -> None:
        self._steps = self._characters = 0

    def step(self) -> None:
        """One more round of a loop.

        Raises:
            ValueError: there were too many.
        """
        self._steps += 1
        if self._steps > STEPS:
            raise ValueError(f"its loops take more than {STEPS:,} rounds")

    def text(self, text: str) -> None:
        """A further stretch of text.

        Raises:
            ValueError: there is too much of it.
        """
        self._characters += len(text)
        if self._characters > LONGEST:
            raise ValueError(f"it is longer than {LONGEST:,} characters")


def unbounded(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Expressions whose growth is not written out, each with its line."""
    for node in tree.find_all((nodes.Filter, nodes.Call)):
        name, given = _named(node)
        if name in _MULTIPLIES and not all(isinstance(one, nodes.Const) for one in given):
            yield f"{name} with what is not written out", node.lineno
    for mapped in tree.find_all(nodes.Filter):
        if mapped.name == "map" and mapped.args:
            by = getattr(mapped.args[0], "value", None)
            if not isinstance(by, str) or by in (*_MULTIPLIES, *_LISTS, "map"):
                yield f"map with {by or 'what is not written out'}", mapped.lineno
    for node in tree.find_all(nodes.Mod):
        left = node.left.node if isinstance(node.left, nodes.Getattr) else node.left
        number = isinstance(left, nodes.Const) and isinstance(left.value, (int, float))
        if not number and not isinstance(left, nodes.Name):
            yield "% of anything but a name or a number", node.lineno


def growth(node: nodes.Node) -> int:
    """How many times as long as all that goes in a text can become, at most, in one expression."""
    if isinstance(node, nodes.For):
        return growth(node.iter) * max(map(growth, [*node.body, *node.else_, nodes.Const(0)]))
    if isinstance(node, (nodes.Stmt, nodes.Template)):
        return max(map(growth, node.iter_child_nodes()), default=1)
    if isinstance(node, (nodes.Filter, nodes.Call)):
        inner = [
            one for one in node.iter_child_nodes() if not isinstance(one, nodes.Const) or one is node.node
        ]
        return _factor(node) * sum(map(growth, inner))
    return max(1, sum(map(growth, node.iter_child_nodes())))


def _factor(node: nodes.Node) -> int:
    name, given = _named(node)
    values = [one.value for one in given if isinstance(one, nodes.Const)]
    if name == "replace" and len(values) > 1 and values[0] != "":
        return max(1, len(str(values[1])))
    many = 1
    if name in _MULTIPLIES:
        many += sum(abs(int(one)) if isinstance(one, (int, float)) else len(str(one)) for one in values)
    return many * (_LISTED if name in _LISTS else 1)


def _named(node: Any) -> tuple[str, list[nodes.Expr]]:
    """The filter or method, and what decides by how much it multiplies."""
    given = [*node.args, *(one.value for one in node.kwargs)]
    given += [one for one in (node.dyn_args, node.dyn_kwargs) if one]
    if isinstance(node, nodes.Filter):
        return node.name, given
    if not isinstance(node.node, nodes.Getattr):
        return "", given
    return node.node.attr, [node.node.node] if node.node.attr == "join" else given
