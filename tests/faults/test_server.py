"""The fault server does what its rules say: otherwise the tests that stand on it would prove nothing."""

import http.client
import socket
import ssl
import threading
from pathlib import Path

import openai
import pytest

from tests.faults.certificate import self_signed
from tests.faults.replies import (
    DROPPED,
    NASTY,
    RESET,
    SILENCE,
    UNREADABLE,
    Reply,
    answer,
    error,
    limited,
    raw,
    streamed,
)
from tests.faults.rules import (
    FixedWindow,
    TokenBucket,
    attempts,
    chance,
    chosen,
    every,
    nth,
    phases,
    says,
)
from tests.faults.server import Server, closed_port

MESSAGES = [{"role": "user", "content": "Word: pear"}]


def ask(server: Server, prompt: str = "pear", *, timeout: float = 10) -> str:
    """The answer to one prompt through the SDK, which does not ask again."""
    with openai.OpenAI(api_key="none", base_url=server.url, max_retries=0, timeout=timeout) as client:
        said = client.chat.completions.create(model="m", messages=[{"role": "user", "content": prompt}])
        return said.choices[0].message.content or ""


def received(server: Server, *, patience: float = 0.2) -> bytes:
    """Everything that comes back to one request until the end of the connection, or until nothing more comes."""
    body = b'{"messages": [{"content": "pear"}]}'
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        got = b""
        try:
            while more := connection.recv(65536):
                got += more
        except TimeoutError:
            got += b"<nothing more>"
        except ConnectionResetError:
            got += b"<reset>"
        return got


