import asyncio
import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Received
from werkzeug import Response

from promptctl.core.dialects import COMPLETION_TOKENS
from promptctl.core.exchange import Failure, Output, Request, Usage
from promptctl.core.message import Image, Message
from promptctl.core.record import replace
from promptctl.core.routes import Route
from promptctl.errors import PromptctlError
from promptctl.providers.masks import without_key
from promptctl.providers.openai import OpenAIProvider

KEY = "sk-live-0123456789abcdefghij/+="


def a_route(base_url: str, **changes: object) -> Route:
    route = Route(
        model="gpt-x",
        provider="local",
        kind="openai",
        base_url=base_url,
        key_env="LOCAL_KEY",
        served_name="gpt-x",
    )
    return replace(route, **changes)


def a_request(text: str = "hello", **changes: object) -> Request:
    return replace(Request(model="gpt-x", messages=(Message(role="user", content=text),)), **changes)


def answer(
    route: Route, request: Request | None = None, *, sample: int = 0, key: str | None = KEY
) -> Output | Failure:
    async def run() -> Output | Failure:
        provider = OpenAIProvider(route, key)
        try:
            return await provider.ask(request or a_request(), sample)
        finally:
            await provider.close()

    return asyncio.run(run())


def a_completion(text: str = "hi", **changes: object) -> dict[str, object]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    return {"id": "1", "model": "gpt-x-0101", "choices": [choice], "usage": usage, **changes}


class Server:
    """A local server; `received` holds the bodies and headers it got."""

    def __init__(self, httpserver: HTTPServer) -> None:
        self.http = httpserver
        self.received: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.base_url = httpserver.url_for("/v1")

    def says(
        self, body: object, status: int = 200, content_type: str = "application/json", **headers: str
    ) -> None:
        text = body if isinstance(body, str) else json.dumps(body)

        def respond(request: Received) -> Response:
            self.received.append(json.loads(request.get_data()))
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
            return Response(text, status=status, content_type=content_type, headers=headers)

        self.http.expect_request("/v1/chat/completions", method="POST").respond_with_handler(respond)


@pytest.fixture
def server(httpserver: HTTPServer) -> Server:
    return Server(httpserver)


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Starts servers that get the bare connection after the request has come in; gives their base URL."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(handle: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                with suppress(OSError):  # the client has gone
                    handle(connection)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    yield start
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(10)


def test_an_answer_comes_with_its_tokens_its_model_and_its_time(server: Server):
    server.says(a_completion("你好"))

    output = answer(a_route(server.base_url))

    assert isinstance(output, Output)
    assert output.seconds is not None
    assert 0 < output.seconds < 30
    assert replace(output, seconds=None) == Output(
        text="你好", usage=Usage(input=3, output=1), model="gpt-x-0101"
    )


def test_what_is_sent_is_the_request_under_the_names_of_the_server(server: Server):
    server.says(a_completion())
    request = a_request(
        params={"max_output_tokens": 9, "temperature": 0.5, "top_k": 3},
        tools=({"type": "function", "function": {"name": "f"}},),
        response_format={"type": "json_object"},
    )

    answer(
        a_route(server.base_url, dialect=COMPLETION_TOKENS, headers={"X-Team": "a"}),
        request,
    )

    assert server.received == [
        {
            "model": "gpt-x",
            "messages": [{"role": "user", "content": "hello"}],
            "max_completion_tokens": 9,
            "temperature": 0.5,
            "top_k": 3,
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "response_format": {"type": "json_object"},
        }
    ]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert server.headers[0]["x-team"] == "a"


def test_images_and_calls_of_tools_are_sent_as_the_protocol_writes_them(server: Server):
    server.says(a_completion())
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    picture = Image(url="https://x.test/a.png", detail="low")
    request = a_request(
        messages=(
            Message(role="user", content=("Look:", picture)),
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content="found", tool_call_id="1"),
        )
    )

    answer(a_route(server.base_url), request)

    assert server.received[0]["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
            ],
        },
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "found", "tool_call_id": "1"},
    ]


