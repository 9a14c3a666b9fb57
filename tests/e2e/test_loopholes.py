"""Ways round the gate that are closed: each of them once let a broken change through, or stopped an honest one."""

import json
from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.shop import BROKEN, PROMPT, SUITE, cases, compared, shop_in, sorting, with_settings

BLOCKER = cases(pear="severity: blocker")


def test_watching_a_blocker_instead_of_checking_it_is_weakening_it(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: BLOCKER})
    shop.branch("change").write(
        {SUITE: cases(pear="severity: blocker, watch: true"), PROMPT: sorting(**BROKEN)}
    )

    tested = compared(shop.path)

    assert (tested.code, tested.rules) == (1, ["blocker-removed"])


def test_switching_finished_off_weakens_every_blocker(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: with_settings("samples: 1", BLOCKER)})
    shop.branch("change").write({SUITE: with_settings("finished: false", BLOCKER)})

    tested = compared(shop.path)

    assert (tested.code, tested.rules) == (1, ["blocker-removed"])
    assert "finished" in tested.suite["yardstick"][0]["because"]


def moved(tmp_path: Path, suite: str):
    """The prompt under a new name with the suite beside it, both renamed in one change."""
    shop = shop_in(tmp_path, {SUITE: BLOCKER})
    shop.branch("change").write({PROMPT: None, "prompts/kind.prompt.j2": sorting()})
    return compared(shop.write({SUITE: None, "evals/kind.yaml": suite}).path)


def test_a_renamed_prompt_takes_its_suite_along_even_if_that_was_edited(tmp_path: Path):
    tested = moved(tmp_path, "# by kind\n" + BLOCKER)

    assert (tested.code, tested.rules, tested.sent) == (0, ["nothing-changed"], 0)


def test_a_rename_hides_no_removed_blocker(tmp_path: Path):
    tested = moved(tmp_path, cases(pear="-"))

    assert (tested.code, tested.rules) == (1, ["blocker-removed"])


def recorded(shop, text: str) -> dict[str, str]:
    """The suite's recording with another answer to every request of base."""
    done = promptctl("answers", "export", "sort", "-o", "-", cwd=shop.path)
    lines = [json.loads(line) for line in done.out.splitlines()]
    return {
        "evals/sort/answers/sort.jsonl": "".join(json.dumps({**line, "text": text}) + "\n" for line in lines)
    }


def test_a_change_cannot_bring_the_answers_that_base_is_judged_by(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: BLOCKER})
    compared(shop.path, "--no-base")
    honest = promptctl("answers", "export", "sort", "-o", "-", cwd=shop.path).out
    shop.commit("record", {"evals/sort/answers/sort.jsonl": honest})
    forged = recorded(shop, "herb")
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})
    compared(shop.path)  # head's own answers are stored now
    promptctl("answers", "export", "sort", cwd=shop.path)
    shop.write({"evals/sort/answers/sort.jsonl": forged["evals/sort/answers/sort.jsonl"]})
    (shop.path / ".promptctl" / "answers.db").unlink()

    tested = compared(shop.path, "--offline")

    base = next(found["base"] for found in tested.suite["results"] if found["case"] == "pear")
    assert [trial["answer"]["text"] for trial in base] == ["fruit"]


def test_a_renamed_suite_keeps_the_answers_that_base_recorded(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: cases()})
    compared(shop.path, "--no-base")
    promptctl("answers", "export", "sort", cwd=shop.path)
    answers = (shop.path / "evals/sort/answers/sort.jsonl").read_text(encoding="utf-8")
    shop.commit("record", {"evals/sort/answers/sort.jsonl": answers})
    shop.branch("change").write({SUITE: None, "evals/sort/answers/sort.jsonl": None})
    shop.write({"evals/kinds.yaml": with_settings("prompt: sort\nrenamed_from: sort", cases())})
    shop.write({PROMPT: sorting(mint="fruit")})
    compared(shop.path)
    promptctl("answers", "export", "kinds", cwd=shop.path)
    (shop.path / ".promptctl" / "answers.db").unlink()

    tested = compared(shop.path, "--offline")

    assert tested.suite["counts"]["error"] == 0


def test_an_error_of_an_info_case_is_shown_and_does_not_decide(tmp_path: Path):
    settings = (
        '[project]\nmodel = "m"\n[models]\n"m" = "s"\n[providers.s]\nkind = "scripted"\nscript = "s.json"\n'
    )
    failures = [["Green: mint\nKind:", {"kind": "timeout", "message": "slow"}]]
    script = {"default": "fruit", "failures": failures}
    short = "Green: {{ green }}\nKind:"
    shop = shop_in(
        tmp_path,
        {
            PROMPT: short,
            SUITE: cases(mint="severity: info"),
            "promptctl.toml": settings,
            "s.json": json.dumps(script),
        },
    )

    tested = compared(shop.path, "--no-base")

    assert (tested.code, tested.state("mint"), tested.rules) == (0, "error", ["no-base"])


@pytest.mark.parametrize(
    ("until", "rule"), [("2020-01-01", "nothing-changed"), ("9999-12-31", "blocker-removed")]
)
def test_a_blocker_whose_quarantine_is_over_counts_as_active(tmp_path: Path, until: str, rule: str):
    quarantine = f'severity: blocker, status: quarantined, quarantine: {{reason: flaky, until: "{until}"}}'
    shop = shop_in(tmp_path, {SUITE: BLOCKER})
    shop.branch("change").write({SUITE: cases(pear=quarantine)})

    tested = compared(shop.path)

    assert tested.rules == [rule]


