"""`promptctl doctor`: what this machine and this project give promptctl to work with."""

import os
import shutil
import sys
from pathlib import Path

import click

from promptctl._version import __version__
from promptctl.cli.output import style
from promptctl.cli.sheet import Sheet
from promptctl.core.words import plural
from promptctl.engine.doctor import machine
from promptctl.engine.doctor.models import EnvFile, Key, env_file, models_of
from promptctl.engine.doctor.plugins import plugins
from promptctl.engine.doctor.repository import branch_of, default_branches, kind, sides_in_words
from promptctl.engine.doctor.stores import answers_of, runs_of
from promptctl.engine.load import Home, bare_repository, find_home, routed
from promptctl.errors import FileError, PromptctlError
from promptctl.store.config import PYPROJECT, config_file, cure_of, find_root
from promptctl.store.repo import Repository

NAMED = 4
EPILOG = """\b
Examples:
  promptctl doctor
  promptctl doctor --json                  for a script or a bug report

\b
Lines that begin with `error:` or `warning:` are problems, each with its cure.
Exit codes: 0 nothing is broken, 2 the project or Git cannot be used.
"""


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def doctor(as_json: bool) -> int:
    """Shows versions, project, repository, keys found (never the keys), answers stored and plugins.

    Nothing is asked and nothing is written.
    """
    sheet = Sheet()
    _versions(sheet)
    _surroundings(sheet)
    root = find_root(Path().resolve())
    try:
        bare = bare_repository(Path().resolve(), root)
    except PromptctlError as error:
        sheet.problem(error, broken=True)
        bare = None
    if bare is not None:
        root = bare.root
    if root is None:
        sheet.row("project", "none here; `promptctl init` makes one, `promptctl demo` shows one")
    else:
        _project(sheet, root)
    sheet.show(as_json=as_json)
    return 2 if sheet.broken else 0


def _versions(sheet: Sheet) -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    git, sqlite = (
        machine.git_version(),
        sys.modules["sqlite3"].sqlite_version,
    )  # only the answer store may import it
    found = machine.packages()
    sheet.row("promptctl", __version__)
    sheet.row("Python", _with(python, machine.python_remark()))
    sheet.row("git", _with(git, machine.git_remark(git)) if git else "not found")
    sheet.row("sqlite", sqlite)
    for package in found:
        sheet.row(package.name, _with(package.version or "not installed", package.remark))
        if package.problem:
            sheet.problem(package.problem)
    extras = machine.extras()
    for name, missing in extras.items():
        sheet.row("extras", f"{name}: pip install 'promptctl[{name}]'" if missing else f"{name}: installed")
    brought = plugins()
    for plugin in brought:
        sheet.row("plugins", f"{plugin.room} {plugin.name} ({plugin.path})")
        if plugin.problem:
            sheet.problem(plugin.problem)
    if not brought:
        sheet.row("plugins", "none")
    sheet.data |= {
        "promptctl": __version__,
        "python": python,
        "git": git,
        "sqlite": sqlite,
        "packages": {package.name: package.version for package in found},
        "extras": {name: not missing for name, missing in extras.items()},
        "plugins": [{"room": p.room, "name": p.name, "path": p.path, "package": p.package} for p in brought],
    }


def _with(text: str, remark: str) -> str:
    return f"{text}, {remark}" if remark else text


def _surroundings(sheet: Sheet) -> None:
    """The terminal, the shell and the network."""
    encoding = (getattr(sys.stdout, "encoding", None) or "unknown").lower()
    colour = style().colour
    why = "NO_COLOR is set" if os.environ.get("NO_COLOR") else "not a terminal that shows them"
    columns = shutil.get_terminal_size().columns
    sheet.row("terminal", f"{encoding}, {columns} columns, colours {'on' if colour else f'off: {why}'}")
    shell = Path(os.environ.get("SHELL", "")).name
    installed = machine.completion_installed(shell, Path.home()) if shell else None
    where = (
        f"{shell}, in {installed}" if installed else "not installed: `promptctl completion --help` says how"
    )
    sheet.row("completion", where)
    proxies = machine.proxies(os.environ)
    for name, address in proxies:
        sheet.row("proxies", f"{name} {address}")
    sheet.data |= {
        "terminal": {"encoding": encoding, "columns": columns, "colours": colour},
        "completion": {"shell": shell, "file": installed and str(installed)},
        "proxies": dict(proxies),
    }


def _project(sheet: Sheet, root: Path) -> None:
    file = config_file(root)
    sheet.row("project", str(root))
    shown = f"[tool.promptctl] in {file}" if file == PYPROJECT else file
    sheet.data |= {"project": str(root), "configuration": file}
    try:
        home = find_home(root)
        shown = "as HEAD has it" if home.bare else shown
    except PromptctlError as error:
        sheet.problem(error, broken=True)
        sheet.row("configuration", shown or "none; the defaults hold")
        _repository_of_broken_project(sheet, root, error)
        return
    sheet.row("configuration", shown or "none; the defaults hold")
    for note in home.config.notes:
        sheet.problem(FileError(note, slug="config-not-read", at=file, fix=cure_of(note)))
    _repository(sheet, home)
    _routes(sheet, home)
    _models(sheet, home)
    _stores(sheet, root)


