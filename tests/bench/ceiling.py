# ruff: noqa: T201  a script whose result is what it prints
"""How many requests a second the two servers answer, so that no benchmark measures its server.

    python tests/bench/ceiling.py

The client writes and reads bytes on 32 connections, in a process of its own. The server of the benchmarks does nothing
but answer; the fault server also reads, records and rolls its dice, and times only runs that wait for something else.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import _server

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script has only its own folder there

from tests.faults.replies import error
from tests.faults.rules import chance
from tests.faults.server import Server

ROUNDS = 5
REQUESTS = 10_000
CONNECTIONS = 32


def main() -> None:
    """Prints a line for each server."""
    with _server.Server() as bench:
        _show("bench server", [REQUESTS / bench.ceiling(REQUESTS, CONNECTIONS) for _ in range(ROUNDS)])
    with Server() as faults:
        _show("fault server", [_rate(faults) for _ in range(ROUNDS)])
    with Server(chance({0.05: error(429), 0.02: error(500)})) as faults:
        _show("with a dice", [_rate(faults) for _ in range(ROUNDS)])


def _show(name: str, rates: list[float]) -> None:
    middle = statistics.median(rates)
    print(f"{name:<14} {middle:8,.0f} requests a second   {min(rates):,.0f} to {max(rates):,.0f}")


def _rate(server: Server) -> float:
    server.requests.clear()
    done = subprocess.run(
        [sys.executable, __file__, str(server.port)], stdout=subprocess.PIPE, check=True, encoding="ascii"
    )
    return float(done.stdout)


async def _ask(port: int) -> float:
    asked = range(REQUESTS)
    left = iter(asked)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in left:
            message = {"role": "user", "content": f"Ticket {number}: " + "where is my money? " * 10}
            body = json.dumps({"model": "bench", "messages": [message]})
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write((head + body).encode("ascii"))
            answered = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in answered.split(b"\r\n") if line.startswith(b"Content-Length"))
            await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return len(asked) / (time.perf_counter() - started)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(asyncio.run(_ask(int(sys.argv[1]))))
    else:
        main()
