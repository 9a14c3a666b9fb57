"""Files that promptctl writes: whole or not at all, and in a folder of its own."""

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from promptctl.errors import FileError, Incomplete, PromptctlError

OWN_FOLDER = ".promptctl"

# Nothing is wrong with the project or the command then: the same command goes on once there is room.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CURES = {
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), then run the same command again",
    errno.ENOSPC: "free some space on the disk, then run the same command again",
    errno.EDQUOT: "free some of your disk quota, then run the same command again",
    errno.EROFS: "this file system is read-only: work in a folder that can be written",
    errno.EACCES: "make the folder writable for you",
    errno.EPERM: "make the folder writable for you",
    errno.ENOTDIR: "a file stands where a folder is needed: move it away",
    errno.EEXIST: "a file stands where a folder is needed: move it away",
    errno.EISDIR: "a folder stands where the file should go: move it away",
    errno.ENAMETOOLONG: "use a shorter name",
}


def write_atomically(path: Path, data: bytes | str | Iterable[str], *, durable: bool = True) -> None:
    """Puts `data` (text as UTF-8) at `path`, so that after any crash either the old or the new file is there.

    Pieces of text are written one after the other and never held at once.

    Missing folders are made. An existing file's permissions are kept.

    Args:
        durable: Wait until it is on the disk. Without, the caller syncs once for many files.

    Raises:
        PromptctlError: `cannot-write`; the old file is untouched.
    """
    content = _encoded(data)
    temporary = path.with_name(f".promptctl-{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(temporary, content, _mode(path), durable)
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_to(path: Path, data: str) -> None:
    """Puts text where a person said: a link leads to its target, and a pipe or a device is written to.

    What is a file there, or will be, is written as by `write_atomically`.

    Raises:
        PromptctlError: `cannot-write`.
    """
    try:
        if not _in_place(path):
            write_atomically(path.resolve(), data)
            return
        with path.open("ab") as sink:
            sink.write(data.encode("utf-8"))
    except OSError as error:
        raise cannot_write(path, error) from error


def append_line(target: int | Path, line: bytes, *, durable: bool = False) -> None:
    """Adds one line (its LF is added if missing) in one write, so that lines of two processes never mix.

    Args:
        target: A descriptor opened with O_APPEND, or a path, whose folder must exist.
        durable: Wait until the line is on the disk.

    Raises:
        PromptctlError: `cannot-write`.
        ValueError: `line` holds more than one line.
    """
    line = line.removesuffix(b"\n")
    if b"\n" in line:
        raise ValueError("one line at a time")
    try:
        if isinstance(target, int):
            _append(target, line + b"\n", durable)
        else:
            descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                _append(descriptor, line + b"\n", durable)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise cannot_write(target, error) from error


def is_git_folder(folder: Path) -> bool:
    """Whether a folder is what Git keeps in `.git`, as a bare repository is."""
    return all((folder / name).exists() for name in ("HEAD", "objects", "refs"))


def state_folder(root: Path) -> Path:
    """Where promptctl keeps what it writes for itself: `.promptctl/`, and `promptctl/` inside a bare repository."""
    return root / (OWN_FOLDER.removeprefix(".") if is_git_folder(root) else OWN_FOLDER)


def own_folder(root: Path) -> Path:
    """The state folder of the project, made where it is missing, with a .gitignore that keeps it out of Git.

    Raises:
        PromptctlError: `cannot-write`.
    """
    folder = state_folder(root)
    ignore = folder / ".gitignore"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = ignore.exists()
    except OSError as error:
        raise cannot_write(folder, error) from error
    if not present:
        write_atomically(ignore, "*\n")
    return folder


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        FileError: `cannot-read`.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileError(
            f"this file cannot be read: {reason}",
            slug="cannot-read",
            at=str(path),
            fix="check the path and its permissions",
        ) from error


def cannot_write(target: int | Path, error: OSError) -> PromptctlError:
    """The error for a file that could not be written, with its cure. `Incomplete` where no room was left for it."""
    reason = (error.strerror or type(error).__name__).lower()
    kind = Incomplete if error.errno in _NO_ROOM else PromptctlError
    return kind(
        f"cannot write: {reason}",
        slug="cannot-write",
        at=str(target) if isinstance(target, Path) else None,
        fix=_CURES.get(error.errno or 0, "check the path and its permissions"),
    )


def _in_place(path: Path) -> bool:
    """Whether `path` is there and must stay what it is."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False
    # /dev/stdout and /dev/fd/63 may stand for a plain file that the shell holds open.
    return not is_file or path.absolute().parts[1] in ("dev", "proc")


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def _encoded(data: bytes | str | Iterable[str]) -> Iterable[bytes]:
    if isinstance(data, bytes):
        return (data,)
    return (data.encode("utf-8"),) if isinstance(data, str) else (piece.encode("utf-8") for piece in data)


def _write_new(path: Path, content: Iterable[bytes], mode: int | None, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, so that an existing file is never opened
        if mode is not None:
            os.fchmod(descriptor, mode)
        file.writelines(content)
        file.flush()
        if durable:
            os.fsync(descriptor)


def _append(descriptor: int, line: bytes, durable: bool) -> None:
    if os.write(descriptor, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if durable:
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    with suppress(
        OSError
    ):  # some file systems cannot; the file itself is safe, at worst under its old content
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
