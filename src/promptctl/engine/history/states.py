"""What a prompt was at every commit of a history, read only where something that it needs was touched."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.core.prompt import PromptVersion
from promptctl.core.routes import PRESETS
from promptctl.engine.load import Home
from promptctl.errors import PromptctlError
from promptctl.store.config import NAME, PYPROJECT, read_config
from promptctl.store.history import Commit, FileChange, ListedTree, Objects, history
from promptctl.store.prompts import SUFFIX, Prompts
from promptctl.store.repo import Repository, TreeEntry
from promptctl.templating.closure import FileFacts

Files = dict[str, TreeEntry]
KEPT = 2000
"""Templates whose syntax trees are remembered: what is read next mostly includes the same partials."""


class State(NamedTuple):
    """The prompt at one commit.

    `names` are the ids that it may have had, while it is not there. `key` is equal while nothing changed; `watched`
    are the paths that could change it, None for all below the prompt folder; `old_name` is the `renamed_from` of
    this version or a later one.
    """

    names: tuple[str, ...]
    folder: str
    version: PromptVersion | None = None
    error: PromptctlError | None = None
    key: Any = None
    watched: frozenset[str] | None = frozenset()
    old_name: str | None = None

    @property
    def prompt(self) -> str:
        """The id it has, or would have."""
        return self.names[0]

    @property
    def exists(self) -> bool:
        """Whether its file is there, also one that cannot be read."""
        return self.version is not None or self.error is not None

    @property
    def digest(self) -> str | None:
        """The version digest; None where it is gone or cannot be read."""
        return self.version.digest if self.version else None


class States:
    """The states of one project's prompts.

    Args:
        home: The project.
        repository: Its repository.
        tip: The newest commit; the project's folder there is that of the whole history.
        objects: Reads the files.
    """

    def __init__(self, home: Home, repository: Repository, tip: str, objects: Objects) -> None:
        folder = home.prefix(tip)
        self._prefix = f"{folder}/" if folder else ""
        self._home, self._repository, self._objects = home, repository, objects
        self._folders: dict[tuple[str | None, str | None], str] = {}
        self._memory: dict[str, FileFacts] = {}

    def history(self, tip: str) -> tuple[Files, list[Commit]]:
        """The files at `tip`, and the commits that touched any folder that was the prompt folder on the way."""
        settings = [self._prefix + name for name in (NAME, PYPROJECT)]
        files = self._repository.files(tip, settings)
        folders = {self._folder(files)}
        while True:
            paths = [self._prefix + folder for folder in sorted(folders)]
            commits = history(self._repository, tip, [*paths, *settings])
            further = self._named_folders(commits, settings) - folders
            if not further:
                return {**files, **self._repository.files(tip, paths)}, commits
            folders |= further

    def _named_folders(self, commits: Sequence[Commit], settings: Sequence[str]) -> set[str]:
        """Every prompt folder that a configuration of the history names, or leaves to the default."""
        found = set()
        for commit in commits:
            for change in (change for told in commit.changes for change in told):
                if change.path in settings or change.old_path in settings:
                    for path, entry in ((change.old_path, change.before), (change.path, change.after)):
                        found.add(self._folder({path: entry} if entry else {}))
        return found

    def _folder(self, files: Mapping[str, TreeEntry]) -> str:
        """The prompt folder, as the configuration among `files` says; a broken one says nothing."""
        toml, pyproject = files.get(self._prefix + NAME), files.get(self._prefix + PYPROJECT)
        key = toml.id if toml else None, pyproject.id if pyproject else None
        if key not in self._folders:
            texts = [None if one is None else self._text(one) for one in key]
            try:
                self._folders[key] = read_config(*texts, presets=PRESETS).project.prompts
            except PromptctlError:
                self._folders[key] = self._home.config.project.prompts
        return self._folders[key]

    def _text(self, object_id: str) -> str:
        data = self._objects.read(object_id)
        return (data or b"").decode("utf-8-sig", "replace").replace("\r\n", "\n")

    def before(self, state: State, changes: Sequence[FileChange], files: Files) -> State:
        """The state that `changes` led from; the very same where they cannot have mattered."""
        folder = self._folder(files)
        touched = {path for change in changes for path in (change.path, change.old_path)}
        if folder == state.folder:
            below = f"{self._prefix}{folder}/"
            watched = state.watched
            if watched is None and not any(path.startswith(below) for path in touched):
                return state
            if watched is not None and watched.isdisjoint(touched):
                return state
        names = self._names_before(state, folder, changes, files)
        found = self.state(files, names)
        return found._replace(old_name=found.old_name or state.old_name) if names == state.names else found

    def _names_before(
        self, state: State, folder: str, changes: Sequence[FileChange], files: Files
    ) -> tuple[str, ...]:
        """What the prompt was called before `changes`: the same, or what a rename says."""
        if not state.exists or self._path(folder, state.prompt) in files:
            return state.names
        if state.old_name and self._path(folder, state.old_name) in files:
            return (state.old_name,)
        below, path = self._path(folder, "").removesuffix(SUFFIX), self._path(state.folder, state.prompt)
        for change in changes:
            old = change.old_path
            if change.path == path != old and old.startswith(below) and old.endswith(SUFFIX):
                return (old[len(below) :].removesuffix(SUFFIX),)
        return (state.prompt, state.old_name) if state.old_name else (state.prompt,)

    def state(self, files: Files, names: tuple[str, ...]) -> State:
        """The prompt among `files`, under the first of `names` that is there."""
        folder = self._folder(files)
        prompt = next((name for name in names if self._path(folder, name) in files), None)
        if prompt is None:
            return State(names, folder, watched=frozenset(self._path(folder, name) for name in names))
        if len(self._memory) > KEPT:
            self._memory.clear()
        prompts = Prompts(
            ListedTree("", files, self._prefix, self._objects),
            folder,
            self._memory,
            isolate=self._home.isolate,
        )
        found = read_state(prompts, prompt)
        if found.version is None or found.version.dynamic:
            return found._replace(watched=None)
        templates = [name for name in found.version.closure if name.endswith(".j2")]
        needed = {reference.name for name in templates for reference in prompts.facts(name).references}
        paths = {f"{self._prefix}{folder}/{name}" for name in (*found.version.closure, *needed)}
        return found._replace(watched=frozenset(paths))

    def _path(self, folder: str, prompt: str) -> str:
        return f"{self._prefix}{folder}/{prompt}{SUFFIX}"

    def successor(self, commit: Commit, before: State, after: State) -> str | None:
        """The prompt that one which is gone lives on in: by Git's similarity, or by its own `renamed_from`."""
        below = f"{self._prefix}{after.folder}/"
        for change in commit.changes[0]:
            if change.after is None or (change.before is not None and change.path == change.old_path):
                continue
            if not change.path.startswith(below) or not change.path.endswith(SUFFIX):
                continue
            name = change.path[len(below) :].removesuffix(SUFFIX)
            if change.before is not None and change.old_path == self._path(before.folder, before.prompt):
                return name
            tree = ListedTree("", {change.path: change.after}, self._prefix, self._objects)
            prompts = Prompts(tree, after.folder, isolate=self._home.isolate)
            if read_state(prompts, name).old_name == before.prompt:
                return name
        return None


def has(prompts: Prompts, prompt: str) -> bool:
    """Whether there is such a prompt, also one that may not be read."""
    try:
        prompts.require(prompt)
    except PromptctlError:
        return False
    return True


def read_state(prompts: Prompts, prompt: str) -> State:
    """The state of a prompt whose file is there."""
    old_name = None
    try:
        old_name = prompts.header(prompt).renamed_from
        version = prompts.version(prompt)
    except PromptctlError as error:
        where = str(error.at)
        try:
            text = prompts.tree.identity(prompts.path(prompt))
        except PromptctlError:
            text = ""
        return State((prompt,), prompts.folder, error=error, key=(error.slug, where, text), old_name=old_name)
    return State((prompt,), prompts.folder, version, key=version.digest, old_name=old_name)
