"""Servers that answer 429: row 23, and a rate that has to be learned.

A pause that the server asks for is kept by everybody, costs no attempt, and loses no case.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.project import a_project, many, word
from tests.faults.replies import limited
from tests.faults.rules import FixedWindow, Rule, TokenBucket, attempts, every, nth, says
from tests.faults.server import Server


def test_every_second_call_refused_for_a_moment_loses_nothing(tmp_path: Path):
    with Server(every(2, limited(0.05, form="ms")), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=many(20), settings="concurrency = 4").test()

    assert (tested.code, tested.passed) == (0, 20)
    outcomes = server.outcomes()
    assert outcomes["answer"] == 20
    assert outcomes["429"] <= 20
    assert tested.calls["possibly_paid_twice"] == 0


@pytest.mark.parametrize("form", ["seconds", "date", "ms"])
def test_a_pause_that_is_asked_for_is_kept_by_all(form: str, tmp_path: Path):
    # A date counts whole seconds, so that of the two only one is sure.
    asked = {"seconds": 1.0, "date": 2.0, "ms": 0.9}[form]
    kept = {"seconds": 1.0, "date": 1.0, "ms": 0.9}[form]
    refusing = nth([5], lambda _request: limited(asked, form=form))
    with Server(refusing, says(word, late=0.01)) as server:
        tested = a_project(tmp_path, server.url, words=many(30), settings="concurrency = 3").test()

    assert (tested.code, tested.passed) == (0, 30)
    assert server.count == 31
    refused = server.requests[4]
    # What was on its way already arrives; of those sent later, none comes before the pause is over.
    later = [request.at - refused.at for request in server.requests[5:]]
    assert sum(after < kept - 0.1 for after in later) <= 3
    assert sum(after >= kept - 0.1 for after in later) >= 23
    assert tested.calls["possibly_paid_twice"] == 0


def test_a_refusal_without_a_time_is_tried_again_after_a_time_of_our_own(tmp_path: Path):
    with Server(attempts([1], limited()), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=many(3)).test()

    assert (tested.code, tested.passed) == (0, 3)
    assert set(server.attempts().values()) == {2}


def test_a_server_that_always_refuses_ends_the_run_at_its_deadline(tmp_path: Path):
    with Server(limited(1)) as server:
        project = a_project(tmp_path, server.url, words=many(5))
        for seconds in ("3", "8", "25"):  # a busy machine may need the first of them to start
            tested = project.test("--deadline", seconds)
            if server.count >= 5:
                break

    assert tested.code == 3
    assert tested.last_line.startswith("INCOMPLETE")
    assert "429" in tested.out
    assert "--deadline" in tested.out
    assert server.count <= 5 * 4


LIMITERS: dict[str, Callable[[], Rule]] = {
    "200 a second, 20 at once, and when to come back": lambda: TokenBucket(
        200, 20, over=limited(0.3, form="ms")
    ),
    "150 a second, without a word": lambda: TokenBucket(150, 10),
    "60 in 300 ms": lambda: FixedWindow(60, 0.3),
}


@pytest.mark.parametrize("name", LIMITERS)
def test_a_rate_is_learned_and_no_case_is_lost(name: str, tmp_path: Path):
    cases = 500
    with Server(LIMITERS[name](), says(word, late=0.02)) as server:
        tested = a_project(tmp_path, server.url, words=many(cases)).test()

    assert (tested.code, tested.passed) == (0, cases)
    outcomes = [request.outcome for request in server.requests]
    assert outcomes.count("answer") == cases
    # Behind the first fifth the rate is known.
    learned = outcomes[[at for at, one in enumerate(outcomes) if one == "answer"][cases // 5] :]
    assert len(learned) <= 1.1 * learned.count("answer")
    assert tested.calls["possibly_paid_twice"] == 0
