"""Where nothing is left that could show harm, nothing is decided: errors, unscored outputs, excuses, no vote."""

from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.rewording import NEW, OLD, case, reworded, suite
from tests.e2e.shop import compared

WORDS = ("w0", "w1", "w2")
TOLERANT = "gate: {max_errors: 9}"
UNSCORED = "{id: w0, input: w0, checks: [{contains: ok, extract: {regex: 'grade (.)', otherwise: unscored}}]}"


@pytest.mark.parametrize("prompt", [NEW, OLD], ids=["changed", "unchanged"])
@pytest.mark.parametrize("options", [["--all"], ["--no-base"]])
def test_errors_alone_decide_nothing_however_many_are_allowed(
    prompt: str, options: list[str], tmp_path: Path
):
    tolerant = suite(*WORDS, settings=TOLERANT)
    repo = reworded(tmp_path, suite(*WORDS), tolerant, slow=WORDS, prompt=prompt)

    tested = compared(repo.path, *options)

    assert (tested.code, tested.rules, tested.suite["counts"]["error"]) == (3, ["errors"], 3)


def test_without_stored_answers_an_offline_run_decides_nothing(tmp_path: Path):
    repo = reworded(tmp_path, suite(*WORDS))

    tested = compared(repo.path, "--offline")

    assert (tested.code, tested.rules, tested.sent) == (3, ["errors"], 0)


@pytest.mark.parametrize("options", [[], ["--no-base"]])
def test_a_single_case_that_cannot_be_scored_decides_nothing(options: list[str], tmp_path: Path):
    tested = compared(reworded(tmp_path, suite(UNSCORED)).path, *options)

    assert (tested.code, tested.rules) == (3, ["unscored"])


def test_one_of_many_that_cannot_be_scored_is_taken_for_broken(tmp_path: Path):
    many = [f"v{number:02}" for number in range(86)]
    repo = reworded(tmp_path, suite(UNSCORED, *many))

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (0, ["no-worse-than-margin"])
    assert tested.suite["difference"]["low"] > -0.031
    assert (
        -0.05 < tested.suite["evidence"]["bound"] < -0.049
    )  # one broken of 87, the most that the margin allows


def test_breaks_beside_more_errors_than_allowed_are_no_decision(tmp_path: Path):
    repo = reworded(tmp_path, suite(*WORDS), says={"New: w0": "bad"}, slow=["New: w1"])

    tested = compared(repo.path)

    assert (tested.code, tested.rules, tested.state("w0")) == (3, ["errors"], "broken")


def test_a_broken_blocker_stops_the_change_beside_errors_too(tmp_path: Path):
    cases = suite(case("w0", "severity: blocker"), "w1", "w2")
    repo = reworded(tmp_path, cases, says={"New: w0": "bad"}, slow=["New: w1"])

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["blocker-broken"])


def test_an_allowed_error_does_not_hide_a_break(tmp_path: Path):
    cases = suite(*WORDS, settings="gate: {max_errors: 1}")
    repo = reworded(tmp_path, cases, says={"New: w0": "bad"}, slow=["New: w1"])

    tested = compared(repo.path)

    assert (tested.code, tested.rules, tested.suite["n"]) == (1, ["broken-exceeds-fixed"], 2)


def test_where_every_break_is_meant_nothing_is_claimed(tmp_path: Path):
    accept = "".join(f"  - {{case: {word}, what: broken, because: a new policy}}\n" for word in WORDS)
    meant = suite(*WORDS, settings=f"accept:\n{accept}")
    repo = reworded(tmp_path, suite(*WORDS), meant, says={"New:": "bad"})

    tested, strict = compared(repo.path), compared(repo.path, "--strict")

    assert (tested.code, tested.suite["status"], tested.suite["n"]) == (0, "undecided", 0)
    assert "3 accepted breaks, and nothing else is counted" in tested.last_line
    assert strict.code == 3


@pytest.mark.parametrize("silent", ["severity: info", "watch: true"])
def test_a_selection_without_a_vote_is_no_pass(silent: str, tmp_path: Path):
    quiet = case("w0", f"tags: [quiet], {silent}")
    repo = reworded(tmp_path, suite(quiet, "w1"), says={"New: w1": "bad"})

    tested = compared(repo.path, "--tag", "quiet")

    assert (tested.code, tested.rules) == (0, ["advisory-only"])
    assert tested.last_line.startswith("ADVISORY")
    assert compared(repo.path, "--tag", "quiet", "--strict").code == 3


def test_a_suite_that_was_emptied_is_no_pass_beside_another(tmp_path: Path):
    retired = suite(*(case(word, "status: retired") for word in WORDS))
    repo = reworded(
        tmp_path, suite(*WORDS), retired, files={"evals/other.yaml": "prompt: ask\n" + suite("v0")}
    )

    tested = compared(repo.path)

    emptied = next(one for one in tested.result["suites"] if one["suite"] == "ask")
    assert (emptied["status"], emptied["n"], len(emptied["yardstick"])) == ("undecided", 0, 3)
    assert tested.result["decision"]["status"] == "undecided"


def test_a_plan_above_its_budget_decides_nothing_although_a_break_is_known(tmp_path: Path):
    repo = reworded(tmp_path, suite(*WORDS), says={"New: w0": "bad"})
    assert compared(repo.path, "--case", "w0").rules == ["broken-exceeds-fixed"]

    done = promptctl("test", "--max-calls", "3", cwd=repo.path)

    assert done.code == 3
    assert done.out.splitlines()[-1].endswith("[budget]")


@pytest.mark.parametrize("severity", ["normal", "blocker"])
def test_a_budget_that_is_spent_before_a_flip_is_confirmed_decides_nothing(severity: str, tmp_path: Path):
    cases = suite(case("w0", f"severity: {severity}"), "w1", "w2")
    repo = reworded(tmp_path, cases, says={"New: w0": "bad"}, deterministic=False)

    spent = compared(
        repo.path, "--max-calls", "7"
    )  # six first draws, and one of the four that would confirm it
    again = compared(repo.path)

    assert (spent.code, spent.rules) == (3, ["budget"])
    assert (spent.sent, spent.result["calls"]["confirm"]["sent"]) == (6, 1)
    assert (again.code, again.sent, again.result["calls"]["confirm"]["sent"]) == (1, 0, 3)


def test_an_offline_run_confirms_nothing_that_was_not_drawn_again_before(tmp_path: Path):
    repo = reworded(tmp_path, suite(*WORDS), says={"New: w0": "bad"}, deterministic=False)
    compared(repo.path, "--max-calls", "6")

    tested = compared(repo.path, "--offline")

    assert (tested.code, tested.rules, tested.suite["counts"]["broken"]) == (0, ["no-break-found"], 1)
    assert tested.last_line.startswith("UNDECIDED")
    assert "not redrawn" in tested.last_line


def test_a_blocker_that_fails_on_both_sides_stops_nothing(tmp_path: Path):
    repo = reworded(tmp_path, suite(case("w0", "severity: blocker"), "w1"), says={"w0": "bad"})

    tested = compared(repo.path)

    assert (tested.code, tested.rules, tested.state("w0")) == (0, ["no-break-found"], "still_failing")
