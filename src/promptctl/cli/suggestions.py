"""What can stand for a value on the command line, by what the help calls it: `PROMPT`, `SUITE`, `ID`, `REV`, …

Read from the files of the working tree, without Git unless a revision is asked for. A project that is broken gives
what of it can be read.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from promptctl.errors import PromptctlError

SECONDS = 1.0  # of work for reading suites; what is found by then is offered

Source = Callable[[click.Context, str], Iterator[str]]


def teach(command: click.Command) -> None:
    """Gives the parameters of a command, and of those below it, the values that they can have."""
    for param in command.params:
        if source := _source(command, param):
            param.type = _Values(source)
        elif param.metavar in _PATHS:
            param.type = _Paths(_PATHS[param.metavar])
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                teach(inner)


class _Values(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 alone
    """Any text, with suggestions."""

    name = "text"

    def __init__(self, source: Source) -> None:
        self._source = source

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        given = ctx.params.get(param.name or "")
        used = given if isinstance(given, tuple) and param.nargs == -1 else ()
        found = dict.fromkeys(self._source(ctx, incomplete))
        return [CompletionItem(one) for one in found if one.startswith(incomplete) and one not in used]


class _Paths(click.ParamType):  # type: ignore[type-arg]
    """A file or a folder, which the shell itself completes."""

    name = "path"

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        return [CompletionItem(incomplete, type=self._kind)]


def _source(command: click.Command, param: click.Parameter) -> Source | None:
    if isinstance(param, click.Argument) and param.metavar is None:
        return {"name": _checks, "suite": _suites}.get(param.name or "")
    if {"--name", "--id"}.intersection(param.opts):  # of what does not exist yet
        return None
    return _SOURCES.get(re.sub(r"^\[(.*)\]$", r"\1", (param.metavar or "").removesuffix("...")))


@cache
def _side() -> Any:
    """The working tree, opened without Git: what it ignores may be offered, and nothing waits for a process.

    Where there is none, as in a bare repository, what the project is there.
    """
    from promptctl.core.config import Config
    from promptctl.engine.load import Home, find_home, open_side
    from promptctl.store.config import find_root
    from promptctl.store.revisions import WORKTREE, Revision

    root = find_root(Path().resolve())
    if root is None:
        home = find_home(Path())
        return open_side(home, home.here)
    config = Config()
    with suppress(PromptctlError):
        config = _config(root)
    return open_side(Home(root, None, config), Revision(label=WORKTREE, commit=None, dirty=True))


def _config(root: Path) -> Any:
    from promptctl.core.routes import PRESETS
    from promptctl.store.config import NAME, PYPROJECT, read_config

    texts = [
        path.read_text(encoding="utf-8-sig") if path.is_file() else None
        for path in (root / NAME, root / PYPROJECT)
    ]
    return read_config(texts[0], texts[1], presets=PRESETS)


def _prompts(ctx: click.Context, incomplete: str) -> Iterator[str]:
    yield from _side().prompts.ids


def _prompts_at(ctx: click.Context, incomplete: str) -> Iterator[str]:
    """Prompts, and behind `@` the revisions."""
    prompt, at, _ = incomplete.partition("@")
    if at:
        yield from (f"{prompt}@{revision}" for revision in _revisions(ctx, ""))
    else:
        yield from _prompts(ctx, incomplete)


def _revisions(ctx: click.Context, incomplete: str) -> Iterator[str]:
    from promptctl.store.repo import Repository

    if "@" in incomplete and not incomplete.startswith("@"):
        yield from _prompts_at(ctx, incomplete)
        return
    yield from ("WORKTREE", "HEAD", "HEAD~1")
    repository = Repository.find(Path())
    if repository is not None:
        yield from repository.names(("refs/heads", "refs/tags", "refs/remotes"))


def _suites(ctx: click.Context, incomplete: str) -> Iterator[str]:
    yield from _side().suites.ids


def _selectors(ctx: click.Context, incomplete: str) -> Iterator[str]:
    yield from sorted({*_side().prompts.ids, *_side().suites.ids})


def _cases(ctx: click.Context, incomplete: str) -> Iterator[str]:
    """Ids, and with a slash in what is typed also `suite/id`."""
    for suite in _read_suites(ctx):
        yield from (case.id for case in suite.cases)
        if "/" in incomplete:
            yield from (f"{suite.id}/{case.id}" for case in suite.cases)


def _groups(ctx: click.Context, incomplete: str) -> Iterator[str]:
    yield from sorted({case.group for suite in _read_suites(ctx) for case in suite.cases if case.group})


def _tags(ctx: click.Context, incomplete: str) -> Iterator[str]:
    yield from sorted({tag for suite in _read_suites(ctx) for case in suite.cases for tag in case.tags})


def _models(ctx: click.Context, incomplete: str) -> Iterator[str]:
    from promptctl.core.routes import BUILT_IN

    side = _side()
    names = {side.config.project.model, *side.config.models, *(pattern for pattern, _ in BUILT_IN)}
    for prompt_id in side.prompts.ids:
        with suppress(PromptctlError):
            names.add(side.prompts.header(prompt_id).model or "")
    yield from sorted(name for name in names if name and not any(mark in name for mark in "*?["))


def _checks(ctx: click.Context, incomplete: str) -> Iterator[str]:
    from promptctl.registry import names

    yield from sorted([*names("checks"), "not", "any", "all"])


def _formats(ctx: click.Context, incomplete: str) -> Iterator[str]:
    from promptctl.registry import names

    yield from names("importers")


def _read_suites(ctx: click.Context) -> Iterator[Any]:
    """The suites that the words typed so far select, or all; as many as can be read in time."""
    side, until = _side(), time.process_time() + SECONDS
    words = [word.partition("@")[0] for word in ctx.obj or () if not word.startswith("-")]
    read = []
    for suite_id in side.suites.ids:
        if time.process_time() < until:
            with suppress(PromptctlError):
                read.append(side.suites.suite(suite_id))
    chosen = [
        suite
        for suite in read
        if any(fnmatchcase(name, w) for name in (suite.id, suite.prompt) for w in words)
    ]
    yield from chosen or read


_SOURCES: dict[str, Source] = {
    "PROMPT": _prompts,
    "PROMPT[@REV]": _prompts_at,
    "SELECTOR": _selectors,
    "SELECTOR|PATH": _selectors,
    "SUITE|PROMPT": _selectors,
    "SUITE": _suites,
    "S": _suites,
    "ID": _cases,
    "[SUITE/]ID": _cases,
    "T": _tags,
    "G": _groups,
    "M": _models,
    "REV": _revisions,
    "FORMAT": _formats,
}
_PATHS = {"[PATH]...": "file", "PATH...": "file", "PATH": "file", "F": "file"}
