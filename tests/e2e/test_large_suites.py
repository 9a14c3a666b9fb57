"""Thousands of cases on two revisions: what grows with them is the result, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.run import clean_environment
from tests.repository import Repo

FEW, MANY = 250, 2_000
RULES = "Every word is read to its end before it is sorted.\n" * 80
PROMPT = f"Sort the ticket.\n{RULES}\nTicket: my money\nKind: refund\n\nTicket: {{{{ ticket }}}}\nKind:\n"

# A process counts the memory of whoever started it as its own, until it has more: pytest is too large for that.
LAUNCHER = """\
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Took(NamedTuple):
    """Peak memory in bytes, how many Git processes ran, and the size of the result."""

    memory: int
    processes: int
    result: int
    calls: dict[str, int]


def a_large_suite(folder: Path, cases: int) -> Repo:
    """A prompt of 4,000 characters that changed, with its cases in JSON lines."""
    lines = [
        {"id": f"ticket-{number:05}", "input": f"{number}: where is my money?"} for number in range(cases)
    ]
    repo = Repo(folder / str(cases))
    repo.commit(
        "start",
        {
            "promptctl.toml": "[budget]\nmax_calls = 10000\n",
            "prompts/sort.prompt.j2": PROMPT,
            "evals/sort/suite.yaml": "checks:\n- contains: refund\n",
            "evals/sort/cases.jsonl": "".join(json.dumps(line) + "\n" for line in lines),
        },
    )
    return repo.write({"prompts/sort.prompt.j2": PROMPT.replace("Sort", "Now sort")})


def run_of(repo: Repo) -> Took:
    """Runs `promptctl test` on both revisions, with a Git before the real one that counts its starts."""
    counted, count = repo.path.parent / "bin" / "git", repo.path.parent / "count"
    counted.parent.mkdir(exist_ok=True)
    counted.write_text(f'#!/bin/sh\necho >> {count}\nexec {shutil.which("git")} "$@"\n')
    counted.chmod(0o755)
    count.write_text("")
    environment = clean_environment(repo.path)
    environment["PATH"] = f"{counted.parent}{os.pathsep}{environment['PATH']}"
    command = [sys.executable, "-m", "promptctl", "test", "--base", "HEAD", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command],
        cwd=repo.path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    written = max(repo.path.glob(".promptctl/runs/*/result.json"))
    return Took(
        memory=int(done.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024),
        processes=len(count.read_text().splitlines()),
        result=written.stat().st_size,
        calls=json.loads(written.read_bytes())["calls"]["prompt"],
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, Took]]:
    """A suite of each size, asked and then answered from the store."""
    folder = tmp_path_factory.mktemp("large")
    suites = {cases: a_large_suite(folder, cases) for cases in (FEW, MANY)}
    return {how: {cases: run_of(suite) for cases, suite in suites.items()} for how in ("asked", "stored")}


@pytest.mark.parametrize("how", ["asked", "stored"])
def test_memory_grows_by_what_a_result_says_of_a_case_and_not_by_what_is_sent(
    runs: dict[str, dict[int, Took]], how: str
):
    few, many = runs[how][FEW], runs[how][MANY]
    for_each = (many.memory - few.memory - (many.result - few.result)) / (MANY - FEW)

    assert for_each < 2 * len(PROMPT), "what both sides send for a case is held in memory"
    assert many.memory <= 2 * few.memory + many.result


@pytest.mark.parametrize("how", ["asked", "stored"])
def test_git_is_started_as_often_for_many_cases_as_for_few(runs: dict[str, dict[int, Took]], how: str):
    assert runs[how][MANY].processes == runs[how][FEW].processes > 0


def test_every_question_is_asked_once_and_never_again(runs: dict[str, dict[int, Took]]):
    assert runs["asked"][MANY].calls["sent"] == 2 * MANY
    assert runs["stored"][MANY].calls == {"sent": 0, "reused": 2 * MANY, "saved_equal": 0}
