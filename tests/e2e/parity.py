"""A project that asks whether numbers are odd, with models that know and models that do not, for tests of variants."""

import json
from pathlib import Path
from typing import Any

from tests.cli.run import Done, promptctl
from tests.repository import Repo

CONFIG = """\
[project]
model = "small"
[models]
small = "one"
large = "two"
same = {provider = "one", name = "small"}
lost = "three"
[providers.one]
kind = "scripted"
script = "one.json"
[providers.two]
kind = "scripted"
script = "two.json"
[providers.three]
kind = "scripted"
script = "three.json"
"""
PRICES = """\
[prices.small]
input = 1
output = 2
[prices.large]
input = 10
output = 20
"""
SUITE = """\
checks:
  - matches_expected
  - max_words: 1
cases:
  - {id: case-0, input: number 0, expected: even}
  - {id: case-1, input: number 1, expected: odd}
  - {id: case-2, input: number 2, expected: even}
  - {id: case-3, input: number 3, expected: odd}
  - {id: case-4, input: number 4, expected: even}
  - {id: case-5, input: number 5, expected: odd}
"""
ODD = [[f"number {n}", {"text": "odd", "seconds": 2.0 + n, "cost": 0.003}] for n in (1, 3, 5)]
SLOW = {"kind": "timeout", "message": "too slow"}
PROMPT = "---\nparams: {temperature: 0.5}\n---\nOdd or even? {{ item }}"
REVIEW = "REVIEW {{ item }}: somebody said {{ answer }}. Say it better."


def script(*pairs: Any, default: Any = None) -> str:
    said = {"text": "even", "seconds": 1.0, "cost": 0.001} if default is None else default
    return json.dumps({"contains": pairs, "default": said})


def a_project(folder: Path, **files: str | None) -> Repo:
    """Of six cases `small` answers three, `large` all; `files` are paths with `/` as `__` and without `.`."""
    held = {
        "promptctl.toml": CONFIG,
        "one.json": script(["REVIEW", {"text": "odd", "seconds": 0.5, "cost": 0.0005}]),
        "two.json": script(*ODD, default={"text": "even", "seconds": 2.0, "cost": 0.003}),
        "three.json": json.dumps({"failures": [["number 3", SLOW]], "default": "odd"}),
        "prompts/parity.prompt.j2": PROMPT,
        "prompts/review.prompt.j2": REVIEW,
        "evals/parity.yaml": SUITE,
        **files,
    }  # fmt: skip
    repo = Repo(folder / "project")
    repo.commit("first", held)
    return repo


def states(suite: dict[str, Any]) -> dict[str, str]:
    return {case["case"]: case["state"] for case in suite["results"]}


def refused(folder: Path, *args: str) -> Done:
    done = promptctl("test", *args, cwd=folder)
    assert done.code == 2, done.out + done.err
    assert len([line for line in done.err.splitlines() if not line.startswith("plan ")]) == 3
    assert "Traceback" not in done.err
    return done