@pytest.mark.parametrize(("sample", "seed"), [(0, 7), (2, 9), (1000, 1007)])
def test_later_samples_are_sent_with_another_seed(server: Server, sample: int, seed: int):
    server.says(a_completion())

    answer(a_route(server.base_url), a_request(params={"seed": 7}), sample=sample)

    assert server.received[0]["seed"] == seed


def test_without_a_seed_none_is_sent(server: Server):
    server.says(a_completion())

    answer(a_route(server.base_url), sample=3)

    assert "seed" not in server.received[0]


def test_a_provider_without_a_key_variable_sends_no_key_even_if_the_sdk_could_find_one(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    server.says(a_completion())

    output = answer(a_route(server.base_url, key_env=None))

    assert isinstance(output, Output)
    assert "authorization" not in server.headers[0]
    assert KEY not in str(server.headers)


def test_the_organisation_of_openai_is_not_told_to_other_servers(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    server.says(a_completion())

    answer(a_route(server.base_url))

    assert "secret" not in str(server.headers)


ERRORS = {
    "wrong key": (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "rejected", True),
    "no access": (403, {"error": {"message": f"key {KEY} may not"}}, "rejected", True),
    "unknown model": (
        404,
        {"error": {"message": "no such model", "code": "model_not_found"}},
        "rejected",
        True,
    ),
    "a page for 404": (404, "<html>not here</html>", "rejected", True),
    "empty account": (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "rejected", True),
    "no balance": (402, {"error": {"message": "Insufficient Balance"}}, "rejected", True),
    "gemini's wrong key": (400, [{"error": {"message": "API key not valid."}}], "rejected", True),
    "rate": (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limited", False),
    "too long": (
        400,
        {"error": {"message": "too long", "code": "context_length_exceeded"}},
        "rejected",
        False,
    ),
    "request timeout": (408, {}, "timeout", False),
    "conflict": (409, {}, "unavailable", False),
    "server error": (500, {"error": {"message": "oops"}}, "unavailable", False),
    "gateway": (502, "<html>bad gateway</html>", "unavailable", False),
    "overloaded": (529, {"error": {"type": "overloaded_error"}}, "unavailable", False),
}


@pytest.mark.parametrize(("status", "body", "kind", "fatal"), ERRORS.values(), ids=ERRORS)
def test_an_error_of_the_server_is_a_failure_of_its_kind_sent_once(
    server: Server, status: int, body: object, kind: str, fatal: bool
):
    server.says(body, status=status)

    failure = answer(a_route(server.base_url))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal) == (kind, fatal)
    assert str(status) in failure.message
    assert KEY not in failure.message
    assert len(server.received) == 1


def test_a_refused_key_is_named_by_its_variable(server: Server):
    server.says({"error": {"message": f"Incorrect API key provided: {KEY[:12]}***{KEY[-6:]}"}}, status=401)

    failure = answer(a_route(server.base_url))

    assert isinstance(failure, Failure)
    assert failure.message == "local refused the key in LOCAL_KEY (401)"


@pytest.mark.parametrize("code", ["content_filter", "data_inspection_failed"])
def test_a_prompt_that_the_content_filter_refuses_is_an_answer(server: Server, code: str):
    server.says({"error": {"message": "inappropriate", "code": code}}, status=400)

    output = answer(a_route(server.base_url))

    assert isinstance(output, Output)
    assert (output.text, output.finish) == ("", "content_filter")


UNREADABLE = {
    "a page": "<html><body>Welcome to our hotel</body></html>",
    "nothing": "",
    "half of it": '{"choices": [{"mess',
    "a list": "[]",
    "an error inside": '{"error": {"message": "upstream"}}',
    "no choices": '{"choices": null}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_200_that_cannot_be_read_is_malformed_with_an_excerpt(server: Server, body: str):
    server.says(body, content_type="text/html")

    failure = answer(a_route(server.base_url))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal) == ("malformed", False)
    assert body[:40] in failure.message


def test_a_page_that_repeats_the_key_does_not_bring_it_into_a_message(server: Server):
    encoded = base64.b64encode(KEY.encode()).decode()
    server.says(f"<p>you sent {KEY} and {KEY[:15]} and {encoded}</p>", content_type="text/html")

    failure = answer(a_route(server.base_url))

    assert isinstance(failure, Failure)
    for secret in (KEY, KEY[:15], KEY[8:], encoded, encoded[:12]):
        assert secret not in failure.message


def test_a_redirect_is_not_followed(server: Server):
    server.says("", status=307, Location=f"{server.base_url}/elsewhere")

    failure = answer(a_route(server.base_url))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal) == ("rejected", True)
    assert "redirect" in failure.message
    assert len(server.http.log) == 1


@pytest.mark.timeout(60)
def test_a_server_that_says_nothing_is_left_at_the_deadline(raw_server):
    base_url = raw_server(lambda connection: connection.recv(1))

    failure = answer(a_route(base_url, deadline=0.3))

    assert failure == Failure(
        kind="timeout", message="no complete answer within 0.3 s", lost=True, passing=True
    )


@pytest.mark.timeout(60)
def test_a_server_that_drips_is_left_at_the_deadline(raw_server):
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    failure = answer(a_route(raw_server(drip), deadline=0.5))

    assert failure == Failure(
        kind="timeout", message="no complete answer within 0.5 s", lost=True, passing=True
    )


@pytest.mark.parametrize("status", [200, 500])
def test_a_server_that_sends_without_end_is_left_when_it_is_too_much(raw_server, status: int):
    def flood(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} so\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        while True:
            connection.sendall(piece)

    failure = answer(a_route(raw_server(flood)))

    assert failure == Failure(kind="malformed", message="the server sent more than 20 MB", lost=True)


def test_a_dropped_connection_is_unavailable_not_a_timeout(raw_server):
    failure = answer(a_route(raw_server(lambda connection: None)))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal, failure.lost, failure.passing) == ("unavailable", False, True, True)
    assert "broke before the answer was complete" in failure.message


