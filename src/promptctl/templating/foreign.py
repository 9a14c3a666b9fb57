"""Jinja templates of other tools, rendered as those tools do: for the proof that an import sends the same.

Their environment is Jinja's own defaults in a sandbox: an undefined variable is empty, white space stays. What would
differ here, or take the machine's time or memory, is found in the syntax tree before anything is rendered, or stops
the rendering.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promptctl.templating.foreign_growth import HUGE, LARGEST, Budget, growth, unbounded

FILTERS = frozenset(
    {"abs", "batch", "capitalize", "count", "d", "default", "dictsort", "first", "float", "indent", "int"}
    | {"items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr"}
    | {"replace", "reverse", "round", "select", "selectattr", "sort", "string", "sum", "title", "trim"}
    | {"truncate", "unique", "upper", "wordcount"}
)
"""Filters that give the same in both environments, whatever they are given."""

METHODS = frozenset(
    {"capitalize", "count", "cycle", "endswith", "find", "get", "items", "join", "keys", "lower", "lstrip"}
    | {"replace", "rstrip", "split", "startswith", "strip", "title", "upper", "values"}
)
"""Methods of texts, mappings and loops that do."""

DEEPEST = 5
"""Loops inside loops; each more is another factor of time."""
LONGEST_CHAIN = 20
"""Filters and operators on one another."""


class Problem(NamedTuple):
    """Something that cannot be carried over, with the line of the template it stands on."""

    what: str
    line: int


class ForeignTemplate(NamedTuple):
    """What the syntax tree of a template says.

    `names` are the variables it takes from outside, with the line of their first use; `uses` is how often each
    stands in it. `looped` are those it goes through, `fields` the names that are asked of each. `blocks` says
    whether there is any tag or comment, at which white space matters.
    """

    names: dict[str, int]
    uses: dict[str, int]
    looped: frozenset[str]
    fields: dict[str, frozenset[str]]
    blocks: bool
    problems: tuple[Problem, ...]


def look(text: str) -> ForeignTemplate:
    """What a template is made of; one with problems has nothing else."""
    try:
        tree = _environment().parse(text)
        # First of all: whatever looks at the tree as Jinja does computes its constants, `'a' * 10 ** 9` too.
        if problems := tuple(dict.fromkeys(_problems(tree))):
            return _unread(*problems)
        if growth(tree) * len(text) > HUGE:
            return _unread(Problem("a text that grows without measure", 1))
        outside = meta.find_undeclared_variables(tree)
    except TemplateSyntaxError as error:
        return _unread(Problem(str(error.message), error.lineno))
    except RecursionError:
        return _unread(Problem("it is nested too deeply", 1))
    names: dict[str, int] = {}
    uses: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in outside:
            names.setdefault(name.name, name.lineno)
            uses[name.name] = uses.get(name.name, 0) + 1
    looped = {loop.iter.name for loop in tree.find_all(nodes.For) if isinstance(loop.iter, nodes.Name)}
    return ForeignTemplate(
        names=dict(sorted(names.items(), key=lambda item: item[1])),
        uses=uses,
        looped=frozenset(looped & set(names)),
        fields=_fields(tree),
        blocks="{%" in text or "{#" in text,
        problems=(),
    )


def render_foreign(text: str, values: Mapping[str, Any]) -> str:
    """The text that another tool's Jinja gives.

    Raises:
        ValueError: it does not render with these values, or not to a text of any reasonable length.
    """
    budget = Budget()
    environment = _environment()

    @pass_context
    def counted(_context: Any, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            budget.step()
            yield item

    environment.filters["counted"] = counted
    try:
        tree = environment.parse(text)
        if growth(tree) * (len(text) + len(str(values))) > HUGE:
            raise ValueError("a text grows without measure")
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        tree.set_environment(environment)
        pieces = []
        for piece in environment.from_string(tree).generate(values):
            budget.text(piece)
            pieces.append(piece)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return "".join(pieces)


class _Environment(ImmutableSandboxedEnvironment):
    """Does not format texts with `%`: `'%999999999d' % 1` is one."""

    intercepted_binops = frozenset({"%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, str):
            raise SecurityError("a text is formatted with %")
        return super().call_binop(context, operator, left, right)


def _environment() -> _Environment:
    return _Environment(keep_trailing_newline=True, cache_size=0)


def _unread(*problems: Problem) -> ForeignTemplate:
    return ForeignTemplate({}, {}, frozenset(), {}, False, problems)


def _fields(tree: nodes.Template) -> dict[str, frozenset[str]]:
    """The names that are asked of each variable; those asked of a loop's items count for what is looped over."""
    item_of: dict[str, str] = {}
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.iter, nodes.Name) and isinstance(loop.target, nodes.Name):
            item_of[loop.target.name] = loop.iter.name
    found: dict[str, set[str]] = {}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        named: Any = node
        key = named.attr if isinstance(node, nodes.Getattr) else getattr(named.arg, "value", None)
        if isinstance(named.node, nodes.Name) and isinstance(key, str):
            name = named.node.name
            found.setdefault(item_of.get(name, name), set()).add(key)
    return {name: frozenset(keys) for name, keys in found.items()}


def _problems(tree: nodes.Template) -> Iterator[Problem]:
    known = _environment().globals
    for node in tree.find_all(tuple(_REFUSED)):
        yield Problem(f"{{% {_REFUSED[type(node)]} %}}", node.lineno)
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in known:
            yield Problem(f"{name.name}()", name.lineno)
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name not in FILTERS:
            yield Problem(f"the filter {filtered.name}", filtered.lineno)
    for call in tree.find_all(nodes.Call):
        called = call.node
        if isinstance(called, nodes.Getattr) and called.attr not in METHODS:
            yield Problem(f"the method {called.attr}", call.lineno)
        elif not isinstance(called, nodes.Getattr) and getattr(called, "name", None) not in known:
            yield Problem("a call of what is no method", call.lineno)
    for operation in tree.find_all((nodes.Mul, nodes.Pow)):
        yield Problem(f"the operator {operation.operator}", operation.lineno)
    for what, line in unbounded(tree):
        yield Problem(what, line)
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            yield Problem("a recursive loop", loop.lineno)
    yield from _deep(tree, 0, 0)
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, (int, float)) and abs(constant.value) > LARGEST:
            yield Problem(f"the number {constant.value}", constant.lineno)


def _deep(node: nodes.Node, loops: int, inside: int) -> Iterator[Problem]:
    """Loops and expressions that lie too deep in others; Jinja takes the cube of an expression's depth in time."""
    for child in node.iter_child_nodes():
        now = loops + isinstance(child, nodes.For)
        depth = inside + 1 if isinstance(child, nodes.Expr) else 0
        if now > DEEPEST:
            yield Problem(f"loops more than {DEEPEST} deep", child.lineno)
        elif depth > LONGEST_CHAIN:
            yield Problem(f"an expression with more than {LONGEST_CHAIN} steps", child.lineno)
        else:
            yield from _deep(child, now, depth)


_REFUSED: Any = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.With: "with",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.ScopedEvalContextModifier: "autoescape",
}
