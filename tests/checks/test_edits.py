"""Edits between texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.checks.edits import edits
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, says

FEW = st.text(alphabet="ab退", max_size=12)


def counted(one: str, other: str) -> int:
    """The table that every textbook has."""
    above = list(range(len(other) + 1))
    for row, character in enumerate(one, 1):
        line = [row]
        for column, wanted in enumerate(other, 1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (character != wanted)))
        above = line
    return above[-1]


@given(FEW, FEW)
def test_the_distance_is_that_of_the_textbook(one: str, other: str):
    assert edits(one, other) == counted(one, other)


@given(st.text(max_size=150), st.text(max_size=150))
def test_texts_longer_than_a_machine_word_are_counted_alike(one: str, other: str):
    assert edits(one, other) == counted(one, other)


@pytest.mark.parametrize(
    ("one", "other", "distance"), [("kitten", "sitting", 3), ("", "abc", 3), ("退款", "退货", 1)]
)
def test_known_distances(one: str, other: str, distance: int):
    assert edits(one, other) == edits(other, one) == distance


def test_long_texts_have_an_end():
    assert says({"levenshtein": {"to": "x" * 100_000, "at_most": 5}}, "y" * 100_000) == "unscored"
    assert says({"levenshtein": {"to": "x" * 20_000, "at_most": 5}}, "x" * 19_999 + "y") == "pass"
    assert opinion_of({"levenshtein": {"to": "x", "at_most": 5}}, "x" * 1_000_000).reason.startswith(
        "at least 999999 edits"
    )


def test_what_it_compares_with_is_given_or_expected():
    assert built({"levenshtein": 3}).needs == ("expected",)
    assert built({"levenshtein": {"to": "a", "at_most": 3}}).needs == ()
    assert says({"levenshtein": {"at_most": 0, "normalise": True}}, "REFUND!", "refund.") == "pass"


@pytest.mark.parametrize("args", [-1, "far", {"to": "", "at_most": 1}, {"to": "a"}], ids=str)
def test_distances_that_cannot_be_are_refused(args: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"levenshtein": args})
