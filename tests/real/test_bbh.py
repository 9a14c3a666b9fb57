"""Nine tasks of BIG-Bench Hard: one model, answer only against chain of thought, with published accuracies."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.run import Done
from tests.real.projects import as_lines, compared, import_outputs, midp, read_lines, tango
from tests.repository import Repo

WORSE = (1, "worse-overall", False)
BETTER = (0, "no-worse-than-margin", True)
TASKS = {
    "boolean_expressions": BETTER,
    "causal_judgement": WORSE,
    "date_understanding": BETTER,
    "navigate": BETTER,
    "object_counting": BETTER,
    "penguins_in_a_table": BETTER,
    "ruin_names": WORSE,
    "sports_understanding": BETTER,
    "word_sorting": WORSE,
}
MODEL = "code-davinci-002"
SUITE = """\
checks:
  - matches_expected: {as: text, extract: {regex: "(?s)the answer is (.*?)\\\\.?$", otherwise: whole}}
"""


class Compared(NamedTuple):
    """One task: how the commands ended, the result, and what is published."""

    imports: tuple[Done, Done]
    done: Done
    result: dict[str, Any]
    correct: dict[str, int]
    paired: dict[str, Any]

    @property
    def suite(self) -> dict[str, Any]:
        return self.result["suites"][0]


@pytest.fixture(scope="module", params=TASKS)
def task(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Compared:
    return compare(real_data / "bbh_prompt_diff", request.param, tmp_path_factory.mktemp(request.param))


def compare(data: Path, task: str, folder: Path) -> Compared:
    cases = [case for case in read_lines(data / "cases.jsonl") if case["task"] == task]
    ids = {case["id"] for case in cases}
    direct, cot = (
        {
            line["id"]: line["output"]
            for line in read_lines(data / f"outputs_{version}.jsonl")
            if line["id"] in ids
        }
        for version in ("direct", "cot")
    )
    prompt = f"prompts/{task}.prompt.j2"
    repo = Repo(folder / "project")
    files = {
        "promptctl.toml": f'[project]\nmodel = "{MODEL}"\n',
        f"evals/{task}/suite.yaml": SUITE,
        f"evals/{task}/cases.jsonl": as_lines(
            {"id": case["id"], "vars": {"input": case["input"]}, "expected": case["target"]} for case in cases
        ),
    }
    repo.commit("answer only", {**files, prompt: (data / "prompts" / task / "direct.j2").read_bytes()})
    repo.commit("chain of thought", {prompt: (data / "prompts" / task / "cot.j2").read_bytes()})
    imports = (
        import_outputs(repo, "direct", direct, f"{task}@HEAD~1"),
        import_outputs(repo, "cot", cot, task),
    )
    published = json.loads((data / "expected.json").read_text(encoding="utf-8"))
    correct = {row["version"]: row["correct"] for row in published["published"] if row["task"] == task}
    paired = next(row for row in published["derived_paired_reference"] if row["task"] == task)
    return Compared(imports, *compared(repo), correct, paired)


def test_both_versions_pass_as_many_cases_as_was_published(task: Compared):
    rates = task.suite["pass_rate"]

    assert {side: (rates[side]["passed"], rates[side]["scored"]) for side in rates} == {
        "base": (task.correct["direct"], task.paired["n"]),
        "head": (task.correct["cot"], task.paired["n"]),
    }


def test_what_broke_and_what_was_fixed_is_what_the_pairs_say(task: Compared):
    counts = task.suite["counts"]

    assert task.suite["n"] == task.paired["n"]
    assert (counts["broken"], counts["fixed"]) == (task.paired["broken"], task.paired["fixed"])
    assert (task.suite["test"]["broken"], task.suite["test"]["fixed"]) == (
        task.paired["broken"],
        task.paired["fixed"],
    )
    assert counts["error"] == counts["unscored"] == counts["not_asked"] == 0


def test_the_interval_and_the_tests_are_those_of_an_independent_computation(task: Compared):
    broken, fixed, n = task.paired["broken"], task.paired["fixed"], task.paired["n"]
    change, test = task.suite["difference"], task.suite["test"]
    low, high = tango(broken, fixed, n, change["level"])

    assert change["estimate"] == pytest.approx(task.paired["diff"], abs=1e-9)
    assert (change["method"], test["name"]) == ("tango", "mcnemar-midp")
    assert (change["low"], change["high"]) == pytest.approx((low, high), abs=1e-6)
    assert test["p_worse"] == pytest.approx(midp(broken, fixed), rel=1e-6)
    assert test["p_better"] == pytest.approx(midp(fixed, broken), rel=1e-6)


def test_a_real_regression_is_stopped_and_a_real_gain_is_claimed(task: Compared):
    decision = task.result["decision"]

    assert (task.done.code, task.suite["rule"], task.suite["better"]) == TASKS[task.suite["suite"]]
    assert (decision["exit_code"], decision["status"]) == (task.done.code, task.suite["status"])


def test_imported_answers_are_named_as_such_never_redrawn_and_nothing_is_asked(task: Compared):
    calls = task.result["calls"]
    sources = {trial["from"] for found in task.suite["results"] for trial in (*found["base"], *found["head"])}

    assert sources == {"imported"}
    assert not any(found["confirmed"] for found in task.suite["results"])
    assert (calls["prompt"]["sent"], calls["confirm"]["sent"]) == (0, 0)
    assert task.suite["redrawn"] is False
    assert "not redrawn" in task.done.err
    assert all(done.code == 0 for done in task.imports)
