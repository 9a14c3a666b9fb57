"""A project of many cases, the command on it, and what a process took."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROMPTCTL = (sys.executable, "-m", "promptctl")
_PROMPT = """\
---
params: {temperature: 0}
---
{% system %}
You sort tickets of a shop by what the customer wants.
{% endsystem %}
{% user %}
{{ ticket }} Answer in one word.
{% enduser %}
"""


class Took(NamedTuple):
    """What a process took: seconds on the wall and on the processor, peak memory in MB; and what it said."""

    wall: float
    cpu: float
    memory: float
    out: str


def write_project(folder: Path, url: str, cases: int, concurrency: int) -> None:
    """A repository with one commit and a changed prompt: `cases` in JSON lines, one check for all of them."""
    for name in ("prompts", "evals/sort"):
        (folder / name).mkdir(parents=True)
    config = f"""\
[project]
model = "bench"
[models]
bench = "local"
[providers.local]
base_url = "{url}"
concurrency = {concurrency}
[budget]
max_calls = 1000000
"""
    (folder / "promptctl.toml").write_text(config, encoding="utf-8")
    (folder / "evals/sort/suite.yaml").write_text("checks:\n- contains: refund\n", encoding="utf-8")
    with (folder / "evals/sort/cases.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(cases):
            case = {
                "id": f"ticket-{number:05}",
                "input": f"Ticket {number}: where is my money? It was due {number % 97} days ago.",
            }
            lines.write(json.dumps(case) + "\n")
    prompt = folder / "prompts/sort.prompt.j2"
    prompt.write_text(_PROMPT, encoding="utf-8")
    git = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
    for command in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    prompt.write_text(_PROMPT.replace("one word", "one lower-case word"), encoding="utf-8")


def run(command: Sequence[str], folder: Path) -> Took:
    """Runs a command to its end, which has to be a good one."""
    environment = {**os.environ, "NO_COLOR": "1"}
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{out}")
    return Took(wall, used.ru_utime + used.ru_stime, _megabytes(used), out)


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """The lowest and the highest."""
    return f"{min(values):{form}} to {max(values):{form}}"
