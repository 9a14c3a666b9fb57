"""Claims: which process is asking for an answer right now, so that no other one pays for it too.

A claim lives from just before its call is sent until its answer is stored. It is never what an answer depends on: a
claim too few costs a call, one too many costs a wait of at most `LAPSE_SECONDS`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from promptctl.core.exchange import Answered, AnswerKey
from promptctl.store import answer_file
from promptctl.store.claimant import Owner, has_ended, seconds_since_boot

LAPSE_SECONDS = 15 * 60.0
_CHUNK = 500

# A format of its own is not needed: a promptctl that does not know the table leaves it alone.
_TABLE = """
CREATE TABLE IF NOT EXISTS claims (
  kind TEXT NOT NULL, base_url TEXT NOT NULL, request TEXT NOT NULL, sample INTEGER NOT NULL,
  boot TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, start TEXT NOT NULL,
  since REAL NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (request, sample, kind, base_url)) WITHOUT ROWID
"""
_COLUMNS = "kind, base_url, request, sample, boot, host, pid, start, since, at"
# A claim that somebody wrote by hand is none: the next one takes its place.
_OURS = (
    "typeof(boot) = 'text' AND typeof(host) = 'text' AND typeof(pid) = 'integer' AND typeof(start) = 'text' "
    "AND typeof(since) = 'real'"
)
_KEY = "request = ? AND sample = ? AND kind = ? AND base_url = ?"
_OWNER = "boot = ? AND host = ? AND pid = ? AND start = ?"


class Claimed(NamedTuple):
    """What became of the keys of one batch; each is in exactly one of the three.

    `answered` came into the store meanwhile. `granted` are ours to ask now. `held` are being asked by somebody who
    lives, as far as can be seen: look again later.
    """

    answered: Mapping[AnswerKey, Answered]
    granted: tuple[AnswerKey, ...]
    held: Mapping[AnswerKey, Owner]


def create(connection: Any) -> None:
    """Makes the table where it is missing, inside the transaction of the caller."""
    connection.execute(_TABLE)


def claim(connection: Any, keys: Sequence[AnswerKey], me: Owner) -> dict[AnswerKey, Owner]:
    """Claims `keys`, and gives those that somebody else holds. Claiming again renews."""
    held: dict[AnswerKey, Owner] = {}
    ended: dict[Owner, bool] = {}
    wanted = set(keys)
    for key, owner, since, at in _rows(connection, keys):
        if key not in wanted or owner == me:
            continue
        if owner not in ended:
            ended[owner] = has_ended(owner, me)
        if not ended[owner] and not _lapsed(owner, me, since, at):
            held[key] = owner
    now = (seconds_since_boot(), answer_file.now())
    connection.executemany(
        f"INSERT OR REPLACE INTO claims ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - as above
        [(*key, *me, *now) for key in keys if key not in held],
    )
    return held


def release(connection: Any, keys: Iterable[AnswerKey], owner: Owner | None = None) -> None:
    """Ends the claims on `keys`: those of `owner`, or all."""
    whose, values = (f" AND {_OWNER}", tuple(owner)) if owner else ("", ())
    connection.executemany(
        f"DELETE FROM claims WHERE {_KEY}{whose}",  # noqa: S608 - words of ours
        [(key.request, key.sample, key.kind, key.base_url, *values) for key in keys],
    )


def release_all(connection: Any, owner: Owner) -> None:
    """Ends every claim of `owner`."""
    connection.execute(f"DELETE FROM claims WHERE {_OWNER}", owner)  # noqa: S608 - words of ours


def sweep(connection: Any, me: Owner) -> int:
    """Removes the claims of processes that have ended, and those that have lapsed, and says how many."""
    query = f"SELECT {_COLUMNS} FROM claims WHERE {_OURS}"  # noqa: S608 - words of ours
    claims = [_claim_of(row) for row in connection.execute(query)]
    over = [key for key, owner, since, at in claims if has_ended(owner, me) or _lapsed(owner, me, since, at)]
    release(connection, over)
    return len(over)


def _rows(connection: Any, keys: Sequence[AnswerKey]) -> Iterable[tuple[AnswerKey, Owner, float, str]]:
    requests = list(dict.fromkeys(key.request for key in keys))
    for first in range(0, len(requests), _CHUNK):
        some = requests[first : first + _CHUNK]
        query = (
            f"SELECT {_COLUMNS} FROM claims "  # noqa: S608 - as above
            f"WHERE request IN ({', '.join('?' * len(some))}) AND {_OURS}"
        )
        for row in connection.execute(query, some):
            yield _claim_of(row)


def _claim_of(row: Sequence[Any]) -> tuple[AnswerKey, Owner, float, str]:
    return AnswerKey(*row[:4]), Owner(*row[4:8]), row[8], row[9]


def _lapsed(owner: Owner, me: Owner, since: float, at: str) -> bool:
    if owner.boot == me.boot:
        return not 0 <= seconds_since_boot() - since < LAPSE_SECONDS
    # Another machine: only its wall clock is known. One that is wrong by more costs a call, never an endless wait.
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(at)
    except (TypeError, ValueError):
        return True
    return abs(age.total_seconds()) >= LAPSE_SECONDS
