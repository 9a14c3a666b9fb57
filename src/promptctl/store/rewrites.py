"""Several files that change together: what is new is on the disk before anything old is taken away.

A crash in between leaves both, which `read_written` with `twice` understands, so the same command finishes later.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from promptctl.errors import FileError, Place
from promptctl.store.files import cannot_write, read_bytes, write_atomically


class Rewrite(NamedTuple):
    """What changes, by path relative to the project root.

    `before` is what was read; a file that differs from it by now stops the whole. `write` may replace only what is
    in `before`, `remove` names files of `before`.
    """

    before: Mapping[str, bytes]
    write: Mapping[str, bytes]
    remove: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.remove) or any(self.before.get(path) != data for path, data in self.write.items())


def apply(root: Path, rewrite: Rewrite) -> None:
    """Makes the changes.

    Raises:
        PromptctlError: `cannot-write`: whatever was there is there still. FileError: `changed-meanwhile`, or
            `file-exists`: nothing was written.
    """
    new = {path: data for path, data in rewrite.write.items() if rewrite.before.get(path) != data}
    for path in {*new, *rewrite.remove}:
        _refuse_other_content(root, path, rewrite.before.get(path), new.get(path))
    for path, data in new.items():
        write_atomically(root / path, data, durable=len(new) == 1)
    if len(new) > 1:
        os.sync()  # one for all: a sync for each of 20,000 files takes minutes
    for path in rewrite.remove:
        try:
            (root / path).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(root / path, error) from error
    emptied = {(root / path).parent for path in rewrite.remove}
    for folder in sorted(emptied, key=lambda one: -len(one.parts)):
        with suppress(OSError):  # something else is in it
            folder.rmdir()


def _refuse_other_content(root: Path, path: str, before: bytes | None, after: bytes | None) -> None:
    there = read_bytes(root / path) if (root / path).exists() else None
    if there in (before, after):
        return
    if before is None:
        raise FileError(
            "another file is there already, and it is not overwritten",
            slug="file-exists",
            at=Place(path),
            fix="look at it, then move it away or remove it",
        )
    raise FileError(
        "this file was changed while the command read it",
        slug="changed-meanwhile",
        at=Place(path),
        fix="run the same command again: nothing was written",
    )
