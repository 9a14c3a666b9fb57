"""Whoever has the exported answers of both sides comes to the same decision, with its redraws, without a key."""

import json
from pathlib import Path

from tests.e2e.answering import a_project, export_on_both_sides
from tests.e2e.shop import compared

CASES = "".join(
    f"- {{id: {name}, input: {name}, checks: [{{contains: Hello}}]}}\n" for name in ("Ada", "Bob", "Cy")
)
SCRIPT = json.dumps({"contains": [["kindly: Ada", "Go away"]], "default": "Hello"})


def test_a_fork_without_a_key_replays_a_decision_with_its_redraws(tmp_path: Path):
    repo = a_project(tmp_path, CASES, {}, prompt="Greet {{ name }}", files={"script.json": SCRIPT})
    repo.branch("change").write({"prompts/sort.prompt.j2": "Greet kindly: {{ name }}"})
    tested = compared(repo.path)
    repo.commit("kindly")
    export_on_both_sides(repo)

    fork = compared(repo.clone(tmp_path / "fork").path, "--offline")

    assert (tested.code, tested.suite["rule"]) == (1, "broken-exceeds-fixed")
    assert (fork.code, fork.suite["rule"], fork.sent) == (1, "broken-exceeds-fixed", 0)
    [broken] = [case for case in fork.suite["results"] if case["state"] == "broken"]
    assert broken["confirmed"]
    assert {trial["from"] for side in ("base", "head") for trial in broken[side]} == {"recorded"}
    assert fork.suite["redraws"] == tested.suite["redraws"]