def test_true_and_one_are_different_parameters(tmp_path: Path):
    shop = shop_in(tmp_path, {PROMPT: f"---\nparams: {{logprobs: 1}}\n---\n{sorting()}"})
    shop.branch("change").write({PROMPT: f"---\nparams: {{logprobs: true}}\n---\n{sorting()}"})

    tested = compared(shop.path)

    assert tested.suite["counts"]["unchanged"] == 0


def test_an_accept_that_excuses_no_case_is_said(tmp_path: Path):
    shop = shop_in(tmp_path)
    accept = 'accept: [{case: paer, what: broken, because: "a slip"}]'
    shop.branch("change").write({SUITE: with_settings(accept, cases()), PROMPT: sorting(mint="fruit")})

    tested = compared(shop.path)

    assert "accept names paer, which is no case" in tested.suite["notes"]


def test_watching_a_case_is_no_change_of_checks(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").write({SUITE: cases(pear="watch: true"), PROMPT: sorting(mint="fruit")})

    tested = compared(shop.path)

    assert not [note for note in tested.suite["notes"] if "checks of" in note]


WRITTEN_OUT = BLOCKER.replace(
    "severity: blocker", "severity: blocker, checks: [{matches_expected: {as: normalised}}]"
)


@pytest.mark.parametrize(
    "after",
    [
        WRITTEN_OUT,
        WRITTEN_OUT.replace("{matches_expected: {as: normalised}}", "{matches_expected: normalised}"),
        WRITTEN_OUT.replace("{as: normalised}", "{as: normalised, required: true, name: same}"),
    ],
)
def test_the_same_check_in_other_words_is_no_weakening(tmp_path: Path, after: str):
    shop = shop_in(tmp_path, {SUITE: BLOCKER})
    shop.branch("change").write({SUITE: after})

    tested = compared(shop.path)

    assert (tested.code, tested.rules) == (0, ["nothing-changed"])


def test_an_accept_of_a_case_that_is_not_broken_leaves_it_counted(tmp_path: Path):
    accept = 'accept: [{case: pear, what: broken, because: "meant"}]'
    shop = shop_in(tmp_path, {SUITE: with_settings(accept, cases())})
    shop.branch("change").write({PROMPT: sorting(mint="fruit")})

    tested = compared(shop.path)

    assert tested.suite["n"] == 5


def test_a_floor_set_in_the_configuration_is_held_against_unchanged_prompts(tmp_path: Path):
    shop = shop_in(tmp_path, {PROMPT: sorting(pear="herb", leek="herb", kale="herb", apple="herb")})
    shop.branch("change").write({"promptctl.toml": "[gate]\nmin_pass_rate = 0.99\n"})

    tested = compared(shop.path)

    assert (tested.code, tested.rules) == (1, ["below-floor"])


def test_a_selector_does_not_hide_a_changed_prompt_without_cases(tmp_path: Path):
    shop = shop_in(
        tmp_path,
        {"prompts/sour.prompt.j2": "Say {{ x }}.", "promptctl.toml": '[gate]\non_untested = "fail"\n'},
    )
    shop.branch("change").write({"prompts/sour.prompt.j2": "Shout {{ x }}.", PROMPT: sorting(mint="fruit")})

    tested = compared(shop.path, "s*")

    assert (tested.code, tested.rules[0]) == (1, "untested")


def test_a_comment_in_a_prompt_without_cases_leaves_nothing_untested(tmp_path: Path):
    shop = shop_in(tmp_path, {"prompts/sour.prompt.j2": "Say {{ x }}."})
    shop.branch("change").write({"prompts/sour.prompt.j2": "Say{# politely #} {{ x }}."})

    assert compared(shop.path).result["untested"] == []


def test_a_former_name_that_base_does_not_have_is_said(tmp_path: Path):
    shop = shop_in(tmp_path)
    header = "---\nrenamed_from: srot\n---\n"
    shop.branch("change").write({PROMPT: None, "prompts/kind.prompt.j2": header + sorting()})
    shop.write({SUITE: None, "evals/kind.yaml": cases()})

    tested = compared(shop.path)

    assert any("srot" in note for note in tested.result["notes"])
    assert tested.rules == ["nothing-changed"]


def test_loosened_gate_values_are_listed(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: with_settings("gate: {margin: 0.02, on_undecided: fail}", cases())})
    shop.branch("change").write({SUITE: with_settings("gate: {margin: 0.9}", cases())})

    tested = compared(shop.path)

    assert "changes to the yardstick: gate margin 0.02 → 0.9" in tested.suite["notes"]
    assert "changes to the yardstick: gate on_undecided fail → pass" in tested.suite["notes"]


def test_another_prompt_as_base_alone_is_compared_with_itself(tmp_path: Path):
    shop = shop_in(tmp_path, {"prompts/short.prompt.j2": "Green: {{ green }}\nKind:"})

    refused = promptctl("test", "--base", "short@main", cwd=shop.path)

    assert (refused.code, "[nothing-selected]" in refused.err) == (2, True)


def test_one_mistake_in_a_template_is_one_error_however_many_cases_meet_it(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.write({PROMPT: "Green: {{ green + 1 }}\nKind:"})

    refused = promptctl("test", cwd=shop.path)

    assert refused.code == 2
    assert refused.err.count("error: ") == 1
    assert "4 more cases" in refused.err