def statuses(server: Server, count: int) -> list[int]:
    """The statuses of so many requests, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    found = []
    for number in range(count):
        body = b'{"messages": [{"content": "c%d"}]}' % number
        connection.request("POST", "/v1/chat/completions", body=body)
        response = connection.getresponse()
        response.read()
        found.append(response.status)
    connection.close()
    return found


def test_the_sdk_gets_its_answers_on_one_connection_and_each_request_is_recorded():
    with (
        Server(says(lambda request: request.prompt.upper())) as server,
        openai.OpenAI(api_key="k", base_url=server.url, max_retries=0) as client,
    ):
        asked = {"model": "m", "messages": MESSAGES}
        said = [client.chat.completions.create(**asked).choices[0].message.content for _ in range(3)]
        events = list(client.chat.completions.create(**asked, stream=True))

    assert said == ["WORD: PEAR"] * 3
    assert "".join(event.choices[0].delta.content or "" for event in events if event.choices) == "WORD: PEAR"
    assert events[-1].usage is not None
    assert [request.attempt for request in server.requests] == [1, 2, 3, 1]
    assert {request.connection for request in server.requests} == {1}
    assert server.attempts() == {"Word: pear": 4}
    assert server.outcomes() == {"answer": 4}
    assert server.most_in_flight == 1
    assert server.in_flight == 0


def test_requests_are_counted_while_they_wait_for_their_answers():
    with Server(answer("ok").late(0.3)) as server:
        asking = [threading.Thread(target=received, args=(server,)) for _ in range(5)]
        for one in asking:
            one.start()
        server.wait(5)
        for one in asking:
            one.join()

    assert server.most_in_flight == 5
    assert server.in_flight == 0


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_cut_body_ends_half_way_in_every_framing(framing: str):
    whole = answer("a" * 400, framing=framing)
    with Server(nth([1], whole), whole.cut(0.5)) as server:
        full, cut = received(server), received(server)

    assert full.endswith(b"<nothing more>") == (framing != "close")
    assert cut == whole.head + whole.body[: len(whole.body) // 2]
    assert server.outcomes() == {"answer": 1, "answer, cut": 1}


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (DROPPED, b""),
        (RESET, b"<reset>"),
        (SILENCE, b"<nothing more>"),
        (streamed("one two", events=2), b'"finish_reason": null}]}\n\n\r\n'),
        (streamed("ok", done=False), b"0\r\n\r\n<nothing more>"),
        (error(503, headers={"Retry-After": "7"}), b'"code": null}}<nothing more>'),
        (raw("", name="empty"), b"\r\n\r\n<nothing more>"),
    ],
    ids=lambda value: value.name if isinstance(value, Reply) else "",
)
def test_every_end_is_seen_by_the_client(reply: Reply, end: bytes):
    with Server(reply) as server:
        got = received(server)

    assert got.endswith(end)
    assert b"[DONE]" not in got


def test_a_dripping_reply_comes_byte_by_byte_its_head_too():
    slow = answer("ok").dripping(1, 0.001, head=True)
    with Server(nth([1], slow), answer("ok").dripping(1, 0.05)) as server:
        whole, started = received(server), received(server, patience=0.02)

    assert whole.startswith(slow.wire)
    assert b"\r\n\r\n" in started
    assert b"choices" not in started
    assert server.outcomes()["answer, dripping, gone"] == 1


def test_rules_choose_by_number_attempt_text_and_time():
    rules = (
        nth([1], error(500)),
        every(4, error(502)),
        chosen(lambda request: request.prompt, {"c1": error(503)}),
        attempts([3], error(529)),
        phases([(60, answer("ok")), (60, error(500))]),
    )
    with Server(*rules) as server:
        assert statuses(server, 5) == [500, 503, 200, 502, 200]
        assert statuses(server, 1) == [200]
        assert statuses(server, 1) == [529]


def test_chance_depends_on_what_is_asked_and_not_on_the_order():
    with Server(chance({0.2: error(500), 0.1: limited(1)})) as server:
        first = statuses(server, 300)
    with Server(chance({0.2: error(500), 0.1: limited(1)})) as server:
        again = statuses(server, 300)

    assert first == again
    assert 40 < first.count(500) < 80
    assert 15 < first.count(429) < 45


def test_limits_admit_their_rate_and_say_when_to_come_again():
    bucket, window = TokenBucket(0.001, 10, over=limited(2)), FixedWindow(7, 1000.0)
    with Server(bucket) as server:
        assert statuses(server, 12) == [200] * 10 + [429] * 2
    with Server(window) as server:
        assert statuses(server, 9) == [200] * 7 + [429] * 2
        assert b"Retry-After: " in received(server)


def test_retry_after_is_told_in_three_ways():
    heads = [limited(2, form=form).head for form in ("seconds", "date", "ms")]

    assert b"Retry-After: 2\r\n" in heads[0]
    assert b" GMT\r\n" in heads[1]
    assert b"retry-after-ms: 2000\r\n" in heads[2]
    assert b"etry" not in limited().head


def test_a_server_that_is_down_refuses_and_comes_back_on_its_port():
    with Server() as server:
        port = server.port
        server.down()
        with pytest.raises(openai.APIConnectionError):
            ask(server)
        server.up()
        assert ask(server) == "ok"

    assert server.port == port
    assert closed_port() > 0


def test_a_connection_can_end_before_anything_is_read():
    with Server(hangs_up=lambda number: number == 1) as server:
        with pytest.raises(openai.APIConnectionError):
            ask(server)
        assert ask(server) == "ok"

    assert server.connections == 2
    assert server.count == 1


def test_https_is_refused_by_those_who_do_not_know_the_certificate(tmp_path: Path):
    with Server(tls=self_signed(tmp_path)) as server:
        with pytest.raises(openai.APIConnectionError):
            ask(server)
        known = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=known, timeout=10)
        connection.request("POST", "/v1/chat/completions", body=b'{"messages": [{"content": "pear"}]}')
        assert connection.getresponse().status == 200
        connection.close()


def test_a_lone_surrogate_and_megabytes_arrive_as_they_are():
    with Server(nth([1], answer(NASTY)), answer("字" * 700_000)) as server:
        assert ask(server) == NASTY
        assert len(ask(server)) == 700_000


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_200_without_an_answer_is_still_whole_http(name: str):
    with Server(UNREADABLE[name]) as server:
        assert statuses(server, 2) == [200, 200]

    assert server.connections == 1
