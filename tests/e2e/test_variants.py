"""Several models or settings on head alone: what each gains, costs and takes, and no gate."""

import json
from pathlib import Path

import pytest

from promptctl.api.project import Project
from promptctl.core.exchange import Output, Request, Usage
from promptctl.providers.scripted import ScriptedProvider
from tests.cli.run import promptctl
from tests.e2e.parity import CONFIG, PRICES, SUITE, a_project, refused, states
from tests.e2e.shop import compared

# models


def test_each_further_model_is_compared_with_the_first_and_nothing_is_gated(tmp_path: Path):
    repo = a_project(tmp_path)

    found = compared(repo.path, "--model", "small", "--model", "large", "--model", "same")

    large, same = found.result["suites"]
    assert (found.code, found.result["decision"]["status"]) == (0, "undecided")
    assert found.last_line == "ADVISORY  2 models beside small; no gate decides  [compared]"
    assert [(one["compare"], one["model"], one["rule"]) for one in (large, same)] == [
        ("models", "large", "compared"),
        ("models", "same", "compared"),
    ]
    assert [large["pass_rate"][side]["passed"] for side in ("base", "head")] == [3, 6]
    assert states(large) == {f"case-{n}": "fixed" if n % 2 else "pass" for n in range(6)}
    assert states(same) == dict.fromkeys(states(large), "unchanged")
    assert found.result["base"] is None
    assert found.sent == 12


def test_quality_cost_and_seconds_are_paired_by_case(tmp_path: Path):
    found = compared(a_project(tmp_path).path, "--model", "small", "--model", "large")

    trade = found.suite["trade"]
    quality, cost, seconds = trade["quality"], trade["cost"], trade["seconds"]
    assert (trade["base"], trade["head"]) == ("small", "large")
    assert (quality["base"], quality["head"], quality["method"]) == (0.5, 1.0, "tango")
    assert {key: found.suite["difference"][key] for key in ("low", "high")} == {
        key: quality[key] for key in ("low", "high")
    }
    assert [cost[key] for key in ("base", "head", "difference", "ratio")] == pytest.approx(
        [0.001, 0.003, 0.002, 3]
    )
    # Seconds: 1 beside 2, 3, 2, 5, 2, 7; of six differences the outermost bound the median.
    assert [seconds[key] for key in ("base", "head", "difference", "low", "high")] == [1, 2.5, 1.5, 1, 6]
    assert (cost["method"], seconds["method"], seconds["cases"]) == ("paired-t", "sign-test", 6)


def test_without_a_price_the_cost_is_unknown_and_never_nothing(tmp_path: Path):
    server = ScriptedProvider(lambda request, _: Output(text="even", usage=Usage(input=10, output=1)))
    repo = a_project(tmp_path, **{"promptctl.toml": '[models]\nsmall = "openai"\nlarge = "openai"\n'})

    unpriced = Project(repo.path, {"*": server}).test(model=["small", "large"])

    assert unpriced.suites[0].trade.cost is None
    assert unpriced.calls.cost is None
    repo.write({"promptctl.toml": '[models]\nsmall = "openai"\nlarge = "openai"\n' + PRICES})
    priced = Project(repo.path, {"*": server}).test(model=["small", "large"])
    assert priced.suites[0].trade.cost.base == pytest.approx(12e-6)
    assert priced.suites[0].trade.cost.head == pytest.approx(120e-6)


def test_two_servers_that_call_their_models_alike_are_two_models(tmp_path: Path):
    config = CONFIG.replace('small = "one"', 'small = {provider = "one", name = "m"}')
    config = config.replace('large = "two"', 'large = {provider = "two", name = "m"}')

    found = compared(
        a_project(tmp_path, **{"promptctl.toml": config}).path, "--model", "small", "--model", "large"
    )

    assert states(found.suite)["case-1"] == "fixed"


def test_a_case_without_an_answer_is_an_error_and_the_run_incomplete(tmp_path: Path):
    found = compared(a_project(tmp_path).path, "--model", "small", "--model", "lost", "--model", "large")

    lost, large = found.result["suites"]
    assert (found.code, found.result["decision"]["status"]) == (3, "incomplete")
    assert (lost["status"], lost["rule"], states(lost)["case-3"]) == ("incomplete", "errors", "error")
    assert (large["status"], large["rule"]) == ("undecided", "compared")
    assert lost["trade"]["cost"]["cases"] == 5
    assert "too slow" in found.report


