"""The files that one import may read: those of a folder, never through a link, never outside."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.places import MAX_BYTES, decode

MAX_FILES = 10_000
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


class Folder:
    """The files below `root`, by their path in it. `shown` is what stands before a path in messages.

    `read` are the files that were asked for, so that a partial is not imported a second time as a prompt.
    """

    def __init__(self, root: Path, shown: str = "") -> None:
        self.root, self.shown = root, shown
        self.read: set[str] = set()
        self._paths: list[str] | None = None

    def text(self, path: str) -> str:
        """The text of one file; see `importers.imported.Files`."""
        inside = _inside(path)
        self.read.add(inside)
        text = decode(self._bytes(inside), inside)
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            fix = "name a text file"
            message = f"{inside} holds a zero byte, as binary files do"
            raise FileError(message, slug="not-utf8", at=Place(inside, line), fix=fix)
        return text

    def matching(self, pattern: str) -> list[str]:
        """The files that fit a glob: `*` within a folder, `**/` for any folders."""
        wanted = _as_regex(pattern.removeprefix("./"))
        return [path for path in self.paths() if wanted.match(path)]

    def paths(self) -> list[str]:
        """Every file below the folder, sorted; hidden ones and installed packages are passed over."""
        if self._paths is None:
            self._paths = sorted(self._walk())
        return self._paths

    def place(self, at: Place) -> Place:
        """A place in one of the files, as the user would type it."""
        return Place(f"{self.shown}{at.path}", at.line, at.column)

    def error(self, error: PromptctlError) -> PromptctlError:
        """The same error, with its places as the user would type them."""
        for one in error.each():
            if isinstance(one.at, Place):
                one.at = self.place(one.at)
        return error

    def _walk(self) -> Iterator[str]:
        count = 0
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name[0] != "." and name not in _SKIPPED)
            for name in files:
                if name[0] == ".":
                    continue
                count += 1
                if count > MAX_FILES:
                    raise PromptctlError(
                        f"more than {MAX_FILES:,} files below this folder",
                        slug="too-large",
                        at=self.shown or str(self.root),
                        fix="name the folder that holds the prompts",
                    )
                yield (Path(folder) / name).relative_to(self.root).as_posix()

    def _bytes(self, path: str) -> bytes:
        here = self.root
        for part in path.split("/"):
            here /= part
            if here.is_symlink():
                fix = "replace the link by a copy of the file"
                raise FileError(f"{path} is a symbolic link", slug="symlink", at=Place(path), fix=fix)
        try:
            # O_NONBLOCK: a pipe would wait for ever.
            descriptor = os.open(here, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                facts = os.fstat(descriptor)
                if not stat.S_ISREG(facts.st_mode):
                    raise _unread(path, "it is no plain file")
                if facts.st_size > MAX_BYTES:
                    message = f"{path} has more than {MAX_BYTES:,} bytes"
                    raise FileError(message, slug="too-large", at=Place(path), fix="split the file")
                return file.read()
        except FileNotFoundError:
            message = f"{path} is not there"
            fix = "check the path; it is looked for in the folder that is imported"
            raise FileError(message, slug="no-such-file", at=Place(path), fix=fix) from None
        except OSError as error:
            raise _unread(path, error.strerror or type(error).__name__) from None


def _inside(path: str) -> str:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or "\\" in path or "\0" in path or ".." in parts or not parts:
        raise FileError(
            f"{path!r} lies outside the folder that is imported",
            slug="outside-import",
            at=Place(path),
            fix="import the folder that holds both files",
        )
    return "/".join(parts)


def _as_regex(pattern: str) -> re.Pattern[str]:
    written = ""
    for part in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern):
        special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        written += special.get(part) or re.escape(part)
    return re.compile(written + r"\Z", re.DOTALL)


def _unread(path: str, reason: str) -> FileError:
    fix = "check the path and its permissions"
    return FileError(f"{path} cannot be read: {reason}", slug="cannot-read", at=Place(path), fix=fix)
