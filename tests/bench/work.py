# ruff: noqa: T201  a script whose result is what it prints
"""What readers and statistics cost, as ratios: against PyYAML, and how the time grows with the cases.

    python tests/bench/work.py

The fastest of five in one run: times of two runs on a shared machine cannot be compared.
"""

import time
from collections.abc import Callable

import yaml

from promptctl.core import stats
from promptctl.store.documents import read_yaml

ROUNDS = 5
CASES = "".join(
    f'- id: case-{i}\n  input: "When do I get my money back?"\n  expected: refund\n  tags: [a, b]\n'
    for i in range(500)
)


def main() -> None:
    """Prints each ratio with what it should stay below."""
    reading = seconds(lambda: read_yaml(CASES, "f")) / seconds(
        lambda: yaml.load(CASES, Loader=yaml.SafeLoader)
    )
    print(f"500 cases: our reader / PyYAML                    {reading:6.2f}   at most 1.2")
    tango = seconds(lambda: stats.tango_interval(700, 650, 20_000)) / seconds(
        lambda: stats.tango_interval(7, 6, 200)
    )
    print(f"interval: 20,000 cases / 200                      {tango:6.2f}   at most 3: it does not grow")
    flips = seconds(lambda: stats.sign_flip(differences(5_000))) / seconds(
        lambda: stats.sign_flip(differences(500))
    )
    print(
        f"sign flips: 5,000 cases / 500                     {flips:6.2f}   at most 50: below every pair of cases"
    )


def differences(count: int) -> list[float]:
    """Changes of scores, as many as there are cases."""
    return [(k % 97 - 40) / 97 for k in range(count)]


def seconds(work: Callable[[], object]) -> float:
    """The time of the fastest round, on the processor."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


if __name__ == "__main__":
    main()