@pytest.mark.parametrize("gate", ["on_undecided: fail", "min_pass_rate: 0.99", "margin: 0.001"])
def test_no_gate_of_a_suite_and_no_strict_stops_a_comparison(tmp_path: Path, gate: str):
    suite = f"gate: {{{gate}}}\n{SUITE}".replace("expected: odd}", "expected: odd, severity: blocker}")
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite})

    assert compared(repo.path, "--model", "large", "--model", "small", "--strict").code == 0


def test_what_is_accepted_at_the_gate_is_counted_in_a_comparison(tmp_path: Path):
    suite = f"accept: [{{case: case-1, what: broken, because: meant}}]\n{SUITE}"
    repo = a_project(tmp_path, **{"evals/parity.yaml": suite})

    assert compared(repo.path, "--model", "large", "--model", "small").suite["n"] == 6


# stored answers, limits


def test_what_was_asked_once_is_never_asked_again_by_another_variant(tmp_path: Path):
    repo = a_project(tmp_path)
    compared(repo.path, "--no-base")

    assert compared(repo.path, "--model", "small", "--model", "large").sent == 6
    assert compared(repo.path, "--model", "large", "--model", "small").sent == 0
    assert compared(repo.path, "--strategy", "majority:3", "--strategy", "best:2:max_words").sent == 12
    assert compared(repo.path, "--model", "small", "--model", "large", "--offline").code == 0


def test_a_plan_counts_the_calls_of_every_variant_once(tmp_path: Path):
    repo = a_project(tmp_path)

    plan = promptctl(
        "test", "--strategy", "majority:5", "--strategy", "critique:review", "--dry-run", cwd=repo.path
    )
    small = promptctl("test", "--model", "small", "--model", "large", "--max-calls", "11", cwd=repo.path)

    assert plan.out.startswith("plan       6 of 6 cases differ: 36 calls to small, 0 answers stored\n")
    assert (small.code, "[budget]" in small.err) == (3, True)
    assert compared(repo.path, "--model", "small", "--model", "large", "--max-calls", "12").sent == 12


def test_offline_without_answers_a_comparison_is_incomplete(tmp_path: Path):
    found = compared(a_project(tmp_path).path, "--strategy", "majority:3", "--offline")

    assert (found.code, found.rules[0]) == (3, "errors")


def test_recorded_answers_stand_for_every_variant(tmp_path: Path):
    repo = a_project(tmp_path)
    compared(repo.path, "--model", "small", "--model", "large")
    lines = promptctl("answers", "export", "parity", cwd=repo.path)
    assert lines.code == 0, lines.err
    repo.write({"one.json": json.dumps({"default": "never asked"})})

    found = compared(repo.path, "--model", "small", "--model", "large", "--offline")

    sources = {trial["from"] for case in found.suite["results"] for trial in case["base"]}
    assert (found.code, sources) == (0, {"recorded"})


# settings


def test_one_setting_is_compared_with_the_prompts_own(tmp_path: Path):
    found = compared(a_project(tmp_path).path, "--param", "temperature=0,top_p=0.9")

    trade = found.suite["trade"]
    assert (found.code, found.suite["compare"], found.suite["model"]) == (0, "params", "small")
    assert (trade["base"], trade["head"]) == ("own settings", "temperature=0,top_p=0.9")
    assert found.suite["digest"]["base"] != found.suite["digest"]["head"]
    assert found.sent == 12


def test_of_several_settings_the_first_is_the_base(tmp_path: Path):
    repo = a_project(tmp_path)
    asked: list[Request] = []

    def answer(request: Request, _: int) -> str:
        asked.append(request)
        return "even"

    result = Project(repo.path, {"*": ScriptedProvider(answer)}).test(
        params=["temperature=0", "temperature=null", "temperature=0.5"], model="large"
    )

    assert [suite.trade.base for suite in result.suites] == ["temperature=0"] * 2
    assert {json.dumps(request.params) for request in asked} == {
        '{"temperature": 0}', "{}", '{"temperature": 0.5}',
    }  # fmt: skip
    assert {request.model for request in asked} == {"large"}


