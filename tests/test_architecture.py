"""The order of the rooms, held over the syntax trees of `src/promptctl`. Nothing is imported to find out.

Imports count wherever they stand: in a function, and under `TYPE_CHECKING` too, because an annotation that
needs a higher room or a neighbour means that its record belongs in `core`. Only the rule about what a module
loads at its top leaves both out, since neither runs when the module is imported.
"""

import ast
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "promptctl"

# From the bottom. A room imports from lower levels: never from a higher one, never from its neighbours.
LEVELS = (
    ("errors", "_version"),
    ("core",),
    ("__init__",),
    ("registry", "templating", "processes"),
    ("store", "providers", "checks", "reporters", "importers"),
    ("engine",),
    ("api",),
    ("cli", "web", "pytest_plugin"),
    ("__main__",),
)

# The front door hands out one name of a higher room, and only when it is asked for.
LAZY = {"__init__.py": "promptctl.api.loading"}

# Libraries with one home. A folder ends in a slash.
HOMES = {
    "click": ("cli/",),
    "git": ("store/repo.py",),
    "gitdb": ("store/repo.py",),
    "jinja2": ("templating/", "reporters/html.py"),
    "openai": ("providers/openai.py",),
    "sqlite3": ("store/answer_database.py", "store/answer_salvage.py"),
    # Foreign files need another reading than ours: anchors and merge keys, the words of other tools. So do answers,
    # which anything may read, and which must not end in an error of a file.
    "yaml": ("store/", "importers/foreign_yaml.py", "checks/yaml_text.py"),
}

# Too slow to load for `--help`, or for a run that asks nothing: imported in the function that uses it.
HEAVY = frozenset(
    {"aiohttp", "asyncio", "git", "gitdb", "httpx", "httpx2", "jsonschema"}
    | {"openai", "pydantic", "referencing", "regex", "sqlglot", "tabulate"}
)

# All that core may import, with what lies below these names. Nothing here reaches a file or the network;
# `ipaddress` reads numbers and looks nothing up.
CORE_IMPORTS = frozenset(
    {"__future__", "abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal"}
    | {
        "difflib",
        "enum",
        "fnmatch",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "html",
        "ipaddress",
        "itertools",
        "json",
    }
    | {"math", "msgspec", "numbers", "operator", "random", "re", "statistics", "string", "textwrap", "types"}
    | {"typing", "unicodedata", "urllib.parse"}
)

# Calls by which an allowed module, or no module at all, would still reach the world.
CORE_CALLS = {
    "open": "store",
    "print": "reporters",
    "input": "cli",
    "now": "engine",
    "today": "engine",
    "utcnow": "engine",
}


@dataclass(frozen=True)
class Import:
    """One imported module, by its absolute name. `names` are what `from` takes out of it.

    `at_top`: it is loaded when the file is imported, so neither in a function nor under `TYPE_CHECKING`.
    """

    line: int
    module: str
    names: tuple[str, ...]
    at_top: bool

    @property
    def library(self) -> str:
        return self.module.partition(".")[0]

    def is_below(self, names: frozenset[str]) -> bool:
        parts = self.module.split(".")
        return any(".".join(parts[: size + 1]) in names for size in range(len(parts)))


def broken_rules(file: str, source: str) -> list[str]:
    """One sentence for each broken rule in `source`, the text of `file` (a path below the package)."""
    tree = ast.parse(source)
    found: list[tuple[int, str]] = []
    for one in imports(file, tree):
        found += [(one.line, broken) for broken in _broken_by(file, one)]
    if room_of(file) == "core":
        found += core_calls(tree)
    return [f"src/promptctl/{file}:{line}: {broken}" for line, broken in sorted(found)]


def _broken_by(file: str, one: Import) -> Iterator[str]:
    if one.library == "promptctl":
        yield from direction(file, one)
        return
    homes = HOMES.get(one.library)
    if homes and not any(file == home or (home.endswith("/") and file.startswith(home)) for home in homes):
        yield f"only {' and '.join(homes)} may import {one.library}; ask that room for what you need"
    if one.library in HEAVY and one.at_top:
        yield f"{one.library} is slow to load; import it inside the function that uses it"
    if room_of(file) == "core":
        yield from purity(one)


