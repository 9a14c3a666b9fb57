"""The two sides of a comparison: their files, prompts and suites, and who answers for a model."""

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from promptctl.core.config import Config
from promptctl.core.routes import PRESETS, Route, route
from promptctl.errors import Place, PromptctlError
from promptctl.store.config import find_root, read_config
from promptctl.store.prompts import Prompts
from promptctl.store.repo import Repository
from promptctl.store.revisions import WORKTREE, Revision, Sides, choose_sides
from promptctl.store.suites import Suites
from promptctl.store.trees import CommitTree, Tree, WorkTree


class Side(NamedTuple):
    """One revision of the project. `config` acts; `own` is what the revision's own file says."""

    revision: Revision
    tree: Tree
    config: Config
    prompts: Prompts
    suites: Suites
    own: Config


class Home(NamedTuple):
    """Where a project is: its root, the repository it lies in (if any), its configuration on disk."""

    root: Path
    repository: Repository | None
    config: Config

    @property
    def folders(self) -> tuple[str, ...]:
        """What makes the project dirty, relative to the top of the repository."""
        if self.repository is None:
            return ()
        prefix = self.repository.relative(self.root)
        names = (self.config.project.prompts, self.config.project.evals, "promptctl.toml", "pyproject.toml")
        return tuple(f"{prefix}/{name}" if prefix else name for name in names)


def find_home(folder: Path) -> Home:
    """The project that `folder` lies in.

    Raises:
        PromptctlError: none there (`no-project`), or a configuration that cannot be read.
    """
    folder = folder.resolve()
    root = find_root(folder)
    if root is None:
        raise PromptctlError(
            "there is no promptctl project here",
            slug="no-project",
            at=str(folder),
            fix="`promptctl init` makes one; a project has promptctl.toml or prompts/",
        )
    texts = (_read(root / "promptctl.toml"), _read(root / "pyproject.toml"))
    config = read_config(*texts, presets=PRESETS)
    try:
        return Home(root, Repository.find(root), config)
    except PromptctlError as error:
        error.at = error.at or str(root)
        raise


def open_side(home: Home, revision: Revision, *, config: Config | None = None) -> Side:
    """All files of one revision. Folders come from its own configuration; all else from `config`, if given."""
    own, tree = home.config, _tree(home, revision, home.config)
    if revision.label != WORKTREE:
        own = _config_of(tree, home.config if config else None)
        if own.project != home.config.project:
            tree = _tree(home, revision, own)
    acting = config or own
    return Side(
        revision,
        tree,
        acting,
        Prompts(tree, own.project.prompts),
        Suites(tree, own.project.evals, acting.gate, today=datetime.date.today()),
        own,
    )


def sides_of(
    home: Home,
    *,
    base: str | None = None,
    head: str | None = None,
    no_base: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Sides:
    """Which revisions are compared; see `store.revisions.choose_sides`."""
    return choose_sides(
        home.repository,
        base=base,
        head=head,
        no_base=no_base,
        default_branch=home.config.project.default_branch,
        environment=os.environ if environment is None else environment,
        folders=home.folders,
    )


def routed(config: Config, model: str) -> Route | None:
    """Who answers for `model`, or None where nobody is known to."""
    return route(model, config.models, config.providers)


def _tree(home: Home, revision: Revision, config: Config) -> Tree:
    folders = (config.project.prompts, config.project.evals)
    if revision.label == WORKTREE:
        return WorkTree(home.root, folders, home.repository)
    if home.repository is None or revision.commit is None:
        raise AssertionError(f"{revision} names no commit")
    prefix = home.repository.relative(home.root)
    return CommitTree(home.repository, revision.commit, prefix, folders, label=revision.label)


def _config_of(tree: Tree, otherwise: Config | None) -> Config:
    """The side's own configuration. A broken one of base must not block its own fix: `otherwise` stands for it."""
    try:
        texts = [
            tree.text(name) if tree.exists(name) else None for name in ("promptctl.toml", "pyproject.toml")
        ]
        return read_config(*texts, presets=PRESETS)
    except PromptctlError:
        if otherwise is None:
            raise
        return otherwise


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PromptctlError(
            f"{path.name} cannot be read: {reason}",
            slug="cannot-read",
            at=Place(str(path)),
            fix="it must be a file in UTF-8 that you may read",
        ) from error
