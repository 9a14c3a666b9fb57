"""The two sides of a comparison: their files, prompts and suites, and who answers for a model."""

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from promptctl.core.config import Config
from promptctl.core.routes import PRESETS, Route, route
from promptctl.errors import Place, PromptctlError
from promptctl.store.bare import folder_of_project
from promptctl.store.config import find_root, read_config
from promptctl.store.files import is_git_folder
from promptctl.store.private import Joined, Private, open_private
from promptctl.store.prompts import Prompts
from promptctl.store.rendering.renderer import shared
from promptctl.store.repo import Repository
from promptctl.store.revisions import WORKTREE, Revision, Sides, choose_sides
from promptctl.store.suites import Suites
from promptctl.store.trees import CommitTree, Tree, WorkTree


class Side(NamedTuple):
    """One revision of the project. `config` acts; `own` is what the revision's own file says.

    `private` is the folder of `cases_root`, whose files are in `tree`, too.
    """

    revision: Revision
    tree: Tree
    config: Config
    prompts: Prompts
    suites: Suites
    own: Config
    private: Private | None = None

    @property
    def absent(self) -> str | None:
        """What to say where `cases_root` names a folder that is not there."""
        return self.private.absent if self.private else None

    @property
    def passed_over(self) -> bool:
        """Whether there are files that should hold prompts or cases and are not read: links, files of no suite."""
        return bool(self.tree.refused or self.suites.strays)


class Home(NamedTuple):
    """Where a project is: its root, the repository it lies in (if any), its configuration on disk.

    In a bare repository the files are those of commits alone: the configuration is HEAD's, and `root` is only
    where `promptctl/` goes. `isolate`: templates are rendered in another process, under limits of time and memory.
    """

    root: Path
    repository: Repository | None
    config: Config
    isolate: bool = True

    @property
    def bare(self) -> bool:
        """Whether the project is in commits alone, without a work tree."""
        return self.repository is not None and self.repository.bare

    @property
    def here(self) -> Revision:
        """What is looked at where no revision is named: the work tree; of a bare repository HEAD."""
        if self.repository is not None and self.repository.bare:
            return Revision(label="HEAD", commit=self.repository.head())
        return Revision(label=WORKTREE, commit=None, dirty=True)

    def prefix(self, commit: str) -> str:
        """The project's folder at a commit, relative to the top of the repository; empty where they are one.

        Raises:
            PromptctlError: `no-project`, a commit of a bare repository that holds none.
        """
        if self.repository is None:
            return ""
        if self.repository.bare:
            return folder_of_project(self.repository, commit)
        return self.repository.relative(self.root)

    @property
    def folders(self) -> tuple[str, ...]:
        """What makes the project dirty, relative to the top of the repository."""
        if self.repository is None or self.repository.bare:
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
    if bare := bare_repository(folder, root):
        return _home_in_commits(bare)
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


def bare_repository(folder: Path, root: Path | None) -> Repository | None:
    """The bare repository that `folder` lies in, where that is nearer than the project at `root`."""
    nearer = [above for above in (folder, *folder.parents) if root is None or above.is_relative_to(root)]
    if root is not None and not any(is_git_folder(above) for above in nearer):
        return None
    repository = Repository.find(folder)
    return repository if repository is not None and repository.bare else None


def _home_in_commits(repository: Repository) -> Home:
    """The project of a bare repository, configured as HEAD has it; by the defaults where HEAD has no project."""
    home = Home(repository.root, repository, Config())
    head = repository.head()
    if head is None:
        return home
    try:
        prefix = home.prefix(head)
    except PromptctlError as error:
        if error.slug != "no-project":
            raise
        return home
    tree = CommitTree(repository, head, prefix, (), label="HEAD")
    return home._replace(config=_config_of(tree, None))


def begin_rendering(home: Home) -> None:
    """Starts the process that renders and does not wait for it: it is there when the first template is looked at.

    Raises:
        PromptctlError: `no-renderer`.
    """
    if home.isolate:
        shared().start()


def open_side(
    home: Home,
    revision: Revision,
    *,
    config: Config | None = None,
    private: Private | None = None,
) -> Side:
    """All files of one revision. Folders come from its own configuration; all else from `config`, if given.

    Args:
        private: The folder of private cases of the other side, so that both have the same; else it is read.
    """
    own, tree = home.config, _tree(home, revision, home.config)
    if revision.label != WORKTREE:
        own = _config_of(tree, home.config if config else None)
        if own.project != home.config.project:
            tree = _tree(home, revision, own)
    acting = config or own
    if private is None and acting.project.cases_root is not None:
        private = open_private(home.root, home.repository, acting.project.cases_root, own.project.evals)
    name = private.name if private and private.tree else None
    if private and private.tree:
        tree = Joined(tree, private.name, private.tree)
    return Side(
        revision,
        tree,
        acting,
        Prompts(tree, own.project.prompts, isolate=home.isolate),
        Suites(tree, own.project.evals, acting.gate, today=datetime.date.today(), private=name),
        own,
        private,
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
    known = _ROUTED.get(model)
    if known is None or known[0] is not config:
        known = _ROUTED[model] = config, route(model, config.models, config.providers)
    return known[1]


# A run asks for every answer who gave it; the configuration is kept so that no other is taken for it.
_ROUTED: dict[str, tuple[Config, Route | None]] = {}


def _tree(home: Home, revision: Revision, config: Config) -> Tree:
    folders = (config.project.prompts, config.project.evals)
    if revision.label == WORKTREE:
        return WorkTree(home.root, folders, home.repository)
    if home.repository is not None and home.repository.bare and revision.commit is None:
        raise PromptctlError(
            f"HEAD of this bare repository is {home.repository.branch()}, which has no commit yet",
            slug="no-project",
            at=str(home.root),
            fix="name a revision, as in PROMPT@REV; or `git symbolic-ref HEAD refs/heads/BRANCH`",
        )
    if home.repository is None or revision.commit is None:
        raise AssertionError(f"{revision} names no commit")
    prefix = home.prefix(revision.commit)
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
