# ruff: noqa: T201  a script whose result is what it prints
"""What asking costs beside a bare loop of the SDK's own `chat.completions.create`, whole processes.

    python tests/bench/asking.py

Medians of five, interleaved in one run, because times of two runs on a shared machine cannot be compared. The server is
local, and its ceiling is printed: no figure may come near it. The yardstick asks the same number of questions, as many
at a time, over the same version of openai, and stores nothing.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from _project import PROMPTCTL, Took, run, spread, write_project
from _server import Server

ROUNDS = 5
MANY, AT_ONCE = 5_000, 32
SLOW, SLOW_AT_ONCE, LATENCY = 1_000, 50, 0.2
FEW = 20

TEST = (*PROMPTCTL, "test", "--base", "HEAD")
ALONE = (*PROMPTCTL, "test", "--no-base")


def main() -> None:
    """Prints each ratio with its spread and its target."""
    with tempfile.TemporaryDirectory() as folder:
        with Server() as server:
            show_ceiling(server)
            measure_many(server, Path(folder))
            measure_start(server, Path(folder))
        with Server(LATENCY) as server:
            measure_latency(server, Path(folder))


def show_ceiling(server: Server) -> None:
    """How fast the server answers a client that does nothing else."""
    taken = [server.ceiling(MANY, AT_ONCE) for _ in range(ROUNDS)]
    middle = statistics.median(taken)
    print(f"ceiling of the server: {MANY:,} calls in {middle:.2f} s, {MANY / middle:,.0f} a second\n")


def measure_many(server: Server, folder: Path) -> None:
    """A cold run of one side, and a run of two sides whose answers are all stored."""
    cold, warm = folder / "cold", folder / "warm"
    write_project(cold, server.url, MANY, AT_ONCE)
    write_project(warm, server.url, MANY, AT_ONCE)
    run(TEST, warm)
    server.seen()

    def again() -> Took:
        took = run(TEST, warm)
        expect(server.seen().calls, 0)
        return took

    def anew() -> Took:
        shutil.rmtree(cold / ".promptctl", ignore_errors=True)
        took = run(ALONE, cold)
        expect(server.seen().calls, MANY)
        return took

    def bare() -> Took:
        took = run(bare_loop(server, MANY, AT_ONCE), folder)
        expect(server.seen().calls, MANY)
        return took

    ways = {"bare loop": bare, "cold run, one side": anew, "stored run, two sides": again}
    took = interleaved(ways)
    print(f"{MANY:,} cases, latency 0, {AT_ONCE} at a time")
    show(took)
    ratio("cold run / bare loop", took["cold run, one side"], took["bare loop"], at_most=0.6)
    ratio("stored run / bare loop", took["stored run, two sides"], took["bare loop"], at_most=0.25)


def measure_latency(server: Server, folder: Path) -> None:
    """A model that takes its time: the tool must disappear beside it."""
    project = folder / "slow"
    write_project(project, server.url, SLOW, SLOW_AT_ONCE)
    answering: list[float] = []

    def ours() -> Took:
        shutil.rmtree(project / ".promptctl", ignore_errors=True)
        took = run(ALONE, project)
        seen = server.seen()
        expect(seen.calls, SLOW)
        answering.append((project / ".promptctl/answers.db").stat().st_mtime - seen.first)
        return took

    def bare() -> Took:
        took = run(bare_loop(server, SLOW, SLOW_AT_ONCE), folder)
        expect(server.seen().calls, SLOW)
        return took

    took = interleaved({"bare loop": bare, "cold run, one side": ours})
    ideal = SLOW * LATENCY / SLOW_AT_ONCE
    print(f"{SLOW:,} cases, latency {LATENCY * 1000:.0f} ms, {SLOW_AT_ONCE} at a time: ideal {ideal:.1f} s")
    show(took)
    ratios = [seconds / ideal for seconds in answering]
    tell("first request to last answer stored / ideal", ratios, at_most=1.15)
    ratio("cold run / bare loop", took["cold run, one side"], took["bare loop"], at_most=1.0)


def measure_start(server: Server, folder: Path) -> None:
    """From the start of the process to the first call, against what Python needs to import openai."""
    project = folder / "few"
    write_project(project, server.url, FEW, AT_ONCE)
    waited: list[float] = []

    def first_call() -> Took:
        shutil.rmtree(project / ".promptctl", ignore_errors=True)
        started = time.time()
        took = run(TEST, project)
        waited.append(server.seen().first - started)
        return took

    took = interleaved(
        {
            "import openai": lambda: run((sys.executable, "-c", "import openai"), folder),
            f"{FEW} cases, two sides": first_call,
        }
    )
    print("the start of a small suite")
    show(took)
    imports = took["import openai"]
    ratios = [seconds / one.wall for seconds, one in zip(waited, imports, strict=True)]
    tell("start to first call / import openai", ratios, at_most=1.6)


def bare_loop(server: Server, calls: int, at_once: int) -> Sequence[str]:
    """The yardstick."""
    return (
        sys.executable,
        str(Path(__file__).parent / "_bare_loop.py"),
        server.url,
        str(calls),
        str(at_once),
    )


def interleaved(ways: dict[str, Callable[[], Took]]) -> dict[str, list[Took]]:
    """Every way in turn, round after round."""
    took: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            took[name].append(way())
    return took


def show(took: dict[str, list[Took]]) -> None:
    """The middle of each way; the processor's seconds do not hang on who else uses the machine."""
    for name, each in took.items():
        wall, cpu = ([one[number] for one in each] for number in (0, 1))
        memory = max(one.memory for one in each)
        print(
            f"  {name:<24} {statistics.median(wall):6.2f} s  ({spread(wall)})"
            f"   processor {statistics.median(cpu):6.2f} s   {memory:4.0f} MB"
        )


def ratio(what: str, ours: Sequence[Took], theirs: Sequence[Took], *, at_most: float) -> None:
    """Ours by theirs, round by round."""
    tell(what, [one.wall / other.wall for one, other in zip(ours, theirs, strict=True)], at_most=at_most)


def tell(what: str, ratios: Sequence[float], *, at_most: float) -> None:
    """A line with the middle, the spread and the target."""
    print(f"  {what:<46} {statistics.median(ratios):.2f}   {spread(ratios)}   at most {at_most}\n")


def expect(calls: int, wanted: int) -> None:
    """Ends where a figure would be of something else."""
    if calls != wanted:
        sys.exit(f"{calls} calls, where {wanted} were due")


if __name__ == "__main__":
    main()
