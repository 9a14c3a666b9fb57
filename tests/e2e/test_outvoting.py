"""A break stands whatever the author does to the suite in the same change: add, promote, demote, rename, regroup."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.rewording import OLD, SUITE, case, reworded, suite
from tests.e2e.shop import Compared, compared

WORDS = ("w0", "w1", "w2", "w3", "w4")
BREAKS = {"New: w0": "bad"}
MENDS = {"Old: w1": "bad"}


def test_fifty_new_cases_that_pass_do_not_outvote_one_that_broke(tmp_path: Path):
    more = [f"v{number:02}" for number in range(50)]
    repo = reworded(tmp_path, suite(*WORDS), suite(*WORDS, *more), says=BREAKS)

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])
    assert (tested.suite["n"], tested.suite["counts"]["new_pass"]) == (5, 50)


def test_new_cases_that_the_change_mends_are_no_fixes(tmp_path: Path):
    more = [f"v{number}" for number in range(3)]
    repo = reworded(tmp_path, suite(*WORDS), suite(*WORDS, *more), says={**BREAKS, "Old: v": "bad"})

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])
    assert (tested.suite["counts"]["fixed"], tested.suite["test"]["fixed"]) == (0, 0)


def test_new_cases_in_the_group_of_a_break_change_nothing_about_it(tmp_path: Path):
    grouped = suite(*(case(word, "group: g") for word in WORDS))
    more = [case(f"v{number}", "group: g") for number in range(20)]
    added = suite(*(case(word, "group: g") for word in WORDS), *more)

    with_more, without = (
        compared(reworded(tmp_path / name, grouped, after, says=BREAKS).path)
        for name, after in (("more", added), ("same", grouped))
    )

    assert (with_more.code, with_more.rules) == (1, ["broken-exceeds-fixed"])
    assert with_more.suite["difference"] == without.suite["difference"]
    assert with_more.suite["test"] == without.suite["test"]


@pytest.mark.parametrize("silent", ["severity: info", "watch: true", "status: draft", "status: retired"])
def test_a_case_that_had_no_vote_is_no_fix_when_it_gets_one(silent: str, tmp_path: Path):
    before = suite("w0", case("w1", silent), "w2")
    repo = reworded(tmp_path, before, suite("w0", "w1", "w2"), says={**BREAKS, **MENDS})

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])
    assert (tested.state("w1"), tested.suite["counts"]["fixed"]) == ("new_pass", 0)


def imported(path: Path, prompt: str, answers: dict[str, str]) -> None:
    """Answers of a version that was asked elsewhere, which cannot be drawn again."""
    file = path.parent / "answers.jsonl"
    file.write_text("".join(json.dumps({"case": c, "output": o}) + "\n" for c, o in answers.items()))
    assert promptctl("answers", "import", str(file), "--prompt", prompt, cwd=path).code == 0


@pytest.mark.parametrize("suites", [0, 5])
def test_suites_that_are_added_do_not_dilute_the_test_of_harm(suites: int, tmp_path: Path):
    other = {"prompts/other.prompt.j2": OLD}
    added = {f"evals/other{number}.yaml": "prompt: other\n" + suite("w0") for number in range(suites)}
    repo = reworded(tmp_path, suite(*WORDS), files={**other, **added})
    imported(repo.path, "ask@main", dict.fromkeys(WORDS, "ok"))
    imported(repo.path, "ask", dict.fromkeys(WORDS, "bad"))

    tested = compared(repo.path)

    # Five of five broke: p = 0.0156 by itself, and already two such tests would make it 0.031.
    assert (tested.code, tested.rules[0]) == (1, "worse-overall")
    assert len(tested.result["suites"]) == 1 + suites


def listed(tested: Compared) -> list[tuple[str, str, bool]]:
    return [(entry["case"], entry["what"], entry["blocker"]) for entry in tested.suite["yardstick"]]


@pytest.mark.parametrize(
    ("aside", "what"),
    [
        (case("w0", "severity: info"), "weakened"),
        (case("w0", "watch: true"), "weakened"),
        (case("w0", "status: draft"), "draft"),
        (case("w0", "status: retired"), "retired"),
        (
            case("w0", 'status: quarantined, quarantine: {reason: flaky, until: "9999-12-31"}'),
            "quarantined",
        ),
        ("w1", "removed"),
        (case("w0").replace("id: w0", "id: renamed"), "removed"),
    ],
    ids=["info", "watched", "draft", "retired", "quarantined", "removed", "renamed"],
)
def test_a_break_that_is_set_aside_in_the_same_change_is_listed(aside: str, what: str, tmp_path: Path):
    after = suite(*dict.fromkeys((aside, *WORDS[1:])))
    tested = compared(reworded(tmp_path, suite(*WORDS), after, says=BREAKS).path)

    assert listed(tested) == [("w0", what, False)]
    assert "w0" in tested.report
    assert not tested.suite["better"]


@pytest.mark.parametrize(
    "aside",
    [
        case("w0", "severity: info"),
        case("w0", "severity: blocker, watch: true"),
        case("w0", "severity: blocker, status: retired"),
        case(
            "w0",
            'severity: blocker, status: quarantined, quarantine: {reason: flaky, until: "9999-12-31"}',
        ),
        case("w0", "severity: blocker").replace("id: w0", "id: renamed"),
    ],
    ids=["info", "watched", "retired", "quarantined", "renamed"],
)
def test_a_blocker_that_is_set_aside_in_the_same_change_stops_it(aside: str, tmp_path: Path):
    before = suite(case("w0", "severity: blocker"), *WORDS[1:])
    repo = reworded(tmp_path, before, suite(aside, *WORDS[1:]), says=BREAKS)

    tested = compared(repo.path)

    assert tested.code == 1
    assert set(tested.rules) <= {"blocker-removed", "blocker-new-fail"}


BLOCKERS = [case(word, "severity: blocker, tags: [ci]") for word in WORDS]


@pytest.mark.parametrize("status", ["retired", "draft"])
@pytest.mark.parametrize("options", [[], ["--tag", "ci"], ["ask"]], ids=["all", "tag", "selector"])
def test_blockers_that_are_all_set_aside_stop_the_change_beside_another_suite(
    status: str, options: Sequence[str], tmp_path: Path
):
    after = suite(*(one.replace("tags:", f"status: {status}, tags:") for one in BLOCKERS))
    other = "prompt: ask\n" + suite(case("v0", "tags: [ci]"))
    repo = reworded(tmp_path, suite(*BLOCKERS), after, says=BREAKS, files={"evals/other.yaml": other})

    tested = compared(repo.path, *options)

    assert (tested.code, tested.rules[0]) == (1, "blocker-removed")


@pytest.mark.parametrize(
    "options", [["--tag", "ci"], ["--case", "w0", "--case", "w1"], ["ask"]], ids=["tag", "case", "selector"]
)
def test_a_selection_does_not_hide_a_blocker_that_is_gone(options: list[str], tmp_path: Path):
    repo = reworded(tmp_path, suite(*BLOCKERS), suite(*BLOCKERS[1:]), says=BREAKS)

    tested = compared(repo.path, *options)

    assert (tested.code, tested.rules, listed(tested)) == (1, ["blocker-removed"], [("w0", "removed", True)])


def test_a_case_of_another_tag_says_nothing_where_a_tag_is_selected(tmp_path: Path):
    repo = reworded(
        tmp_path,
        suite(case("w0", "severity: blocker"), case("w1", "tags: [ci]")),
        suite(case("w1", "tags: [ci]")),
    )

    tested = compared(repo.path, "--tag", "ci")

    assert (tested.code, listed(tested)) == (0, [])


def test_a_selector_does_not_hide_a_suite_that_is_gone(tmp_path: Path):
    other = "prompt: ask\n" + suite("v0")
    repo = reworded(tmp_path, suite(*BLOCKERS), says=BREAKS, files={"evals/other.yaml": other})
    repo.write({SUITE: None})

    tested = compared(repo.path, "ask")

    assert (tested.code, tested.rules[0]) == (1, "blocker-removed")


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_blocker_that_is_activated_is_asked_although_no_request_changed(status: str, tmp_path: Path):
    before = suite(case("w0", f"severity: blocker, status: {status}"), "w1")
    after = suite(case("w0", "severity: blocker"), "w1")
    repo = reworded(tmp_path, before, after, says={"w0": "bad"}, prompt=OLD)

    tested = compared(repo.path)

    assert (tested.code, tested.rules, tested.sent) == (1, ["blocker-new-fail"], 1)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("samples: 3", "samples: 1", "samples 3 → 1"),
        ("gate: {min_pass_rate: 0.9}", "gate: {min_pass_rate: 0.1}", "min_pass_rate 0.9 → 0.1"),
        ("gate: {max_errors: 0}", "gate: {max_errors: 9}", "max_errors 0 → 9"),
        ("gate: {on_undecided: fail}", "gate: {on_undecided: pass}", "on_undecided fail → pass"),
    ],
)
def test_a_yardstick_that_asks_for_less_is_named(before: str, after: str, said: str, tmp_path: Path):
    repo = reworded(tmp_path, suite(*WORDS, settings=before), suite(*WORDS, settings=after), says=BREAKS)

    tested = compared(repo.path)

    assert [note for note in tested.suite["notes"] if "changes to the yardstick" in note and said in note]
    assert tested.code == 1


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (case("w0", "group: g"), "group of 1 case: w0"),
        (case("w0").replace("input: w0", "input: w1"), "inputs"),
    ],
)
def test_another_question_or_group_under_the_same_id_is_named(edited: str, said: str, tmp_path: Path):
    tested = compared(reworded(tmp_path, suite(*WORDS), suite(edited, *WORDS[1:])).path)

    assert [note for note in tested.suite["notes"] if "changes to the yardstick" in note and said in note]


def test_what_was_accepted_until_yesterday_is_a_break_again(tmp_path: Path):
    accept = 'accept: [{case: w0, what: broken, because: for a week, until: "2020-01-01"}]'
    repo = reworded(tmp_path, suite(*WORDS), suite(*WORDS, settings=accept), says=BREAKS)

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])


def test_an_accept_excuses_its_own_case_alone(tmp_path: Path):
    accept = "accept: [{case: w0, what: broken, because: a new policy}]"
    says = {**BREAKS, "New: w2": "bad"}
    repo = reworded(tmp_path, suite(*WORDS), suite(*WORDS, settings=accept), says=says)

    tested = compared(repo.path)

    assert (tested.code, tested.rules, tested.suite["n"]) == (1, ["broken-exceeds-fixed"], 4)
    assert tested.result["decision"]["reasons"][0]["cases"] == ["w2"]


def test_an_expectation_that_is_edited_to_what_head_says_is_no_fix(tmp_path: Path):
    after = suite("w0", case("w1", expected="nu"), *WORDS[2:])
    repo = reworded(tmp_path, suite(*WORDS), after, says={**BREAKS, "New: w1": "nu"})

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])
    assert "checks of 1 case changed: 1 that failed now pass" in tested.suite["notes"]


def test_a_blocker_that_loses_its_tag_is_still_selected_by_it(tmp_path: Path):
    untagged = case("w0", "severity: blocker")
    repo = reworded(tmp_path, suite(*BLOCKERS), suite(untagged, *BLOCKERS[1:]), says=BREAKS)

    tested = compared(repo.path, "--tag", "ci")

    assert (tested.code, tested.rules) == (1, ["blocker-broken"])


def test_a_suite_that_is_renamed_and_edited_keeps_its_cases(tmp_path: Path):
    repo = reworded(tmp_path, suite(*WORDS), says=BREAKS)
    repo.write({SUITE: None, "evals/other.yaml": "prompt: ask\n" + suite(*WORDS)})

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])


@pytest.mark.parametrize("edited", [case("w1", expected="nu"), case("w1").replace("input: w1", "input: q1")])
def test_a_case_that_is_edited_in_the_same_change_is_no_fix(edited: str, tmp_path: Path):
    says = {**BREAKS, "New: w1": "nu", "Old: q1": "bad"}
    repo = reworded(tmp_path, suite(*WORDS), suite("w0", edited, *WORDS[2:]), says=says)

    tested = compared(repo.path)

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])
