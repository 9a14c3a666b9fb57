"""Answers that were sent for and did not arrive, and an afternoon with a little of everything: rows 25 and 26.

A lost answer may have been billed. It is asked for once more, that is counted, and the calls line says so.
"""

from collections import Counter
from pathlib import Path

from tests.faults.project import a_project, many, name_of, word
from tests.faults.replies import DROPPED, RESET, Reply, answer, error, limited
from tests.faults.rules import attempts, chance, chosen, says
from tests.faults.server import Server

LOSSES: dict[str, Reply] = {
    "dropped": DROPPED,
    "reset": RESET,
    "cut": answer("a" * 200).cut(0.5),
    "cut at once": answer("a" * 200).cut(0.0),
    "cut chunked": answer("a" * 200, framing="chunked").cut(0.6),
    "cut without length": answer("a" * 200, framing="close").cut(0.5),
    "reset half way": answer("a" * 200).cut(0.5, ends="reset"),
}


def test_a_lost_answer_is_asked_for_once_more_and_counted_as_possibly_paid_twice(tmp_path: Path):
    with Server(attempts([1], chosen(word, LOSSES)), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=[*LOSSES, "fine"]).test()

    assert (tested.code, tested.passed) == (0, len(LOSSES) + 1)
    assert server.attempts().total() == 2 * len(LOSSES) + 1
    assert tested.calls["possibly_paid_twice"] == tested.calls["retried"] == len(LOSSES)
    assert f"{len(LOSSES)} possibly paid twice" in tested.out


def test_an_answer_that_is_lost_again_is_given_up(tmp_path: Path):
    # A good answer behind each: a row of failures would be taken for an outage.
    words = [one for number, name in enumerate(LOSSES) for one in (name, f"w{number}")]
    with Server(chosen(word, LOSSES), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=words).test()

    assert tested.code == 3
    assert tested.passed == len(LOSSES)
    assert set(tested.failures) == {name_of(name) for name in LOSSES}
    assert server.attempts().total() == 3 * len(LOSSES)
    assert max(server.attempts().values()) == 2
    assert tested.calls["possibly_paid_twice"] == len(LOSSES)


def test_connections_that_the_server_closes_between_two_answers_lose_nothing(tmp_path: Path):
    with Server(lambda request: answer(word(request)).closing()) as server:
        tested = a_project(tmp_path, server.url, words=many(40), settings="concurrency = 4").test()

    assert (tested.code, tested.passed) == (0, 40)
    assert max(server.attempts().values()) <= 2


def test_connections_that_end_before_anything_is_read_cost_no_case(tmp_path: Path):
    with Server(says(word), hangs_up=lambda number: number % 3 == 0) as server:
        project = a_project(tmp_path, server.url, words=many(12), settings="concurrency = 6")
        tested = project.test()

    assert (tested.code, tested.passed) == (0, 12)
    assert server.count == 12


def test_on_a_bad_afternoon_every_case_is_scored_and_no_call_is_made_beyond_the_rules(tmp_path: Path):
    cases = 500
    faults = chance({0.05: limited(0.05, form="ms"), 0.02: error(500), 0.01: DROPPED})
    with Server(faults, says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(cases))
        tested = project.test()
        again = project.test()

    assert (tested.code, tested.passed) == (0, cases)
    outcomes = server.outcomes()
    assert outcomes["answer"] == cases
    assert min(outcomes["429"], outcomes["500"], outcomes["dropped"]) > 0
    by_case: dict[str, Counter[str]] = {}
    for request in server.requests:
        by_case.setdefault(request.prompt, Counter())[request.outcome] += 1
    assert all(
        seen["answer"] == 1 and seen["dropped"] <= 1 and seen["500"] + seen["dropped"] <= 4
        for seen in by_case.values()
    )
    assert tested.sent == cases
    assert tested.calls["possibly_paid_twice"] == outcomes["dropped"]
    assert tested.calls["tokens"] == {"input": 10 * cases, "output": 2 * cases}
    assert (again.sent, again.reused) == (0, cases)