def direction(file: str, one: Import) -> Iterator[str]:
    """The order of the rooms, and that nobody inside goes through the front door."""
    room = room_of(file)
    if one.module == "promptctl":
        yield (
            f"never import promptctl itself from inside; import {', '.join(one.names) or 'what you need'} "
            "from the room that holds it (promptctl.<room>.<module>)"
        )
        return
    other = one.module.split(".")[1]
    level, its_level = level_of(room), level_of(other)
    if level is None or its_level is None:
        homeless = room if level is None else other
        yield f"room {homeless} stands on no level; give it one in LEVELS of tests/test_architecture.py"
    elif other != room and its_level >= level:
        if LAZY.get(file) == one.module and not one.at_top:
            return
        what = "its neighbour" if its_level == level else "a higher room"
        right = " or ".join(LEVELS[its_level]) if its_level < len(LEVELS) else "no room"
        yield (
            f"{room} (level {level}) imports {one.module}, {what} (level {its_level}); this import would be "
            f"right in {right} or above. Move this code there, or what is shared below {room}"
        )


def purity(one: Import) -> Iterator[str]:
    if not one.is_below(CORE_IMPORTS):
        yield (
            f"core imports {one.module}, which is not on its list; this import would be right in "
            f"{', '.join(LEVELS[4])} or engine, which hand core the value"
        )
    if one.library == "random" and one.names != ("Random",):
        yield "core draws only from a seed; write `from random import Random` and `Random(seed)`"


def core_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The clock, files, the terminal and unseeded chance, reached without an import that shows it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)
        is_method = isinstance(function, ast.Attribute)
        if name in CORE_CALLS and is_method == (name in ("now", "today", "utcnow")):
            yield (
                node.lineno,
                f"core calls {name}(); this is right in {CORE_CALLS[name]}, which hands over the value",
            )
        if name == "Random" and not node.args:
            yield node.lineno, "core calls Random() without a seed; take the seed as an argument"


def imports(file: str, tree: ast.Module) -> Iterator[Import]:
    """Every import of `tree`, also those of `import_module("…")` with the name written out."""
    yield from _imports_in(file, tree, at_top=True)


