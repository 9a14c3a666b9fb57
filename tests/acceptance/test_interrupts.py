"""Ctrl-C and SIGTERM at any moment: row 34 of the acceptance list.

The command ends with 130, what was answered is stored, the result says that it is not complete, nothing new is asked,
and the same command asks only what is missing. Watchdogs stand where the promise is six seconds.
"""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.faults.project import Ended, Project, a_project, many, word
from tests.faults.replies import SILENCE, Reply, error, limited
from tests.faults.rules import nth, says
from tests.faults.server import Server

PROMISED_SECONDS = 6.0
SLOTS = 4
CASES = 60


def a_run(tmp_path: Path, server: Server, cases: int = CASES) -> Project:
    return a_project(tmp_path, server.url, words=many(cases), settings=f"concurrency = {SLOTS}")


def is_marked(tested: Ended) -> bool:
    """Whether everything says that this was interrupted."""
    assert tested.code == 130, tested
    assert tested.result["complete"] is False
    assert tested.result["decision"]["status"] == "incomplete"
    return tested.last_line.startswith("INCOMPLETE")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupt_stores_what_is_under_way_and_the_next_run_asks_the_rest(
    number: signal.Signals, tmp_path: Path
):
    with Server(says(word, late=0.1)) as server:
        project = a_run(tmp_path, server)
        with project.starts() as running:
            server.wait(10)
            running.tells(number)
            told = server.count
            stopped = running.ends(PROMISED_SECONDS)
        after = server.count
        resumed = project.test()

    assert is_marked(stopped)
    # Those whose turn it was when the signal arrived, and none behind them.
    assert after <= told + SLOTS
    assert stopped.passed == after
    assert stopped.sent == after
    assert (resumed.code, resumed.passed) == (0, CASES)
    assert (resumed.sent, resumed.reused) == (CASES - after, after)
    assert server.count == CASES


def test_an_interrupt_before_the_first_call_asks_nothing_much(tmp_path: Path):
    with Server(says(word, late=0.1)) as server:
        project = a_run(tmp_path, server)
        with project.starts() as running:
            running.says("plan ")
            running.tells(signal.SIGINT)
            stopped = running.ends(PROMISED_SECONDS)

    assert stopped.code == 130
    assert server.count <= SLOTS


@pytest.mark.parametrize("module", ["promptctl.cli", "promptctl.api.project", "openai"])
def test_an_interrupt_while_the_program_loads_ends_it_without_a_word_of_python(module: str, tmp_path: Path):
    with Server(says(word, late=0.2)) as server:
        project = a_run(tmp_path, server)
        project.env["PYTHONPROFILEIMPORTTIME"] = "1"  # Python says what it has imported
        with project.starts() as running:
            running.says(module)
            running.tells(signal.SIGTERM if module == "openai" else signal.SIGINT)
            stopped = running.ends(PROMISED_SECONDS)

    assert stopped.code == 130
    assert server.count <= SLOTS


WAITING: dict[str, Reply] = {
    "in a pause that the server asked for": limited(50),
    "between two attempts": error(503),
    "while it is slowed down": limited(),
}


@pytest.mark.parametrize("name", WAITING)
def test_an_interrupt_is_heard_while_the_run_waits(name: str, tmp_path: Path):
    with Server(nth(range(6, 100), WAITING[name]), says(word, late=0.01)) as server:
        project = a_run(tmp_path, server)
        with project.starts() as running:
            server.wait(6)
            time.sleep(0.2)
            running.tells(signal.SIGTERM)
            told = server.count
            stopped = running.ends(PROMISED_SECONDS)
        after = server.count

    assert is_marked(stopped)
    assert after <= told + SLOTS
    assert stopped.passed == 5


def test_a_second_interrupt_ends_at_once_what_would_never_come(tmp_path: Path):
    with Server(nth(range(5, 100), SILENCE), says(word)) as server:
        project = a_run(tmp_path, server)
        with project.starts() as running:
            server.wait(4 + SLOTS)
            running.tells(signal.SIGINT)
            time.sleep(0.3)
            running.tells(signal.SIGINT)
            # Less than the five seconds that are given to calls under way after the first one.
            stopped = running.ends(4.0)
        after = server.count
        server.rules = (says(word),)
        resumed = project.test()

    assert is_marked(stopped)
    assert stopped.passed == 4
    assert after == 4 + SLOTS
    assert (resumed.passed, resumed.reused) == (CASES, 4)


def test_calls_under_way_get_five_seconds_and_no_more(tmp_path: Path):
    with Server(nth(range(5, 100), SILENCE), says(word)) as server:
        project = a_run(tmp_path, server)
        with project.starts() as running:
            server.wait(4 + SLOTS)
            running.tells(signal.SIGINT)
            stopped = running.ends(
                2 * PROMISED_SECONDS
            )  # two busy cores: the watchdog sleeps longer than the promise

    assert is_marked(stopped)
    assert stopped.passed == 4
    assert server.count == 4 + SLOTS


def test_an_interrupt_while_the_report_is_written_leaves_a_whole_result(tmp_path: Path):
    cases = 600
    with Server(says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(cases))
        project.test("--quiet")
        results = project.folder / ".promptctl" / "runs"
        before = len(list(results.glob("*/result.json")))
        # Nobody reads the pipe: a result of so many cases does not fit into it, and the writer hangs. The watchdog of
        # the loop below is the time that a test may take.
        with project.starts("--json", "-") as running:
            while len(list(results.glob("*/result.json"))) == before:
                time.sleep(0.01)
            time.sleep(0.3)
            running.tells(signal.SIGINT)
            stopped = running.ends(PROMISED_SECONDS)

    assert stopped.code == 130
    [newest] = sorted(results.glob("*/result.json"))[before:]
    result = json.loads(newest.read_text(encoding="ascii"))
    assert result["complete"] is True
    assert result["calls"]["prompt"]["reused"] == cases
