"""What a server can send, as data: an answer, an error, and every way of not getting to the end of either.

A reply is its bytes on the wire and how they go out; what breaks a reply is a change to it:

    answer("refund")                        the usual answer
    limited(2)                              429 with Retry-After: 2
    answer("refund").cut(0.5)               the connection is closed after half of the body
    answer("refund").dripping(1, 0.05)      one byte every 50 ms
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from time import time
from typing import Any, Literal, Self

USAGE = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
REASONS = {200: "OK", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 429: "Too Many Requests"}

Ends = Literal["keep", "close", "reset", "hang"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The bytes of one reply and how they go out. `name` is what the record calls it.

    Args:
        after: Seconds before the first byte.
        piece: Bytes that go out at once; 0: all.
        every: Seconds between two pieces.
        drips_head: Whether the head goes out in pieces too.
        ends: What becomes of the connection then: kept, closed, reset, or held open with nothing more to come.
    """

    name: str
    head: bytes = b""
    body: bytes = b""
    after: float = 0.0
    piece: int = 0
    every: float = 0.0
    drips_head: bool = False
    ends: Ends = "keep"

    @property
    def wire(self) -> bytes:
        """Everything that is sent."""
        return self.head + self.body

    def cut(self, share: float, *, ends: Ends = "close") -> Self:
        """Only this share of the body, then the end of the connection; the head still promises all of it."""
        kept = self.body[: int(len(self.body) * share)]
        return replace(self, name=f"{self.name}, cut", body=kept, ends=ends)

    def dripping(self, piece: int, every: float, *, head: bool = False) -> Self:
        """In pieces. The head goes out at once unless `head`."""
        return replace(self, name=f"{self.name}, dripping", piece=piece, every=every, drips_head=head)

    def late(self, seconds: float) -> Self:
        """Later than it would be."""
        return replace(self, after=self.after + seconds)

    def closing(self) -> Self:
        """The connection is closed behind it, which nothing announces."""
        return replace(self, ends="close")


SILENCE = Reply(name="silence", ends="hang")
"""The request is read, and nothing ever comes."""
DROPPED = Reply(name="dropped", ends="close")
"""The request is read, and the connection closed without a word."""
RESET = Reply(name="reset", ends="reset")
"""The request is read, and the connection reset."""


def raw(
    body: bytes | str,
    *,
    name: str,
    status: int = 200,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
    framing: Literal["length", "chunked", "close"] = "length",
) -> Reply:
    """Any body under any status. `framing` is how its end is told: a length, chunks, or the end of the connection."""
    sent = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    lines = {"Content-Type": kind, **(headers or {})}
    if framing == "length":
        lines["Content-Length"] = str(len(sent))
    elif framing == "chunked":
        lines["Transfer-Encoding"] = "chunked"
        sent = chunks([sent[start : start + 64] for start in range(0, len(sent), 64)])
    else:
        lines["Connection"] = "close"
    top = f"HTTP/1.1 {status} {REASONS.get(status, 'Said')}\r\n"
    head = top + "".join(f"{key}: {value}\r\n" for key, value in lines.items()) + "\r\n"
    return Reply(name=name, head=head.encode(), body=sent, ends="close" if framing == "close" else "keep")


