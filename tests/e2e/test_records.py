"""What a run leaves behind: counts that add up, answers that are not asked again, a file that can be shown."""

import json
from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.shop import BROKEN, LABELS, PROMPT, SUITE, Compared, cases, compared, shop_in, sorting
from tests.repository import Repo

EVERY_KIND = {
    "apple": "severity: info",
    "pear": "tags: [juicy]",
    "leek": 'status: quarantined, quarantine: {reason: "flaky", until: "9999-12-31"}',
    "kale": "watch: true",
    "mint": "status: draft",
}


def changing(tmp_path: Path, files: dict[str, str | bytes | None] | None = None) -> Repo:
    """A branch whose prompt breaks one case."""
    return shop_in(tmp_path, files).branch("change").write({PROMPT: sorting(**BROKEN)})


def check_counts(tested: Compared) -> None:
    for suite in tested.result["suites"]:
        states = {name: count for name, count in suite["counts"].items() if name not in ("cases", "removed")}
        ids = [found["case"] for found in suite["results"]]
        assert sum(states.values()) == suite["counts"]["cases"] == len(ids)
        assert ids == sorted(ids)
        for state, count in states.items():
            assert sum(found["state"] == state for found in suite["results"]) == count


def test_counts_add_up_and_results_are_listed_by_id(tmp_path: Path):
    shop = changing(tmp_path)

    for options in ([], ["--all"], ["--case", "pear"], ["--no-base"], ["--samples", "3"]):
        check_counts(compared(shop.path, *options))


def test_counts_add_up_for_every_standing_of_a_case(tmp_path: Path):
    shop = changing(tmp_path, {SUITE: cases(**EVERY_KIND)})
    shop.write({SUITE: cases(**{**EVERY_KIND, "mint": ""})})

    tested = compared(shop.path)

    check_counts(tested)
    assert (tested.state("mint"), tested.state("kale"), tested.state("leek")) == (
        "new_pass",
        "watched",
        "advisory",
    )


def test_counts_add_up_where_nothing_could_be_asked(tmp_path: Path):
    check_counts(compared(changing(tmp_path).path, "--offline"))


def test_a_second_run_asks_nothing(tmp_path: Path):
    shop = changing(tmp_path)
    first = compared(shop.path)

    second = compared(shop.path)

    assert (first.sent, second.sent) == (10, 0)
    assert second.result["calls"]["prompt"]["reused"] == 10
    assert second.result["decision"] == first.result["decision"]


def test_going_back_asks_nothing(tmp_path: Path):
    shop = changing(tmp_path)
    compared(shop.path)
    shop.write({PROMPT: sorting(leek="herb")})
    assert compared(shop.path).sent == 5

    shop.write({PROMPT: sorting(**BROKEN)})

    assert compared(shop.path).sent == 0


def test_offline_without_answers_is_incomplete_and_says_which(tmp_path: Path):
    tested = compared(changing(tmp_path).path, "--offline")

    assert (tested.code, tested.rules) == (3, ["errors"])
    assert tested.sent == 0
    assert tested.last_line.startswith("INCOMPLETE  0 of 5 cases answered")
    assert "ERRORS 5" in tested.report
    assert "no stored answer" in tested.report
    assert [line.split() for line in tested.report.splitlines() if set(LABELS) <= set(line.split())] == [
        sorted(LABELS)
    ]


def test_offline_with_answers_is_a_whole_comparison(tmp_path: Path):
    shop = changing(tmp_path)
    asked = compared(shop.path)

    again = compared(shop.path, "--offline")

    assert (again.code, again.sent) == (asked.code, 0)


def test_the_result_is_kept_with_its_run(tmp_path: Path):
    shop = changing(tmp_path)

    tested = compared(shop.path)

    kept = shop.path / ".promptctl/runs" / tested.result["run"]
    assert json.loads((kept / "result.json").read_text()) == tested.result
    assert (kept / "manifest.json").is_file()
    assert len((kept / "trials.jsonl").read_text().splitlines()) == 10


def test_a_run_leaves_nothing_for_git_to_see(tmp_path: Path):
    shop = shop_in(tmp_path)
    compared(shop.path)

    assert shop.git("status", "--porcelain") == ""


def test_a_report_says_what_the_run_said(tmp_path: Path):
    shop = changing(tmp_path)
    done = promptctl("test", cwd=shop.path)
    [kept] = shop.path.glob(".promptctl/runs/*/result.json")

    again = promptctl("report", str(kept), cwd=shop.path)

    assert (again.code, again.out) == (0, done.out)


def test_a_check_that_failed_in_three_draws_is_named_once(tmp_path: Path):
    tested = compared(changing(tmp_path).path, "--samples", "3")

    assert "    pear   matches_expected   base 3/3 → head 0/3" in tested.report


def test_json_on_standard_output_stands_alone(tmp_path: Path):
    done = promptctl("test", "--json", "-", cwd=changing(tmp_path).path)

    assert json.loads(done.out)["format"] == "promptctl.result/1"
    assert done.err.splitlines()[-1].startswith("FAIL  ")


# Exit codes of what is undecided


@pytest.mark.parametrize(
    ("settings", "options", "code"),
    [("", [], 0), ("", ["--strict"], 3), ('[gate]\non_undecided = "fail"\n', [], 1)],
    ids=["plain", "strict", "on_undecided"],
)
def test_no_base_ends_as_the_project_wants(tmp_path: Path, settings: str, options: list[str], code: int):
    tested = compared(shop_in(tmp_path, {"promptctl.toml": settings}).path, *options)

    assert (tested.code, tested.result["decision"]["exit_code"], tested.rules) == (code, code, ["no-base"])


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 3)])
def test_no_break_found_is_undecided(tmp_path: Path, options: list[str], code: int):
    shop = shop_in(tmp_path)
    shop.branch("change").write({PROMPT: sorting().replace("Say", "Tell")})

    tested = compared(shop.path, *options)

    assert (tested.code, tested.rules) == (code, ["no-break-found"])


def test_a_plan_above_the_allowed_calls_is_incomplete_before_any_call(tmp_path: Path):
    tested = compared(changing(tmp_path).path, "--max-calls", "9")

    assert (tested.code, tested.sent) == (3, 0)
