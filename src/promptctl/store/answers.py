"""The append-only answer store: what was paid for once is never paid for again.

One SQLite file with a rollback journal (a copy of it is whole, and it works on network disks). Nothing replaces
a stored sample, because a replaced draw is a free lottery ticket. Keys hold no API key, header or organisation;
values are JSON with their own SHA-256, so that an edited one is noticed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from promptctl.core.exchange import Answered, AnswerKey, Output, Source
from promptctl.core.words import plural
from promptctl.errors import PromptctlError
from promptctl.store import answer_claims, answer_file, answer_past, answer_rows, answer_salvage
from promptctl.store.answer_claims import Claimed
from promptctl.store.answer_database import AnswerDatabase, Connection
from promptctl.store.answer_past import Draw, StoreStats
from promptctl.store.answer_rows import Row, opened, sealed
from promptctl.store.answer_salvage import Examined
from promptctl.store.claimant import Owner

BUSY_SECONDS = 30.0
_NAMED = 3


class Swept(NamedTuple):
    """What a sweep removed: `claims` of processes that have ended, and bytes of the file that nothing used."""

    claims: int
    size: int


def open_store(
    path: str | Path, *, readonly: bool = False, busy_seconds: float = BUSY_SECONDS
) -> "SqliteAnswers":
    """The answer store at `path`. Nothing is created, opened or checked before it is used.

    `busy_seconds`: how long another process that writes is waited for.
    """
    return SqliteAnswers(Path(path), readonly=readonly, busy_seconds=busy_seconds)


class SqliteAnswers:
    """See `open_store`. Safe to use from several threads and several processes."""

    def __init__(self, path: Path, *, readonly: bool = False, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._said: list[str] = []
        self._changed: dict[tuple[str, int], None] = {}
        self._file = AnswerDatabase(
            path, readonly=readonly, busy_seconds=busy_seconds, warn=self._said.append
        )
        self._owners: set[Owner] = set()

    @property
    def warnings(self) -> list[str]:
        """What the user should know so far: `[damaged-store] …`, `[damaged-answer] …`."""
        said = list(dict.fromkeys(self._said))
        if not self._changed:
            return said
        count = len(self._changed)
        which = ", ".join(f"sample {sample} of {request}" for request, sample in [*self._changed][:_NAMED])
        what = f"{plural(count, 'stored answer')} {'was' if count == 1 else 'were'} changed, not used"
        return [*said, f"[damaged-answer] {what}: {which}{', …' if count > _NAMED else ''}"]

    def prepare(self) -> None:
        """Makes sure that answers can be stored, before any is paid for.

        Raises:
            PromptctlError: `cannot-write`, or `newer-store`.
        """
        self._file.write(answer_rows.touch)

    def get_many(self, keys: Iterable[AnswerKey]) -> dict[AnswerKey, Answered]:
        """The answers that are there, by key: asked ones first, then imported ones.

        Raises:
            PromptctlError: `newer-store`; `cannot-read`.
        """
        wanted = list(keys)
        return self._file.read(lambda connection: self._look_up(connection, wanted), {}) if wanted else {}

    def claim(self, keys: Sequence[AnswerKey], owner: Owner) -> Claimed:
        """Says for each key, in one transaction, whether it is answered by now, ours to ask, or asked by another.

        A claim is ours until its answer is stored, `release` or `close`. What a process holds that has ended, or has
        held for 15 minutes, is taken over. Claiming a key again renews the claim.

        Raises:
            PromptctlError: `cannot-write`.
        """

        def take(connection: Connection) -> Claimed:
            answered = self._look_up(connection, keys)
            missing = [key for key in dict.fromkeys(keys) if key not in answered]
            held = answer_claims.claim(connection, missing, owner)
            answer_claims.release(connection, answered)  # left by a promptctl that knows no claims
            return Claimed(answered, tuple(key for key in missing if key not in held), held)

        if not keys:
            return Claimed({}, (), {})
        self._owners.add(owner)
        return self._file.write(take)

    def release(self, keys: Sequence[AnswerKey], owner: Owner) -> None:
        """Gives up the claims of `owner` on keys that it will not ask after all.

        Raises:
            PromptctlError: `cannot-write`.
        """
        if keys:
            self._file.write(lambda connection: answer_claims.release(connection, keys, owner))

    def _look_up(self, connection: Connection, keys: Sequence[AnswerKey]) -> dict[AnswerKey, Answered]:
        wanted = {key: key for key in keys}  # what is found is kept under the caller's own keys: less memory
        found: dict[AnswerKey, Answered] = {}
        for row in answer_rows.rows(connection, "answers", dict.fromkeys(key.request for key in keys)):
            key = wanted.get(AnswerKey(*row[:4]))
            if key and (output := self._output(row)):
                found[key] = Answered(answer=output, source=Source.STORE)
        missing = [key for key in wanted if key not in found]
        rows = answer_rows.rows(connection, "imported", dict.fromkeys(key.request for key in missing))
        imported = {(row.request, row.sample): row for row in rows}
        for key in missing:
            there = imported.get((key.request, key.sample))
            if there and (output := self._output(there)):
                found[key] = Answered(answer=output, source=Source.IMPORTED)
        return found

    def put(self, key: AnswerKey, output: Output) -> None:
        """Stores one answer durably. A stored sample is never replaced: putting it again keeps the first."""
        self.put_many([(key, output)])

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        """Stores answers durably, in one transaction, ends the claims on them, and gives how many were new.

        Raises:
            PromptctlError: `cannot-write`: none of them was stored.
        """
        at = answer_file.now()
        rows = [(key, *sealed(output)) for key, output in answers]

        def insert(connection: Connection) -> int:
            answer_claims.release(connection, [key for key, _, _ in rows])
            return sum(
                answer_rows.insert(connection, "answers", key, value, sha, at) for key, value, sha in rows
            )

        return self._file.write(insert) if rows else 0

    def put_imported(self, outputs: Sequence[tuple[str, int, Output]]) -> tuple[int, int]:
        """Stores outputs that were produced elsewhere, all or none, and gives (new ones, those already there).

        Raises:
            PromptctlError: `already-imported`, another output is there for the same request and sample.
        """
        at = answer_file.now()

        def insert(connection: Connection) -> int:
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

        new = self._file.write(insert) if outputs else 0
        return new, len(outputs) - new

    def samples(self, request: str) -> list[Draw]:
        """Every stored draw of a request, by sample index; asked ones before imported ones."""
        draws: list[Draw] = []

        def collect(connection: Connection) -> None:
            for table, source in (("answers", Source.STORE), ("imported", Source.IMPORTED)):
                found = self._drawn(answer_rows.rows(connection, table, [request]), source)
                draws.extend(draw for _, draw in found)

        self._file.read(collect, None)
        return sorted(draws, key=lambda draw: (draw.sample, draw.answered.source != Source.STORE))

    def draws_of(self, requests: Iterable[str], *, at_least: int = 1) -> dict[str, list[Draw]]:
        """The asked draws of many requests, by sample index. Requests that no provider was asked so often are left out.

        Raises:
            PromptctlError: `newer-store`; `cannot-read`.
        """
        names = dict.fromkeys(requests)
        draws: dict[str, list[Draw]] = {}

        def collect(connection: Connection) -> None:
            if at_least > 1 and not answer_past.any_drawn(connection, at_least):
                return
            often = answer_past.drawn(connection, names, at_least)
            for request, draw in self._drawn(answer_rows.rows(connection, "answers", often), Source.STORE):
                draws.setdefault(request, []).append(draw)

        if names:
            self._file.read(collect, None)
        for found in draws.values():
            found.sort(key=lambda draw: draw.sample)
        return draws

    def samples_of(self, requests: Iterable[str]) -> dict[str, list[int]]:
        """The sample indices that are stored of many requests, in order: asked of any provider, or imported.

        Raises:
            PromptctlError: as `draws_of`.
        """
        names = dict.fromkeys(requests)
        none: dict[str, list[int]] = {}
        return self._file.read(lambda connection: answer_past.samples(connection, names), none)

    def stored_at(self, keys: Iterable[AnswerKey]) -> dict[AnswerKey, datetime]:
        """When answers were stored, in UTC; imported ones, and a time that cannot be read, are left out.

        Raises:
            PromptctlError: as `draws_of`.
        """
        wanted = dict.fromkeys(keys)
        none: dict[AnswerKey, datetime] = {}
        return self._file.read(lambda connection: answer_past.times(connection, wanted), none)

    def any_before(self, time: datetime) -> bool:
        """Whether any asked answer may be older than this; where none is, no answer needs to be looked at.

        Raises:
            PromptctlError: as `draws_of`.
        """
        at = f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return self._file.read(lambda connection: answer_past.any_before(connection, at), False)

    def stored_order(self, keys: Iterable[AnswerKey]) -> dict[AnswerKey, int]:
        """Numbers that grow in the order in which asked answers were stored; imported ones have none.

        Raises:
            PromptctlError: as `draws_of`.
        """
        wanted = dict.fromkeys(keys)
        none: dict[AnswerKey, int] = {}
        return self._file.read(lambda connection: answer_past.order(connection, wanted), none)

    def stats(self) -> StoreStats:
        """Counts of what is stored; zeros where there is no store."""

        def count(connection: Connection) -> StoreStats:
            counts = answer_rows.counts(connection), answer_past.by_role(connection)
            return StoreStats(*counts[0], self.path.stat().st_size, *counts[1])

        return self._file.read(count, StoreStats(0, 0, 0, 0, 0))

    def examine(self) -> Examined | None:
        """What reading every stored answer found; None without a store. Nothing is changed.

        Raises:
            PromptctlError: `newer-store`; `cannot-read`.
        """
        return self._file.examine()

    def kept_aside(self) -> list[tuple[Path, int]]:
        """The damaged files that were set aside, each with how many answers of it the store lacks."""
        found = answer_file.kept_aside(self.path)

        def count(connection: Connection) -> list[int]:
            return [answer_salvage.lacking(connection, path) for path in found]

        none: list[int] = []
        counts = self._file.read(count, none) or [answer_salvage.readable(path) for path in found]
        return list(zip(found, counts, strict=True))

    def salvage(self, why: str = "") -> int:
        """Takes over all that can be read of the damaged files kept aside, and says how many answers that were.

        `why` the store itself is damaged, if it is: it is set aside too, and a new one begun.

        Raises:
            PromptctlError: `cannot-write`.
        """
        if why:
            self._file.rebuild(why)

        def take(connection: Connection) -> int:
            return sum(
                answer_salvage.take_over(connection, path) for path in answer_file.kept_aside(self.path)
            )

        return self._file.write(take)

    def sweep(self, me: Owner) -> Swept:
        """Gives back what nothing needs any more. No answer is ever removed, damaged ones neither.

        Raises:
            PromptctlError: `cannot-write`.
        """
        before = self.path.stat().st_size if self.path.is_file() else 0
        if not before:
            return Swept(0, 0)
        claims = self._file.write(partial(answer_claims.sweep, me=me))
        self._file.shrink()
        return Swept(claims, before - self.path.stat().st_size)

    def hurry(self, seconds: float) -> None:
        """From now on another process that writes is waited for no longer than this; any thread may say so."""
        self._file.hurry(seconds)

    def close(self) -> None:
        """Ends the claims that were made here and closes the file. The store opens it again if it is used again."""
        owners, self._owners = self._owners, set()
        for owner in owners if self.path.is_file() else ():
            # A store that can no longer be written: others will see that this process has ended.
            with suppress(PromptctlError):
                self._file.write(partial(answer_claims.release_all, owner=owner))
        self._file.close()

    def __del__(self) -> None:
        """A store that nobody closed gives its file back, as files do; Python 3.13 warns of those that do not."""
        if file := getattr(self, "_file", None):
            file.close()

    def _drawn(self, rows: Iterable[Row], source: Source) -> Iterator[tuple[str, Draw]]:
        """The draws of rows that are what was stored, each with its request."""
        for row in rows:
            if output := self._output(row):
                answered = Answered(answer=output, source=source)
                yield row.request, Draw(row.sample, answered, row.kind, row.base_url, row.at)

    def _output(self, row: Row) -> Output | None:
        """The output of a row; None, which `warnings` tells, if it is not what was stored."""
        output = opened(row.value, row.sha256)
        if output is None:
            self._changed[row.request, row.sample] = None
        return output
