"""The sockets of the fault server: HTTP/1.1 with kept connections, in a thread of the test.

    with Server(every(2, limited(1)), says("ok")) as server:
        ...                                # promptctl against server.url
    assert server.attempts() == {…}

asyncio's protocols without a web framework: what goes out is under its control to the byte, and on one core it
answers thousands of requests a second (`tests/bench/ceiling.py` says how many).
"""

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from tests.faults.replies import Reply, error
from tests.faults.request import Request
from tests.faults.rules import Given, Rule, always, says

CHAT = "/v1/chat/completions"
PATIENCE_SECONDS = 60.0
"""After so long a test that waits for requests gives up: a watchdog, never an expectation."""


class Server:
    """A server on a free port of this machine. The first rule that gives a reply decides; then `says("ok")`.

    Args:
        rules: Replies, or what makes one of a request.
        tls: Speaks https with this.
        hangs_up: Told the number of each new connection; where true, it is closed before anything is read.
        records: Whether requests are kept; without, only counted.
    """

    def __init__(
        self,
        *rules: Given,
        tls: ssl.SSLContext | None = None,
        hangs_up: Callable[[int], bool] = lambda _number: False,
        records: bool = True,
    ) -> None:
        self.rules: tuple[Rule, ...] = (*(always(rule) for rule in rules), says())
        self.hangs_up, self.records = hangs_up, records
        self.requests: list[Request] = []
        self.connections = self.count = self.in_flight = self.most_in_flight = 0
        self.first = self.last = 0.0
        self.port = 0
        self._tls = tls
        self._times: Counter[bytes] = Counter()
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._listening: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base URL that clients are given."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=PATIENCE_SECONDS)
        self._loop.close()

    def up(self) -> None:
        """Listens, on the same port as before."""
        self._do(self._listen())

    def down(self) -> None:
        """Nobody listens any more: connections are refused, and those that are open are reset."""
        self._do(self._close())

    def attempts(self) -> Counter[str]:
        """How often each prompt came."""
        return Counter(request.prompt for request in self.requests)

    def outcomes(self) -> Counter[str]:
        """How many requests ended how."""
        return Counter(request.outcome for request in self.requests)

    def wait(self, count: int) -> None:
        """Returns when so many requests have come."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.count < count:
            assert time.monotonic() < end, f"{self.count} requests came, {count} were waited for"
            time.sleep(0.002)

    def reply(self, request: Request) -> Reply:
        """What this request gets."""
        if request.path != CHAT:
            return error(404, "no such page", name="no such page")
        found = (given for rule in self.rules if (given := rule(request)) is not None)
        return next(found)

    def arrived(self, connection: int, path: str, head: bytes, body: bytes) -> Request:
        """Notes one request."""
        now = time.monotonic()
        self.first = self.first or now
        self.count += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        attempt = 1
        if self.records:
            self._times[body] += 1
            attempt = self._times[body]
        request = Request(
            number=self.count,
            attempt=attempt,
            at=now - self.first,
            connection=connection,
            path=path,
            head=head,
            body=body,
        )
        if self.records:
            self.requests.append(request)
        return request

    def ended(self) -> None:
        """Notes that one request is done with."""
        self.in_flight -= 1
        self.last = time.monotonic()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=PATIENCE_SECONDS)

    async def _listen(self) -> None:
        self._listening = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._tls, backlog=1024
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for connection in list(self._open):
            connection.reset()
        await asyncio.sleep(0)  # the transports say goodbye

    def joins(self, connection: "_Connection") -> int:
        """Notes a connection and gives its number."""
        self.connections += 1
        self._open.add(connection)
        return self.connections

    def leaves(self, connection: "_Connection") -> None:
        """Notes that a connection is gone."""
        self._open.discard(connection)


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, each read whole before it is answered."""

    def __init__(self, server: Server) -> None:
        self._server, self._buffer = server, b""
        self._number = 0
        self._transport: Any = None
        self._request: Request | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._number = self._server.joins(self)
        if self._server.hangs_up(self._number):
            transport.close()
            return
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.leaves(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._request is not None:
            self._request.outcome += ", gone"
            self._done()

    def reset(self) -> None:
        """Ends the connection so that the other side reads an error and no end."""
        if self._transport is None or self._transport.is_closing():
            return
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._request is None:
            self._next()

    def _next(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        size = _length(head)
        if len(self._buffer) < end + 4 + size:
            return
        body = self._buffer[end + 4 : end + 4 + size]
        self._buffer = self._buffer[end + 4 + size :]
        path = head.split(b" ", 2)[1].decode("latin-1")
        self._request = self._server.arrived(self._number, path, head, body)
        reply = self._server.reply(self._request)
        self._request.outcome = reply.name
        if reply.after:
            self._later(reply.after, lambda: self._send(reply))
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        if not reply.piece:
            self._transport.write(reply.wire)
            self._end(reply)
        elif reply.drips_head:
            self._drip(reply, 0)
        else:
            self._transport.write(reply.head)
            self._drip(reply, len(reply.head))

    def _drip(self, reply: Reply, start: int) -> None:
        piece = reply.wire[start : start + reply.piece]
        if not piece:
            self._end(reply)
            return
        self._transport.write(piece)
        self._later(reply.every, lambda: self._drip(reply, start + reply.piece))

    def _end(self, reply: Reply) -> None:
        if reply.ends == "hang":
            return
        self._request = None
        self._done()
        if reply.ends == "reset":
            self.reset()
        elif reply.ends == "close":
            self._transport.close()
        elif self._buffer:
            self._next()

    def _done(self) -> None:
        self._request = None
        self._server.ended()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, work)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        assert b"\r\ntransfer-encoding:" not in lowered, "this server reads no chunked requests"
        return 0
    end = lowered.find(b"\r\n", at + 2)
    return int(lowered[at + 17 : end if end >= 0 else None])


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
