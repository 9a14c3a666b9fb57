"""Servers that refuse, are not there, or send what is no answer: rows 24, 25, 27 and 28 of the acceptance list.

The run ends with 3, says why for each case, keeps what was answered, and asks no more often than its rules say.
"""

import ssl
from pathlib import Path

import pytest

from tests.faults.certificate import self_signed
from tests.faults.project import KEY, a_project, many, name_of, word
from tests.faults.replies import (
    DROPPED,
    RESET,
    SILENCE,
    UNREADABLE,
    Reply,
    answer,
    error,
    limited,
    quota_spent,
    raw,
    redirect,
    too_long,
    unknown_model,
)
from tests.faults.rules import attempts, chosen, nth, phases, says
from tests.faults.server import Server, closed_port

SLOTS = 4
HOPELESS = {
    "wrong key": (error(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"), "401"),
    "forbidden": (error(403, "this key may not use this model"), "403"),
    "unknown model": (unknown_model(), "gpt-x"),
    "no quota": (quota_spent(), "quota"),
    "come back in an hour": (limited(3600), "3600"),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_what_no_second_call_can_cure_stops_the_run_and_says_so(name: str, tmp_path: Path):
    reply, said = HOPELESS[name]
    with Server(nth(range(11, 1000), reply), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=many(40), settings=f"concurrency = {SLOTS}").test()

    assert tested.code == 3
    assert tested.last_line.startswith("INCOMPLETE")
    assert said in tested.out + tested.err
    # The calls that were on their way when the first such answer came end with it.
    assert 11 <= server.count <= 10 + SLOTS
    assert max(server.attempts().values()) == 1
    assert tested.passed == 10


def test_the_run_after_one_that_was_stopped_asks_only_what_is_missing(tmp_path: Path):
    with Server(nth(range(11, 1000), quota_spent()), says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(40), settings=f"concurrency = {SLOTS}")
        project.test()
        before = server.count
        server.rules = (says(word),)
        resumed = project.test()

    assert (resumed.code, resumed.passed) == (0, 40)
    assert (resumed.sent, resumed.reused) == (30, 10)
    assert server.count == before + 30


def test_a_redirect_is_not_followed_and_takes_the_key_nowhere(tmp_path: Path):
    with Server() as elsewhere, Server(redirect(f"{elsewhere.url}/chat/completions")) as server:
        tested = a_project(tmp_path, server.url, words=many(2)).test()

    assert tested.code == 3
    assert elsewhere.connections == 0


def test_errors_of_single_requests_cost_those_cases_only(tmp_path: Path):
    with Server(
        chosen(word, {"w0001": too_long(), "w0002": error(422, "no such parameter")}), says(word)
    ) as server:
        tested = a_project(tmp_path, server.url, words=many(5)).test()

    assert tested.code == 3
    assert tested.passed == 3
    assert tested.kinds == {"rejected": 2}
    assert "maximum context length" in tested.failures["w0001"]["message"]
    assert max(server.attempts().values()) == 1


def test_a_burst_of_errors_loses_no_case(tmp_path: Path):
    burst = [nth([3 + at, 9 + at], error(status)) for at, status in enumerate((500, 502, 503, 529))]
    with Server(*burst, says(word)) as server:
        tested = a_project(tmp_path, server.url, words=many(14)).test()

    assert (tested.code, tested.passed) == (0, 14)
    assert tested.calls["retried"] == 8
    assert tested.calls["possibly_paid_twice"] == 0
    assert server.count == 22


def test_a_server_that_only_fails_gets_no_more_than_the_planned_calls_and_the_retries_of_a_run(
    tmp_path: Path,
):
    with Server(error(500, "the disk is full")) as server:
        tested = a_project(tmp_path, server.url, words=many(3)).test("--deadline", "20")

    assert tested.code == 3
    assert server.count <= 3 + 10
    assert max(server.attempts().values()) <= 5
    assert "the disk is full" in tested.out
    assert tested.kinds["unavailable"] == len(tested.failures) > 0


def test_an_address_where_nobody_listens_is_named_and_no_case_is_failed(tmp_path: Path):
    port = closed_port()
    tested = a_project(tmp_path, f"http://127.0.0.1:{port}/v1", words=many(2)).test("--deadline", "20")

    assert tested.code == 3
    assert f"127.0.0.1:{port}" in tested.out
    assert tested.kinds == {"unavailable": 2}


def test_a_host_without_an_address_is_named(tmp_path: Path):
    # Too long for a name server to be asked about it.
    host = ".".join(["nowhere" * 8] * 6)
    tested = a_project(tmp_path, f"https://{host}/v1", words=many(2)).test("--deadline", "20")

    assert tested.code == 3
    assert "nowhere" in tested.out
    assert tested.kinds == {"unavailable": 2}


def test_a_certificate_that_nobody_vouches_for_is_named_and_no_request_is_sent(tmp_path: Path):
    context: ssl.SSLContext = self_signed(tmp_path)
    with Server(tls=context) as server:
        tested = a_project(tmp_path, server.url, words=many(3)).test("--deadline", "20")

    assert tested.code == 3
    assert "certificate" in tested.out
    assert server.count == 0


def test_a_server_that_comes_back_is_asked_again(tmp_path: Path):
    with Server(says(word, late=0.05)) as server:
        project = a_project(tmp_path, server.url, words=many(30), settings="concurrency = 2")
        with project.starts() as running:
            server.wait(8)
            server.down()
            server.up()
            tested = running.ends()

    assert (tested.code, tested.passed) == (0, 30)
    assert max(server.attempts().values()) <= 2
    # What was under way when the connections broke may have been billed.
    assert tested.calls["possibly_paid_twice"] == server.count - 30 <= 2


def test_an_answer_that_does_not_come_in_time_is_cut_at_the_deadline(tmp_path: Path):
    slow = {
        "silent": SILENCE,
        "late": answer("late").late(30),
        "drips": answer("drips").dripping(1, 0.05),
        "head drips": answer("head drips").dripping(1, 0.05, head=True),
        "stops": answer("stops").cut(0.5, ends="hang"),
    }
    with Server(chosen(word, slow), says(word)) as server:
        project = a_project(tmp_path, server.url, words=[*slow, "quick"], settings="deadline = 0.4")
        tested = project.test()

    assert tested.code == 3
    assert tested.kinds == {"timeout": 5}
    assert tested.passed == 1
    assert all("0.4 s" in failure["message"] for failure in tested.failures.values())
    # Each of them was sent, so each may have been billed: one more attempt and no third.
    assert max(server.attempts().values()) <= 2
    assert tested.calls["possibly_paid_twice"] == server.count - 6


def test_a_200_that_holds_no_answer_is_an_error_of_the_case_that_shows_what_came(tmp_path: Path):
    # A good answer behind each: a row of failures would be taken for an outage.
    words = [one for number, name in enumerate(UNREADABLE) for one in (name, f"w{number}")]
    with Server(chosen(word, UNREADABLE), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=words).test("-v")

    assert tested.code == 3
    assert tested.passed == len(UNREADABLE)
    assert set(tested.failures) == {name_of(name) for name in UNREADABLE}
    said = {name: failure["message"] for name, failure in tested.failures.items()}
    assert "502 Bad Gateway" in said["html"]
    assert "empty" in said["empty"]
    assert "upstream is gone" in said["error-inside"]
    assert "no choices" in said["choices-null"]
    for message in said.values():
        assert len(message) < 400
        assert "object has no attribute" not in message
        assert "subscriptable" not in message
    assert max(server.attempts().values()) <= 2


def test_a_bad_moment_of_any_kind_costs_one_more_call_and_no_case(tmp_path: Path):
    moments: dict[str, Reply] = {
        "dropped": DROPPED,
        "reset": RESET,
        "garbage": UNREADABLE["broken JSON"],
        "page": UNREADABLE["HTML"],
        "gateway": raw('{"error": {"message": "upstream is gone", "code": 502}}', name="gateway"),
        "error": error(503),
        "cut": answer("cut").cut(0.5),
        "chunk": answer("a" * 500, framing="chunked").cut(0.4),
    }
    with Server(attempts([1], chosen(word, moments)), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=moments).test()

    assert (tested.code, tested.passed) == (0, len(moments))
    assert set(server.attempts().values()) == {2}
    assert tested.calls["retried"] == len(moments)


def test_an_outage_in_the_middle_of_a_run_is_waited_out(tmp_path: Path):
    with Server(phases([(0.2, says(word, late=0.03)), (0.8, error(503))]), says(word, late=0.03)) as server:
        tested = a_project(tmp_path, server.url, words=many(60), settings="concurrency = 4").test()

    assert (tested.code, tested.passed) == (0, 60)
    assert max(server.attempts().values()) <= 5
    assert server.count <= 60 + 12


def test_one_answer_now_is_asked_for_by_the_same_rules(tmp_path: Path):
    moments = attempts([1], chosen(word, {"a": DROPPED, "b": error(500)}))
    with Server(moments, chosen(word, {"c": quota_spent()}), says(word)) as server:
        project = a_project(tmp_path, server.url, words=["a"])
        asked = {name: project.runs("ask", "say", "--var", f"word={name}") for name in ("a", "b", "c")}

    assert [asked[name][0] for name in asked] == [0, 0, 3]
    assert [asked[name][1] for name in asked] == ["a\n", "b\n", ""]
    assert "quota" in asked["c"][2]
    assert sorted(server.attempts().values()) == [1, 2, 2]
