"""kill -9, again and again: what was acknowledged is never lost, and a kill costs at most the calls in flight.

    python -m tests.soak.kill_loop 1000          # `make soak`

Each round starts `promptctl test` on the same project and store, and kills it at a random moment: mostly a moment
after its first call was sent, now and then before. After each kill the store is read as a stranger would.
"""

import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.run import clean_environment
from tests.faults.project import Project, a_project, many, word
from tests.faults.rules import says
from tests.faults.server import Server

CONCURRENCY = 8
LATENCY_SECONDS = 0.02
ROUNDS = 50
"""Rounds on one project: with more, its cases would become so many that only its start is killed."""
CASES_A_ROUND = 8
EARLY = 0.2
"""The share of kills at any moment after the start, before the first call as a rule."""


OWN = {"run", "started_at", "seconds", "first_token_seconds", "calls", "source", "from"}
"""Keys of a result whose values belong to one run."""


class Stored(NamedTuple):
    """What a stranger reads in a store: the words that were answered, and what SQLite says of the file."""

    words: frozenset[str]
    integrity: str


class Tally(NamedTuple):
    """What a loop came to.

    `lost` answers were acknowledged and are gone. `excess` calls were in vain beyond those in flight at their kill.
    `alike`: the report of the run that came through is that of one that nobody disturbed.
    """

    rounds: int
    kills: int
    cases: int
    calls: int
    paid_twice: int
    lost: int
    excess: int
    alike: bool

    @property
    def kept(self) -> bool:
        """Whether everything that is promised was kept."""
        bound = self.paid_twice <= CONCURRENCY * self.kills
        return bound and self.alike and not self.lost and not self.excess


def kill_loop(folder: Path, rounds: int, seed: int) -> Tally:
    """Kills `rounds` runs on one project, then lets one run to its end.

    Raises:
        AssertionError: the store is not whole after a kill, or holds an answer that is not what was sent.
    """
    dice = random.Random(seed)
    words = many(rounds * CASES_A_ROUND)
    with Server(says(word, late=LATENCY_SECONDS)) as server:
        project = a_project(folder, server.url, words=words, settings=f"concurrency = {CONCURRENCY}")
        acknowledged: frozenset[str] = frozenset()
        kills = lost = excess = 0
        for _ in range(rounds):
            before = server.count
            kills += _killed(project, server, dice)
            stored = read_store(project)
            assert stored.integrity == "ok"
            told = acknowledged | _told(project)
            lost += len(told - stored.words)
            in_vain = server.count - before - len(stored.words - acknowledged)
            excess += max(0, in_vain - CONCURRENCY)
            acknowledged = told | stored.words
        last = project.test("-q")  # waiting for a dead process would take 15 minutes: far beyond the watchdog
        calls = server.count
    (folder / "undisturbed").mkdir()
    alike = comparable(last.result) == undisturbed(folder / "undisturbed", words)
    return Tally(rounds, kills, len(words), calls, calls - len(words), lost, excess, alike)


def undisturbed(folder: Path, words: list[str]) -> Any:
    """What the result of these words says, `comparable`, where nothing happens."""
    with Server(says(word)) as server:
        ended = a_project(folder, server.url, words=words).test("-q")
    assert (ended.code, ended.passed) == (0, len(words))
    return comparable(ended.result)


def read_store(project: Project) -> Stored:
    """What is in the store, read without any code of ours. Each value is what its SHA-256 says."""
    path = project.folder / ".promptctl" / "answers.db"
    if not path.exists():
        return Stored(frozenset(), "ok")
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return Stored(frozenset(), integrity)  # killed before the tables were made
        rows = connection.execute("SELECT value, sha256 FROM answers").fetchall()
    assert all(hashlib.sha256(value).hexdigest() == sha256 for value, sha256 in rows)
    words = [json.loads(value)["text"] for value, _ in rows]
    assert len(words) == len(set(words)), "a question was stored twice"
    return Stored(frozenset(words), integrity)


def comparable(found: Any) -> Any:
    """A result without what may differ between two runs that say the same: its name, times, and who was asked."""
    if isinstance(found, dict):
        return {name: comparable(value) for name, value in found.items() if name not in OWN}
    return [comparable(one) for one in found] if isinstance(found, list) else found


def start(project: Project, *args: str) -> "subprocess.Popen[bytes]":
    """`promptctl test` on its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "promptctl", "test", *project.options("-q", *args)],
        cwd=project.folder,
        env={**clean_environment(project.folder), **project.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _killed(project: Project, server: Server, dice: random.Random) -> bool:
    """Runs it and kills it at a random moment. False if it had ended by itself before."""
    before, early = server.count, dice.random() < EARLY
    with start(project) as running:
        if early:
            time.sleep(dice.uniform(0, 0.3))
        else:
            while server.count == before and running.poll() is None:
                time.sleep(0.001)
            time.sleep(dice.uniform(0, 3 * LATENCY_SECONDS))
        ended = running.poll() is not None
        running.kill()
    return not ended


def _told(project: Project) -> frozenset[str]:
    """The words of all trials that runs have written down, whole lines only."""
    journals = (project.folder / ".promptctl" / "runs").glob("*/trials.jsonl")
    lines = (line for journal in journals for line in journal.read_text().splitlines(keepends=True))
    trials = (json.loads(line) for line in lines if line.endswith("\n"))
    return frozenset(trial["answer"]["text"] for trial in trials if trial["answer"])


def main(rounds: int, seed: int) -> int:
    """Prints a line for each project, and gives 1 if a promise was broken."""
    kills, kept = 0, True
    for first in range(0, rounds, ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            tally = kill_loop(Path(folder), min(ROUNDS, rounds - first), seed + first)
        kills += tally.kills
        kept = kept and tally.kept
        sys.stdout.write(
            f"{first + tally.rounds} rounds, {kills} kills: {tally.lost} acknowledged answers lost, "
            f"{tally.paid_twice} of {tally.cases} paid twice, {tally.excess} beyond the calls in flight; "
            f"the last report is {'as' if tally.alike else 'NOT as'} undisturbed\n"
        )
        sys.stdout.flush()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, seed=int(time.time())))
