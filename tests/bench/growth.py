# ruff: noqa: T201  a script whose result is what it prints
"""What 20,000 cases on two revisions cost for each case, and in memory, beside 1,000: asked, and stored.

    python tests/bench/growth.py

Medians of five, interleaved in one run. The result file holds every output, so its size is allowed on top of memory.
"""

import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _project import PROMPTCTL, Took, run, spread, write_project
from _server import Server

ROUNDS = 5
FEW, MANY = 1_000, 20_000
AT_ONCE = 32
TEST = (*PROMPTCTL, "test", "--base", "HEAD")


def main() -> None:
    """Prints both ratios, cold and stored, with their targets."""
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        projects = {count: Path(folder) / str(count) for count in (FEW, MANY)}
        for count, project in projects.items():
            write_project(project, server.url, count, AT_ONCE)
        asked: dict[int, list[Took]] = {count: [] for count in projects}
        stored: dict[int, list[Took]] = {count: [] for count in projects}
        for _ in range(ROUNDS):
            for count, project in projects.items():
                shutil.rmtree(project / ".promptctl", ignore_errors=True)
                asked[count].append(run(TEST, project))
                stored[count].append(run(TEST, project))
        size = max(path.stat().st_size for path in projects[MANY].glob(".promptctl/runs/*/result.json"))
    print(f"result of {MANY:,} cases: {size / 2**20:.0f} MB")
    show("asked", asked, size / 2**20)
    show("stored", stored, size / 2**20)


def show(what: str, took: dict[int, list[Took]], size: float) -> None:
    """Time and memory of both sizes, and the ratios."""
    print(f"{what}, two revisions")
    for count, each in took.items():
        wall, cpu = ([one[number] for one in each] for number in (0, 1))
        print(
            f"  {count:>6,} cases   {statistics.median(wall):7.2f} s  ({spread(wall)})   processor "
            f"{statistics.median(cpu):6.2f} s   {max(one.memory for one in each):4.0f} MB"
        )
    per_case = [
        (many.wall / MANY) / (few.wall / FEW) for few, many in zip(took[FEW], took[MANY], strict=True)
    ]
    tell("time per case", per_case, "1.1")
    memory = [(many.memory - size) / few.memory for few, many in zip(took[FEW], took[MANY], strict=True)]
    tell("peak memory without the result's size", memory, "2")


def tell(what: str, ratios: Sequence[float], target: str) -> None:
    """A line with the middle, the spread and the target."""
    print(f"  {what:<40} {statistics.median(ratios):.2f}   {spread(ratios)}   at most {target}")


if __name__ == "__main__":
    main()