def _repository_of_broken_project(sheet: Sheet, root: Path, told: PromptctlError) -> None:
    """What can be said of Git where the project cannot be opened."""
    try:
        repository = Repository.find(root)
    except PromptctlError as error:
        if error.slug != told.slug:
            sheet.problem(error, broken=True)
        return
    sheet.row("repository", str(repository.root) if repository else "none")


def _repository(sheet: Sheet, home: Home) -> None:
    repository = home.repository
    if repository is None:
        sheet.row("repository", "none: head alone is scored; `git init` makes versions comparable")
        sheet.data["repository"] = None
        return
    unusual, branches = kind(repository), default_branches(home)
    sheet.row("repository", ", ".join((str(repository.root), branch_of(repository), *unusual)))
    sheet.row(
        "default branch", ", ".join(branches) or f"{home.config.project.default_branch}, which is not here"
    )
    compared: str | None = None
    try:
        compared = sides_in_words(home)
        sheet.row("test compares", compared)
    except PromptctlError as error:
        sheet.row("test compares", "nothing yet, see below")
        sheet.problem(error)
    sheet.data["repository"] = {
        "root": str(repository.root),
        "branch": repository.branch(),
        "commit": repository.head(),
        "kind": unusual,
        "default_branches": branches,
        "test_compares": compared,
    }


def _routes(sheet: Sheet, home: Home) -> None:
    """The project's own; the built-in ones are the same everywhere."""
    for pattern, target in home.config.models.items():
        route = None
        try:
            route = routed(home.config, pattern)
        except PromptctlError as error:
            sheet.problem(error)
        name = f" as {target.name}" if target.name else ""
        sheet.row(
            "routes", f"{pattern} → {target.provider}{name}" + ("" if route else ", which is not known")
        )
    sheet.data["routes"] = {pattern: target.provider for pattern, target in home.config.models.items()}


def _models(sheet: Sheet, home: Home) -> None:
    models, unread = models_of(home, os.environ)
    for model in models:
        parts = [model.name, model.provider or "no provider", model.address]
        if model.key is not Key.NOT_NEEDED:
            parts.append(f"key {model.key_env} {model.key.value}")
        elif model.provider:
            parts.append("key not needed")
        parts += model.settings
        sheet.row("models", "  ".join(filter(None, parts)))
        more = len(model.prompts) - NAMED
        named = ", ".join(model.prompts[:NAMED])
        sheet.row("models", f"  for {named}{f' and {more} more' if more > 0 else ''}")
        if model.problem is not None:
            sheet.problem(model.problem)
    if unread:
        broken = PromptctlError(
            f"{plural(len(unread), 'prompt file')} cannot be read: {', '.join(unread[:3])}",
            slug="unusable-files",
            fix="`promptctl lint` says why",
        )
        sheet.problem(broken)
    env = env_file(home, os.environ)
    sheet.row(".env", env.value)
    told = any(model.problem and ".gitignore" in str(model.problem.fix) for model in models)
    if env is EnvFile.NOT_IGNORED and not told:
        sheet.problem(_open_env())
    sheet.data |= {
        "models": [
            {
                "model": model.name,
                "provider": model.provider or None,
                "address": model.address or None,
                "key_variable": model.key_env or None,
                "key": model.key.value,
                "settings": list(model.settings),
                "prompts": list(model.prompts),
            }
            for model in models
        ],
        "env_file": env.name.lower(),
    }


def _open_env() -> PromptctlError:
    return PromptctlError(
        "`.env` is not ignored by Git: the next commit may hold the keys in it",
        slug="env-not-ignored",
        at=".env",
        fix="add `.env` to .gitignore; if it was committed, take the keys back where they were made",
    )


def _stores(sheet: Sheet, root: Path) -> None:
    answers, runs = answers_of(root), runs_of(root)
    for problem in answers.problems:
        sheet.problem(problem)
    stats = answers.stats
    if stats is not None:
        damaged = f", {stats.damaged} damaged and kept apart" if stats.damaged else ""
        size = _size(stats.size)
        sheet.row(
            "answers", f"{answers.path}: {stats.answers} asked, {stats.imported} imported, {size}{damaged}"
        )
    elif answers.problems:
        sheet.row("answers", f"{answers.path}: cannot be read")
    else:
        sheet.row("answers", f"none stored yet; they go to {answers.path}")
    if runs.kept:
        without = (
            f", {runs.without_result} without a result: killed, or still under way"
            if runs.without_result
            else ""
        )
        sheet.row("runs", f".promptctl/runs: {plural(runs.kept, 'run')}{without}")
    sheet.data |= {
        "answers": stats._asdict() if stats else None,
        "runs": runs._asdict(),
    }


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:,.0f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"
