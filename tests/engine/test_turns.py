"""What the checks say of a conversation: which reply each looks at, what it is called, what one outcome comes of it."""

from typing import Any

import pytest

from promptctl.core.case import Case, CheckSpec, Extract, Turn
from promptctl.core.exchange import Output
from promptctl.engine.grader import Graded, Grader
from promptctl.errors import FileError
from tests.builders import a_case, a_check, a_suite

CALL = Output(text="", tool_calls=({"id": "c"},), finish="tool_calls")


def a_turn(*checks: CheckSpec) -> Turn:
    return Turn(say="…", checks=checks)


def holds(text: str, **options: Any) -> CheckSpec:
    return a_check("contains", **{"": text}, **options)


def graded(case: Case, *replies: str | Output, **options: Any) -> Graded:
    outputs = [Output(text=reply) if isinstance(reply, str) else reply for reply in replies]
    return Grader(a_suite(case)).grade(case, outputs, **options)


def statuses(found: Graded) -> dict[str, str]:
    assert len({verdict.check for verdict in found.verdicts}) == len(found.verdicts)
    return {verdict.check: verdict.status for verdict in found.verdicts}


def test_each_check_looks_at_its_own_reply():
    case = a_case(
        checks=(holds("c"),),
        checks_all=(holds("!"),),
        turns=(a_turn(holds("a")), a_turn(), a_turn(holds("c"))),
    )

    found = graded(case, "a!", "b", "c!")

    assert statuses(found) == {
        "finished (turn 1)": "pass",
        "contains (turn 1)": "pass",
        "contains-2 (turn 1)": "pass",
        "finished (turn 2)": "pass",
        "contains (turn 2)": "fail",
        "finished": "pass",
        "contains": "pass",
        "contains (turn 3)": "pass",
        "contains-2 (turn 3)": "pass",
    }
    assert (found.outcome, found.turn) == ("fail", 2)


def test_names_stay_unique_whatever_people_call_their_checks():
    case = a_case(
        checks=(holds("b", name="contains (turn 2)"),), turns=(a_turn(), a_turn(holds("b"), holds("x")))
    )

    assert list(statuses(graded(case, "a", "b"))) == [
        "finished (turn 1)",
        "finished",
        "contains (turn 2)",
        "contains (turn 2)-2",
        "contains-2 (turn 2)",
    ]


@pytest.mark.parametrize(
    ("replies", "outcome", "turn"),
    [(("a", "a"), "pass", None), (("b", "b"), "fail", 1), (("a", "b"), "fail", 2)],
)
def test_the_first_turn_that_fails_decides(replies: tuple[str, ...], outcome: str, turn: int | None):
    case = a_case(checks=(), checks_all=(holds("a"),), turns=(a_turn(), a_turn()))

    found = graded(case, *replies)

    assert (found.outcome, found.turn) == (outcome, turn)


def test_a_check_without_a_vote_decides_no_turn():
    case = a_case(checks=(holds("b"),), turns=(a_turn(holds("x", required=False)), a_turn()))

    found = graded(case, "a", "b")

    assert (found.outcome, found.turn) == ("pass", None)


def test_what_cannot_be_scored_names_its_turn():
    nowhere = Extract(block="json", otherwise="unscored")
    check = CheckSpec(kind="contains", name="c", args={"": "x"}, extract=nowhere)
    case = a_case(checks=(), turns=(a_turn(), a_turn(check)))

    found = graded(case, "a", "b")

    assert (found.outcome, found.turn) == ("unscored", 2)


def test_a_single_reply_names_no_turn():
    assert graded(a_case(checks=(holds("x"),)), "a").turn is None


def test_a_conversation_with_nothing_that_votes_is_advisory():
    case = a_case(checks=(holds("x", required=False),), turns=(a_turn(), a_turn()))

    assert graded(case, "a", "b").outcome == "advisory"


# Replies that end a conversation

ENDS = {
    "cut off": (Output(text="a", finish="length"), "cut off at the token limit"),
    "empty": (Output(text=" "), "the reply is empty"),
    "empty and cut off": (Output(text="", finish="length"), "the reply is empty, cut off at the token limit"),
    "a call": (CALL, "called a tool where the user goes on: only the last reply may"),
}


@pytest.mark.parametrize(("reply", "why"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("tools", [True, False], ids=["with tools", "without tools"])
def test_a_conversation_that_ends_early_fails_and_says_why(reply: Output, why: str, tools: bool):
    case = a_case(checks=(holds("a"),), turns=(a_turn(holds("z")), a_turn()))

    found = graded(case, reply, tools_offered=tools)

    assert (found.outcome, found.turn) == ("fail", 1)
    assert found.verdicts[0].check == "finished (turn 1)"
    assert found.verdicts[0].reason == why
    assert [verdict.check for verdict in found.verdicts] == ["finished (turn 1)", "contains (turn 1)"]


def test_only_a_reply_that_cannot_be_followed_ends_it_where_finished_is_off():
    case = a_case(checks=(holds("b"),), turns=(a_turn(), a_turn()), finished=False)

    assert graded(case, Output(text="a", finish="length"), "b").outcome == "pass"
    assert graded(case, Output(text="")).outcome == "fail"


def test_the_last_reply_may_call_a_tool_that_is_offered():
    case = a_case(checks=(), watch=True, turns=(a_turn(), a_turn(holds("z", required=False))))

    assert statuses(graded(case, "a", CALL, tools_offered=True))["finished"] == "pass"
    assert statuses(graded(case, "a", CALL))["finished"] == "fail"


def test_equal_last_replies_after_different_ones_are_judged_apart():
    case = a_case(checks=(holds("z"),), turns=(a_turn(holds("a")), a_turn()))
    grader = Grader(a_suite(case))

    one, other = (grader.grade(case, [Output(text=first), Output(text="z")]).outcome for first in ("a", "b"))

    assert (one, other) == ("pass", "fail")


@pytest.mark.parametrize("where", ["turn", "all"])
def test_a_check_of_any_reply_is_built_before_anything_is_asked(where: str):
    wrong = a_check("contain")
    facts = {"turns": (a_turn(wrong),)} if where == "turn" else {"turns": (a_turn(),), "checks_all": (wrong,)}

    with pytest.raises(FileError, match="unknown"):
        Grader(a_suite(a_case(**facts)))


def test_arguments_are_written_out_in_every_check():
    case = a_case(checks_all=(holds("a"),), turns=(a_turn(holds("b")),))

    [written] = Grader(a_suite(case)).suite.cases

    assert [check.args["value"] for check in (*written.checks_all, *written.turns[0].checks)] == ["a", "b"]
