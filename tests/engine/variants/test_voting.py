"""The vote of several draws: what counts as the same answer, and who wins a tie."""

import pytest

from promptctl.core.case import Case, CheckSpec, Extract
from promptctl.core.exchange import Output
from promptctl.engine.variants.voting import majority

LAST_NUMBER = Extract(regex=r"#### (\d+)", take="last")


def a_case(extract: Extract | None = None) -> Case:
    return Case(id="a", checks=(CheckSpec(kind="equals", name="equals", extract=extract),))


@pytest.mark.parametrize(
    ("said", "winner"),
    [
        (["a", "b", "b"], 1),
        (["a", "b"], 0),
        (["b", "a", "a", "b"], 0),
        (["No", "yes", " YES\n", "Ｙｅｓ"], 1),
        (["14  days", "x", "14 days"], 0),
        (["退款", "退货", "退货"], 1),
        (["", "a", ""], 0),
    ],
)
def test_what_most_draws_say_wins_and_of_a_tie_the_earliest(said: list[str], winner: int):
    assert majority(a_case(), [Output(text=text) for text in said]) == winner


def test_answers_are_compared_by_the_part_that_the_checks_extract():
    said = [
        "so 4\n#### 4",
        "hence\n#### 7",
        "I add.\n#### 7",
        "I cannot tell",
        "I cannot tell",
        "I cannot tell",
    ]

    assert majority(a_case(LAST_NUMBER), [Output(text=text) for text in said]) == 1


def test_without_any_vote_the_first_draw_stands():
    assert majority(a_case(LAST_NUMBER), [Output(text="no"), Output(text="none"), Output(text="none")]) == 0


def test_another_call_of_a_tool_is_another_answer():
    calls = [{"id": str(n), "type": "function", "function": {"name": f"tool{n % 2}"}} for n in (0, 1, 3)]
    said = [Output(text="", finish="tool_calls", tool_calls=(call,)) for call in calls]

    assert majority(a_case(), said) == 1
