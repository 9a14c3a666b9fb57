"""A tree with some files changed in memory: what a project would say, before anything is written."""

from collections.abc import Mapping

from promptctl.store.places import decode
from promptctl.store.trees import Tree


class Overlay:
    """A tree whose files at some paths have other contents; None takes one away."""

    def __init__(self, tree: Tree, changes: Mapping[str, bytes | None]) -> None:
        self._tree = tree
        self._new = {path: data for path, data in changes.items() if data is not None}
        self._gone = {path for path, data in changes.items() if data is None}

    @property
    def label(self) -> str:
        """The revision as a person would write it."""
        return self._tree.label

    @property
    def refused(self) -> Mapping[str, str]:
        """What will not be read, by path, with the slug of the reason."""
        return self._tree.refused

    def paths(self, folder: str) -> list[str]:
        """The files below `folder`, sorted."""
        new = {path for path in self._new if path.startswith(f"{folder}/")}
        return sorted({*self._tree.paths(folder), *new} - self._gone)

    def exists(self, path: str) -> bool:
        """Whether there is a file, also a refused one."""
        return path in self._new or (path not in self._gone and self._tree.exists(path))

    def bytes(self, path: str) -> bytes:
        """A file as it is."""
        return self._new[path] if path in self._new else self._tree.bytes(path)

    def text(self, path: str) -> str:
        """A file as text: UTF-8, without byte order mark, CRLF as LF."""
        return decode(self._new[path], path) if path in self._new else self._tree.text(path)

    def identity(self, path: str) -> str:
        """A key that is equal when the content is; of a changed file one that no other tree has."""
        return f"changed {path}" if path in self._new else self._tree.identity(path)
