"""What can still be read of a damaged answer store, row by row, and whether a store is whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from promptctl.store import answer_rows
from promptctl.store.answer_rows import Row, opened

_FAULTS = 5  # of SQLite's own findings: a broken page makes hundreds of them, which say no more
_SMALLEST_ROW = (
    256  # bytes with its index entry; rows are numbered from 1, so none has a higher number than fit
)


class DamagedRow(NamedTuple):
    """A row whose answer is not what was stored."""

    table: str
    request: str
    sample: int


class Examined(NamedTuple):
    """What reading every row of a store found.

    `answers` and `imported` count rows that are whole. `faults` are of the file itself, in SQLite's words.
    """

    answers: int
    imported: int
    damaged: tuple[DamagedRow, ...]
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether everything is as it was stored."""
        return not self.damaged and not self.faults


def examine(connection: Any) -> Examined:
    """Reads every row of a file without faults, inside the transaction of the caller; of another only its faults.

    Raises:
        sqlite3.DatabaseError: of a file that SQLite does not even look into.
    """
    said = [str(found) for (found,) in connection.execute(f"PRAGMA integrity_check({_FAULTS})")]
    if said != ["ok"]:
        return Examined(0, 0, (), tuple(said))
    whole = {"answers": 0, "imported": 0}
    damaged = []
    for table in whole:
        for row in answer_rows.all_rows(connection, table):
            if opened(row.value, row.sha256) is not None and isinstance(row.sample, int):
                whole[table] += 1
            else:
                damaged.append(DamagedRow(table, row.request, row.sample))
    return Examined(
        whole["answers"], whole["imported"], tuple(damaged), tuple(said if said != ["ok"] else ())
    )


def examine_damaged(path: Path, faults: tuple[str, ...]) -> Examined:
    """What can still be read of a store whose file has these faults."""
    asked, imported = (sum(1 for _ in readable_rows(path, table)) for table in ("answers", "imported"))
    return Examined(asked, imported, (), faults)


def readable(path: Path) -> int:
    """How many whole answers of the damaged store at `path` can be read."""
    return sum(1 for table in ("answers", "imported") for _ in readable_rows(path, table))


def lacking(connection: Any, path: Path) -> int:
    """How many whole answers of the damaged store at `path` are not in this one."""
    at_hand = ((table, row) for table in ("answers", "imported") for row in readable_rows(path, table))
    return sum(not answer_rows.has(connection, table, _key(table, row)) for table, row in at_hand)


def take_over(connection: Any, path: Path) -> int:
    """Puts the whole answers of the damaged store at `path` into this one, and says how many were new here."""
    at_hand = ((table, row) for table in ("answers", "imported") for row in readable_rows(path, table))
    return sum(_insert(connection, table, row) for table, row in at_hand)


def readable_rows(path: Path, table: str) -> Iterator[Row]:
    """The rows of a damaged store that can be read and are whole. The file is not changed."""
    # Immutable: neither its journal is played into it nor a lock taken, and it stays as it was found.
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            # Without it SQLite refuses a file that is shorter than its header says.
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(f"SELECT seq FROM {table} WHERE 0")  # noqa: S608 - a name of ours
        except sqlite3.DatabaseError:  # not even its list of tables can be read
            return
        yield from _around_gaps(connection, table, path.stat().st_size // _SMALLEST_ROW)


def _around_gaps(connection: sqlite3.Connection, table: str, last: int) -> Iterator[Row]:
    """Rows whose number is at most `last`; around a damaged page in ever smaller pieces."""
    waiting = [(0, last)]
    while waiting:
        next_, last = waiting.pop()
        try:
            for seq, row in answer_rows.numbered_rows(connection, table, next_, last):
                if (
                    seq < next_
                ):  # a damaged page leads back to rows that were read: for ever, if it were followed
                    raise sqlite3.DatabaseError("rows are out of order")
                next_ = seq + 1
                if opened(row.value, row.sha256) is not None and isinstance(row.sample, int):
                    yield row
        except sqlite3.DatabaseError:
            if next_ < last:
                middle = (next_ + last) // 2
                waiting += [(middle + 1, last), (next_, middle)]


def _insert(connection: Any, table: str, row: Row) -> int:
    return answer_rows.insert(connection, table, _key(table, row), row.value, row.sha256, row.at)


def _key(table: str, row: Row) -> tuple[str | int, ...]:
    key = (row.kind, row.base_url, row.request, row.sample)
    return key if table == "answers" else key[2:]
