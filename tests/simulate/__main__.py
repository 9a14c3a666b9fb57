# ruff: noqa: T201  a script whose result is what it prints
"""How often the gate stops what it should not, and misses what it should: the table of docs/gate.md.

    python -m tests.simulate 2000          # `make simulate`
    python -m tests.simulate 2000 7        # with another seed than 1

Exits 1 where a figure misses its target by more than chance explains.
"""

import multiprocessing
import os
import sys
import time
from functools import partial

from tabulate import tabulate

from tests.simulate.cells import CELLS, STORED_RUNS, Cell, Figures, figures, simulate

SEED = 1
AT_ONCE = 10
"""Runs that a process takes at a time."""


def main(runs: int, seed: int) -> int:
    """Prints the table; 1 where a target is missed."""
    started = time.monotonic()
    found = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        for cell in CELLS:
            told = pool.imap_unordered(partial(simulate, cell, seed=seed), range(_runs(cell, runs)), AT_ONCE)
            found.append(figures(cell, told))
            print(f"{cell.name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    rows = [_row(one) for one in found]
    head = ["suites", "change", "runs", "stopped", "95 %", "target", "calls a case", "95 %", "target"]
    print(tabulate(rows, head, tablefmt="github", disable_numparse=True))
    missed = [one for one in found if one.missed]
    for one in missed:
        print(f"missed: {one.cell.name}: {', '.join(one.missed)}")
    print(f"seed {seed}, {os.cpu_count()} processes, {time.monotonic() - started:.0f} s")
    return 1 if missed else 0


def _runs(cell: Cell, runs: int) -> int:
    return min(runs, STORED_RUNS) if cell.edits else runs


def _row(found: Figures) -> list[str]:
    cell, (low, high) = found.cell, found.range
    wanted = f"≤ {cell.at_most}" if cell.at_least is None else f"≥ {cell.at_least}"
    return [
        cell.size,
        cell.change,
        f"{found.runs:,}",
        f"{found.share:.4f}",
        f"{low:.4f} to {high:.4f}",
        wanted + _mark("stopped" in found.missed),
        f"{found.calls:.3f}",
        f"{found.calls_low:.3f} to {found.calls_high:.3f}",
        "" if cell.calls is None else f"≤ {cell.calls}" + _mark("calls" in found.missed),
    ]


def _mark(missed: bool) -> str:
    return " MISSED" if missed else ""


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(given[0] if given else 2000, given[1] if len(given) > 1 else SEED))
