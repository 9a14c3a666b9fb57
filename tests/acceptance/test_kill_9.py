"""Acceptance rows 35 and 37: kill -9 in a loop of 50, and two runs on one store, one of them killed."""

from pathlib import Path

import pytest

from tests.faults.project import Project, a_project, many, word
from tests.faults.rules import says
from tests.faults.server import Server
from tests.soak.kill_loop import CONCURRENCY, ROUNDS, comparable, kill_loop, read_store, start, undisturbed

WORDS = many(200)


@pytest.mark.timeout(600)
def test_fifty_kills_lose_nothing_and_cost_at_most_the_calls_in_flight(tmp_path: Path):
    tally = kill_loop(tmp_path, ROUNDS, seed=35)

    assert (tally.lost, tally.excess, tally.alike) == (0, 0, True)
    assert tally.paid_twice <= CONCURRENCY * tally.kills
    assert tally.kills > ROUNDS // 2  # else it was not the loop it should be


class Beside(Project):
    """The same project, for a run whose result is another file."""

    @property
    def result(self) -> Path:
        return self.folder / "beside.json"


def a_shared_project(folder: Path, server: Server) -> tuple[Project, Project]:
    """One project and one store for two runs."""
    one = a_project(folder, server.url, words=WORDS, settings=f"concurrency = {CONCURRENCY}")
    return one, Beside(one.folder, one.env)


def test_two_runs_at_once_pay_for_each_answer_once_and_both_are_right(tmp_path: Path):
    with Server(says(word, late=0.03)) as server:
        one, other = a_shared_project(tmp_path, server)
        with one.starts() as first, other.starts() as second:
            ended = [first.ends(), second.ends()]
        answered = server.count

    assert answered == len(WORDS)
    assert [run.code for run in ended] == [0, 0]
    assert sum(run.sent for run in ended) == sum(run.reused for run in ended) == len(WORDS)
    (tmp_path / "again").mkdir()
    expected = undisturbed(tmp_path / "again", WORDS)
    assert [comparable(run.result) for run in ended] == [expected, expected]
    assert "locked" not in ended[0].err + ended[1].err


def test_what_a_killed_run_was_asking_is_taken_over_by_one_that_still_runs(tmp_path: Path):
    with Server(says(word, late=0.03)) as server:
        one, other = a_shared_project(tmp_path, server)
        with start(one) as first:
            server.wait(1)
            with other.starts() as second:
                server.wait(len(WORDS) // 2)
                first.kill()
                ended = second.ends()
        answered = server.count

    assert (ended.code, ended.passed) == (0, len(WORDS))
    assert len(WORDS) <= answered <= len(WORDS) + CONCURRENCY
    (tmp_path / "again").mkdir()
    assert comparable(ended.result) == undisturbed(tmp_path / "again", WORDS)
    assert read_store(one).words == frozenset(WORDS)
