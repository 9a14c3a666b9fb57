"""A local server that speaks chat completions and is never the bottleneck, in a process of its own.

    with Server(latency=0.2) as server:
        ...  # calls to server.url
        server.seen()

It reads no more of a request than where it ends, and every answer is the same bytes, made beforehand. The name begins
with an underscore because `make bench` runs every file here that does not.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from typing import NamedTuple, Self

ANSWER = "refund"
_COMPLETION = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "bench",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"},
    ],
    "usage": {"prompt_tokens": 60, "completion_tokens": 2, "total_tokens": 62},
}


class Seen(NamedTuple):
    """What the server got: calls, and when the first one was there, in seconds since the epoch."""

    calls: int
    first: float


class Server:
    """The server for as long as the block lasts. `latency`: seconds that each answer takes."""

    def __init__(self, latency: float = 0.0) -> None:
        self._latency = latency

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, str(self._latency)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="ascii"
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def seen(self) -> Seen:
        """What it got since this was asked last."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"GET /seen HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            reply = b""
            while not reply.endswith(b"}"):
                reply += connection.recv(4096)
        return Seen(**json.loads(reply.partition(b"\r\n\r\n")[2]))

    def ceiling(self, calls: int, concurrency: int) -> float:
        """Seconds that so many calls take from a client that does nothing but write and read bytes."""
        started = time.perf_counter()
        asyncio.run(_ask_raw(self.port, calls, concurrency))
        return time.perf_counter() - started


class _Connection(asyncio.Protocol):
    """One connection: requests may arrive in pieces, or several at once."""

    calls, first = 0, 0.0

    def __init__(self, latency: float) -> None:
        self._latency, self._unread = latency, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (head := self._unread.find(b"\r\n\r\n")) >= 0:
            whole = head + 4 + _length(self._unread[:head])
            if len(self._unread) < whole:
                return
            asked = self._unread.startswith(b"GET /seen ")
            self._unread = self._unread[whole:]
            if asked:
                self._tell()
            else:
                self._answer()

    def _answer(self) -> None:
        seen = type(self)
        seen.calls += 1
        seen.first = seen.first or time.time()
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, _RESPONSE)
        else:
            self._transport.write(_RESPONSE)

    def _tell(self) -> None:
        seen = type(self)
        self._transport.write(_response(json.dumps({"calls": seen.calls, "first": seen.first})))
        seen.calls, seen.first = 0, 0.0


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(b"content-length:")
    return int(lower[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


def _response(body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode("ascii")


_RESPONSE = _response(json.dumps(_COMPLETION))


async def _serve(latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads it
    await server.serve_forever()


async def _ask_raw(port: int, calls: int, concurrency: int) -> None:
    body = json.dumps({"model": "bench", "messages": [{"role": "user", "content": "x" * 200}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    request = (head + body).encode("ascii")
    left = iter(range(calls))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(request)
            await reader.readexactly(len(_RESPONSE))
        writer.close()

    await asyncio.gather(*(work() for _ in range(concurrency)))


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
