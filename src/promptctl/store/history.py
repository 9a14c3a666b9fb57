"""The history of a few folders: who changed which file when, and what the files were at every commit of it.

Git lists the history once, and each tree is read once, by Git itself. From the files of the newest commit, undoing
the listed differences one after another gives those of every older one.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Self

from promptctl.store.git_faults import not_fetched
from promptctl.store.repo import SUBMODULE, SYMLINK, Repository, TreeEntry
from promptctl.store.trees import MAX_BYTES, Picture, is_pointer

_FORM = ("%H", "%T", "%P", "%aN", "%aI", "%s")
SHORT = 10
"""Hex digits by which a commit is shown. Two of a million commits share them once in a million."""
_REFUSED = {SYMLINK: "symlink", SUBMODULE: "submodule"}
_KEPT = 4000
"""Files held in memory, the latest read: a history names most of them in neighbouring commits."""


class FileChange(NamedTuple):
    """One file that differs from the parent. `before` is None for a new one, `after` for one that is gone.

    `old_path` differs from `path` where Git takes it for a rename.
    """

    path: str
    old_path: str
    before: TreeEntry | None
    after: TreeEntry | None


class Commit(NamedTuple):
    """A commit of a history, with its differences from each parent that is in the history too, in their order.

    The first commit of all has none, and one list of differences. `date` is the author's, as ISO 8601.
    """

    id: str
    parents: tuple[str, ...]
    author: str
    date: str
    subject: str
    changes: tuple[tuple[FileChange, ...], ...]

    @property
    def short(self) -> str:
        """The id as a person would write it."""
        return self.id[:SHORT]


def history(repository: Repository, commit: str, paths: Sequence[str]) -> list[Commit]:
    """The commits that made `paths` what they are at `commit`, newest first, none before one that is built on it.

    One process, and one more where there are merges.
    """
    fields = deque(repository.log(commit, paths, _FORM))
    found: list[Commit] = []
    trees: dict[str, str] = {}
    while fields:
        while not fields[0]:  # the two that begin a commit
            fields.popleft()
        object_id, tree, parents, author, date, subject = (_text(fields.popleft()) for _ in _FORM)
        trees[object_id] = tree
        changes = (_changes(fields),)
        found.append(Commit(object_id, tuple(parents.split()), author, date, subject, changes))
    # `git log -m` would tell merges too; but then it lists every merge of the history, whichever side it took.
    pairs = [(parent, one.id) for one in found if len(one.parents) > 1 for parent in one.parents]
    told = _compared(repository, pairs, trees, paths) if pairs else {}
    return [
        one._replace(changes=tuple(told.get((parent, one.id), ()) for parent in one.parents))
        if len(one.parents) > 1
        else one
        for one in found
    ]


def _compared(
    repository: Repository, pairs: Sequence[tuple[str, str]], trees: Mapping[str, str], paths: Sequence[str]
) -> dict[tuple[str, str], tuple[FileChange, ...]]:
    """The differences of pairs of commits, where there are any."""
    fields = deque(repository.compare([(trees[before], trees[after]) for before, after in pairs], paths))
    told = {}
    waiting = iter(pairs)
    while fields:
        *heads, fields[0] = fields[0].split("\n")  # a line for each pair, also for those without a difference
        pair = [next(waiting) for _ in heads][-1]
        told[pair] = _changes(fields)
    return told


def undo(files: dict[str, TreeEntry], changes: Iterable[FileChange]) -> None:
    """Turns the files of a commit into those of the parent that `changes` were told against."""
    changes = tuple(changes)
    for change in changes:
        files.pop(change.path, None)
    for change in changes:
        if change.before is not None:
            files[change.old_path] = change.before


class Objects:
    """Files by object id, one at a time, from one process that the first starts and `close` ends."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._process: Any = None
        self.read = lru_cache(_KEPT)(self._read)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _read(self, object_id: str, limit: int = MAX_BYTES) -> bytes | None:
        """The bytes of an object; None where they are more than `limit`.

        Raises:
            Incomplete: `no-base-revision`, when a partial clone lacks it.
        """
        if self._process is None:
            self._process = self._repository.cat_file()
        self._process.stdin.write(f"{object_id}\n".encode())
        self._process.stdin.flush()
        out = self._process.stdout
        header = out.readline().split()
        if len(header) != 3:
            raise not_fetched(f"object {object_id[:12]}")
        data: bytes = out.read(int(header[2]) + 1)[:-1]
        return data if len(data) <= limit else None


class ListedTree(Picture):
    """The files of a commit whose listing is known: each is read when it is wanted.

    `files` are relative to the top of the repository, `prefix` is the project's folder in it, empty or ending in
    a slash. Other than in `CommitTree`, a Git LFS pointer is found when it is read.
    """

    def __init__(self, label: str, files: Mapping[str, TreeEntry], prefix: str, objects: Objects) -> None:
        inside = {path[len(prefix) :]: entry for path, entry in files.items() if path.startswith(prefix)}
        links = {path: _REFUSED[entry.mode] for path, entry in inside.items() if entry.mode in _REFUSED}
        self._entries, self._objects = inside, objects
        super().__init__(label, {}, links, {path: "" for path in inside if path not in links})

    def _data(self, path: str) -> bytes | None:
        if path not in self._later:
            return None
        data = self._objects.read(self._entries[path].id)
        if data is not None and not is_pointer(data):
            return data
        self._later[path] = "too-large" if data is None else "lfs-pointer"
        return None


def _changes(fields: deque[str]) -> tuple[FileChange, ...]:
    """Takes raw differences off the front: `:100644 100644 ID ID M`, then the path, or both paths of a rename."""
    found = []
    while fields and fields[0].lstrip("\n").startswith(":"):
        old_mode, mode, old_id, object_id, status = fields.popleft().lstrip("\n:").split(" ")
        old_path = fields.popleft()
        path = fields.popleft() if status[0] in "RC" else old_path
        before = None if status[0] in "AC" else TreeEntry(old_mode, old_id, None)
        after = None if status[0] == "D" else TreeEntry(mode, object_id, None)
        found.append(FileChange(path, old_path, before, after))
    return tuple(found)


def _text(field: str) -> str:
    """A field of a commit, in which bytes that are no UTF-8 stand as a question mark each."""
    return field.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
