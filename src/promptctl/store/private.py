"""The folder of private cases, which `cases_root` names: on the disk alone, and the same whichever revision is read."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from promptctl.errors import FileError
from promptctl.store.repo import Repository
from promptctl.store.trees import Tree, WorkTree


class Private(NamedTuple):
    """What `cases_root` names. `tree` is None where it is not there, as on a CI machine.

    `name` stands before its files' paths: relative to the project root, or absolute.
    """

    written: str
    name: str
    tree: Tree | None

    @property
    def absent(self) -> str | None:
        """What to say where the folder is not there."""
        said = f"cases_root {self.written} is not there: its cases are not run"
        return said if self.tree is None else None


class Joined:
    """A revision's files, and those of a folder on the disk under `name`, which no path of the revision reaches."""

    def __init__(self, revision: Tree, name: str, private: Tree) -> None:
        self.revision, self._name, self._private = revision, name, private

    @property
    def label(self) -> str:
        """The revision as a person would write it."""
        return self.revision.label

    @property
    def refused(self) -> Mapping[str, str]:
        """What will not be read, by path, with the slug of the reason."""
        private = {f"{self._name}/{path}": why for path, why in self._private.refused.items()}
        return {path: why for path, why in self.revision.refused.items() if not self._holds(path)} | private

    def paths(self, folder: str) -> list[str]:
        """The files below `folder`, sorted."""
        tree, inside = self._of(folder)
        if tree is self._private:
            return [f"{self._name}/{path}" for path in tree.paths(inside)]
        return [path for path in tree.paths(folder) if not self._holds(path)]

    def exists(self, path: str) -> bool:
        """Whether there is a file, also a refused one."""
        tree, inside = self._of(path)
        return tree.exists(inside)

    def bytes(self, path: str) -> bytes:
        """A file as it is."""
        tree, inside = self._of(path)
        return tree.bytes(inside)

    def text(self, path: str) -> str:
        """A file as text: UTF-8, without byte order mark, CRLF as LF."""
        tree, inside = self._of(path)
        return tree.text(inside)

    def identity(self, path: str) -> str:
        """A key that is equal when the content is, but for byte order mark and CRLF."""
        tree, inside = self._of(path)
        return tree.identity(inside)

    def _holds(self, path: str) -> bool:
        return path == self._name or path.startswith(f"{self._name}/")

    def _of(self, path: str) -> tuple[Tree, str]:
        return (self._private, path[len(self._name) + 1 :]) if self._holds(path) else (self.revision, path)


def open_private(root: Path, repository: Repository | None, written: str, evals: str) -> Private:
    """The folder that `cases_root` names, with all its files.

    Args:
        root: What it is relative to.
        written: As it stands in the configuration; `~/` is the user's home.
        evals: The eval folder, which cannot lie in it.

    Raises:
        FileError: `bad-path`, a file, or a folder around the project's own suites; `cannot-read`; `private-in-git`.
    """
    name = os.path.normpath(os.path.expanduser(written))  # noqa: PTH111 - Path's raises where nobody is called so
    bare = repository is not None and repository.bare
    try:
        is_folder = stat.S_ISDIR((root / name).stat().st_mode)
        folder = (root / name).resolve()
        if is_folder:
            os.scandir(folder).close()
    except FileNotFoundError:
        return Private(written, name, None)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused(
            written, f"cannot be read: {reason}", "check its permissions", slug="cannot-read"
        ) from error
    if bare and not Path(name).is_absolute():  # there is no work tree that it could be relative to
        return Private(written, name, None)
    if not is_folder:
        raise _refused(
            written, "is no folder", "name a folder that is laid out like the suites'", slug="bad-path"
        )
    if (root / evals).resolve().is_relative_to(folder):
        fix = "name a folder of its own, which may lie beside the project: ../private-cases"
        raise _refused(written, f"holds {evals}/, the project's own suites", fix, slug="bad-path")
    if (
        repository
        and not bare
        and folder.is_relative_to(repository.root)
        and not repository.ignored(str(folder))
    ):
        # Also: what a change brings with it must not pass for what lies on this machine, answers above all.
        fix = "write it into .gitignore and take its files out of Git, or move it out of the repository"
        raise _refused(
            written, "lies in the repository, and Git does not ignore it", fix, slug="private-in-git"
        )
    return Private(written, name, WorkTree(folder, ("",), extra=(), above=f"{name}/"))


def private_path(root: Path, path: Path, private: str | None) -> str | None:
    """A resolved path as a file or folder in the private folder is called, whose paths begin with `private`."""
    folder = (root / private).resolve() if private else None
    if private is None or folder is None or not path.is_relative_to(folder):
        return None
    return f"{private}/{path.relative_to(folder).as_posix()}".removesuffix("/.")


def _refused(written: str, what: str, fix: str, *, slug: str) -> FileError:
    return FileError(f"cases_root {written} {what}", slug=slug, at=written, fix=fix)