def test_a_body_that_is_cut_off_is_unavailable(raw_server):
    def cut(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"choices": [')

    failure = answer(a_route(raw_server(cut)))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.lost, failure.passing) == ("unavailable", True, True)


def test_no_server_is_unavailable_and_names_the_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    failure = answer(a_route(base_url))

    assert failure == Failure(
        kind="unavailable",
        message=f"{base_url[7:-3]} refuses connections: is the server running?",
        sent=False,
        passing=True,
    )


def test_nonsense_instead_of_http_is_a_failure(raw_server):
    failure = answer(a_route(raw_server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n"))))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.lost, failure.passing) == ("unavailable", True, True)


def test_a_text_that_no_file_can_carry_is_rejected_before_it_is_sent(server: Server):
    server.says(a_completion())

    failure = answer(a_route(server.base_url), a_request("\ud800"))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.sent, failure.passing) == ("rejected", False, False)
    assert server.received == []


BAD_KEYS = {
    "missing": (None, "missing-key"),
    "blank": (" \n", "missing-key"),
    "a line break": ("sk-one-two-three\nsk-four-five-six", "bad-key"),
    "not ASCII": ("sk-schlüssel-geheim", "bad-key"),
    "a space": ("export OPENAI=sk-geheim-geheim", "bad-key"),
}


@pytest.mark.parametrize(("key", "slug"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_cannot_work_is_said_before_the_first_call_without_showing_it(key: str | None, slug: str):
    provider = OpenAIProvider(a_route("https://api.test/v1"), key)

    with pytest.raises(PromptctlError) as refused:
        provider.prepare()

    error = refused.value
    assert (error.slug, error.exit_code) == (slug, 2)
    said = f"{error} {error.fix} {error.at} {provider!r} {vars(error)}"
    assert "LOCAL_KEY" in said
    for part in (key or "").split():
        assert part not in said


def test_a_key_that_cannot_work_stays_hidden_even_if_it_is_used(server: Server):
    server.says(a_completion())

    for key in ("sk-one-two-three\nsk-four-five-six", "sk-schlüssel-geheim"):
        failure = answer(a_route(server.base_url), key=key)

        assert isinstance(failure, Failure)
        assert "four" not in failure.message
        assert "geheim" not in failure.message


def test_blanks_around_a_key_are_not_part_of_it(server: Server):
    server.says(a_completion())

    answer(a_route(server.base_url), key=f"  {KEY}\r\n")

    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("base_url", ["http://localhost:1/v1", "http://127.0.0.1/v1", "http://[::1]:1/v1"])
def test_a_server_on_this_machine_needs_neither_https_nor_its_key(base_url: str):
    OpenAIProvider(a_route(base_url), None).prepare()


URLS = {
    "http://api.test/v1": "plain-http",
    "http://10.0.0.7:8000/v1": "plain-http",
    "http://localhost.evil.test/v1": "plain-http",
    "api.test/v1": "bad-address",
    "": "bad-address",
    "ftp://api.test": "bad-address",
    "https://[::1": "bad-address",
    "https://me:secret@api.test/v1": "key-in-file",
    "https://api.test/v1?key=secret": "bad-address",
    "https://api.test:port/v1": "bad-address",
}


@pytest.mark.parametrize(("base_url", "slug"), URLS.items())
def test_an_address_that_must_not_be_used_is_refused_before_the_first_call(base_url: str, slug: str):
    with pytest.raises(PromptctlError) as refused:
        OpenAIProvider(a_route(base_url), KEY).prepare()

    assert refused.value.slug == slug
    assert "secret" not in str(refused.value)


def test_plain_http_is_allowed_when_the_project_says_so():
    OpenAIProvider(a_route("http://10.0.0.7:8000/v1", allow_http=True, key_env=None)).prepare()


def test_the_pace_that_the_project_allows_is_told_to_whoever_asks():
    assert OpenAIProvider(a_route("https://api.test/v1", requests_per_minute=90.0)).requests_per_minute == 90
    assert OpenAIProvider(a_route("https://api.test/v1")).requests_per_minute is None


def test_the_key_is_in_no_representation():
    provider = OpenAIProvider(a_route("https://api.test/v1"), KEY)

    assert KEY not in repr(provider)


@pytest.mark.parametrize("text", ["", "short", "a longer text without anything secret in it"])
def test_text_without_the_key_is_left_as_it_is(text: str):
    assert without_key(text, KEY) == text


def test_a_key_of_a_letter_does_not_garble_a_message():
    assert without_key("the connection broke: k", "k") == "the connection broke: ***"


def test_many_calls_at_once_share_one_client(server: Server):
    server.says(a_completion())

    async def run() -> list[Output | Failure]:
        provider = OpenAIProvider(a_route(server.base_url), KEY)
        try:
            return await asyncio.gather(*(provider.ask(a_request(), sample) for sample in range(20)))
        finally:
            await provider.close()

    assert all(isinstance(output, Output) for output in asyncio.run(run()))
    assert len(server.received) == 20


def test_building_and_checking_a_provider_loads_neither_the_sdk_nor_asyncio():
    code = (
        "import sys\n"
        "from promptctl.core.routes import route\n"
        "from promptctl.providers.openai import OpenAIProvider\n"
        "OpenAIProvider(route('gpt-x', {}, {}), 'sk-x').prepare()\n"
        "heavy = {'openai', 'asyncio', 'httpx', 'httpx2', 'pydantic', 'aiohttp'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (run.stdout, run.stderr) == ("[]\n", "")
