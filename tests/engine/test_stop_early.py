"""`--stop-early`: a large suite may pass before all its cases were asked, and nothing but pass."""

from pathlib import Path

import pytest

from promptctl.api.project import Project
from promptctl.core.digest import digest
from promptctl.core.findings import Looks
from tests.engine.test_confirm import a_repo, outcome, saying

NAMES = [f"n{number:03}" for number in range(320)]


def test_a_large_suite_passes_after_the_third_look(tmp_path: Path):
    provider = saying({})

    result = outcome(a_repo(tmp_path, NAMES), provider, stop_early=True)

    [suite] = result.suites
    assert suite.looks
    assert (suite.looks.look, suite.looks.asked, suite.looks.planned) == (3, 192, 320)
    assert suite.looks.stopped
    assert (suite.rule, suite.status) == ("no-worse-than-margin", "pass")
    assert suite.message.endswith("no worse than 5 points after 192 of 320")
    assert (len(provider.asked), suite.counts["not_asked"], suite.n) == (384, 128, 192)


def test_a_break_still_stops_what_looked_good_early(tmp_path: Path):
    everywhere = dict.fromkeys(NAMES[::40], ("p", "f"))

    result = outcome(a_repo(tmp_path, NAMES), saying(everywhere), stop_early=True)

    assert result.decision.exit_code == 1
    assert result.suites[0].rule == "broken-exceeds-fixed"


def test_blockers_are_asked_before_any_look(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)
    suite = (repo.path / "evals/sort.yaml").read_text()
    marked = suite.replace("id: n319,", "id: n319, severity: blocker,")
    repo.git("stash")
    repo.git("checkout", "--quiet", "main")
    repo.commit("a blocker", {"evals/sort.yaml": marked})
    repo.git("checkout", "--quiet", "change")
    repo.git("rebase", "--quiet", "main")
    repo.git("stash", "pop")

    result = outcome(repo, saying({"n319": ("p", "f")}), stop_early=True)

    assert result.decision.reasons[0].rule == "blocker-broken"


def test_at_the_last_look_the_boundary_is_that_of_five_looks(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)
    suite = Project(repo.path, isolate=False).here().suites.suite("sort").digest
    order = sorted(NAMES, key=lambda name: digest("turn", [suite, name]))
    # What breaks is asked first, so that no earlier look is enough; all of it is contradicted at once.
    flips = dict.fromkeys(order[:15], ("p", "fp")) | dict.fromkeys(order[-8:], ("f", "pf"))
    provider = saying(flips)

    whole = outcome(repo, provider).suites[0]
    early = outcome(repo, provider, stop_early=True).suites[0]

    assert early.looks
    assert (early.looks.look, early.looks.asked, round(early.looks.boundary, 4)) == (5, 320, 1.7397)
    assert 1.645 < early.looks.z < early.looks.boundary  # enough for one look, and not for the last of five
    assert (whole.status, early.status) == ("pass", "undecided")


@pytest.mark.parametrize(
    ("count", "options", "why"),
    [
        (299, {}, "299 cases, and 300 are needed"),
        (300, {"samples": 2}, "several first draws a case"),
        (300, {"no_base": True}, "base and head are not compared"),
    ],
)
def test_where_no_look_can_be_taken_a_note_says_why(
    tmp_path: Path, count: int, options: dict[str, object], why: str
):
    result = outcome(a_repo(tmp_path, NAMES[:count]), saying({}), stop_early=True, **options)

    assert f"--stop-early has no effect: {why}" in result.suites[0].notes
    assert result.suites[0].looks is None
    assert result.suites[0].counts["not_asked"] == 0


def test_running_again_early_or_not_decides_from_what_is_stored(tmp_path: Path):
    repo, provider = a_repo(tmp_path, NAMES), saying({})
    early = outcome(repo, provider, stop_early=True)
    again = outcome(repo, provider, stop_early=True)
    whole = outcome(repo, provider)

    assert isinstance(again.suites[0].looks, Looks)
    assert (again.decision, again.calls.prompt.sent) == (early.decision, 0)
    assert (whole.suites[0].n, whole.suites[0].looks) == (320, None)
