"""What a change selects, what is asked for it, and that nothing is asked twice."""

from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.shop import (
    BROKEN,
    LABELS,
    NO_CALLS,
    PROMPT,
    SUITE,
    case,
    cases,
    compared,
    examples,
    shop_in,
    sorting,
)

THROUGH_PARTIAL = 'Say what kind it is.\n\n{% include "_examples.j2" %}Green: {{ green }}\nKind:\n'


# Nothing that a model would see


def test_a_comment_costs_nothing(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").write({PROMPT: "{# Kinds are the kitchen's. #}" + sorting()})

    tested = compared(shop.path)

    assert tested.result["calls"]["prompt"] == NO_CALLS
    assert (tested.code, tested.rules) == (0, ["nothing-changed"])
    assert tested.last_line.startswith("PASS  ")
    assert tested.last_line.endswith("[nothing-changed]")


def test_moving_text_into_a_partial_costs_nothing(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").write({PROMPT: THROUGH_PARTIAL, "prompts/_examples.j2": examples()})

    tested = compared(shop.path)

    assert tested.result["calls"]["prompt"] == NO_CALLS
    assert (tested.code, tested.rules) == (0, ["nothing-changed"])


def test_a_variable_renamed_in_template_and_cases_costs_nothing(tmp_path: Path):
    def listed(name: str) -> str:
        return "".join(
            f"- {{id: {g}, vars: {{{name}: {g}}}, expected: {kind}}}\n" for g, kind in LABELS.items()
        )

    shop = shop_in(tmp_path, {SUITE: listed("green")})
    shop.branch("change").write({PROMPT: sorting(name="plant"), SUITE: listed("plant")})

    tested = compared(shop.path)

    assert tested.result["calls"]["prompt"] == NO_CALLS
    assert (tested.code, tested.rules) == (0, ["nothing-changed"])


def test_a_change_beside_the_prompts_affects_nothing_and_leaves_a_result(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").write({"README": "a shop\n"})

    tested = compared(shop.path)

    assert (tested.code, tested.result["suites"], tested.result["decision"]["status"]) == (0, [], "pass")
    assert [path.name for path in shop.path.glob(".promptctl/runs/*/result.json")] == ["result.json"]


# What a change reaches


def test_a_partial_selects_every_prompt_that_includes_it_and_no_other(tmp_path: Path):
    shop = shop_in(
        tmp_path,
        {
            "prompts/_examples.j2": examples(),
            "prompts/direct.prompt.j2": THROUGH_PARTIAL,
            "prompts/_middle.j2": '{% include "_examples.j2" %}',
            "prompts/deep.prompt.j2": '{% include "_middle.j2" %}Green: {{ green }}\nKind:\n',
            "evals/direct.yaml": cases(),
            "evals/deep.yaml": cases(),
        },
    )
    shop.branch("change").write({"prompts/_examples.j2": examples(**BROKEN)})

    tested = compared(shop.path)

    assert {suite["suite"]: suite["changed"] for suite in tested.result["suites"]} == {
        "deep": ["prompts/_examples.j2"],
        "direct": ["prompts/_examples.j2"],
    }


def test_an_affected_prompt_without_cases_is_listed_as_untested(tmp_path: Path):
    shop = shop_in(tmp_path, {"prompts/bare.prompt.j2": "{{ green }}?\n"})
    shop.branch("change").write({"prompts/bare.prompt.j2": "{{ green }}!\n"})

    tested = compared(shop.path)

    assert tested.result["untested"] == [{"prompt": "bare", "changed": ["prompts/bare.prompt.j2"]}]
    assert "NOT TESTED" in tested.report
    assert tested.code == 0


def test_an_untested_prompt_stops_a_project_that_says_so(tmp_path: Path):
    strict = {"prompts/bare.prompt.j2": "{{ green }}?\n", "promptctl.toml": '[gate]\non_untested = "fail"\n'}
    shop = shop_in(tmp_path, strict)
    shop.branch("change").write({"prompts/bare.prompt.j2": "{{ green }}!\n"})

    tested = compared(shop.path)

    assert (tested.code, tested.rules[0]) == (1, "untested")


# A side that lacks something


def test_a_prompt_only_on_head_is_scored_alone(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").write({"prompts/new.prompt.j2": sorting(), "evals/new.yaml": cases()})

    tested = compared(shop.path)

    assert tested.suite["suite"] == "new"
    assert (tested.code, tested.rules) == (0, ["no-base"])
    assert (tested.suite["difference"], tested.suite["test"]) == (None, None)


def test_a_broken_base_does_not_block_its_own_fix(tmp_path: Path):
    shop = shop_in(tmp_path, {PROMPT: "{% if %}" + sorting()})
    shop.branch("change").write({PROMPT: sorting()})

    tested = compared(shop.path)

    assert (tested.code, tested.rules) == (0, ["no-base"])
    assert any("prompt sort of base cannot be read" in note for note in tested.result["notes"])


def test_a_prompt_deleted_with_its_suite_is_listed_and_stops_nothing(tmp_path: Path):
    both = {"prompts/old.prompt.j2": sorting(), "evals/old.yaml": cases(pear="severity: blocker")}
    shop = shop_in(tmp_path, both)
    shop.branch("change").write(dict.fromkeys(both))

    tested = compared(shop.path)

    assert (tested.code, tested.result["decision"]["status"]) == (0, "pass")
    assert "prompt old is removed" in tested.report


# What the user selects


def test_a_tag_selects_its_cases(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: cases(pear="tags: [juicy]", leek="tags: [long]")})
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})

    assert [found["case"] for found in compared(shop.path, "--tag", "juicy").suite["results"]] == ["pear"]


@pytest.mark.parametrize(
    "options", [["--tag", "nothing"], ["--case", "peer"], ["sorting"], ["--case", "pear", "--tag", "nothing"]]
)
def test_what_selects_nothing_is_a_mistake(tmp_path: Path, options: list[str]):
    shop = shop_in(tmp_path)
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})

    done = promptctl("test", *options, cwd=shop.path)

    assert (done.code, done.out) == (2, "")
    assert "[nothing-selected]" in done.err


def test_a_selector_that_the_change_does_not_affect_is_no_mistake(tmp_path: Path):
    shop = shop_in(tmp_path, {"prompts/other.prompt.j2": sorting(), "evals/other.yaml": cases()})
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})

    tested = compared(shop.path, "other")

    assert (tested.code, tested.result["suites"]) == (0, [])


def test_a_project_of_drafts_alone_is_a_mistake(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: case("pear", "status: draft")})
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})

    done = promptctl("test", cwd=shop.path)

    assert done.code == 2
    assert "[nothing-selected]" in done.err


def test_a_suite_of_drafts_beside_others_is_skipped_with_a_note(tmp_path: Path):
    drafts = {"prompts/other.prompt.j2": sorting(), "evals/other.yaml": case("pear", "status: draft")}
    shop = shop_in(tmp_path, drafts)
    shop.branch("change").write({"prompts/other.prompt.j2": sorting(**BROKEN), PROMPT: sorting(**BROKEN)})

    tested = compared(shop.path)

    assert tested.suite["suite"] == "sort"
    assert "suite other has no active case" in tested.result["notes"]
    assert [entry["prompt"] for entry in tested.result["untested"]] == ["other"]


def test_a_suite_without_any_case_is_a_mistake(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: "cases: []\n"})
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})

    done = promptctl("test", cwd=shop.path)

    assert done.code == 2
    assert SUITE in done.err
