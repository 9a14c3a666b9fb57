"""What a run may ask and spend, while it runs: `--max-calls`, `--max-cost`, `--deadline`, `--concurrency`, `--dry-run`.

A limit is held by counting what arrives at the server, whatever the server does.
"""

from pathlib import Path

import pytest

from tests.faults.project import Ended, Project, a_project, many, word
from tests.faults.replies import DROPPED, SILENCE, answer, error
from tests.faults.rules import attempts, chosen, nth, says
from tests.faults.server import Server

# A busy machine may need the first of them to start.
DEADLINES = ("2", "6", "18")
PRICES = '[prices."gpt-x"]\ninput = 1000.0\noutput = 1000.0\n'


def under_deadline(project: Project, answers: int) -> Ended:
    """A run under the first deadline that lets it get so many answers."""
    for seconds in DEADLINES:
        tested = project.test("--deadline", seconds)
        if tested.passed >= answers:
            break
    return tested


def test_a_plan_above_a_limit_is_refused_before_the_first_call(tmp_path: Path):
    with Server(says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(10), more=PRICES)
        calls = project.test("--max-calls", "9")
        cost = project.test("--max-cost", "0.01")

    assert (calls.code, cost.code) == (3, 3)
    assert "10 calls" in calls.out + calls.err
    assert "max-cost" in cost.out + cost.err
    assert server.count == 0


@pytest.mark.parametrize("limit", ["--max-cost", "--deadline"])
def test_a_limit_that_nothing_can_reach_is_a_mistake(limit: str, tmp_path: Path):
    with Server(says(word)) as server:
        project = a_project(tmp_path, server.url, words=["a"], more=PRICES)
        tested = [project.test(limit, number) for number in ("nan", "inf")]

    assert {one.code for one in tested} == {2}
    assert server.count == 0


def test_a_dry_run_shows_the_plan_and_asks_nothing(tmp_path: Path):
    with Server(says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(10), more=PRICES)
        tested = project.test("--dry-run")
        connections = server.connections

    assert tested.code == 0
    assert connections == 0
    assert "10 calls" in tested.out + tested.err


def test_retries_count_against_the_limit_of_calls(tmp_path: Path):
    with Server(attempts([1, 2], error(500)), says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(10))
        tested = project.test("--max-calls", "12")

    assert tested.code == 3
    assert server.count <= 12
    assert tested.passed == server.outcomes()["answer"]


def test_a_cost_that_turns_out_higher_than_planned_ends_the_run(tmp_path: Path):
    dear = answer("w", usage={"prompt_tokens": 100_000, "completion_tokens": 100_000})
    with Server(dear) as server:
        project = a_project(
            tmp_path, server.url, words=many(40), more=PRICES, settings="concurrency = 2", check=False
        )
        # Planned at some hundred tokens a call; each costs 200 in truth.
        tested = project.test("--max-cost", "500")
        after = server.count
        again = project.test("--max-cost", "500")

    assert tested.code == 3
    assert 3 <= after <= 3 + 1  # the calls that were on their way when the limit was met
    assert "cost" in tested.last_line or "cost" in tested.out
    assert again.reused == after


def test_a_deadline_ends_the_run_keeps_what_was_answered_and_the_next_run_asks_the_rest(tmp_path: Path):
    cases = 400  # half a minute of them, two at a time
    with Server(says(word, late=0.15)) as server:
        project = a_project(tmp_path, server.url, words=many(cases), settings="concurrency = 2")
        tested = under_deadline(project, 1)
        after, answered = server.count, tested.passed
        again = project.test("--concurrency", "100")

    assert tested.code == 3
    assert tested.last_line.startswith("INCOMPLETE")
    assert "--deadline" in tested.out + tested.err
    assert 0 < answered < cases
    # At most what was under way is lost with the deadline.
    assert after - answered <= 2
    assert (again.code, again.passed) == (0, cases)
    assert (again.sent, again.reused) == (cases - answered, answered)
    assert server.count == after + cases - answered


def test_a_deadline_holds_against_a_server_that_says_nothing(tmp_path: Path):
    with Server(chosen(word, {"w0000": SILENCE}), says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(4))  # the deadline of a call is two minutes
        tested = under_deadline(project, 3)

    assert tested.code == 3
    assert tested.passed == 3
    assert "--deadline" in tested.failures["w0000"]["message"]


def test_no_more_calls_are_under_way_than_are_allowed(tmp_path: Path):
    with Server(says(word, late=0.05)) as server:
        project = a_project(tmp_path, server.url, words=many(24), settings="concurrency = 6")
        own = project.test()
        most = server.most_in_flight
        server.most_in_flight = 0
        option = project.test("--concurrency", "2", "--model", "gpt-y")

    assert (own.passed, option.passed) == (24, 24)
    assert most == 6
    assert server.most_in_flight == 2


def test_a_server_without_limits_is_asked_by_all_slots_at_once(tmp_path: Path):
    with Server(says(word, late=0.3)) as server:
        tested = a_project(tmp_path, server.url, words=many(100), settings="concurrency = 50").test()

    assert tested.passed == 100
    assert server.most_in_flight == 50


def test_answers_that_are_lost_for_ever_do_not_use_up_the_calls_of_the_others(tmp_path: Path):
    with Server(nth([1, 2], DROPPED), attempts([2], DROPPED), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=many(8), settings="concurrency = 1").test()

    assert tested.code == 3
    assert tested.passed >= 6
    assert server.count <= 10
