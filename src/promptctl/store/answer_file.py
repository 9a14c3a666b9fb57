"""The file of the answer store as a file: its folder, and what happens to a damaged one. Never deletes."""

from datetime import UTC, datetime
from pathlib import Path


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


def set_aside(path: Path, inode: int) -> Path | None:
    """Renames a damaged file and its journal, with the date; a new one can then take its place.

    Args:
        inode: The file that was found damaged. If `path` is another one by now, a second process was faster:
            nothing is renamed, and None is given.

    Raises:
        OSError: it cannot be renamed.
    """
    if not is_still(path, inode):
        return None
    aside = _free_name(path, f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():  # SQLite would play it into the new file
        journal.rename(aside.with_name(f"{aside.name}-journal"))
    return path.rename(aside)


def _free_name(path: Path, name: str) -> Path:
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next((there for one in names if not (there := path.with_name(one)).exists()), path.with_name(name))
