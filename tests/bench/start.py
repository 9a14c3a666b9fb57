# ruff: noqa: T201  a script whose result is what it prints
"""How long a start takes: `promptctl --help`, and a comparison of 40 cases whose answers are all stored.

    python tests/bench/start.py

Medians of nine, interleaved in one run, because times of two runs on a shared machine cannot be compared. The
yardstick is a Python that imports what such a tool stands on: click, yaml, jinja2, git and tabulate.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROUNDS = 9
CASES = 40
TOPICS = (("refund", "my money back"), ("parcel", "the lost parcel"), ("invoice", "a copy of the bill"))

PROMPTCTL = (sys.executable, "-m", "promptctl")
WAYS = {
    "bare python": (sys.executable, "-c", "pass"),
    "imports": (sys.executable, "-c", "import click, yaml, jinja2, git, tabulate"),
    "--help": (*PROMPTCTL, "--help"),
    "stored run": (*PROMPTCTL, "test"),
}


def main() -> None:
    """Prints the medians in milliseconds and the two figures that are held to a target."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write_project(project)
        first = seconds(WAYS["stored run"], project)  # asks, stores, and warms every cache
        times: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):
            for name, command in WAYS.items():
                times[name].append(seconds(command, project))

    middle = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in times.items():
        print(f"{name:<12} {middle[name] * 1000:7.0f} ms   fastest {min(taken) * 1000:.0f}")
    print(
        f"first run    {first * 1000:7.0f} ms   once, {CASES} cases, both sides asked of the embedded model"
    )
    print(f"--help minus bare python             {(middle['--help'] - middle['bare python']) * 1000:.0f} ms")
    print(f"stored run of {CASES} cases / the imports  {middle['stored run'] / middle['imports']:.2f}")


def write_project(project: Path) -> None:
    """A repository with one commit and a changed prompt, so that both sides of every case are looked at."""
    (project / "prompts").mkdir()
    (project / "evals").mkdir()
    (project / "promptctl.toml").write_text("", encoding="utf-8")
    cases = []
    for number in range(CASES):
        label, words = TOPICS[number % len(TOPICS)]
        cases.append(f'- {{input: "ticket {number}: I ask for {words}", expected: {label}}}\n')
    (project / "evals" / "sort.yaml").write_text("".join(cases), encoding="utf-8")
    write_prompt(project, "where is")
    git = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["commit", "--quiet", "-m", "First"],
    ):
        subprocess.run([*git, *command], cwd=project, check=True)
    write_prompt(project, "I ask for")


def write_prompt(project: Path, asking: str) -> None:
    """Worked examples, from which the embedded model answers."""
    examples = "".join(f"Input: {asking} {words}\nLabel: {label}\n" for label, words in TOPICS)
    text = examples + "Input: {{ ticket }}\nLabel:\n"
    (project / "prompts" / "sort.prompt.j2").write_text(text, encoding="utf-8")


def seconds(command: Sequence[str], folder: Path) -> float:
    """Wall time of one process, which has to end well."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    taken = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return taken


if __name__ == "__main__":
    main()
