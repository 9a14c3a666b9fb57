# ruff: noqa: T201  a script whose result is what it prints
"""What a bad afternoon costs: 500 cases against 5 % 429 (Retry-After 1), 2 % 500 and 1 % dropped connections.

    python tests/bench/faults.py

The yardstick is the same run without faults, plus the seconds for which the server asked to be left alone, overlapping
pauses counted once. Medians of five, interleaved. A second figure is for a server that admits 200 calls a second.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script has only its own folder there

from tests.faults.project import a_project, many, word
from tests.faults.replies import DROPPED, error, limited
from tests.faults.request import Request
from tests.faults.rules import Rule, TokenBucket, chance, says
from tests.faults.server import Server

ROUNDS = 5
CASES = 500
LATENCY = 0.1
PAUSE = 1.0
RATE = 200


class Round(NamedTuple):
    """One run: wall seconds of the process, requests that arrived, seconds in pauses."""

    seconds: float
    requests: int
    paused: float


def main() -> None:
    """Prints both ratios."""
    calm: list[Round] = []
    bad: list[Round] = []
    slow: list[Round] = []
    for number in range(ROUNDS):
        dice = chance({0.05: limited(PAUSE), 0.02: error(500), 0.01: DROPPED}, seed=number)
        calm.append(one())
        bad.append(one(dice))
        slow.append(one(TokenBucket(RATE, RATE / 10, over=limited(PAUSE))))
    ratios = [
        faulty.seconds / (quiet.seconds + faulty.paused) for quiet, faulty in zip(calm, bad, strict=True)
    ]
    print(f"{CASES} cases, {LATENCY * 1000:.0f} ms, 32 at a time         {seconds(calm)}")
    print(f"on a bad afternoon                        {seconds(bad)}   of it {paused(bad):.1f} s in pauses")
    print(f"bad / (calm + pauses)                     {spread(ratios)}   at most 1.3")
    print(f"at most {RATE} calls a second               {seconds(slow)}   ideal {CASES / RATE:.1f} s")
    print(
        f"requests for each case at such a rate     {spread([run.requests / CASES for run in slow])}   at most 1.1"
    )


def one(*faults: Rule) -> Round:
    """One whole process against a server with these faults."""
    with tempfile.TemporaryDirectory() as folder, Server(*faults, says(word, late=LATENCY)) as server:
        project = a_project(Path(folder), server.url, words=many(CASES))
        started = time.perf_counter()
        tested = project.test("--quiet", within=170)
        taken = time.perf_counter() - started
        if (tested.code, tested.passed) != (0, CASES):
            sys.exit(f"ended with {tested.code}, {tested.passed} of {CASES} passed\n{tested.out}{tested.err}")
        return Round(taken, server.count, in_pauses(server.requests))


def in_pauses(requests: Iterable[Request]) -> float:
    """Seconds that lie in a pause after a 429, those of overlapping pauses counted once."""
    total, end = 0.0, 0.0
    for request in requests:
        if request.outcome == "429":
            total += request.at + PAUSE - max(end, request.at)
            end = request.at + PAUSE
    return total


def seconds(runs: list[Round]) -> str:
    """The median and the spread of wall times."""
    return spread([run.seconds for run in runs]) + " s"


def paused(runs: list[Round]) -> float:
    """The median of the time in pauses."""
    return statistics.median(run.paused for run in runs)


def spread(values: list[float]) -> str:
    """The median, the lowest and the highest."""
    return f"{statistics.median(values):6.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
