"""Files, variables and role blocks of a template, read from its syntax tree."""

from collections.abc import Iterator
from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes

from promptctl.templating.closure import FileFacts, Reference
from promptctl.templating.roles import is_role_block


def facts(tree: nodes.Template) -> FileFacts:
    """What one parsed file says about files, variables and role blocks.

    Raises:
        TemplateSyntaxError: a file is named by something that is no text.
    """
    undeclared = frozenset(meta.find_undeclared_variables(tree))
    first_use: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in undeclared:
            first_use.setdefault(name.name, name.lineno)
    return FileFacts(
        references=tuple(_references(tree)),
        undeclared=undeclared,
        assigned=frozenset(_assigned(tree)),
        first_use=first_use,
        has_roles=any(is_role_block(node) for node in tree.find_all((nodes.CallBlock, nodes.ExprStmt))),
        nested_roles=tuple(_nested_roles(tree)),
        system_inputs=tuple(_system_inputs(tree, undeclared)),
        cut_images=tuple(_cut_images(tree)),
    )


def meaning(tree: nodes.Template) -> str:
    """The syntax tree, written out: equal for texts that differ only in comments, which cut a text in two."""
    for output in tree.find_all(nodes.Output):
        joined: list[nodes.Expr] = []
        for part in output.nodes:
            last = joined[-1] if joined else None
            if isinstance(part, nodes.TemplateData) and isinstance(last, nodes.TemplateData):
                joined[-1] = nodes.TemplateData(last.data + part.data)
            else:
                joined.append(part)
        output.nodes = joined
    return repr(tree)


def _references(tree: nodes.Template) -> Iterator[Reference]:
    kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    for node in tree.find_all(kinds):
        template: nodes.Expr = node.template  # type: ignore[attr-defined]  # all four kinds have it
        optional = bool(getattr(node, "ignore_missing", False)) or not isinstance(template, nodes.Const)
        written = _written_names(template)
        if written is None:
            yield Reference(None, node.lineno, optional)
        for name in written or ():
            if not isinstance(name, str):
                raise TemplateSyntaxError(f"a template's name is text, and {name!r} is none", node.lineno)
            yield Reference(name, node.lineno, optional)


def _written_names(expression: nodes.Expr) -> list[Any] | None:
    """The values that stand where names should; None where one is computed."""
    items = expression.items if isinstance(expression, (nodes.List, nodes.Tuple)) else [expression]
    values = [item.value for item in items if isinstance(item, nodes.Const)]
    return values if len(values) == len(items) else None


def _assigned(tree: nodes.Template) -> Iterator[str]:
    for name in tree.find_all(nodes.Name):
        if name.ctx in ("store", "param"):
            yield name.name
    for macro in tree.find_all(nodes.Macro):
        yield macro.name
    for imported in tree.find_all(nodes.Import):
        yield imported.target
    for node in tree.find_all(nodes.FromImport):
        for imported_name in node.names:
            yield imported_name[1] if isinstance(imported_name, tuple) else imported_name


def _nested_roles(node: nodes.Node, inside: str | None = None) -> Iterator[tuple[int, str]]:
    """Role blocks where they must not be: in another, in a `{% set %}` capture, in a filter."""
    for child in node.iter_child_nodes():
        role = is_role_block(child)
        if role and inside:
            yield child.lineno, inside
        deeper = inside
        if role:
            deeper = "another role block"
        elif isinstance(child, nodes.AssignBlock):
            deeper = "a {% set %} capture"
        elif isinstance(child, nodes.FilterBlock):
            deeper = "a {% filter %} block"
        yield from _nested_roles(child, deeper)


def _cut_images(tree: nodes.Template) -> Iterator[int]:
    """Lines with a filter behind `| image`: what stands there for a picture is no text to work on."""
    for outer in tree.find_all(nodes.Filter):
        inner = outer.node
        if isinstance(inner, nodes.Filter) and inner.name == "image":
            yield outer.lineno


def _system_inputs(tree: nodes.Template, undeclared: frozenset[str]) -> Iterator[tuple[int, str]]:
    for block in tree.find_all(nodes.CallBlock):
        if not is_role_block(block) or not block.call.args:
            continue
        role: Any = block.call.args[0]
        if isinstance(role, nodes.Const) and role.value in ("system", "developer"):
            for output in block.find_all(nodes.Output):
                for name in output.find_all(nodes.Name):
                    if name.ctx == "load" and name.name in undeclared:
                        yield name.lineno, name.name
