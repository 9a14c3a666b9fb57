"""Immutable pictures of a project's files: at a commit, and in the work tree.

Both refuse alike what a commit and a disk would show differently: symlinks, submodules and Git LFS pointers.
Both give equal text for files that differ only in a byte order mark or in CRLF.
"""

import builtins
import codecs
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from promptctl.errors import FileError, Place
from promptctl.store.places import decode
from promptctl.store.repo import SUBMODULE, SYMLINK, Repository

MAX_BYTES = 5_000_000
MAX_BULK_BYTES = 500_000_000
"""Cases in JSON lines are read line by line, so their files may be large."""
EXTRA = ("promptctl.toml", "pyproject.toml")

_SKIPPED = frozenset({".git", ".promptctl"})
_REFUSALS = {
    "symlink": ("is a symbolic link", "replace the link by a copy of the file"),
    "submodule": ("is a repository of its own (a submodule)", "keep the files in this repository"),
    "lfs-pointer": (
        "is stored in Git LFS",
        "keep it as plain text: `git lfs untrack` it, then commit it again",
    ),
    "too-large": (f"has more than {MAX_BYTES:,} bytes", "split the file"),
    "unreadable": ("cannot be read", "check the permissions of the file"),
}


class Tree(Protocol):
    """Files below the project root, by paths relative to it, with `/`.

    Every method that takes a path raises FileError `outside-prompts` for one that is absolute or has `..`;
    reading raises `no-such-file`, or the reason in `refused`: `symlink`, `submodule`, `lfs-pointer`.
    """

    @property
    def label(self) -> str:
        """The revision as a person would write it."""
        ...

    @property
    def refused(self) -> Mapping[str, str]:
        """What will not be read, by path, with the slug of the reason. `paths` leaves these out."""
        ...

    def paths(self, folder: str) -> list[str]:
        """The files below `folder`, sorted."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is a file, also a refused one."""
        ...

    def bytes(self, path: str) -> bytes:
        """A file as it is."""
        ...

    def text(self, path: str) -> str:
        """A file as text: UTF-8, without byte order mark, CRLF as LF. Raises FileError `not-utf8`."""
        ...

    def identity(self, path: str) -> str:
        """A key that is equal, across trees too, when the content is, but for byte order mark and CRLF."""
        ...


class Picture:
    """Contents and refusals, read once. `later` are reasons that matter only when the file is wanted.

    `above` is what stands before a path in messages.
    """

    def __init__(
        self,
        label: str,
        contents: dict[str, bytes],
        refused: dict[str, str],
        later: dict[str, str],
        above: str = "",
    ) -> None:
        pointers = {path: "lfs-pointer" for path, data in contents.items() if is_pointer(data)}
        self.label: str = label
        self.refused: Mapping[str, str] = dict(sorted({**refused, **pointers}.items()))
        self._later, self._above = later, above
        self._identities: dict[str, str] = {}
        self._contents = {path: data for path, data in contents.items() if path not in self.refused}

    def paths(self, folder: str) -> list[str]:
        """The files below `folder`, sorted."""
        inside = _inside(folder)
        below = f"{inside}/" if inside else ""
        return sorted(path for path in (*self._contents, *self._later) if path.startswith(below))

    def exists(self, path: str) -> bool:
        """Whether there is a file, also a refused one."""
        path = _inside(path)
        return path in self._contents or path in self._later or self._refusal(path) is not None

    def bytes(self, path: str) -> bytes:
        """A file as it is."""
        path = _inside(path)
        data = self._data(path)
        if data is not None:
            return data
        reason, shown = self._later.get(path) or self._refusal(path), self._above + path
        if reason is None:
            fix = "check the spelling; a path is relative to the project root"
            raise FileError(f"{shown} is not in {self.label}", slug="no-such-file", at=Place(shown), fix=fix)
        what, fix = _REFUSALS[reason]
        raise FileError(f"{shown} {what}", slug=reason, at=Place(shown), fix=fix)

    def _data(self, path: str) -> builtins.bytes | None:
        return self._contents.get(path)

    def text(self, path: str) -> str:
        """A file as text: UTF-8, without byte order mark, CRLF as LF."""
        return decode(self.bytes(path), self._above + _inside(path))

    def identity(self, path: str) -> str:
        """A key that is equal when the content is, but for byte order mark and CRLF."""
        path = _inside(path)
        if path not in self._identities:
            self._identities[path] = hashlib.sha256(_normalised(self.bytes(path))).hexdigest()
        return self._identities[path]

    def _refusal(self, path: str) -> str | None:
        """The reason for `path`, or for the link or submodule that it would lie in."""
        return next((self.refused[above] for above in _lineage(path) if above in self.refused), None)


class CommitTree(Picture):
    """The files of one commit under `folders`, and the `extra` ones at the project root. Two processes.

    `project_prefix` is the project root relative to the top of the repository, empty where they are one;
    `folders` are relative to the project root. `label` defaults to the short id.
    """

    def __init__(
        self,
        repository: Repository,
        commit: str,
        project_prefix: str,
        folders: Sequence[str],
        *,
        extra: Sequence[str] = EXTRA,
        label: str | None = None,
    ) -> None:
        prefix = _inside(project_prefix)
        entries = repository.files(commit, _below(prefix, (*folders, *extra)))
        found = {path[len(prefix) + 1 if prefix else 0 :]: entry for path, entry in entries.items()}
        links = {SYMLINK: "symlink", SUBMODULE: "submodule"}
        refused = {path: links[entry.mode] for path, entry in found.items() if entry.mode in links}
        later = {path: "too-large" for path, entry in found.items() if (entry.size or 0) > _limit(path)}
        wanted = {
            path: entry.id for path, entry in found.items() if path not in refused and path not in later
        }
        blobs = repository.blobs(wanted.values())
        super().__init__(label or commit[:12], {path: blobs[i] for path, i in wanted.items()}, refused, later)