def _imports_in(file: str, node: ast.AST, *, at_top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for module, names in _modules(file, child):
            yield Import(child.lineno, module, names, at_top)
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from _imports_in(file, ast.Module(child.body, []), at_top=False)
            yield from _imports_in(file, ast.Module(child.orelse, []), at_top=at_top)
            continue
        runs_later = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from _imports_in(file, child, at_top=at_top and not runs_later)


def _modules(file: str, node: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, ()
    elif isinstance(node, ast.ImportFrom):
        names = tuple(alias.name for alias in node.names)
        if not node.level:
            yield node.module or "", names
        else:
            package = ["promptctl", *Path(file).parts[:-1]]
            above = package[: len(package) - node.level + 1]
            yield ".".join([*above, node.module] if node.module else above), names
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            yield node.args[0].value, ()


def room_of(file: str) -> str:
    """`store/repo.py` → `store`, `errors.py` → `errors`."""
    return Path(file).parts[0].removesuffix(".py")


def level_of(room: str) -> int | None:
    """The number of the room's level, from 1 for the lowest."""
    return next((number for number, rooms in enumerate(LEVELS, start=1) if room in rooms), None)


def module_of(file: str) -> str:
    """`store/repo.py` → `promptctl.store.repo`, `store/__init__.py` → `promptctl.store`."""
    return ".".join(["promptctl", *Path(file).with_suffix("").parts]).removesuffix(".__init__")


def source_files() -> list[str]:
    """Every module of the package. `sample/` is data that the wheel brings along."""
    files = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(file for file in files if room_of(file) != "sample")


def test_every_import_in_the_package_follows_the_order_of_the_rooms():
    broken = [
        sentence
        for file in source_files()
        for sentence in broken_rules(file, (PACKAGE / file).read_text(encoding="utf-8"))
    ]

    assert not broken, "\n" + "\n".join(broken)


def test_every_module_lives_in_a_room_that_has_a_level():
    homeless = {file for file in source_files() if level_of(room_of(file)) is None}

    assert not homeless, "give each a level in LEVELS, or move it into a room"


def test_it_makes_no_difference_which_module_is_imported_first():
    # The commands of most tests are forks of a process that has imported all, so they would not show a circle.
    modules = {module_of(file): file for file in source_files()}
    needed = {
        module: {
            inner if (inner := f"{one.module}.{name}") in modules else one.module
            for one in imports(file, ast.parse((PACKAGE / file).read_text(encoding="utf-8")))
            if one.at_top and one.library == "promptctl"
            for name in one.names or ("",)
        }
        for module, file in modules.items()
    }

    TopologicalSorter(needed).prepare()  # a CycleError names the circle


def test_every_home_of_a_library_is_a_room_that_has_a_level():
    homes = [home for of_library in HOMES.values() for home in of_library]

    assert [home for home in homes if level_of(room_of(home)) is None] == []


FINE = [
    ("store/repo.py", "def read():\n    import git\n"),
    ("store/repo.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import git\n"),
    (
        "store/documents.py",
        "import yaml\nfrom promptctl.core.case import Case\nfrom promptctl.errors import Place",
    ),
    ("store/prompts.py", "from promptctl.store.repo import Tree\nfrom .documents import read"),
    ("templating/roles.py", "from jinja2.ext import Extension"),
    ("reporters/html.py", "def render():\n    import jinja2\n"),
    ("engine/ask.py", "async def ask():\n    import asyncio\n"),
    ("cli/test.py", "import click\nfrom promptctl.api.project import Project"),
    (
        "core/stats.py",
        "import math\nfrom random import Random\nfrom collections.abc import Sequence\nRandom(7)",
    ),
    (
        "core/case.py",
        "from datetime import date\nimport urllib.parse\nimport msgspec\nfrom promptctl.errors import Place",
    ),
    ("core/report.py", "print_width = 88\nlines = document.open('x')"),
    (
        "__init__.py",
        "from promptctl._version import __version__\nif TYPE_CHECKING:\n    import promptctl.api.loading",
    ),
    ("__init__.py", "def __getattr__(name):\n    from promptctl.api.loading import load\n"),
    ("__main__.py", "def run():\n    from promptctl.cli.main import main\n"),
    ("registry.py", "import_module(path)"),
]


@pytest.mark.parametrize(("file", "source"), FINE)
def test_an_import_from_below_is_allowed(file: str, source: str):
    assert broken_rules(file, source) == []


BROKEN = {
    "upwards": ("core/gate.py", "from promptctl.engine.plan import Plan", "right in api or above"),
    "upwards in a function": (
        "engine/ask.py",
        "def f():\n    from promptctl.api.project import Project",
        "a higher room",
    ),
    "upwards for types": (
        "engine/ask.py",
        "if TYPE_CHECKING:\n    import promptctl.cli.main",
        "a higher room",
    ),
    "upwards, relative": (
        "store/repo.py",
        "from ..engine import plan",
        "store (level 5) imports promptctl.engine",
    ),
    "upwards, by name": (
        "store/repo.py",
        "import_module('promptctl.api')",
        "store (level 5) imports promptctl.api",
    ),
    "sideways": (
        "checks/text.py",
        "from promptctl.store.repo import Tree",
        "its neighbour (level 5); this import",
    ),
    "sideways for types": (
        "templating/header.py",
        "if TYPE_CHECKING:\n    import promptctl.registry",
        "its neighbour",
    ),
    "sideways between doors": ("web/pages.py", "from promptctl.cli.main import main", "right in __main__"),
    "front door": ("store/repo.py", "import promptctl", "never import promptctl itself"),
    "a name of the front door": (
        "cli/show.py",
        "from promptctl import __version__",
        "import __version__ from the room",
    ),
    "front door, relative": ("cli/show.py", "from .. import errors", "never import promptctl itself"),
    "front door at once": ("__init__.py", "from promptctl.api.loading import load", "a higher room"),
    "front door, another room": (
        "__init__.py",
        "def f():\n    from promptctl.engine.ask import ask",
        "a higher room",
    ),
    "unknown room": (
        "helpers/text.py",
        "from promptctl.errors import Place",
        "room helpers stands on no level",
    ),
    "from an unknown room": ("cli/show.py", "from promptctl.utils import x", "room utils stands on no level"),
    "git": ("engine/load.py", "def f():\n    from git import Repo", "only store/repo.py may import git"),
    "openai": ("engine/ask.py", "def f():\n    import openai", "only providers/openai.py may import openai"),
    "openai for types": ("engine/ask.py", "if TYPE_CHECKING:\n    import openai", "only providers/openai.py"),
    "click": ("api/project.py", "import click", "only cli/ may import click"),
    "jinja2": (
        "engine/load.py",
        "from jinja2.sandbox import X",
        "only templating/ and reporters/html.py may import",
    ),
    "sqlite3": (
        "store/runs.py",
        "import sqlite3",
        "only store/answer_database.py and store/answer_salvage.py may import sqlite3",
    ),
    "yaml": (
        "templating/header.py",
        "import yaml",
        "only store/ and importers/foreign_yaml.py and checks/yaml_text.py may import yaml",
    ),
    "heavy at the top": ("providers/openai.py", "import openai", "openai is slow to load; import it inside"),
    "heavy in a class": ("checks/text.py", "class A:\n    import regex", "regex is slow to load"),
    "heavy in a try": (
        "checks/text.py",
        "try:\n    import jsonschema\nexcept ImportError: pass",
        "jsonschema is slow",
    ),
    "heavy in the standard library": ("engine/ask.py", "import asyncio.events", "asyncio is slow to load"),
    "files in core": (
        "core/case.py",
        "from pathlib import Path",
        "core imports pathlib, which is not on its list",
    ),
    "environment in core": ("core/case.py", "def f():\n    import os", "right in store, providers, checks"),
    "network in core": ("core/case.py", "import urllib.request", "core imports urllib.request"),
    "libraries in core": ("core/stats.py", "import scipy", "core imports scipy"),
    "open in core": ("core/case.py", "def f():\n    open('x')", "core calls open(); this is right in store"),
    "print in core": ("core/case.py", "print(1)", "core calls print()"),
    "clock in core": ("core/case.py", "import datetime\ndatetime.datetime.now()", "core calls now()"),
    "chance in core": ("core/stats.py", "import random", "core draws only from a seed"),
    "a seed forgotten in core": ("core/stats.py", "from random import Random\nRandom()", "without a seed"),
}


@pytest.mark.parametrize(("file", "source", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named_with_its_file_its_line_and_the_way_out(file: str, source: str, says: str):
    broken = broken_rules(file, source)

    last = source.count("\n") + 1
    line = last - 1 if "except" in source else last
    assert len(broken) == 1, broken
    assert broken[0].startswith(f"src/promptctl/{file}:{line}: ")
    assert says in broken[0]


def test_two_broken_rules_of_one_line_are_both_named():
    broken = broken_rules("core/gate.py", "import openai")

    assert len(broken) == 3
    assert all(sentence.startswith("src/promptctl/core/gate.py:1: ") for sentence in broken)


def test_no_test_reads_a_clock():
    # How long something takes says what else the machine did: count the work, mark `timeout`, or print it in bench/.
    clocks = ("perf_counter", "monotonic", "process_time", "time.time(")
    tests = Path(__file__).parent
    files = [file for file in tests.rglob("test_*.py") if file != Path(__file__)]

    assert [file.name for file in files if any(clock in file.read_text("utf-8") for clock in clocks)] == []


# The guard of conftest.py is a rule over the whole project too.


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_a_test_cannot_connect_beyond_loopback(attempts: list[str], method: str):
    with socket.socket() as outside, pytest.raises(AssertionError, match="tests stay on loopback"):
        getattr(outside, method)(("192.0.2.1", 80))

    assert attempts == [f"{method} to 192.0.2.1"]
    attempts.clear()


def test_a_test_cannot_look_up_a_name_of_the_world(attempts: list[str]):
    with pytest.raises(AssertionError, match="tests stay on loopback"):
        socket.create_connection(("example.org", 80), timeout=1)

    assert attempts == ["look-up of example.org"]
    attempts.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_test_may_connect_to_loopback(host: str):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection((host, server.getsockname()[1]), timeout=5)

        assert client.getpeername()[0] == "127.0.0.1"
        client.close()


def test_modules_of_the_standard_library_are_spelt_right_in_the_list_of_core():
    unknown = {name for name in CORE_IMPORTS if name.partition(".")[0] not in sys.stdlib_module_names}

    assert unknown == {"msgspec"}
