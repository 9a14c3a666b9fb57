"""The plugins that are installed, and those that could not be loaded. None of them is run to find out."""

import ast
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NamedTuple

from promptctl.errors import PromptctlError
from promptctl.registry import names

ROOMS = ("checks", "providers", "reporters", "importers")


class Plugin(NamedTuple):
    """A name that another package brings: what it is called, where it is, which package brings it."""

    room: str
    name: str
    path: str
    package: str
    problem: PromptctlError | None = None


def plugins() -> list[Plugin]:
    """Every entry point of promptctl's groups, by room and name."""
    from importlib.metadata import entry_points

    found: list[Plugin] = []
    for room in ROOMS:
        for point in sorted(entry_points(group=f"promptctl.{room}"), key=lambda point: point.name):
            package = point.dist.name if point.dist else "a package without a name"
            plugin = Plugin(room, point.name, point.value, package)
            found.append(plugin._replace(problem=_problem(plugin, found)))
    return found


def _problem(plugin: Plugin, others: list[Plugin]) -> PromptctlError | None:
    said, fix = "", f"reinstall {plugin.package}, or tell its author"
    if plugin.name in names(plugin.room):
        said, fix = "is never used: promptctl has that name itself", f"rename it in {plugin.package}"
    elif any((other.room, other.name) == (plugin.room, plugin.name) for other in others):
        said, fix = "is brought by two packages, and one of them is used", "uninstall one of the two"
    else:
        reason = _missing(plugin.path)
        said = f"does not load: {reason}" if reason else ""
    if not said:
        return None
    kind = plugin.room.removesuffix("s")
    return PromptctlError(
        f"{kind} {plugin.name!r} of {plugin.package} {said}",
        slug="broken-plugin",
        at=f"entry point promptctl.{plugin.room}, {plugin.path}",
        fix=fix,
    )


def _missing(path: str) -> str:
    """What is not there of `package.module:attribute`, as far as can be told without running it."""
    module, _, attribute = path.partition(":")
    spec, inside = None, None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _spec(name, inside)
        if spec is None:
            return f"there is no module {name}"
        inside = list(spec.submodule_search_locations or ())
    if not attribute:
        return "it names no class"
    defined = _names_in(spec)
    first = attribute.split(".")[0]
    return f"{module} has no {first}" if defined is not None and first not in defined else ""


def _spec(name: str, inside: list[str] | None) -> ModuleSpec | None:
    """As the import system would find it; `importlib.util.find_spec` would run the packages around it."""
    if name in sys.modules:
        return sys.modules[name].__spec__
    for finder in sys.meta_path:
        found = finder.find_spec(name, inside, None)
        if found is not None:
            return found
    return None


def _names_in(spec: ModuleSpec | None) -> set[str] | None:
    """What a module's source defines at its top; None where that cannot be told."""
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    try:
        tree = ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            if node.name == "*":
                return None
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    # A module may give out names that stand nowhere in it.
    return None if "__getattr__" in found else found
