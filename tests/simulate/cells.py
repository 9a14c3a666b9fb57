"""What the simulation has to reach: how often a change is stopped, and what a harmless one costs in further calls."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from promptctl.core.stats import wilson_interval
from tests.simulate.mix import Chances, chances, model
from tests.simulate.project import planned

NORMAL_95 = 1.959964


class Cell(NamedTuple):
    """Runs of one kind. Each is of so many suites of so many cases, and head passes `loss` less often than base.

    `at_most` or `at_least` is the share of runs that may or have to be stopped; `calls` the most further calls a case.
    `edits` above 0: by `Project.test`, with plan, journal and a new answer store each time, and what counts is the last
    of so many edits of the same base; there are `STORED_RUNS` of those.
    """

    cases: int
    loss: float = 0.0
    suites: int = 1
    at_most: float | None = None
    at_least: float | None = None
    calls: float | None = None
    edits: int = 0

    @property
    def size(self) -> str:
        """Its cases and suites, as the table says it."""
        size = str(self.cases) if self.suites == 1 else f"{self.suites} × {self.cases}"
        return size + ("", ", with a store", ", base stored")[self.edits]

    @property
    def change(self) -> str:
        """What the change does, as the table says it."""
        return f"−{100 * self.loss:.0f} points" if self.loss else "no-op"

    @property
    def name(self) -> str:
        """Both."""
        return f"{self.size}, {self.change}"


CELLS = (
    Cell(50, at_most=0.05, calls=0.15),
    Cell(50, 0.05, at_least=0.80),
    Cell(50, 0.10, at_least=0.95),
    Cell(100, at_most=0.06, calls=0.15),
    Cell(100, 0.05, at_least=0.95),
    Cell(100, 0.10, at_least=0.99),
    Cell(200, at_most=0.05, calls=0.15),
    Cell(200, 0.05, at_least=0.99),
    Cell(200, 0.10, at_least=0.995),
    Cell(50, suites=10, at_most=0.06),
    Cell(100, at_most=0.06, edits=1, calls=0.15),
    Cell(100, at_most=0.06, edits=2, calls=0.15),
)
STORED_RUNS = 200
"""Of these, 19 stopped are more than chance explains where 6 % may be; 18 are not."""


class Told(NamedTuple):
    """What one run came to: whether the change was stopped, and further calls per case, both sides together."""

    stopped: bool
    calls: float


def simulate(cell: Cell, number: int, seed: int, *, deterministic: bool = False) -> Told:
    """One run. It hangs on the cell, the number and the seed alone; `deterministic` as for `mix.model`."""
    name = f"{seed} {cell.name} {number}"
    project = planned(*[cell.cases] * cell.suites)
    known: dict[str, Chances] = {}
    for suite in project.suites:
        known |= chances(name, suite, cell.loss)
    invented = model(name, known, deterministic=deterministic)
    result = project.test(invented, cell.edits) if cell.edits else project.run(invented)
    assert result.complete, result.decision
    assert result.decision.status != "incomplete", result.decision
    first_draws = len(known) * (2 if cell.edits < 2 else 1)  # base is in the store from the first edit on
    return Told(result.decision.status == "fail", (len(invented.asked) - first_draws) / len(known))


class Figures(NamedTuple):
    """What the runs of a cell came to. `calls` per case are their mean, with a 95 % range of it."""

    cell: Cell
    runs: int
    stopped: int
    calls: float
    calls_low: float
    calls_high: float

    @property
    def share(self) -> float:
        """Runs that were stopped, of all."""
        return self.stopped / self.runs

    @property
    def range(self) -> tuple[float, float]:
        """The Wilson 95 % range of `share`."""
        low, _, high = wilson_interval(self.stopped, self.runs)
        return low, high

    @property
    def missed(self) -> list[str]:
        """The targets that are missed by more than chance explains: all of the 95 % range lies beyond them."""
        cell, (low, high) = self.cell, self.range
        return [
            what
            for what, is_missed in (
                ("stopped", cell.at_most is not None and low > cell.at_most),
                ("stopped", cell.at_least is not None and high < cell.at_least),
                ("calls", cell.calls is not None and self.calls_low > cell.calls),
            )
            if is_missed
        ]


def figures(cell: Cell, told: Iterable[Told]) -> Figures:
    """The figures of a cell, of at least two runs."""
    runs = list(told)
    calls = [run.calls for run in runs]
    mean = math.fsum(calls) / len(runs)
    variance = math.fsum((one - mean) ** 2 for one in calls) / (len(runs) - 1)
    error = NORMAL_95 * math.sqrt(variance / len(runs))
    return Figures(cell, len(runs), sum(run.stopped for run in runs), mean, mean - error, mean + error)
