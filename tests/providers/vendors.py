"""Servers that behave as the documentation of each vendor says: what they read, refuse, leave out and say.

    with serving(VENDORS["qwen"]) as server:
        ...  # calls to server.base_url
        server.received, server.headers

Data, one entry a vendor; what they say in place of answers is in `vendor_errors.yaml`. The last user message says what
is wanted: the name of an error, or anything else for an answer.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Body = dict[str, Any]
USAGE = {"prompt_tokens": 21, "completion_tokens": 5, "total_tokens": 26}


class Error(NamedTuple):
    """One thing that a vendor says in place of an answer."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


class Vendor(NamedTuple):
    """One vendor and a model of it. What it merely ignores, is not here.

    `token_limit`: the names under which it reads the limit. `keyed`: whether it asks for a key. `refuses`: parameters
    that end in an error, which `unknown` writes. `formats`: kinds of response_format; another one ends in `bad_format`,
    where there is one. `thinks`: where its thoughts stand. `only_streams`: in which error a call that is not streamed
    ends.
    """

    preset: str
    model: str
    token_limit: tuple[str, ...] = ("max_tokens",)
    keyed: bool = True
    refuses: tuple[str, ...] = ()
    unknown: Callable[[str], Error] = lambda name: Error(
        400,
        {
            "error": {
                "message": f"Unrecognized request argument supplied: {name}",
                "type": "invalid_request_error",
            }
        },
    )
    formats: tuple[str, ...] = ("json_schema", "json_object")
    bad_format: Any = None
    thinks: str | None = None
    usage: Body | None = USAGE
    extra: Body = {}
    only_streams: Error | None = None


def _gemini_unknown(name: str) -> Error:
    message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    return Error(400, [{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}])


_BOTH = ("max_tokens", "max_completion_tokens")
_NEW = ("max_completion_tokens",)
_JSON = ("json_object",)
_ONLY_STREAMS = "This model only support stream mode, please enable the stream parameter to access the model."

VENDORS: dict[str, Vendor] = {
    vendor.preset: vendor
    for vendor in (
        Vendor("openai", "gpt-x", _NEW, refuses=("max_tokens",), extra={"service_tier": "default"}),
        Vendor("azure", "deployed", _NEW, extra={"prompt_filter_results": [{"prompt_index": 0}]}),
        Vendor("anthropic", "claude-x", _BOTH, formats=(), extra={"system_fingerprint": ""}),
        Vendor(
            "gemini",
            "gemini-x",
            _BOTH,
            refuses=("seed", "frequency_penalty", "presence_penalty", "top_k"),
            unknown=_gemini_unknown,
        ),
        Vendor(
            "qwen",
            "qwq-plus",
            formats=_JSON,
            thinks="reasoning_content",
            only_streams=Error(
                400,
                {"error": {"code": "invalid_parameter_error", "message": _ONLY_STREAMS}, "request_id": "q"},
            ),
        ),
        Vendor("ernie", "ernie-x", _NEW, thinks="reasoning_content", extra={"search_results": []}),
        Vendor("doubao", "doubao-x", _BOTH, refuses=("seed",), thinks="reasoning_content"),
        Vendor(
            "deepseek",
            "deepseek-x",
            formats=_JSON,
            bad_format={
                "error": {
                    "message": "This response_format type is unavailable now",
                    "code": "invalid_request_error",
                }
            },
            thinks="reasoning_content",
        ),
        Vendor("glm", "glm-x", formats=_JSON, thinks="reasoning_content", usage={**USAGE, "details": {}}),
        Vendor("kimi", "kimi-x", _NEW, formats=_JSON, thinks="reasoning_content"),
        Vendor("openrouter", "maker/model", _BOTH, thinks="reasoning", extra={"provider": "Somebody"}),
        Vendor(
            "vllm", "local-model", _BOTH, keyed=False, thinks="reasoning", extra={"prompt_logprobs": None}
        ),
        Vendor("ollama", "local-model", keyed=False, thinks="reasoning", usage=None),
        Vendor(
            "lm-studio",
            "local-model",
            keyed=False,
            formats=("json_schema",),
            bad_format={"error": "'response_format.type' must be 'json_schema' or 'text'"},
            thinks="think",
            extra={"stats": {}},
        ),
        Vendor("llama.cpp", "local-model", _BOTH, keyed=False, thinks="reasoning_content"),
    )
}


