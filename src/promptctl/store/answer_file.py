"""The file of the answer store as a file: its folder, and what happens to a damaged one. Never deletes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_ASIDE = ".damaged-"
# The bytes that SQLite locks in a file, whether they exist or not: its pending, reserved and shared locks.
_LOCKED_FROM, _LOCKED = 0x40000000, 512
_PATIENCE_SECONDS = 30.0


def now() -> str:
    """The time in UTC, for people to read: nothing is ordered or expires by it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def make_folder(folder: Path) -> None:
    """Creates the folder of the store with its own .gitignore; one that exists is left as it is."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def is_still(path: Path, inode: int) -> bool:
    """Whether `path` is the file it was when it was opened."""
    try:
        return path.stat().st_ino == inode
    except OSError:
        return False


class NoFileError(OSError):
    """A folder, a pipe or a device stands where the file should be."""


def refuse_what_is_no_file(path: Path) -> None:
    """Raises NoFileError: SQLite would wait for a pipe for ever."""
    if path.exists() and not path.is_file():
        raise NoFileError(f"a {'folder' if path.is_dir() else 'pipe or a device'} stands in its place")


def set_aside(path: Path, inode: int) -> Path | None:
    """Renames a damaged file and its journal, with the date; a new one can then take its place.

    Args:
        inode: The file that was found damaged. If `path` is another one by now, a second process was faster:
            nothing is renamed, and None is given.

    Raises:
        OSError: it cannot be renamed, or another process does not let go of it.
    """
    if not is_still(path, inode):
        return None
    with _alone_with(path):
        if not is_still(path, inode):
            return None
        aside = _free_name(path, f"{path.name}{_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():  # SQLite would play it into the new file
            journal.rename(aside.with_name(f"{aside.name}-journal"))
        return path.rename(aside)


def kept_aside(path: Path) -> list[Path]:
    """The damaged files that once stood at `path`, oldest first by their names."""
    return sorted(
        one for one in path.parent.glob(f"{path.name}{_ASIDE}*") if not one.name.endswith("-journal")
    )


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """No other process reads or writes the file in the block: its journal would be played into the next one."""
    import fcntl

    end = time.monotonic() + _PATIENCE_SECONDS
    with path.open("rb+") as file:
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED, _LOCKED_FROM)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
        yield


def _free_name(path: Path, name: str) -> Path:
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next((there for one in names if not (there := path.with_name(one)).exists()), path.with_name(name))
