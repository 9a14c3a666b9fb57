"""A store that another process keeps locked is waited for, and whoever waits can be called away."""

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptctl.core.exchange import AnswerKey, Output
from promptctl.errors import PromptctlError
from promptctl.store.answers import open_store

KEY = AnswerKey("openai", "https://a.test/v1", "r1:0", 0)
FOR_EVER = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".promptctl" / "answers.db"
    open_store(path).prepare()
    return path


@pytest.fixture
def lock(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that has begun to write."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_an_answer_is_stored_when_the_other_one_is_done_however_often_that_takes_a_look(
    path: Path, lock: sqlite3.Connection
):
    store = open_store(path, busy_seconds=FOR_EVER)
    threading.Timer(0.6, lambda: lock.execute("ROLLBACK")).start()

    store.put(KEY, Output(text="a"))

    assert store.get_many([KEY])[KEY].answer == Output(text="a")


def test_a_lock_that_stays_is_said_in_words(path: Path, lock: sqlite3.Connection):
    with pytest.raises(PromptctlError, match="cannot be written: database is locked") as refused:
        open_store(path, busy_seconds=0.0).put(KEY, Output(text="a"))

    assert (refused.value.fix or "").startswith("another promptctl writes to it")


def test_who_is_in_a_hurry_waits_no_longer(path: Path, lock: sqlite3.Connection):
    store = open_store(path, busy_seconds=FOR_EVER)
    threading.Timer(0.1, lambda: store.hurry(0.0)).start()

    with pytest.raises(PromptctlError, match="locked"):
        store.put(KEY, Output(text="a"))


def test_ctrl_c_is_heard_while_waiting(path: Path, lock: sqlite3.Connection):
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        open_store(path, busy_seconds=FOR_EVER).put(KEY, Output(text="a"))