def test_settings_that_change_nothing_ask_nothing(tmp_path: Path):
    found = compared(a_project(tmp_path).path, "--param", "temperature=0.5")

    assert (found.code, found.sent, set(states(found.suite).values())) == (0, 0, {"unchanged"})
    assert "every request is the same" in found.report


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (("--param", "temperature"), "bad-param"),
        (("--param", "model=large"), "reserved-param"),
        (("--param", "max_output_tokens=-1"), "wrong-value"),
        (("--param", "temperature=1", "--param", "temperature=1.0"), "same-variant"),
        (("--model", "small", "--model", "small"), "same-variant"),
        (("--param", "temperature=1", "--base", "HEAD"), "usage"),
        (("--model", "small", "--model", "large", "--param", "temperature=1"), "usage"),
        (("--strategy", "majority:3", "--fresh"), "usage"),
        (("--strategy", "majority:1"), "bad-strategy"),
        (("--strategy", "majority:٣"), "bad-strategy"),
        (("--strategy", "majority:101"), "bad-strategy"),
        (("--strategy", "majority:3:x"), "bad-strategy"),
        (("--strategy", "best:3"), "bad-strategy"),
        (("--strategy", "best:3:contains"), "bad-strategy"),
        (("--strategy", "vote:3"), "bad-strategy"),
        (("--strategy", "critique"), "bad-strategy"),
        (("--strategy", "critique:parity"), "bad-strategy"),
        (("--strategy", "critique:reviews"), "unknown-prompt"),
        (("--strategy", "majority:100", "--samples", "11"), "too-many-draws"),
        (("--model", "small", "--model", "nobody"), "unknown-model"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_three_lines(tmp_path: Path, args: tuple[str, ...], slug: str):
    done = refused(a_project(tmp_path).path, *args)

    assert f"[{slug}]" in done.err


def test_a_conversation_goes_on_with_the_model_that_it_began_with(tmp_path: Path):
    turns = "turns: [{say: number 0}, {say: number 1, checks: [{equals: odd}]}]"
    repo = a_project(tmp_path, **{"evals/parity.yaml": f"- {{id: talk, {turns}}}\n"})

    plan = promptctl("test", "--model", "small", "--model", "large", "--dry-run", cwd=repo.path)
    found = compared(repo.path, "--model", "small", "--model", "large")

    assert ": 4 calls to large, small," in plan.out
    assert (found.sent, states(found.suite), found.suite["trade"]["cost"]["ratio"]) == (
        4,
        {"talk": "fixed"},
        3,
    )


def test_fresh_adds_a_draw_to_both_variants(tmp_path: Path):
    repo = a_project(tmp_path)
    compared(repo.path, "--model", "small", "--model", "large")

    found = compared(repo.path, "--model", "small", "--model", "large", "--fresh")

    assert (found.code, found.sent) == (0, 12)
    assert [len(found.suite["results"][0][side]) for side in ("base", "head")] == [2, 2]


# how it looks


def test_the_report_names_what_each_variant_gains_costs_and_takes(tmp_path: Path):
    repo = a_project(tmp_path)
    compared(repo.path, "--model", "small", "--model", "large")

    shown = promptctl("test", "--model", "small", "--model", "large", cwd=repo.path)
    wide = promptctl("test", "--model", "small", "--model", "large", "-v", cwd=repo.path)

    assert (
        shown.out
        == """\
comparing  models on working tree: small, large

parity   6 cases, first draws only
  large beside small
    pass      3 → 6 of 6               +50.0 points [+3.4, +77.9]
    cost      $1 → $3 a 1,000   ×3     +2 [+2, +2]
    seconds   1 → 2.5 median    ×2.5   +1.5 [+1, +6]
    BETTER 3   case-1, case-3, case-5

  0 calls, 12 reused, $0.000
ADVISORY  large: 3 → 6 of 6 pass, +50.0 points [+3.4, +77.9]  [compared]
"""
    )
    assert "        small  even\n        large  odd\n" in wide.out


def test_a_result_file_shows_the_same_comparison_again(tmp_path: Path):
    repo = a_project(tmp_path)

    live = promptctl("test", "--strategy", "majority:3", "--json", "result.json", cwd=repo.path)

    assert promptctl("report", "result.json", cwd=repo.path).out == live.out


def test_foreign_names_cannot_act_on_the_terminal(tmp_path: Path):
    done = promptctl("test", "--param", "user='\\x1b[31m'", "-v", cwd=a_project(tmp_path).path)

    assert "\x1b" not in done.out + done.err


def test_a_comparison_is_not_the_last_decision_on_a_suite(tmp_path: Path):
    repo = a_project(tmp_path)
    compared(repo.path, "--no-base")
    compared(repo.path, "--model", "small", "--model", "large")

    assert "NO BASE" in promptctl("list", cwd=repo.path).out


def test_a_model_without_a_name_is_a_mistake(tmp_path: Path):
    done = promptctl("test", "--model", "", cwd=tmp_path)

    assert (done.code, "a name is missing" in done.err) == (2, True)
