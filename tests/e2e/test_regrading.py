"""A change of the checks judges stored answers again: both sides by head's checks, without a call."""

from pathlib import Path

from tests.e2e.rewording import OLD, case, reworded, suite
from tests.e2e.shop import Compared, compared

WORDS = ("w0", "w1", "w2")
SAYS = {"Old: w0": "fine, ok", "New: w0": "ok", "w1": "no", "New: w2": "bad"}
CONTAINS = "checks: [{contains: ok}]"
EXACT = "checks: [{equals: ok}]"


def asking(words: tuple[str, ...], checks: str) -> str:
    return suite(*(f"{{id: {word}, input: {word}}}" for word in words), settings=checks)


def sides(tested: Compared) -> dict[str, tuple[list[str], list[str]]]:
    """What the checks say of each case's answers, base's and head's."""
    return {
        found["case"]: tuple([trial["outcome"] for trial in found[side]] for side in ("base", "head"))
        for found in tested.suite["results"]
    }


def test_both_sides_are_judged_again_by_heads_checks_without_a_call(tmp_path: Path):
    repo = reworded(tmp_path, asking(WORDS, CONTAINS), says=SAYS)
    first = compared(repo.path)
    repo.write({"evals/ask.yaml": asking(WORDS, EXACT)})

    again = compared(repo.path)

    assert (first.sent, first.state("w0"), first.state("w2")) == (6, "pass", "broken")
    assert (again.sent, again.result["calls"]["confirm"]["sent"]) == (0, 0)
    # What base said passes by base's check and fails by head's, and by that check the change mends it.
    assert sides(again)["w0"] == (["fail"], ["pass"])
    assert (again.state("w0"), again.state("w1"), again.state("w2")) == ("fixed", "still_failing", "broken")


def test_checks_alone_are_changed_for_both_sides_and_break_nothing(tmp_path: Path):
    repo = reworded(tmp_path, asking(WORDS, CONTAINS), says={"w0": "fine, ok"}, prompt=OLD)
    compared(repo.path, "--all")
    repo.write({"evals/ask.yaml": asking(WORDS, EXACT)})

    tested = compared(repo.path)

    assert (tested.code, tested.rules, tested.sent) == (0, ["nothing-changed"], 0)
    assert sides(tested)["w0"] == (["fail"], ["fail"])
    assert "checks of 3 cases changed: 1 that passed now fail" in tested.suite["notes"]
    assert "1 that passed now fail" in tested.report


def test_the_report_counts_what_base_and_head_say_of_the_same_outputs_in_both_directions(tmp_path: Path):
    before = suite(case("w0"), case("w1", expected="no"), "w2")
    after = suite(case("w0", expected="other"), case("w1"), "w2")
    repo = reworded(tmp_path, before, says={"w1": "no"}, prompt=OLD)
    compared(repo.path, "--all")
    repo.write({"evals/ask.yaml": after})

    tested = compared(repo.path)

    assert tested.sent == 0
    assert "checks of 2 cases changed: 2 that passed now fail" in tested.suite["notes"]

    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "other checks")
    repo.write({"evals/ask.yaml": before})
    back = compared(repo.path, "--base", "HEAD")

    assert back.sent == 0
    assert "checks of 2 cases changed: 2 that failed now pass" in back.suite["notes"]


def test_a_new_check_asks_once_for_an_answer_that_is_not_stored(tmp_path: Path):
    repo = reworded(tmp_path, asking(WORDS, CONTAINS), asking(WORDS, EXACT), prompt=OLD)

    first, again = compared(repo.path), compared(repo.path)

    assert (first.sent, first.result["calls"]["prompt"]["saved_equal"]) == (3, 3)
    assert again.sent == 0
