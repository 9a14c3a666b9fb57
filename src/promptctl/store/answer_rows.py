"""The tables of the answer store, and a value as a row holds it: JSON with its own SHA-256.

`connection` is SQLite's; `answer_database` opens it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from promptctl._version import __version__
from promptctl.core.exchange import Output
from promptctl.errors import PromptctlError

FORMAT = 1
_FIRST_RELEASE = "0.1.0"  # the first that reads FORMAT
_CHUNK = 500  # variables of one query; SQLite may be built to allow no more than 999

# `seq` and `at` are information only: no order and no expiry is taken from a clock. (An old answer is asked once more
# beside itself, as a canary, and stays.)
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
_KEYS = {"answers": ("kind", "base_url", "request", "sample"), "imported": ("request", "sample")}
_KIND = {"answers": "kind, base_url", "imported": "'', ''"}  # imported ones have neither


class Row(NamedTuple):
    """A stored answer as it stands on disk: `value` may have been changed since it was sealed."""

    kind: str
    base_url: str
    request: str
    sample: int
    value: Any
    sha256: Any
    at: str


def rows(connection: Any, table: str, requests: Iterable[str]) -> Iterator[Row]:
    """All rows of `table` about `requests`. Imported ones have an empty kind and base URL."""
    for marks, some in in_chunks(requests):
        query = (
            f"SELECT {_KIND[table]}, request, sample, value, sha256, at FROM {table} "  # noqa: S608 - names of ours
            f"WHERE request IN ({marks}) AND typeof(sample) = 'integer'"
        )
        yield from map(Row._make, connection.execute(query, some))


def in_chunks(requests: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The requests in parts of which one query can name each, with a placeholder for every one."""
    names = list(requests)
    for start in range(0, len(names), _CHUNK):
        some = names[start : start + _CHUNK]
        yield ", ".join("?" * len(some)), some


def all_rows(connection: Any, table: str) -> Iterator[Row]:
    """Every row of `table`, in the order in which they were stored."""
    return (row for _, row in numbered_rows(connection, table, 0, 2**63 - 1))


def numbered_rows(connection: Any, table: str, first: int, last: int) -> Iterator[tuple[int, Row]]:
    """The rows of `table` whose number lies from `first` to `last`, each with its number."""
    query = (
        f"SELECT seq, {_KIND[table]}, request, sample, value, sha256, at FROM {table} "  # noqa: S608 - names of ours
        "WHERE seq BETWEEN ? AND ? ORDER BY seq"
    )
    for seq, *row in connection.execute(query, (first, last)):
        yield seq, Row._make(row)


def insert(connection: Any, table: str, key: Sequence[str | int], value: bytes, sha256: str, at: str) -> int:
    """1 if the row is new, 0 if there is one. A damaged row is kept apart and gives up its place."""
    # Only names of tables and columns from `_KEYS` are written into a query; every value is a parameter.
    names = _KEYS[table]
    columns = f"{', '.join(names)}, value, sha256, at"
    marks = ", ".join("?" * (len(names) + 3))
    query = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names of ours
    row = (*key, value, sha256, at)
    if connection.execute(query, row).rowcount:
        return 1
    where = " AND ".join(f"{name} = ?" for name in names)
    there = connection.execute(f"SELECT value, sha256 FROM {table} WHERE {where}", key).fetchone()  # noqa: S608 - as above
    if is_intact(*there):
        return 0
    # Left where it is, it would be asked and paid for again in every run, each time a new draw.
    connection.execute(
        f"INSERT INTO damaged ({columns}) SELECT {columns} FROM {table} WHERE {where}",  # noqa: S608 - as above
        key,
    )
    connection.execute(f"DELETE FROM {table} WHERE {where}", key)  # noqa: S608 - as above
    return int(connection.execute(query, row).rowcount)


def has(connection: Any, table: str, key: Sequence[str | int]) -> bool:
    """Whether there is a row with this key, damaged or not."""
    where = " AND ".join(f"{name} = ?" for name in _KEYS[table])
    query = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608 - names of ours
    return bool(connection.execute(query, key).fetchone()[0])


def sha256_of(connection: Any, request: str, sample: int) -> str:
    """The SHA-256 of the imported output that is there."""
    query = "SELECT sha256 FROM imported WHERE request = ? AND sample = ?"
    return str(connection.execute(query, (request, sample)).fetchone()[0])


def create(connection: Any) -> None:
    """Makes the tables of a new store, inside the transaction of the caller."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    # An older promptctl that meets a later format reads here which release it needs.
    connection.execute("INSERT OR IGNORE INTO about VALUES ('needs', ?)", (_FIRST_RELEASE,))
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def format_of(connection: Any) -> int:
    """The format of the file; 0 before anything was written."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def touch(connection: Any) -> None:
    """Writes what is already there. Only a real write shows a read-only folder: it needs the journal."""
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def has_tables(connection: Any) -> bool:
    """Whether anything was ever written."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def counts(connection: Any) -> tuple[int, int, int, int]:
    """The numbers of answers, imported outputs, different requests and damaged rows."""
    counted = connection.execute(
        "SELECT (SELECT count(*) FROM answers), (SELECT count(*) FROM imported), (SELECT count(*) FROM "
        "(SELECT request FROM answers UNION SELECT request FROM imported)), (SELECT count(*) FROM damaged)"
    )
    answers, imported, requests, damaged = counted.fetchone()
    return answers, imported, requests, damaged


def refuse_newer(connection: Any, path: str) -> None:
    """Raises `newer-store` for a format that only a later promptctl reads, naming the release it needs."""
    there = format_of(connection)
    if there <= FORMAT:
        return
    about = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'about'").fetchone()[0]
    row = connection.execute("SELECT value FROM about WHERE name = 'needs'").fetchone() if about else None
    raise PromptctlError(
        f"the answer store has format {there}, and promptctl {__version__} reads up to {FORMAT}",
        slug="newer-store",
        at=path,
        fix=f"install {f'promptctl {row[0]} or newer' if row else 'a newer promptctl'}; nothing was changed",
    )


_FIELDS = frozenset(str(name) for name in Output.__annotations__)
_decode = msgspec.json.Decoder(Output).decode


def sealed(output: Output) -> tuple[bytes, str]:
    """The output as JSON, and the SHA-256 of it in hex."""
    try:
        value = msgspec.json.encode(output)
    except (UnicodeEncodeError, OverflowError):  # lone surrogates, integers beyond 64 bits: escaped, lossless
        plain = msgspec.to_builtins(output)
        value = json.dumps(plain, separators=(",", ":"), allow_nan=False).encode("ascii")
    return value, hashlib.sha256(value).hexdigest()


def is_intact(value: Any, sha256: Any) -> bool:
    """Whether `value` is what was sealed."""
    return isinstance(value, bytes) and hashlib.sha256(value).hexdigest() == sha256


def opened(value: Any, sha256: Any) -> Output | None:
    """The output that was sealed; None when it was changed since or does not say what an output must."""
    if not is_intact(value, sha256):
        return None
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _opened_slowly(value)


def _opened_slowly(value: bytes) -> Output | None:
    """What the fast reader refuses: lone surrogates, huge integers, fields of a later release (left out)."""
    try:
        fields = {name: item for name, item in json.loads(value).items() if name in _FIELDS}
        return msgspec.convert(fields, Output)
    except (ValueError, AttributeError, RecursionError):
        return None
