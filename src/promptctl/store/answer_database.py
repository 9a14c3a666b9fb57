"""The SQLite file of the answer store: opened when it is needed, and set aside when it is damaged. Never deletes."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from promptctl.errors import PromptctlError
from promptctl.store import answer_claims, answer_file, answer_rows, answer_salvage
from promptctl.store.answer_rows import format_of
from promptctl.store.answer_salvage import Examined

Connection = sqlite3.Connection
Result = TypeVar("Result")
Work = Callable[[Connection], Result]

# Inside SQLite no signal is heard: another process that writes is waited for in short pieces.
_PIECE_SECONDS = 0.25


class AnswerDatabase:
    """One file, for all threads of a process. `warn` is told what the user should know."""

    def __init__(
        self, path: Path, *, readonly: bool, busy_seconds: float, warn: Callable[[str], None]
    ) -> None:
        self.path, self.readonly, self._busy_seconds, self._warn = path, readonly, busy_seconds, warn
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.RLock()

    def read(self, work: "Work[Result]", empty: Result) -> Result:
        """`work` on one consistent picture of the file; `empty` without a file.

        Raises:
            PromptctlError: `newer-store`; `cannot-read`.
        """
        with self._lock:
            try:
                try:
                    return self._seen(work, empty)
                except sqlite3.DatabaseError as error:
                    if not is_damage(error):
                        raise
                    self._set_aside(error)
                return empty if self.readonly else self._seen(work, empty)
            except (sqlite3.DatabaseError, OSError) as error:
                raise self._refused("cannot-read", "read", error) from None

    def write(self, work: "Work[Result]") -> Result:
        """`work` in one durable transaction; nothing of it is there when it raises.

        Raises:
            PromptctlError: `newer-store`; `cannot-write`.
        """
        with self._lock:
            try:
                try:
                    return self._committed(work)
                except sqlite3.DatabaseError as error:
                    if not is_damage(error):
                        raise
                    self._set_aside(error)
                return self._committed(work)
            except (sqlite3.DatabaseError, OSError) as error:
                raise self._refused("cannot-write", "written", error) from None

    def examine(self) -> Examined | None:
        """What every row of the file says; None without a file. Nothing is set aside or mended.

        Raises:
            PromptctlError: `newer-store`; `cannot-read`.
        """
        with self._lock:
            try:
                found = self._seen(answer_salvage.examine, None)
                faults = found.faults if found else ()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise self._refused("cannot-read", "read", error) from None
                found, faults = None, (str(error),)
            except OSError as error:
                raise self._refused("cannot-read", "read", error) from None
        return answer_salvage.examine_damaged(self.path, faults) if faults else found

    def rebuild(self, why: str) -> None:
        """Sets the file aside, and begins a new one with every answer that can be read of it.

        Raises:
            PromptctlError: `cannot-write`.
        """
        with self._lock:
            try:
                self._inode = self.path.stat().st_ino
                self._set_aside(sqlite3.DatabaseError(why))
            except (sqlite3.DatabaseError, OSError) as error:
                raise self._refused("cannot-write", "written", error) from None

    def shrink(self) -> None:
        """Gives space that nothing needs any more back to the disk.

        Raises:
            PromptctlError: `cannot-write`; `damaged-store`.
        """
        with self._lock:
            try:
                self._patiently(lambda: self._connected().execute("VACUUM"))
            except (sqlite3.DatabaseError, OSError) as error:
                if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
                    raise PromptctlError(
                        f"the answer store is damaged: {error}",
                        slug="damaged-store",
                        at=str(self.path),
                        fix="`promptctl answers verify --salvage` begins a new store with all that can be read",
                    ) from None
                raise self._refused("cannot-write", "written", error) from None

    def hurry(self, seconds: float) -> None:
        """From now on another process that writes is waited for no longer than this; any thread may say so."""
        self._busy_seconds = min(self._busy_seconds, seconds)

    def close(self) -> None:
        """Closes the file. It is opened again when it is used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _seen(self, work: "Work[Result]", empty: Result) -> Result:
        return self._patiently(lambda: self._seen_now(work, empty))

    def _committed(self, work: "Work[Result]") -> Result:
        return self._patiently(lambda: self._committed_now(work))

    def _patiently(self, do: Callable[[], Result]) -> Result:
        """What `do` gives, tried again for as long as another process keeps the file locked."""
        began = time.monotonic()
        while True:
            try:
                return do()
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() - began >= self._busy_seconds:
                    raise
            time.sleep(0.01)  # SQLite does not wait where two would wait for each other

    def _seen_now(self, work: "Work[Result]", empty: Result) -> Result:
        if not self.path.exists():
            return empty
        connection = self._connected()
        with transaction(connection, "BEGIN"):
            return work(connection) if format_of(connection) else empty

    def _committed_now(self, work: "Work[Result]") -> Result:
        if self.readonly:
            raise PermissionError("it was opened for reading only")
        while True:
            connection = self._connected(create=True)
            with transaction(connection, "BEGIN IMMEDIATE"):  # waits for another writer instead of failing
                # Whoever sets the file aside needs it alone: while it is locked here, it stays where it is.
                if answer_file.is_still(self.path, self._inode):
                    if not format_of(connection):
                        answer_rows.create(connection)
                    answer_claims.create(connection)  # a store may be older than they are
                    return work(connection)

    def _connected(self, *, create: bool = False) -> sqlite3.Connection:
        if self._connection is not None and not answer_file.is_still(self.path, self._inode):
            self.close()  # set aside by another process, or removed: what is written there would be lost
        if self._connection is None:
            if create:
                answer_file.make_folder(self.path.parent)
            answer_file.refuse_what_is_no_file(self.path)
            mode = "ro" if self.readonly else "rwc" if create else "rw"
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=min(self._busy_seconds, _PIECE_SECONDS),
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._check(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _check(self, connection: sqlite3.Connection) -> None:
        self._inode = self.path.stat().st_ino
        # Damaged text must not stop a look-up; `partial` because a lambda here is half of its time.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        with transaction(connection, "BEGIN"):  # one picture: another process may be making the tables
            answer_rows.refuse_newer(connection, str(self.path))
            if not format_of(connection) and answer_rows.has_tables(connection):
                raise _ForeignFileError("file is not an answer store")

    def _set_aside(self, error: Exception) -> None:
        inode, name = self._inode, f"{self.path.parent.name}/{self.path.name}"
        self.close()
        try:
            if self.readonly:
                raise PermissionError("it was opened for reading only")
            aside = answer_file.set_aside(self.path, inode)
        except OSError as refused:
            self._warn(f"[damaged-store] {name} is not used and could not be set aside: {error}; {refused}")
            return
        if aside is not None:
            saved = self._committed(partial(answer_salvage.take_over, path=aside))
            self._warn(f"[damaged-store] kept as {aside.name}, {saved} answers saved; {name}: {error}")

    def _refused(self, slug: str, verb: str, error: Exception) -> PromptctlError:
        fix = f"make {self.path.parent} writable and free some space; what was stored is safe"
        if "locked" in str(error):
            fix = "another promptctl writes to it: wait until that ends, or end it; what was stored is safe"
        if isinstance(error, answer_file.NoFileError):
            fix = "move it away; a store is made when answers are stored"
        return PromptctlError(
            f"the answer store cannot be {verb}: {error}", slug=slug, at=str(self.path), fix=fix
        )


class _ForeignFileError(sqlite3.DatabaseError):
    """The file is a database, but not one of ours."""


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """All or nothing of what is done inside."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_locked(error: sqlite3.OperationalError) -> bool:
    """Whether another process has the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault, and not the disk, a lock or a permission."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    lost_table = code == sqlite3.SQLITE_ERROR and str(error).startswith("no such")
    damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return damaged or lost_table or isinstance(error, _ForeignFileError)
