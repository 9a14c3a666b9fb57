"""Limits of time and money in a run: what an answer took and cost reaches its checks, on each side."""

from pathlib import Path

import pytest

from promptctl.api.project import Project
from promptctl.core.case import Case, CheckSpec, Suite
from promptctl.core.exchange import Output, Usage
from promptctl.engine.grader import Grader
from promptctl.providers.scripted import ScriptedProvider

PROMPT = "---\nmodel: priced\n---\n{{ q }}\n"
PRICES = '[prices."priced"]\ninput = 1.0\noutput = 10.0\n'


def verdicts(folder: Path, check: str, output: Output, config: str = "") -> list[tuple[str, str]]:
    """What one check says of one answer in a run."""
    (folder / "prompts").mkdir()
    (folder / "evals").mkdir()
    (folder / "promptctl.toml").write_text(config)
    (folder / "prompts" / "a.prompt.j2").write_text(PROMPT)
    (folder / "evals" / "a.yaml").write_text(f"- {{id: a, input: x, checks: [{check}]}}\n")
    result = Project(folder, providers={"*": ScriptedProvider({"x": output})}).test(no_base=True)
    [trial] = result.suites[0].results[0].head
    return [(verdict.status, verdict.reason) for verdict in trial.verdicts if verdict.check != "finished"]


USED = Output(text="y", usage=Usage(input=1000, output=2000))


@pytest.mark.parametrize(
    ("output", "config", "verdict"),
    [
        (USED, PRICES, ("fail", "it cost 0.021, at most 0.02 allowed")),
        (Output(text="y", cost=0.01), "", ("pass", "it cost 0.01, at most 0.02 allowed")),
        (
            USED,
            "",
            ("unscored", "what the answer cost is not known: give the model [prices] in promptctl.toml"),
        ),
        (
            Output(text="y"),
            PRICES,
            ("unscored", "what the answer cost is not known: give the model [prices] in promptctl.toml"),
        ),
    ],
    ids=["by price", "as the server said", "no price", "no tokens"],
)
def test_the_cost_of_an_answer_is_that_of_the_bill(
    output: Output, config: str, verdict: tuple[str, str], tmp_path: Path
):
    assert verdicts(tmp_path, "cost: 0.02", output, config) == [verdict]


def test_an_equal_text_that_took_longer_is_judged_again():
    case = Case(id="a", checks=(CheckSpec(kind="latency", name="latency", args={"": 1}),))
    grader = Grader(Suite(id="a", prompt="a", cases=(case,)))

    outcomes = [grader.grade(case, [Output(text="y", seconds=seconds)]).outcome for seconds in (0.5, 2.0)]

    assert outcomes == ["pass", "fail"]


@pytest.mark.parametrize("kind", ["not", "any", "all"])
def test_so_it_is_where_the_limit_is_a_part_of_another_check(kind: str):
    limit = CheckSpec(kind="latency", name="latency", args={"": 1})
    case = Case(id="a", checks=(CheckSpec(kind=kind, name=kind, parts=(limit,)),))
    grader = Grader(Suite(id="a", prompt="a", cases=(case,)))

    outcomes = {grader.grade(case, [Output(text="y", seconds=seconds)]).outcome for seconds in (0.5, 2.0)}

    assert outcomes == {"pass", "fail"}
