"""What the draws of a flip say, and which side is drawn next."""

import pytest

from promptctl.core.confirming import Redrawn, draws_each, has_drifted, is_cache, redrawn
from promptctl.core.run import Outcome
from tests.builders import OUTCOMES


def draws(letters: str) -> list[Outcome]:
    return [OUTCOMES[letter] for letter in letters]


@pytest.mark.parametrize(
    ("asked", "each"),
    [(1, 3), (25, 3), (26, 4), (100, 4), (101, 5), (500, 5), (501, 6), (100_000, 6)],
)
def test_the_more_cases_the_more_draws_have_to_agree(asked: int, each: int):
    assert draws_each(asked) == each


@pytest.mark.parametrize(
    ("base", "head", "next_side"),
    [
        ("p", "f", "head"),
        ("p", "ff", "base"),
        ("pp", "ff", "head"),
        ("pp", "fff", "base"),
        ("", "f", "head"),
        ("ppp", "f", "head"),
        ("p", "fff", "base"),
    ],
)
def test_head_is_drawn_first_and_then_the_sides_take_turns(base: str, head: str, next_side: str):
    assert redrawn(draws(base), draws(head), 3) == Redrawn("open", next=next_side)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        ("ppp", "fff", Redrawn("confirmed")),
        ("", "fff", Redrawn("confirmed")),
        ("pppp", "ffff", Redrawn("confirmed")),
        ("p", "fp", Redrawn("contradicted", by="head")),
        ("pf", "ff", Redrawn("contradicted", by="base")),
        ("p", "fu", Redrawn("unclear")),
        ("pe", "ff", Redrawn("unclear")),
    ],
)
def test_a_flip_is_settled_by_agreement_and_by_the_first_contradiction(base: str, head: str, said: Redrawn):
    assert redrawn(draws(base), draws(head), 3) == said


@pytest.mark.parametrize(
    ("compared", "identical", "cached"),
    [(9, 9, False), (10, 10, True), (10, 9, False), (20, 19, True), (20, 18, False), (0, 0, False)],
)
def test_nineteen_of_twenty_redraws_alike_are_a_cache(compared: int, identical: int, cached: bool):
    assert is_cache(compared, identical) is cached


@pytest.mark.parametrize(
    ("flips", "contradicted", "by_base", "drift"),
    [
        (3, 3, 3, False),
        (4, 4, 4, True),
        (4, 4, 3, False),
        (5, 5, 5, True),
        (9, 6, 6, True),
        (12, 6, 6, False),
        (10, 10, 8, True),
        (10, 10, 7, False),
    ],
)
def test_drift_is_more_than_half_of_four_flips_contradicted_by_base_beyond_chance(
    flips: int, contradicted: int, by_base: int, drift: bool
):
    assert has_drifted(flips, contradicted, by_base) is drift
