"""The append-only answer store: what was paid for once is never paid for again.

One SQLite file with a rollback journal (a copy of it is whole, and it works on network disks). Nothing replaces
a stored sample, because a replaced draw is a free lottery ticket. Keys hold no API key, header or organisation;
values are JSON with their own SHA-256, so that an edited one is noticed.
"""

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from promptctl._version import __version__
from promptctl.core.exchange import Answered, AnswerKey, Output, Source
from promptctl.errors import PromptctlError

FORMAT = 1
BUSY_SECONDS = 30.0
_CHUNK = 500  # variables of one query; SQLite may be built to allow no more than 999

# `seq` and `at` are information only: no order and no expiry is taken from a clock.
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, base_url TEXT NOT NULL, request TEXT NOT NULL,
  sample INTEGER NOT NULL, value BLOB NOT NULL, sha256 TEXT NOT NULL, at TEXT NOT NULL,
  UNIQUE (request, sample, kind, base_url));
CREATE TABLE IF NOT EXISTS imported (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, sample INTEGER NOT NULL,
  value BLOB NOT NULL, sha256 TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (request, sample));
CREATE TABLE IF NOT EXISTS damaged (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, base_url TEXT, request TEXT, sample INTEGER,
  value BLOB, sha256 TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_IDENTITY = {
    "answers": "kind = ? AND base_url = ? AND request = ? AND sample = ?",
    "imported": "request = ? AND sample = ?",
}
_COLUMNS = {"answers": "kind, base_url, request, sample", "imported": "request, sample"}

Result = TypeVar("Result")


class Draw(NamedTuple):
    """One stored answer to a request. `at` is UTC; imported ones have neither `kind` nor `base_url`."""

    sample: int
    answered: Answered
    kind: str
    base_url: str
    at: str


class StoreStats(NamedTuple):
    """How much is stored. `requests` counts different digests, `size` is bytes on disk."""

    answers: int
    imported: int
    requests: int
    size: int
    damaged: int


def open_store(path: str | Path, *, readonly: bool = False) -> "SqliteAnswers":
    """The answer store at `path`. Nothing is created, opened or checked before it is used."""
    return SqliteAnswers(Path(path), readonly=readonly)


class SqliteAnswers:
    """See `open_store`. Safe to use from several threads and several processes.

    `warnings` collects what the user should know (`[damaged-store] …`, `[damaged-answer] …`), each said once.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path, self.readonly = path, readonly
        self.warnings: list[str] = []
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.RLock()

    def prepare(self) -> None:
        """Makes sure that answers can be stored, before any is paid for.

        Raises:
            PromptctlError: `cannot-write`, or `newer-store`.
        """
        # Only a real write shows a read-only folder: the journal is not created before.
        self._write(lambda connection: connection.execute(f"PRAGMA user_version = {FORMAT}"))

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
            requests = list(dict.fromkeys(key.request for key in wanted))
            for row in _rows(connection, "answers", requests):
                if (key := AnswerKey(*row[:4])) in wanted and (output := self._output(row)):
                    found[key] = Answered(answer=output, source=Source.STORE)
            missing = [key for key in wanted if key not in found]
            imported = {}
            for row in _rows(connection, "imported", list(dict.fromkeys(key.request for key in missing))):
                imported[row[0], row[1]] = row
            for key in missing:
                row = imported.get((key.request, key.sample))
                if row and (output := self._output(row)):
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
        at = _now()
        rows = [(key, *_sealed(output)) for key, output in answers]

        def insert(connection: sqlite3.Connection) -> int:
            return sum(_insert(connection, "answers", key, value, sha, at) for key, value, sha in rows)

        return self._write(insert) if rows else 0

    def put_imported(self, outputs: Sequence[tuple[str, int, Output]]) -> tuple[int, int]:
        """Stores outputs that were produced elsewhere, all or none, and gives (new ones, those already there).

        Raises:
            PromptctlError: `already-imported`, another output is there for the same request and sample.
        """
        at = _now()

        def insert(connection: sqlite3.Connection) -> int:
            new = 0
            for request, sample, output in outputs:
                value, sha = _sealed(output)
                inserted = _insert(connection, "imported", (request, sample), value, sha, at)
                if not inserted and not _stands(connection, "imported", (request, sample), sha):
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
            for row in _rows(connection, "answers", [request]):
                if output := self._output(row):
                    answered = Answered(answer=output, source=Source.STORE)
                    draws.append(Draw(row[3], answered, row[0], row[1], row[-1]))
            for row in _rows(connection, "imported", [request]):
                if output := self._output(row):
                    answered = Answered(answer=output, source=Source.IMPORTED)
                    draws.append(Draw(row[1], answered, "", "", row[-1]))

        self._read(collect, None)
        return sorted(draws, key=lambda draw: (draw.sample, draw.answered.source != Source.STORE))

    def stats(self) -> StoreStats:
        """Counts of what is stored; zeros where there is no store."""

        def count(connection: sqlite3.Connection) -> StoreStats:
            def number(query: str) -> int:
                return int(connection.execute(query).fetchone()[0])

            both = "SELECT request FROM answers UNION SELECT request FROM imported"
            return StoreStats(
                answers=number("SELECT count(*) FROM answers"),
                imported=number("SELECT count(*) FROM imported"),
                requests=number(f"SELECT count(*) FROM ({both})"),  # noqa: S608 - no value from outside
                size=self.path.stat().st_size,
                damaged=number("SELECT count(*) FROM damaged"),
            )

        return self._read(count, StoreStats(0, 0, 0, 0, 0))

    def close(self) -> None:
        """Closes the file. The store opens it again if it is used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _read(self, work: Callable[[sqlite3.Connection], Result], empty: Result) -> Result:
        """`work` on one consistent picture of the file; `empty` without a file."""
        with self._lock:
            try:
                if not self.path.is_file():
                    return empty
                with _transaction(self._connected(), "BEGIN"):
                    return work(self._connected())
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
                return self._committed(work)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise self._refused("cannot-write", "written", error) from None
                self._set_aside(error)
            except OSError as error:
                raise self._refused("cannot-write", "written", error) from None
            try:
                return self._committed(work)
            except (sqlite3.DatabaseError, OSError) as error:
                raise self._refused("cannot-write", "written", error) from None

    def _committed(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        if self.readonly:
            raise PermissionError("it was opened for reading only")
        if self._connection is None:
            _make_folder(self.path.parent)
        connection = self._connected(create=True)
        with _transaction(connection, "BEGIN IMMEDIATE"):  # waits for another writer instead of failing
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                _create(connection)
            return work(connection)

    def _connected(self, *, create: bool = False) -> sqlite3.Connection:
        if self._connection is None:
            mode = "ro" if self.readonly else "rwc" if create else "rw"
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._check(connection)
            except BaseException:
                connection.close()
                raise
            self._connection, self._inode = connection, self.path.stat().st_ino
        return self._connection

    def _check(self, connection: sqlite3.Connection) -> None:
        self._inode = self.path.stat().st_ino
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise self._newer(connection, version)
        if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("file is not an answer store")

    def _newer(self, connection: sqlite3.Connection, version: int) -> PromptctlError:
        try:
            row = connection.execute("SELECT value FROM about WHERE name = 'needs'").fetchone()
        except sqlite3.DatabaseError:
            row = None
        needed = f"promptctl {row[0]} or newer" if row else "a newer promptctl"
        return PromptctlError(
            f"the answer store has format {version}, and promptctl {__version__} reads up to {FORMAT}",
            slug="newer-store",
            at=str(self.path),
            fix=f"install {needed}; nothing was changed",
        )

    def _set_aside(self, error: Exception) -> None:
        """Renames a damaged file, with its journal, so that a new one can take its place."""
        inode = self._inode
        self.close()
        aside = _free_name(self.path, f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        try:
            if not inode or self.path.stat().st_ino != inode:
                return  # another process has already set it aside, and this is its new one
            if self.readonly:
                raise PermissionError("it was opened for reading only")
            journal = self.path.with_name(f"{self.path.name}-journal")
            if journal.exists():  # SQLite would play it into the new file
                journal.rename(aside.with_name(f"{aside.name}-journal"))
            self.path.rename(aside)
        except OSError as refused:
            self._warn(
                f"[damaged-store] {self.path} is damaged ({error}) and is ignored; "
                f"it could not be set aside: {refused}"
            )
            return
        self._warn(f"[damaged-store] {self.path} was damaged ({error}); it is kept as {aside.name}")

    def _output(self, row: Sequence[Any]) -> Output | None:
        """The output of a row that ends in value, sha256, at; None with a warning if it is not what was stored."""
        value, sha = row[-3], row[-2]
        output = _opened(value, sha)
        if output is None:
            self._warn(f"[damaged-answer] a stored answer was changed or damaged and is not used: {row[:-3]}")
        return output

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def _refused(self, slug: str, verb: str, error: Exception) -> PromptctlError:
        return PromptctlError(
            f"the answer store cannot be {verb}: {error}",
            slug=slug,
            at=str(self.path),
            fix=f"make {self.path.parent} writable and free some space; what was stored is safe",
        )
