"""What the answer store knows of the past: when answers came, how often a request was drawn, and what for.

`connection` is SQLite's; `answer_database` opens it.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from promptctl.core.exchange import FIRST_CANARY, FIRST_REDRAW, Answered, AnswerKey
from promptctl.store.answer_rows import in_chunks


class Draw(NamedTuple):
    """One stored answer to a request. `at` is UTC; imported ones have neither `kind` nor `base_url`."""

    sample: int
    answered: Answered
    kind: str
    base_url: str
    at: str

    @property
    def time(self) -> datetime | None:
        """When it was stored; None where that cannot be read."""
        return _time(self.at)


class StoreStats(NamedTuple):
    """How much is stored. `requests` counts digests, `damaged` rows kept apart, `size` bytes on disk.

    `first`, `redraws` and `canaries` are the parts of `answers`, see `AnswerKey`.
    """

    answers: int
    imported: int
    requests: int
    damaged: int
    size: int
    first: int = 0
    redraws: int = 0
    canaries: int = 0


def drawn(connection: Any, requests: Iterable[str], at_least: int) -> list[str]:
    """Those of `requests` that one provider was asked so often. No answer is read for that."""
    found: list[str] = []
    for marks, some in in_chunks(requests):
        query = (
            f"SELECT DISTINCT request FROM (SELECT request FROM answers WHERE request IN ({marks}) "  # noqa: S608 - placeholders
            "AND typeof(sample) = 'integer' GROUP BY request, kind, base_url HAVING count(*) >= ?)"
        )
        found += [request for (request,) in connection.execute(query, (*some, at_least))]
    return found


def any_drawn(connection: Any, times: int) -> bool:
    """Whether any request at all may have been drawn so often: one look at the index instead of one at each request."""
    query = "SELECT EXISTS (SELECT 1 FROM answers WHERE sample >= ?)"
    return bool(connection.execute(query, (times - 1,)).fetchone()[0])


def any_before(connection: Any, at: str) -> bool:
    """Whether any asked answer may have been stored before a time, as `answer_file.now` writes it."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM answers WHERE at < ?)", (at,)).fetchone()[0])


def samples(connection: Any, requests: Iterable[str]) -> dict[str, list[int]]:
    """The sample indices that are there of each request, in order, asked or imported. No answer is read for that."""
    found: dict[str, list[int]] = {}
    names = list(requests)
    for table in ("answers", "imported"):
        for marks, some in in_chunks(names):
            query = (
                f"SELECT DISTINCT request, sample FROM {table} "  # noqa: S608 - names of ours
                f"WHERE request IN ({marks}) AND typeof(sample) = 'integer'"
            )
            for request, sample in connection.execute(query, some):
                found.setdefault(request, []).append(sample)
    return {request: sorted(set(indices)) for request, indices in found.items()}


def times(connection: Any, keys: Collection[AnswerKey]) -> dict[AnswerKey, datetime]:
    """When asked answers were stored; a time that cannot be read is left out."""
    found: dict[AnswerKey, datetime] = {}
    for marks, some in in_chunks(dict.fromkeys(key.request for key in keys)):
        query = f"SELECT kind, base_url, request, sample, at FROM answers WHERE request IN ({marks})"  # noqa: S608 - placeholders
        for *columns, at in connection.execute(query, some):
            key, time = AnswerKey(*columns), _time(at)
            if key in keys and time:
                found[key] = time
    return found


def order(connection: Any, keys: Collection[AnswerKey]) -> dict[AnswerKey, int]:
    """Numbers of asked answers that grow in the order in which they were stored; no clock is asked for that."""
    found: dict[AnswerKey, int] = {}
    for marks, some in in_chunks(dict.fromkeys(key.request for key in keys)):
        query = f"SELECT kind, base_url, request, sample, seq FROM answers WHERE request IN ({marks})"  # noqa: S608 - placeholders
        for *columns, seq in connection.execute(query, some):
            if (key := AnswerKey(*columns)) in keys:
                found[key] = seq
    return found


def by_role(connection: Any) -> tuple[int, int, int]:
    """How many asked answers are first draws, redraws and canaries."""
    query = "SELECT count(*), total(sample >= ?), total(sample >= ?) FROM answers"
    answers, later, canaries = map(int, connection.execute(query, (FIRST_REDRAW, FIRST_CANARY)).fetchone())
    return answers - later, later - canaries, canaries


def _time(at: Any) -> datetime | None:
    """A time as `answer_file.now` writes it; anything may stand in a file that others can edit."""
    try:
        time = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
