"""The store with processes that claim, pay, store and are killed between any two steps, in every order."""

import sqlite3
import subprocess
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from promptctl.core.exchange import AnswerKey, Output
from promptctl.errors import PromptctlError
from promptctl.store.answers import open_store
from promptctl.store.claimant import _start_of, this_process

KEYS = [AnswerKey("openai", "https://a.test/v1", f"r1:{number:064x}", 0) for number in range(4)]
MEMORY = Path("/dev/shm")  # where there is one: what is tested is the order of steps, not the disk

some_keys = st.lists(st.sampled_from(KEYS), min_size=1, unique=True)
process = st.sampled_from([0, 1, 2])


class Process:
    """One that lives until it is killed. `paid` answers are not stored yet."""

    def __init__(self, path: Path) -> None:
        self.program = subprocess.Popen(["sleep", "600"])
        self.owner = this_process()._replace(pid=self.program.pid, start=_start_of(self.program.pid))
        self.store = open_store(path)
        self.granted: set[AnswerKey] = set()
        self.paid: dict[AnswerKey, Output] = {}

    def killed(self) -> None:
        """Ends it without a word: nothing is released."""
        self.program.kill()
        self.program.wait()
        self.store._file.close()


class Store(RuleBasedStateMachine):
    """What was stored stays as it was first stored, and a question is paid again only if a kill lost its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.path = Path(self.folder.name) / "answers.db"
        self.processes = [Process(self.path) for _ in range(3)]
        self.stored: dict[AnswerKey, Output] = {}
        self.payments: Counter[AnswerKey] = Counter()
        self.lost: Counter[AnswerKey] = Counter()

    @rule(number=process, keys=some_keys)
    def claims(self, number: int, keys: list[AnswerKey]) -> None:
        one = self.processes[number]
        others = set().union(*(other.granted for other in self.processes if other is not one))

        claimed = one.store.claim(keys, one.owner)

        assert {key: known.answer for key, known in claimed.answered.items()} == {
            key: self.stored[key] for key in keys if key in self.stored
        }
        assert set(claimed.held) == {key for key in keys if key in others and key not in self.stored}
        assert set(claimed.granted) == set(keys) - set(claimed.answered) - set(claimed.held)
        one.granted |= set(claimed.granted)

    @rule(number=process)
    def pays_for_one(self, number: int) -> None:
        one = self.processes[number]
        for key in sorted(one.granted - set(one.paid))[:1]:
            self.payments[key] += 1
            one.paid[key] = Output(text=f"{number} paid {self.payments[key]}")

    @rule(number=process, count=st.integers(1, 4))
    def stores(self, number: int, count: int) -> None:
        one = self.processes[number]
        batch = list(one.paid.items())[:count]

        one.store.put_many(batch)

        self._done(one, batch)

    @rule(number=process, steps=st.integers(1, 300))
    def stores_and_is_interrupted_after_some_steps_of_sqlite(self, number: int, steps: int) -> None:
        one = self.processes[number]
        batch = list(one.paid.items())
        connection = one.store._file._connected(create=True)
        connection.set_progress_handler(lambda: 1, steps)
        try:
            one.store.put_many(batch)
            self._done(one, batch)
        except PromptctlError as error:
            assert error.slug == "cannot-write"  # noqa: PT017 - either is right: all of the batch or nothing
        finally:
            connection.set_progress_handler(None, 0)

    @rule(number=process, keys=some_keys)
    def gives_up(self, number: int, keys: list[AnswerKey]) -> None:
        one = self.processes[number]
        given_up = [key for key in keys if key not in one.paid]
        one.store.release(given_up, one.owner)
        one.granted -= set(given_up)

    @rule(number=process)
    def is_killed(self, number: int) -> None:
        one = self.processes[number]
        one.killed()
        self.lost.update(one.paid.keys())
        self.processes[number] = Process(self.path)

    @rule(number=process)
    def ends(self, number: int) -> None:
        one = self.processes[number]
        one.store.put_many(list(one.paid.items()))
        self._done(one, list(one.paid.items()))
        one.store.close()
        one.granted.clear()

    @invariant()
    def what_was_stored_is_there_and_as_it_was(self) -> None:
        with closing(open_store(self.path)) as stranger:
            found = stranger.get_many(KEYS)
            assert {key: known.answer for key, known in found.items()} == self.stored
            assert stranger.warnings == []

    @invariant()
    def nothing_is_paid_twice_but_what_a_kill_lost(self) -> None:
        assert all(self.payments[key] <= 1 + self.lost[key] for key in KEYS)

    def teardown(self) -> None:
        for one in self.processes:
            one.killed()
        if self.path.exists():
            with closing(sqlite3.connect(self.path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        self.folder.cleanup()

    def _done(self, one: Process, batch: list[tuple[AnswerKey, Output]]) -> None:
        for key, output in batch:
            self.stored.setdefault(key, output)
            one.granted.discard(key)
            del one.paid[key]


TestStore = pytest.mark.timeout(120)(Store.TestCase)
TestStore.settings = settings(max_examples=20, stateful_step_count=30)
