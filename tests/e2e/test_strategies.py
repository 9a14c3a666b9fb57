"""Ways to make one answer of several draws: what it is made of, what it costs, and what may not choose."""

import json
from pathlib import Path
from typing import Any

import pytest

from promptctl.api.project import Project
from promptctl.core.exchange import Failure, Output, Request
from promptctl.core.result import Result, SuiteResult
from promptctl.providers.scripted import ScriptedProvider
from tests.cli.run import promptctl
from tests.e2e.answering import CALL
from tests.e2e.parity import REVIEW, SUITE, a_project, refused, script, states
from tests.e2e.shop import compared
from tests.repository import Repo


def drawn(*said: str) -> ScriptedProvider:
    """A model whose samples say these, one after the other; each takes its number in seconds and costs 1."""

    def answer(request: Request, sample: int) -> Output:
        return Output(text=said[sample], seconds=float(sample + 1), cost=1.0)

    return ScriptedProvider(answer)


def only(result: Result) -> SuiteResult:
    [suite] = result.suites
    return suite


def tried(repo: Repo, provider: ScriptedProvider, *strategies: str, **options: Any) -> Result:
    return Project(repo.path, {"*": provider}).test(strategies=list(strategies), **options)


def test_a_majority_costs_all_draws_takes_the_slowest_and_shows_what_it_is_made_of(tmp_path: Path):
    suite = only(tried(a_project(tmp_path), drawn("odd", "even", "EVEN "), "majority:3", cases=["case-0"]))

    [case] = suite.results
    [trial] = case.head
    assert (case.state, trial.answer.text) == ("fixed", "even")
    assert (suite.trade.cost.base, suite.trade.cost.head, suite.trade.cost.ratio) == (1, 3, 3)
    assert (suite.trade.seconds.base, suite.trade.seconds.head) == (1, 3)
    assert [(part.sample, part.answer.text, part.chosen) for part in trial.parts] == [
        (0, "odd", False),
        (1, "even", True),
        (2, "EVEN ", False),
    ]
    assert case.base[0].parts == ()


def test_the_best_is_the_first_draw_that_passes_the_check(tmp_path: Path):
    provider = drawn("it is even", "even", "odd")

    suite = only(tried(a_project(tmp_path), provider, "best:3:max_words", cases=["case-0"]))

    [trial] = suite.results[0].head
    assert [part.chosen for part in trial.parts] == [False, True, False]
    assert trial.outcome == "pass"


def test_the_schema_of_the_prompt_may_choose(tmp_path: Path):
    schema = json.dumps({"type": "object", "required": ["kind"]})
    suite = "- {id: case-0, input: number 0, watch: true}\n"
    prompt = "---\noutput: {schema: kind.json}\n---\nOdd or even, in JSON? {{ item }}"
    repo = a_project(
        tmp_path,
        **{"prompts/parity.prompt.j2": prompt, "prompts/kind.json": schema, "evals/parity.yaml": suite},
    )

    found = only(tried(repo, drawn("even", "{}", '{"kind": "even"}'), "best:3:output_schema"))

    assert [part.chosen for part in found.results[0].head[0].parts] == [False, False, True]


def test_checks_of_cost_and_latency_look_at_the_whole_answer(tmp_path: Path):
    suite = SUITE.replace("  - max_words: 1", "  - cost: 2.5\n  - latency: 2.5")
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite})

    two = only(tried(repo, drawn("even", "even"), "majority:2", cases=["case-0"]))
    three = only(tried(repo, drawn("even", "even", "even"), "majority:3", cases=["case-0"]))

    assert (two.results[0].state, three.results[0].state) == ("pass", "broken")


def test_an_answer_without_text_is_not_revised(tmp_path: Path):
    called = {"text": "", "finish": "tool_calls", "tool_calls": [CALL]}
    repo = a_project(tmp_path, **{"one.json": script(default=called)})

    found = compared(repo.path, "--strategy", "critique:review")

    assert (found.code, found.sent, len(found.suite["results"][0]["head"][0]["parts"])) == (0, 6, 1)


def test_where_none_passes_the_best_score_is_taken(tmp_path: Path):
    code = "def short(output):\n    return {'pass': False, 'score': -len(output)}\n"
    suite = SUITE.replace("  - max_words: 1", "  - python: {function: 'own:short', required: false}")
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite, "evals/_checks/own.py": code})

    found = only(tried(repo, drawn("far too long", "even", "even too"), "best:3:python", cases=["case-0"]))

    assert found.results[0].head[0].answer.text == "even"


def test_no_check_that_knows_the_expected_answer_may_choose(tmp_path: Path):
    own = SUITE.replace(
        "expected: even}", "expected: even, checks: [{contains: {value: even, name: cheat}}]}", 1
    )
    repo = a_project(tmp_path, **{"evals/parity.yaml": own})

    by_reference = refused(repo.path, "--strategy", "best:3:matches_expected")
    by_case = refused(repo.path, "--strategy", "best:3:cheat", "--case", "case-0")

    assert "looks at what a case expects" in by_reference.err
    assert "belongs to case case-0 alone" in by_case.err


