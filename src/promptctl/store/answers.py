"""The append-only answer store: what was paid for once is never paid for again.

One SQLite file with a rollback journal (a copy of it is whole, and it works on network disks). Nothing replaces
a stored sample, because a replaced draw is a free lottery ticket. Keys hold no API key, header or organisation;
values are JSON with their own SHA-256, so that an edited one is noticed.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from promptctl.core.exchange import Answered, AnswerKey, Output, Source
from promptctl.errors import PromptctlError
from promptctl.store import answer_file, answer_rows
from promptctl.store.answer_rows import Row, format_of, opened, sealed

BUSY_SECONDS = 30.0

Result = TypeVar("Result")


class Draw(NamedTuple):
    """One stored answer to a request. `at` is UTC; imported ones have neither `kind` nor `base_url`."""

    sample: int
    answered: Answered
    kind: str
    base_url: str
    at: str


class StoreStats(NamedTuple):
    """How much is stored. `requests` counts digests, `damaged` rows kept apart, `size` bytes on disk."""

    answers: int
    imported: int
    requests: int
    damaged: int
    size: int


def open_store(
    path: str | Path, *, readonly: bool = False, busy_seconds: float = BUSY_SECONDS
) -> "SqliteAnswers":
    """The answer store at `path`. Nothing is created, opened or checked before it is used.

    `busy_seconds`: how long another process that writes is waited for.
    """
    return SqliteAnswers(Path(path), readonly=readonly, busy_seconds=busy_seconds)


class SqliteAnswers:
    """See `open_store`. Safe to use from several threads and several processes.

    `warnings` collects what the user should know (`[damaged-store] …`, `[damaged-answer] …`), each said once.
    """

    def __init__(self, path: Path, *, readonly: bool = False, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path, self.readonly, self._busy_seconds = path, readonly, busy_seconds
        self.warnings: list[str] = []
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.RLock()

    def prepare(self) -> None:
        """Makes sure that answers can be stored, before any is paid for.

        Raises:
            PromptctlError: `cannot-write`, or `newer-store`.
        """
        self._write(answer_rows.touch)

    def get_many(self, keys: Iterable[AnswerKey]) -> dict[AnswerKey, Answered]:
        """The answers that are there, by key: asked ones first, then imported ones.

        Raises:
            PromptctlError: `newer-store`; `cannot-read`.
        """
        wanted = dict.fromkeys(keys)
        if not wanted:
            return {}
        found: dict[AnswerKey, Answered] = {}

        def look_up(connection: sqlite3.Connection) -> None:
            for row in answer_rows.rows(connection, "answers", {key.request for key in wanted}):
                key = AnswerKey(row.kind, row.base_url, row.request, row.sample)
                if key in wanted and (output := self._output(row)):
                    found[key] = Answered(answer=output, source=Source.STORE)
            missing = [key for key in wanted if key not in found]
            rows = answer_rows.rows(connection, "imported", {key.request for key in missing})
            imported = {(row.request, row.sample): row for row in rows}
            for key in missing:
                there = imported.get((key.request, key.sample))
                if there and (output := self._output(there)):
                    found[key] = Answered(answer=output, source=Source.IMPORTED)

        self._read(look_up, None)
        return found

    def put(self, key: AnswerKey, output: Output) -> None:
        """Stores one answer durably. A stored sample is never replaced: putting it again keeps the first."""
        self.put_many([(key, output)])

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        """Stores answers durably, in one transaction, and gives how many were new.

        Raises:
            PromptctlError: `cannot-write`: none of them was stored.
        """
        at = answer_file.now()
        rows = [(key, *sealed(output)) for key, output in answers]

        def insert(connection: sqlite3.Connection) -> int:
            return sum(
                answer_rows.insert(connection, "answers", key, value, sha, at) for key, value, sha in rows
            )

        return self._write(insert) if rows else 0

    def put_imported(self, outputs: Sequence[tuple[str, int, Output]]) -> tuple[int, int]:
        """Stores outputs that were produced elsewhere, all or none, and gives (new ones, those already there).

        Raises:
            PromptctlError: `already-imported`, another output is there for the same request and sample.
        """
        at = answer_file.now()

        def insert(connection: sqlite3.Connection) -> int:
            new = 0
            for request, sample, output in outputs:
                value, sha = sealed(output)
                inserted = answer_rows.insert(connection, "imported", (request, sample), value, sha, at)
                if not inserted and answer_rows.sha256_of(connection, request, sample) != sha:
                    raise PromptctlError(
                        f"another output is already imported for sample {sample} of request {request}",
                        slug="already-imported",
                        at=str(self.path),
                        fix="import it under another sample index: stored answers are never replaced",
                    )
                new += inserted
            return new

        new = self._write(insert) if outputs else 0
        return new, len(outputs) - new

    def samples(self, request: str) -> list[Draw]:
        """Every stored draw of a request, by sample index; asked ones before imported ones."""
        draws: list[Draw] = []

        def collect(connection: sqlite3.Connection) -> None:
            for table, source in (("answers", Source.STORE), ("imported", Source.IMPORTED)):
                for row in answer_rows.rows(connection, table, [request]):
                    if output := self._output(row):
                        answered = Answered(answer=output, source=source)
                        draws.append(Draw(row.sample, answered, row.kind, row.base_url, row.at))

        self._read(collect, None)
        return sorted(draws, key=lambda draw: (draw.sample, draw.answered.source != Source.STORE))

    def stats(self) -> StoreStats:
        """Counts of what is stored; zeros where there is no store."""

        def count(connection: sqlite3.Connection) -> StoreStats:
            return StoreStats(*answer_rows.counts(connection), size=self.path.stat().st_size)

        return self._read(count, StoreStats(0, 0, 0, 0, 0))

    def close(self) -> None:
        """Closes the file. The store opens it again if it is used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        """A store that nobody closed gives its file back, as files do; Python 3.13 warns of those that do not."""
        if getattr(self, "_connection", None) is not None:
            self.close()

    def _read(self, work: Callable[[sqlite3.Connection], Result], empty: Result) -> Result:
        """`work` on one consistent picture of the file; `empty` without a file."""
        with self._lock:
            try:
                if not self.path.is_file():
                    return empty
                connection = self._connected()
                with _transaction(connection, "BEGIN"):
                    return work(connection) if format_of(connection) else empty
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise self._refused("cannot-read", "read", error) from None
                self._set_aside(error)
                return empty
            except OSError as error:
                raise self._refused("cannot-read", "read", error) from None

    def _write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with self._lock:
            try:
                try:
                    return self._committed(work)
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
                    self._set_aside(error)
                return self._committed(work)
            except (sqlite3.DatabaseError, OSError) as error:
                raise self._refused("cannot-write", "written", error) from None

    def _committed(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        if self.readonly:
            raise PermissionError("it was opened for reading only")
        connection = self._connected(create=True)
        with _transaction(connection, "BEGIN IMMEDIATE"):  # waits for another writer instead of failing
            if not format_of(connection):
                answer_rows.create(connection)
            return work(connection)

    def _connected(self, *, create: bool = False) -> sqlite3.Connection:
        if self._connection is not None and not answer_file.is_still(self.path, self._inode):
            self.close()  # set aside by another process, or removed: what is written there would be lost
        if self._connection is None:
            if create:
                answer_file.make_folder(self.path.parent)
            mode = "ro" if self.readonly else "rwc" if create else "rw"
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=self._busy_seconds,
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
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        with _transaction(connection, "BEGIN"):  # one picture: another process may be making the tables
            answer_rows.refuse_newer(connection, str(self.path))
            if not format_of(connection) and answer_rows.has_tables(connection):
                raise _ForeignFileError("file is not an answer store")

    def _set_aside(self, error: Exception) -> None:
        inode = self._inode
        self.close()
        try:
            if self.readonly:
                raise PermissionError("it was opened for reading only")
            if aside := answer_file.set_aside(self.path, inode):
                self._warn(f"[damaged-store] {self.path} was damaged ({error}); it is kept as {aside.name}")
        except OSError as refused:
            what = f"is damaged ({error}), is ignored and could not be set aside: {refused}"
            self._warn(f"[damaged-store] {self.path} {what}")

    def _output(self, row: Row) -> Output | None:
        """The output of a row; None with a warning if it is not what was stored."""
        output = opened(row.value, row.sha256)
        if output is None:
            which = f"sample {row.sample} of request {row.request}"
            self._warn(f"[damaged-answer] {which} was changed in the answer store and is not used")
        return output

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def _refused(self, slug: str, verb: str, error: Exception) -> PromptctlError:
        fix = f"make {self.path.parent} writable and free some space; what was stored is safe"
        if "locked" in str(error):
            fix = "another promptctl writes to it: wait until that ends, or end it; what was stored is safe"
        return PromptctlError(
            f"the answer store cannot be {verb}: {error}", slug=slug, at=str(self.path), fix=fix
        )


class _ForeignFileError(sqlite3.DatabaseError):
    """The file is a database, but not one of ours."""


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    lost_table = code == sqlite3.SQLITE_ERROR and str(error).startswith("no such")
    damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return damaged or lost_table or isinstance(error, _ForeignFileError)
