"""A change cannot pass by editing its own tests: what is removed, weakened, accepted, quarantined."""

from pathlib import Path

import pytest

from tests.e2e.shop import BROKEN, PROMPT, SUITE, Compared, cases, compared, shop_in, sorting, with_settings

BLOCKER = cases(pear="severity: blocker")
LATER, EARLIER = "9999-12-31", "2020-01-01"


def changed(tmp_path: Path, before: str, after: str | None, prompt: str | None = None) -> Compared:
    """The suite edited on a branch, and the prompt where one is given."""
    shop = shop_in(tmp_path, {SUITE: before})
    shop.branch("change").write({SUITE: after})
    return compared(shop.write({PROMPT: prompt} if prompt else {}).path)


def accepting(what: str, until: str | None = None) -> str:
    limit = f', until: "{until}"' if until else ""
    return f'accept: [{{case: pear, what: {what}, because: "the kitchen says so"{limit}}}]'


def test_a_deleted_suite_whose_prompt_stays_lets_no_blocker_go(tmp_path: Path):
    tested = changed(tmp_path, BLOCKER, None)

    assert (tested.code, tested.rules) == (1, ["blocker-removed"])
    assert tested.suite["counts"]["removed"] == 5


def test_a_deleted_blocker_stops_the_change(tmp_path: Path):
    tested = changed(tmp_path, BLOCKER, cases(pear="-"))

    assert (tested.code, tested.rules) == (1, ["blocker-removed"])
    assert [entry["case"] for entry in tested.suite["yardstick"]] == ["pear"]


def test_a_deleted_case_that_is_no_blocker_is_listed(tmp_path: Path):
    tested = changed(tmp_path, cases(), cases(pear="-"))

    assert tested.code == 0
    assert [(entry["case"], entry["what"]) for entry in tested.suite["yardstick"]] == [("pear", "removed")]


@pytest.mark.parametrize(
    "weaker",
    [
        cases(pear="severity: normal"),
        cases(pear="severity: info"),
        cases(pear="severity: blocker, status: draft"),
        cases(pear="severity: blocker, status: retired"),
        BLOCKER.replace("input: pear, expected: fruit", "input: pear, expected: herb"),
        BLOCKER.replace("severity: blocker", "severity: blocker, checks: [max_words: 9]"),
    ],
    ids=["normal", "info", "draft", "retired", "expected", "checks"],
)
def test_a_weakened_blocker_stops_the_change(tmp_path: Path, weaker: str):
    tested = changed(tmp_path, BLOCKER, weaker)

    assert (tested.code, tested.rules) == (1, ["blocker-removed"])


def test_a_broken_case_stops_the_change(tmp_path: Path):
    tested = changed(tmp_path, cases(), cases(), sorting(**BROKEN))

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])


@pytest.mark.parametrize("until", [None, LATER])
def test_an_accepted_break_is_shown_and_stops_nothing(tmp_path: Path, until: str | None):
    tested = changed(tmp_path, cases(), with_settings(accepting("broken", until), cases()), sorting(**BROKEN))

    assert tested.code == 0
    assert "ACCEPTED   pear broken, because: the kitchen says so" in tested.report


def test_an_accepted_break_counts_again_when_its_time_is_over(tmp_path: Path):
    suite = with_settings(accepting("broken", EARLIER), cases())

    tested = changed(tmp_path, cases(), suite, sorting(**BROKEN))

    assert (tested.code, tested.rules) == (1, ["broken-exceeds-fixed"])


@pytest.mark.parametrize(("until", "code"), [(None, 0), (LATER, 0), (EARLIER, 1)])
def test_a_removed_blocker_can_be_meant_so_until_a_date(tmp_path: Path, until: str | None, code: int):
    tested = changed(tmp_path, BLOCKER, with_settings(accepting("removed", until), cases(pear="-")))

    assert tested.code == code


def test_a_weakened_blocker_can_be_meant_so(tmp_path: Path):
    tested = changed(tmp_path, BLOCKER, with_settings(accepting("weakened"), cases()))

    assert tested.code == 0
    assert "ACCEPTED   pear weakened" in tested.report


def test_a_deleted_suite_can_be_meant_so_in_the_projects_settings(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: BLOCKER})
    settings = '[[accept]]\nsuite = "sort"\ncase = "pear"\nwhat = "removed"\nbecause = "the shop closes"\n'
    shop.branch("change").write({SUITE: None, "promptctl.toml": settings})

    assert compared(shop.path).code == 0


@pytest.mark.parametrize(("until", "code", "state"), [(LATER, 0, "advisory"), (EARLIER, 1, "broken")])
def test_a_quarantined_case_counts_again_past_its_date(tmp_path: Path, until: str, code: int, state: str):
    quarantine = f'status: quarantined, quarantine: {{reason: "flaky", until: "{until}"}}'
    suite = cases(pear=quarantine)

    tested = changed(tmp_path, suite, suite, sorting(**BROKEN))

    assert (tested.code, tested.state("pear")) == (code, state)


def test_a_new_case_that_base_fails_shows_what_the_change_mends(tmp_path: Path):
    shop = shop_in(tmp_path, {PROMPT: sorting(**BROKEN), SUITE: cases(pear="-")})
    shop.branch("change").write({PROMPT: sorting(), SUITE: cases()})

    tested = compared(shop.path)

    pear = next(found for found in tested.suite["results"] if found["case"] == "pear")
    assert (pear["state"], pear["counted"]) == ("new_pass", False)
    assert [trial["outcome"] for trial in pear["base"]] == ["fail"]


def test_a_new_blocker_that_fails_stops_the_change(tmp_path: Path):
    tested = changed(tmp_path, cases(pear="-"), BLOCKER, sorting(**BROKEN))

    assert (tested.code, tested.rules) == (1, ["blocker-new-fail"])