def test_own_code_that_chooses_is_not_told_the_expected_answer(tmp_path: Path):
    code = "def peek(output, case):\n    return (case.get('expected') or {}).get('text', output) == output\n"
    suite = SUITE.replace("  - max_words: 1", "  - python: {function: 'own:peek', required: false}")
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite, "evals/_checks/own.py": code})

    found = only(tried(repo, drawn("odd", "even"), "best:2:python", cases=["case-0"]))

    assert found.results[0].head[0].answer.text == "odd"


def test_a_check_that_breaks_while_it_chooses_is_an_error_of_the_case(tmp_path: Path):
    code = "def broken(output):\n    raise RuntimeError('no such thing')\n"
    suite = SUITE.replace("  - max_words: 1", "  - python: {function: 'own:broken', required: false}")
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite, "evals/_checks/own.py": code})

    found = tried(repo, drawn("odd", "even"), "best:2:python", cases=["case-0"])

    assert (found.decision.exit_code, found.decision.reasons[0].rule) == (3, "errors")
    assert "no such thing" in found.decision.reasons[0].message + str(only(found).results)


def test_a_second_prompt_sees_inputs_and_answer_and_its_answer_stands(tmp_path: Path):
    repo = a_project(tmp_path)

    found = compared(repo.path, "--strategy", "critique:review")

    trade = found.suite["trade"]
    assert states(found.suite) == {f"case-{n}": "fixed" if n % 2 else "broken" for n in range(6)}
    assert (trade["cost"]["head"], trade["seconds"]["head"]) == (pytest.approx(0.0015), 1.5)
    [trial] = found.suite["results"][0]["head"]
    assert [(part["answer"]["text"], part["prompt"], part["chosen"]) for part in trial["parts"]] == [
        ("even", None, False),
        ("odd", "review", True),
    ]
    assert found.sent == 12


def test_the_second_prompt_may_have_a_model_of_its_own(tmp_path: Path):
    review = f"---\nmodel: large\n---\n{REVIEW}"
    repo = a_project(tmp_path, **{"prompts/review.prompt.j2": review})

    plan = promptctl("test", "--strategy", "critique:review", "--dry-run", cwd=repo.path)
    found = compared(repo.path, "--strategy", "critique:review", "--case", "case-1")

    assert ": 12 calls to large, small," in plan.out
    assert found.suite["trade"]["cost"]["head"] == pytest.approx(0.004)


def test_an_internal_suite_never_leaves_through_a_second_prompt(tmp_path: Path):
    review = f"---\nmodel: gpt-x\n---\n{REVIEW}"
    repo = a_project(
        tmp_path, **{"prompts/review.prompt.j2": review, "evals/parity.yaml": f"internal: true\n{SUITE}"}
    )

    assert "[internal-suite]" in refused(repo.path, "--strategy", "critique:review").err
    assert "[internal-suite]" in refused(repo.path, "--model", "small", "--model", "gpt-x").err


def test_a_second_prompt_that_needs_what_no_case_gives_is_refused_before_any_call(tmp_path: Path):
    repo = a_project(tmp_path, **{"prompts/review.prompt.j2": "{{ answer }} {{ tone }}"})

    assert "tone" in refused(repo.path, "--strategy", "critique:review").err


def test_a_conversation_cannot_be_revised(tmp_path: Path):
    suite = "- id: talk\n  turns: [{say: number 1}, {say: number 2}]\n  checks: [{contains: even}]\n"
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite})

    assert "is a conversation" in refused(repo.path, "--strategy", "critique:review").err
    assert compared(repo.path, "--strategy", "majority:3").code == 0


def test_a_draw_that_fails_is_an_error_of_the_whole_answer(tmp_path: Path):
    def answer(_: Request, sample: int) -> Any:
        return Failure(kind="timeout", message="too slow") if sample == 2 else "even"

    found = tried(a_project(tmp_path), ScriptedProvider(answer), "majority:3", cases=["case-0"])

    assert (found.decision.exit_code, only(found).results[0].state) == (3, "error")
    assert only(found).trade.cost is None


def test_several_answers_of_a_strategy_are_made_of_draws_of_their_own(tmp_path: Path):
    provider = drawn("odd", "even", "even", "odd", "odd", "even")

    found = only(tried(a_project(tmp_path), provider, "majority:3", cases=["case-0"], samples=2))

    [case] = found.results
    assert [[part.sample for part in trial.parts] for trial in case.head] == [[0, 1, 2], [3, 4, 5]]
    assert [trial.answer.text for trial in case.head] == ["even", "odd"]
    assert [trial.sample for trial in case.base] == [0, 1]


def test_nothing_is_drawn_again_and_no_stored_draw_makes_a_strategy_longer(tmp_path: Path):
    provider = drawn(*["even", "odd"] * 500)
    repo = a_project(tmp_path)

    first = tried(repo, provider, "majority:5")
    again = tried(repo, provider, "majority:2")

    assert (first.calls.prompt.sent, first.calls.confirm.sent) == (30, 0)
    assert (again.calls.prompt.sent, len(only(again).results[0].head[0].parts)) == (0, 2)


def test_a_second_prompt_whose_model_nobody_serves_is_refused_before_any_call(tmp_path: Path):
    review = f"---\nmodel: nobody\n---\n{REVIEW}"
    repo = a_project(tmp_path, **{"prompts/review.prompt.j2": review})

    assert "[unknown-model]" in refused(repo.path, "--strategy", "critique:review").err
    assert not (repo.path / ".promptctl" / "answers.db").exists()
