"""The files that a configuration of promptfoo names: relative to its own folder, data read and code never run."""

import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from promptctl.errors import FileError, Place
from promptctl.importers.foreign import Foreign
from promptctl.importers.foreign_json import read_json
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.imported import Files
from promptctl.importers.promptfoo.js import Unclear, trimmed

CODE = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py", ".rb", ".go", ".sh")
DATA = (".json", ".yaml", ".yml")
MAX_NAMED = 10_000
_GLOB = re.compile(r"[*?\[{]")


class Nesting:
    """The files that are being read because one names the next, and how many there were so far."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.count = 0


class Sources:
    """The imported files, seen from one folder of them."""

    def __init__(self, files: Files, folder: str, nesting: Nesting | None = None) -> None:
        self.files, self.folder = files, folder
        self.nesting = nesting or Nesting()

    def below(self, path: str) -> "Sources":
        """The same files, seen from the folder of one of them."""
        return Sources(self.files, posixpath.dirname(path), self.nesting)

    def top(self) -> "Sources":
        """The same files, by their paths in the imported folder."""
        return Sources(self.files, "", self.nesting)

    @contextmanager
    def within(self, reference: str) -> Iterator[None]:
        """While the files are read that a file names.

        Raises:
            FileError: the file names itself, by way of others; or there are too many.
        """
        path, nesting = self.path(reference), self.nesting
        if path in nesting.open:
            message = f"{path} names itself" if path == nesting.open[-1] else f"{path} leads back to itself"
            fix = "take out the reference that leads back"
            raise FileError(message, slug="import-reference", at=Place(path), fix=fix)
        nesting.count += 1
        if nesting.count > MAX_NAMED:
            message = f"more than {MAX_NAMED:,} files that others name"
            raise FileError(message, slug="too-large", at=Place(path), fix="import a part of them")
        nesting.open.append(path)
        try:
            yield
        finally:
            nesting.open.remove(path)

    def path(self, reference: str) -> str:
        """A `file://` reference or a bare path as a path of the imported folder."""
        return posixpath.normpath(posixpath.join(self.folder, reference.removeprefix("file://")))

    def text(self, reference: str) -> str:
        """The text of a file. Raises PromptctlError where it cannot be read."""
        return self.files.text(self.path(reference))

    def document(self, reference: str) -> Foreign:
        """The data of a JSON or YAML file."""
        path = self.path(reference)
        read = read_json if path.endswith(".json") else read_yaml
        return read(self.files.text(path), path)

    def value(self, reference: str) -> Any:
        """What an assertion's `file://` stands for: data, or the trimmed text of a .txt file.

        Raises:
            Unclear: it is code, or of a kind that promptfoo does not read.
            PromptctlError: the file cannot be read.
        """
        if is_code(reference):
            raise Unclear(f"code ({reference.removeprefix('file://')})")
        if reference.endswith(DATA):
            return self.document(reference).value
        if reference.endswith(".txt"):
            return trimmed(self.text(reference))
        raise Unclear(f"the file {reference.removeprefix('file://')}, of a kind that promptfoo does not read")

    def matching(self, reference: str) -> list[str]:
        """The files that a reference names, by their paths in the imported folder; a name without a glob is itself."""
        path = self.path(reference)
        return self.files.matching(path) if _GLOB.search(path) else [path]

    def exists(self, reference: str) -> bool:
        """Whether a reference without a glob names a file."""
        path = self.path(reference)
        return not path.startswith("../") and not _GLOB.search(path) and bool(self.files.matching(path))


def is_glob(reference: str) -> bool:
    """Whether a reference may name several files."""
    return bool(_GLOB.search(reference))


def is_code(reference: str) -> bool:
    """Whether a reference names a program, perhaps with a function behind a colon."""
    path = reference.removeprefix("file://")
    return path.endswith(CODE) or path.rpartition(":")[0].endswith(CODE)