class WorkTree(Picture):
    """The files on disk under `folders`, and the `extra` ones, as they are now.

    With a repository: tracked ones, and untracked ones that are not ignored. Without: all of them. Links are
    never followed.
    """

    def __init__(
        self,
        project_root: Path,
        folders: Sequence[str],
        repository: Repository | None = None,
        *,
        extra: Sequence[str] = EXTRA,
        above: str = "",
    ) -> None:
        root = project_root.resolve()
        wanted = [_inside(folder) for folder in (*folders, *extra)]
        if repository is None or repository.bare or not root.is_relative_to(repository.root):
            candidates = {path: "" for name in wanted for path in _walk(root, name)}
        else:
            candidates = _known(repository, repository.relative(root), wanted)
        contents: dict[str, bytes] = {}
        refused: dict[str, str] = {}
        later: dict[str, str] = {}
        links: dict[str, str | None] = {"": None}
        for path, reason in candidates.items():
            link = _first_link(root, path, links)
            if reason or link:
                refused[link or path] = "symlink" if link else reason
                continue
            _read(root, path, contents, later)
        super().__init__("WORKTREE", contents, refused, later, above)


def _known(repository: Repository, prefix: str, wanted: Sequence[str]) -> dict[str, str]:
    """What Git knows of the work tree, relative to the project root: each path with a reason to refuse it, or ""."""
    entries = repository.worktree_entries(_below(prefix, wanted))
    start = len(prefix) + 1 if prefix else 0
    reasons = {path[start:]: "submodule" if mode == SUBMODULE else "" for path, mode in entries.items()}
    if _mentions_lfs(repository.root, entries):
        # Git LFS puts the real file on disk, but a commit holds the pointer: refused on both sides.
        reasons |= {path[start:]: "lfs-pointer" for path in repository.kept_in_lfs(list(entries))}
    return {path: why for path, why in reasons.items() if _SKIPPED.isdisjoint(path.split("/"))}


def _mentions_lfs(root: Path, paths: Iterable[str]) -> bool:
    """Whether any .gitattributes above `paths` speaks of LFS; only then is Git asked."""
    folders = {above for path in paths for above in ("", *_lineage(path)[:-1])}
    files = (root / ".git" / "info" / "attributes", *(root / folder / ".gitattributes" for folder in folders))
    return any(b"lfs" in (_bytes_of(file) or b"") for file in files)


def _walk(root: Path, name: str) -> Iterator[str]:
    """The files, and the links, that are `name` or lie below it, relative to `root`."""
    top = root / name
    if top.is_symlink() or top.is_file():
        yield name
    for folder, folders, files in os.walk(top, onerror=_refuse_closed):
        folders[:] = sorted(set(folders) - _SKIPPED)
        links = [entry for entry in folders if (Path(folder) / entry).is_symlink()]
        for entry in (*files, *links):
            yield (Path(folder) / entry).relative_to(root).as_posix()


def _refuse_closed(error: OSError) -> None:
    """A folder that may not be opened: what it holds would be missing in silence."""
    if isinstance(error, PermissionError):
        fix = "check the permissions of the folder"
        at = str(error.filename)
        raise FileError("this folder cannot be read", slug="cannot-read", at=at, fix=fix) from error


def _read(root: Path, path: str, contents: dict[str, bytes], later: dict[str, str]) -> None:
    try:
        facts = (root / path).lstat()
    except OSError:
        return
    if not stat.S_ISREG(facts.st_mode):  # a pipe would wait for ever
        return
    data = _bytes_of(root / path) if facts.st_size <= _limit(path) else None
    if data is not None:
        contents[path] = data
    else:
        later[path] = "too-large" if facts.st_size > _limit(path) else "unreadable"


def _limit(path: str) -> int:
    return MAX_BULK_BYTES if path.endswith(".jsonl") else MAX_BYTES


def _bytes_of(path: Path) -> bytes | None:
    """The content of a regular file; None for a link, or what cannot be read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read()
    except OSError:
        return None


def _first_link(root: Path, path: str, links: dict[str, str | None]) -> str | None:
    """The first part of `path` that is a symbolic link, as a path. `links` keeps the answer for every folder."""
    folder = path.rpartition("/")[0]
    if folder not in links:
        links[folder] = _first_link(root, folder, links)
    return links[folder] or (path if (root / path).is_symlink() else None)


def _lineage(path: str) -> list[str]:
    """`a`, `a/b`, `a/b/c` for `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _inside(path: str) -> str:
    """`path` without `.` and doubled slashes; empty for the project root.

    Raises:
        FileError: `outside-prompts`, for what leaves the tree or could.
    """
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or "\0" in path:
        fix = "use a path inside the project, without `..`"
        raise FileError(f"{path!r} leaves the tree of files", slug="outside-prompts", fix=fix)
    return "/".join(part for part in parts if part not in ("", "."))


def _below(prefix: str, names: Iterable[str]) -> list[str]:
    return [_inside(f"{prefix}/{inside}") if prefix else inside for inside in map(_inside, names)]


def is_pointer(data: bytes) -> bool:
    """Whether a file is what Git LFS puts into a commit in place of the real one."""
    return len(data) < 1024 and data.startswith(b"version https://git-lfs.github.com/spec/v1")


def _normalised(data: bytes) -> bytes:
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")