def said_by(preset: str) -> dict[str, Error]:
    """What a vendor says in place of answers, by the message that asks for it."""
    return _said()[preset]


@cache
def _said() -> dict[str, dict[str, Error]]:
    text = Path(__file__).with_name("vendor_errors.yaml").read_text(encoding="utf-8")
    return {
        preset: {name: Error(**error) for name, error in errors.items()}
        for preset, errors in yaml.safe_load(text).items()
    }


KEY = "key-of-the-test-0123456789"
_NO_KEY = Error(401, {"error": {"message": "no key, or a wrong one"}})


class Served:
    """A vendor at work. `received`, `headers` and `paths` are what it got, in the order of the calls."""

    def __init__(self, vendor: Vendor, port: int, scheme: str) -> None:
        self.vendor, self.base_url = vendor, f"{scheme}://127.0.0.1:{port}/v1"
        self.received: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    def reply(self, asked: Body, key: str | None) -> Error:
        """What the vendor sends for a request."""
        vendor = self.vendor
        if key != (f"Bearer {KEY}" if vendor.keyed else None):
            return _NO_KEY
        wanted = asked["messages"][-1]["content"].strip()
        if said := said_by(vendor.preset).get(wanted):
            return said
        for name in vendor.refuses:
            if name in asked:
                return vendor.unknown(name)
        kind = asked.get("response_format", {}).get("type")
        if kind and kind not in vendor.formats and vendor.bad_format:
            return Error(400, vendor.bad_format)
        if vendor.only_streams and not asked.get("stream"):
            return vendor.only_streams
        return Error(200, self._answer(json.dumps({"seen": wanted})))

    def _answer(self, text: str) -> Body:
        vendor = self.vendor
        message: Body = {"role": "assistant", "content": text}
        if vendor.thinks == "think":
            message["content"] = f"<think>\nhm\n</think>\n\n{text}"
        elif vendor.thinks:
            message[vendor.thinks] = "hm"
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        told = {} if vendor.usage is None else {"usage": vendor.usage}
        return {
            "id": "1",
            "object": "chat.completion",
            "model": f"{vendor.model}-0101",
            "choices": [choice],
            **told,
            **vendor.extra,
        }


def in_parts(answer: Body) -> Iterator[str]:
    """The events of a streamed answer: thoughts first, letter by letter, the usage alone at the end."""
    message, head = (
        answer["choices"][0]["message"],
        {"id": "1", "model": answer["model"], "object": "chat.completion.chunk"},
    )

    def event(delta: Body, finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps({**head, 'choices': [choice], 'usage': None}, ensure_ascii=False)}\n\n"

    yield ": keep-alive\n\n"
    yield event({"role": "assistant", "content": None})
    for name in ("reasoning_content", "reasoning", "content"):
        for letter in message.get(name) or "":
            yield event({name: letter})
    yield event({"content": ""}, answer["choices"][0]["finish_reason"])
    if "usage" in answer:
        yield f"data: {json.dumps({**head, 'choices': [], 'usage': answer['usage']})}\n\n"
    yield "data: [DONE]\n\n"


@contextmanager
def serving(vendor: Vendor, context: ssl.SSLContext | None = None) -> Iterator[Served]:
    """The vendor's server for as long as the block lasts; with a `context` over https."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            served.received.append(asked)
            served.paths.append(self.path)
            served.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, body, headers = served.reply(asked, self.headers["authorization"])
            streamed = status == 200 and asked.get("stream") and "error" not in body
            text = "".join(in_parts(body)) if streamed else json.dumps(body, ensure_ascii=False)
            data = text.encode()
            self.send_response(status)
            self.send_header("content-type", "text/event-stream" if streamed else "application/json")
            self.send_header("content-length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        http.socket = context.wrap_socket(http.socket, server_side=True)
    served = Served(vendor, http.server_address[1], "http" if context is None else "https")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)
