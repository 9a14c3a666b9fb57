import os
import sqlite3
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from promptctl.core.exchange import AnswerKey, Output, Source
from promptctl.store.answer_claims import LAPSE_SECONDS
from promptctl.store.answers import SqliteAnswers, open_store
from promptctl.store.claimant import Owner, has_ended, this_process

KEYS = [AnswerKey("openai", "https://a.test/v1", f"r1:{number:064x}", 0) for number in range(3)]
ME = this_process()
OTHER = ME._replace(pid=os.getppid(), start="")
"""A process that lives as long as the test does."""
GONE = ME._replace(start="a process that had our number before us")
ELSEWHERE = Owner("another boot", "another-machine/1", 1, "1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.db"


@pytest.fixture
def store(path: Path) -> SqliteAnswers:
    return open_store(path)


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_a_question_is_granted_to_one_and_held_for_all_others(store: SqliteAnswers):
    store.claim(KEYS[:2], OTHER)

    claimed = store.claim(KEYS, ME)

    assert claimed == ({}, (KEYS[2],), {KEYS[0]: OTHER, KEYS[1]: OTHER})


def test_what_was_answered_meanwhile_comes_with_its_answer_and_is_claimed_no_more(store: SqliteAnswers):
    store.claim(KEYS[:2], OTHER)
    store.put(KEYS[0], Output(text="a"))
    store.put_imported([(KEYS[2].request, 0, Output(text="mine"))])

    claimed = store.claim(KEYS, ME)

    assert {key: (one.answer.text, one.source) for key, one in claimed.answered.items()} == {
        KEYS[0]: ("a", Source.STORE),
        KEYS[2]: ("mine", Source.IMPORTED),
    }
    assert (claimed.granted, dict(claimed.held)) == ((), {KEYS[1]: OTHER})


def test_claiming_again_what_is_ours_is_granted_again(store: SqliteAnswers):
    store.claim(KEYS, ME)

    assert store.claim([KEYS[0], KEYS[0]], ME).granted == (KEYS[0],)


def test_only_the_own_claims_can_be_released(store: SqliteAnswers):
    store.claim(KEYS[:1], ME)
    store.claim(KEYS[1:], OTHER)

    store.release(KEYS, ME)

    assert store.claim(KEYS, OTHER).granted == tuple(KEYS)


def test_a_closed_store_holds_nothing(store: SqliteAnswers, path: Path):
    store.claim(KEYS, OTHER)

    store.close()

    assert open_store(path).claim(KEYS, ME).granted == tuple(KEYS)


def test_a_store_that_was_removed_is_not_made_again_when_it_is_closed(store: SqliteAnswers, path: Path):
    store.claim(KEYS, ME)
    path.unlink()

    store.close()

    assert not path.exists()


@pytest.mark.parametrize("owner", [GONE, ME._replace(pid=2**22 + 1), ME._replace(boot="the boot before")])
def test_the_claim_of_a_process_that_has_ended_is_taken_over(store: SqliteAnswers, owner: Owner):
    store.claim(KEYS, owner)

    assert store.claim(KEYS, ME).granted == tuple(KEYS)


def test_a_process_killed_with_9_holds_nothing_also_while_its_parent_has_not_looked(path: Path):
    program = (
        "import sys, time; from promptctl.core.exchange import AnswerKey\n"
        "from promptctl.store.answers import open_store; from promptctl.store.claimant import this_process\n"
        "key = AnswerKey('openai', 'https://a.test/v1', f'r1:{0:064x}', 0)\n"
        "open_store(sys.argv[1]).claim([key], this_process()); print(flush=True); time.sleep(60)\n"
    )
    asking = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert asking.stdout is not None
    asking.stdout.readline()

    assert list(open_store(path).claim(KEYS[:1], ME).held) == KEYS[:1]
    asking.kill()
    os.waitid(
        os.P_PID, asking.pid, os.WEXITED | os.WNOWAIT
    )  # it has ended, and stays in the list of processes
    assert open_store(path).claim(KEYS[:1], ME).granted == (KEYS[0],)
    asking.communicate()


def test_a_process_of_another_container_is_not_taken_for_dead(store: SqliteAnswers):
    store.claim(KEYS, ME._replace(host="other/4026531999", pid=2**22 + 1))

    assert store.claim(KEYS, ME).granted == ()


@pytest.mark.parametrize("owner", [OTHER, ME._replace(host="other/1")], ids=["same host", "container"])
def test_a_claim_lapses_after_15_minutes_of_a_clock_that_cannot_be_set(
    store: SqliteAnswers, path: Path, owner: Owner
):
    store.claim(KEYS, owner)
    change(path, f"UPDATE claims SET since = since - {LAPSE_SECONDS - 60}")
    assert store.claim(KEYS, ME).granted == ()

    change(path, "UPDATE claims SET since = since - 60")
    assert store.claim(KEYS, ME).granted == tuple(KEYS)


@pytest.mark.parametrize("at", ["2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "no time"])
def test_a_wall_clock_that_jumps_neither_ends_nor_revives_a_claim(store: SqliteAnswers, path: Path, at: str):
    store.claim(KEYS[:1], OTHER)
    store.claim(KEYS[1:2], GONE)
    change(path, f"UPDATE claims SET at = '{at}'")

    claimed = store.claim(KEYS[:2], ME)

    assert (list(claimed.held), claimed.granted) == ([KEYS[0]], (KEYS[1],))


@pytest.mark.parametrize(
    ("at", "held"),
    [("now", True), ("now', '-10 minutes", True), ("now', '-15 minutes", False), ("now', '+1 year", False)],
)
def test_of_another_machine_only_the_wall_clock_is_known_and_a_wrong_one_never_blocks(
    store: SqliteAnswers, path: Path, at: str, held: bool
):
    store.claim(KEYS, ELSEWHERE)
    change(path, f"UPDATE claims SET at = strftime('%Y-%m-%dT%H:%M:%SZ', '{at}')")

    assert bool(store.claim(KEYS, ME).held) is held


def test_a_store_from_before_there_were_claims_is_used_as_it_is(store: SqliteAnswers, path: Path):
    store.put(KEYS[0], Output(text="a"))
    store.close()
    change(path, "DROP TABLE claims")

    later = open_store(path)
    later.put(KEYS[1], Output(text="b"))

    assert later.claim(KEYS, ME).granted == (KEYS[2],)
    assert later.warnings == []


def test_an_answer_stored_by_a_promptctl_that_knows_no_claims_ends_the_claim(
    store: SqliteAnswers, path: Path
):
    store.put(KEYS[0], Output(text="a"))
    store.claim(KEYS[1:], OTHER)
    change(path, f"UPDATE answers SET request = '{KEYS[1].request}'")

    assert list(store.claim(KEYS[1:], ME).answered) == [KEYS[1]]
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT request FROM claims").fetchall() == [(KEYS[2].request,)]
    connection.close()


RACER = """
import random, sys
from promptctl.core.exchange import AnswerKey, Output
from promptctl.store.answers import open_store
from promptctl.store.claimant import this_process
store, me = open_store(sys.argv[1]), this_process()
keys = [AnswerKey("openai", "https://a.test/v1", f"r1:{number:064x}", 0) for number in range(200)]
random.shuffle(keys)
sys.stdin.readline()
ours = []
for first in range(0, 200, 20):
    granted = store.claim(keys[first : first + 20], me).granted
    store.put_many([(key, Output(text="a")) for key in granted[::2]])
    ours += [key.request for key in granted]
print(*ours, flush=True)
sys.stdin.readline()  # what a process holds is free for the others once it ends
"""


def test_of_processes_that_claim_the_same_at_once_each_question_goes_to_one(path: Path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    granted = [racer.stdout.readline().split() for racer in racers if racer.stdout is not None]
    for racer in racers:
        racer.communicate("stop\n")

    assert sorted(chain.from_iterable(granted)) == [f"r1:{number:064x}" for number in range(200)]


def test_who_asks_is_the_same_in_one_process_and_has_not_ended():
    assert this_process() == ME
    assert not has_ended(ME, ME)