def chunks(parts: Sequence[bytes]) -> bytes:
    """The parts in chunked framing, with the empty chunk that ends them."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*(p for p in parts if p), b""))


def answer(
    content: Any,
    *,
    name: str = "answer",
    finish: Any = "stop",
    usage: Any = USAGE,
    framing: Literal["length", "chunked", "close"] = "length",
    **message: Any,
) -> Reply:
    """A chat completion. `usage` None leaves it out; `message` are further fields of the message."""
    said = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "message": said, "finish_reason": finish}
    return completion([choice], name=name, usage=usage, framing=framing)


def completion(
    choices: Any,
    *,
    name: str,
    usage: Any = USAGE,
    framing: Literal["length", "chunked", "close"] = "length",
) -> Reply:
    """A chat completion with any value for its choices."""
    whole = {"id": "c1", "object": "chat.completion", "created": 0, "model": "served", "choices": choices}
    if usage is not None:
        whole["usage"] = usage
    # ASCII, so that a lone surrogate goes out as the escape that servers send.
    return raw(json.dumps(whole), name=name, framing=framing)


def streamed(
    content: str,
    *,
    name: str = "answer",
    finish: str = "stop",
    usage: Any = USAGE,
    pieces: int = 4,
    events: int | None = None,
    done: bool = True,
    ends: Ends = "keep",
) -> Reply:
    """A chat completion as server-sent events, the usage in the last of them.

    Args:
        pieces: Events that the content comes in.
        events: Only so many events, then `ends`: the stream is cut.
        done: Whether `[DONE]` is sent.
    """
    size = max(1, -(-len(content) // pieces))
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    told: list[dict[str, Any]] = [_event(delta={"role": "assistant", "content": part}) for part in parts]
    told.append(_event(delta={}, finish_reason=finish))
    if usage is not None:
        told.append({**_event(delta={}), "choices": [], "usage": usage})
    whole = events is None or events >= len(told)
    lines = [f"data: {json.dumps(event)}\n\n".encode() for event in told[:events]]
    if done and whole:
        lines.append(b"data: [DONE]\n\n")
    framed = chunks(lines)
    if not whole:
        framed = framed.removesuffix(b"0\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Reply(
        name=name, head=head, body=framed, ends=ends if whole else "close" if ends == "keep" else ends
    )


def _event(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "served",
        "choices": [choice],
    }


def error(
    status: int,
    message: str = "something broke",
    *,
    name: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An error in the usual form: `{"error": {"message", "type", "code"}}`."""
    body = json.dumps({"error": {"message": message, "type": code or "server_error", "code": code}})
    return raw(body, name=name or str(status), status=status, headers=headers)


def limited(after: float | None = None, *, form: Literal["seconds", "date", "ms"] = "seconds") -> Reply:
    """429. `after` is the seconds it asks for, told as a number, as an HTTP date or in `retry-after-ms`."""
    headers = {}
    if after is not None:
        told = {
            "seconds": ("Retry-After", f"{after:g}"),
            "date": ("Retry-After", formatdate(time() + after, usegmt=True)),
            "ms": ("retry-after-ms", f"{after * 1000:g}"),
        }
        headers = dict([told[form]])
    return error(429, "too many requests", code="rate_limit_exceeded", headers=headers)


def quota_spent() -> Reply:
    """429 that no waiting cures."""
    return error(429, "you exceeded your current quota", name="quota", code="insufficient_quota")


def too_long() -> Reply:
    """400: the prompt is longer than the model takes."""
    return error(
        400, "maximum context length is 8192 tokens", name="too long", code="context_length_exceeded"
    )


def filtered() -> Reply:
    """400: the provider's content filter refused the prompt."""
    return error(400, "the content policy refused this", name="filtered", code="content_filter")


def unknown_model() -> Reply:
    """404: no such model."""
    return error(404, "the model `gpt-x` does not exist", name="unknown model", code="model_not_found")


def redirect(to: str, status: int = 307) -> Reply:
    """Somewhere else, please."""
    return raw("", name="redirect", status=status, headers={"Location": to})


def tool_call(name: str = "look_up", arguments: str = '{"id": 1}') -> Reply:
    """The model calls a function instead of saying something."""
    call = {"id": "t1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return answer(None, name="tool call", finish="tool_calls", tool_calls=[call])


UNREADABLE: Mapping[str, Reply] = {
    "HTML": raw("<html><body><h1>502 Bad Gateway</h1></body></html>", name="HTML", kind="text/html"),
    "empty": raw("", name="empty"),
    "broken JSON": raw('{"choices": [{"message": {"content": "re', name="broken JSON"),
    "list": raw("[]", name="list"),
    "error inside": raw('{"error": {"message": "upstream is gone"}}', name="error inside"),
    "choices null": completion(None, name="choices null"),
    "choices empty": completion([], name="choices empty"),
    "a choice that is text": completion(["refund"], name="a choice that is text"),
    "message null": completion([{"index": 0, "message": None, "finish_reason": "stop"}], name="message null"),
    "nested": raw("[" * 40_000, name="nested"),
    "half gzip": raw(b"\x1f\x8b\x08\x00broken", name="half gzip", headers={"Content-Encoding": "gzip"}),
}
"""A 200 that holds no answer."""

NASTY = "a\x00b\x1b[31mred\x1b]8;;http://evil.example\x07link\u202eDCBA\u2066x\ud800y\x7f\x9b2J\u2028end"
"""Text that no terminal and no file takes as it is: NUL, escapes, bidi, a lone surrogate, C1, line separators."""
