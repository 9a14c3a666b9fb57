"""`promptctl doctor`: what this machine and this project give promptctl to work with."""

import os
import subprocess
import sys
from pathlib import Path

import click

from promptctl._version import __version__
from promptctl.cli.output import write
from promptctl.core.words import plural
from promptctl.engine.answering import own_store
from promptctl.engine.doctor import Key, models_of, sides_in_words
from promptctl.engine.load import Home, find_home
from promptctl.errors import FileError, PromptctlError
from promptctl.reporters.safe import terminal_line
from promptctl.store.config import PYPROJECT, config_file, cure_of, find_root
from promptctl.store.repo import Repository

LABEL = 16
EPILOG = """\b
Examples:
  promptctl doctor

\b
Lines that begin with `error:` or `warning:` are problems, each with its cure.
Exit codes: 0 nothing is broken, 2 the project or Git cannot be used.
"""


@click.command(epilog=EPILOG)
def doctor() -> int:
    """Shows versions, project, repository, keys found (never the keys), answers stored and plugins.

    Nothing is asked and nothing is written.
    """
    sheet = _Sheet()
    _versions(sheet)
    root = find_root(Path().resolve())
    if root is None:
        sheet.row("project", "none here; `promptctl init` makes one, `promptctl demo` shows one")
    else:
        _project(sheet, root)
    _plugins(sheet)
    sheet.tell_problems()
    return 2 if sheet.broken else 0


class _Sheet:
    """Rows at once, problems at the end."""

    def __init__(self) -> None:
        self.broken = False
        self._problems: list[tuple[str, PromptctlError]] = []
        self._label = ""

    def row(self, label: str, text: str) -> None:
        """One line; a label that repeats is left blank."""
        write(f"{'' if label == self._label else label:<{LABEL}}{terminal_line(text)}")
        self._label = label

    def problem(self, error: PromptctlError, *, broken: bool = False) -> None:
        """Something with a cure. `broken`: the project or Git cannot be used."""
        self.broken = self.broken or broken
        for one in getattr(error, "errors", (error,)):
            self._problems.append(("error" if broken else "warning", one))

    def tell_problems(self) -> None:
        """Every problem in three lines, the worst first."""
        for level, error in sorted(self._problems, key=lambda entry: entry[0]):
            write(f"{level}: {terminal_line(error.message)}  [{error.slug}]")
            if error.at is not None:
                write(f"  at   {terminal_line(str(error.at))}")
            if error.fix:
                write(f"  fix  {terminal_line(error.fix)}")
        write("no problems found" if not self._problems else plural(len(self._problems), "problem"))


def _versions(sheet: _Sheet) -> None:
    sheet.row("promptctl", __version__)
    sheet.row("Python", ".".join(map(str, sys.version_info[:3])))
    sheet.row("git", _git_version() or "not found")
    # Only the answer store may import it; by now it has.
    sheet.row("sqlite", sys.modules["sqlite3"].sqlite_version)
    for package in ("click", "jinja2", "openai"):
        version = _installed(package)
        sheet.row(package, version or "not installed")
        if version is None:
            missing = PromptctlError(
                f"{package} is not installed",
                slug="missing-package",
                fix="install promptctl again, with its dependencies",
            )
            sheet.problem(missing)


def _git_version() -> str | None:
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip().removeprefix("git version ") or None


def _installed(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _project(sheet: _Sheet, root: Path) -> None:
    sheet.row("project", str(root))
    sheet.row("configuration", _configuration(root))
    home = None
    try:
        home = find_home(root)
    except PromptctlError as error:
        sheet.problem(error, broken=True)
        _repository_of_broken_project(sheet, root, error)
    if home is None:
        return
    for note in home.config.notes:
        sheet.problem(FileError(note, slug="config-not-read", at=config_file(root), fix=cure_of(note)))
    _repository(sheet, home)
    _models(sheet, home)
    _store(sheet, root)


def _configuration(root: Path) -> str:
    name = config_file(root)
    return f"[tool.promptctl] in {name}" if name == PYPROJECT else name or "none; the defaults hold"


def _repository_of_broken_project(sheet: _Sheet, root: Path, told: PromptctlError) -> None:
    """What can be said of Git where the project cannot be opened."""
    try:
        repository = Repository.find(root)
    except PromptctlError as error:
        if error.slug != told.slug:
            sheet.problem(error, broken=True)
        return
    sheet.row("repository", str(repository.root) if repository else "none")


def _repository(sheet: _Sheet, home: Home) -> None:
    repository = home.repository
    if repository is None:
        sheet.row("repository", "none: head alone is scored; `git init` makes versions comparable")
        return
    branch = f"branch {repository.branch()}" if repository.branch() else "detached HEAD"
    if repository.head() is None:
        branch += ", before the first commit"
    sheet.row(
        "repository", f"{repository.root}, {branch}{', a shallow clone' if repository.is_shallow() else ''}"
    )
    name = home.config.project.default_branch
    wanted = (f"refs/heads/{name}", f"refs/remotes/origin/{name}", "refs/remotes/origin/HEAD")
    there = [ref.split("/", 2)[2] for ref in repository.tips(wanted)]
    sheet.row("default branch", ", ".join(there) or f"{name}, which is not here")
    try:
        sheet.row("test compares", sides_in_words(home))
    except PromptctlError as error:
        sheet.row("test compares", "nothing yet, see below")
        sheet.problem(error)


def _models(sheet: _Sheet, home: Home) -> None:
    models, unread = models_of(home, os.environ)
    for model in models:
        parts = [model.name, model.provider or "no provider", model.address]
        if model.key is not Key.NOT_NEEDED:
            parts.append(f"key {model.key_env} {model.key.value}")
        elif model.provider:
            parts.append("key not needed")
        sheet.row("models", "  ".join(filter(None, parts)))
        if model.problem is not None:
            sheet.problem(model.problem)
    if unread:
        broken = PromptctlError(
            f"{plural(len(unread), 'prompt file')} cannot be read: {', '.join(unread[:3])}",
            slug="unusable-files",
            fix="`promptctl lint` says why",
        )
        sheet.problem(broken)


def _store(sheet: _Sheet, root: Path) -> None:
    store = own_store(root, readonly=True)
    where = store.path.relative_to(root).as_posix()
    try:
        if not store.path.is_file():
            sheet.row("answers", f"none stored yet; they go to {where}")
            return
        stats = store.stats()
        sheet.row(
            "answers", f"{where}: {stats.answers} asked, {stats.imported} imported, {_size(stats.size)}"
        )
        for warning in store.warnings:
            slug, _, text = warning.removeprefix("[").partition("] ")
            fix = "keep a copy, then run `promptctl test`: it begins a new store"
            sheet.problem(PromptctlError(text, slug=slug, fix=fix))
    except PromptctlError as error:
        sheet.row("answers", f"{where}: cannot be read")
        sheet.problem(error)
    finally:
        store.close()


def _size(count: int) -> str:
    return (
        f"{count} bytes"
        if count < 1000
        else f"{count / 1000:,.0f} kB"
        if count < 1e6
        else f"{count / 1e6:,.1f} MB"
    )


def _plugins(sheet: _Sheet) -> None:
    from importlib.metadata import entry_points

    found = [
        f"{group.rpartition('.')[2]} {point.name} ({point.value})"
        for group in ("promptctl.checks", "promptctl.providers", "promptctl.reporters")
        for point in entry_points(group=group)
    ]
    for text in found or ["none"]:
        sheet.row("plugins", text)
