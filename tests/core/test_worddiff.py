"""Differences between two texts, in pieces a person can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.worddiff import MAX_TOKENS, Piece, word_diff

TEXTS = st.text() | st.text("ab 。退款，\n", max_size=60)


def marked(before: str, after: str) -> str:
    """`Hello [-old-]{+new+} world`."""
    shape = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(shape[piece.kind].format(piece.text) for piece in word_diff(before, after))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("", "", ""),
        ("same", "same", "same"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("within 14 days.", "within 30 days.", "within [-14-]{+30+} days."),
        ("Paid within 14 days.", "Paid soon.", "Paid [-within 14 days-]{+soon+}."),
        ("one two", "one two three", "one two{+ three+}"),
        (
            "Refunds arrive within 14 days after receipt.",
            "Refunds come within 14 days of receipt.",
            "Refunds [-arrive-]{+come+} within 14 days [-after-]{+of+} receipt.",
        ),
        (
            "a big red house stands here today",
            "a small blue house stands there today",
            "a [-big red-]{+small blue+} house stands [-here-]{+there+} today",
        ),
        (
            "退款会在收到包裹后 14 天内到账。",
            "退款会在收到包裹后尽快到账。",
            "退款会在收到包裹后[- 14 天内-]{+尽快+}到账。",
        ),
        ("a  b", "a b", "a[-  -]{+ +}b"),
        ("Straße", "Strasse", "[-Straße-]{+Strasse+}"),
    ],
)
def test_only_what_changed_is_marked(before: str, after: str, shown: str):
    assert marked(before, after) == shown


def test_text_without_spaces_is_compared_by_character():
    assert word_diff("请退款", "请换货") == [
        Piece("same", "请"),
        Piece("removed", "退款"),
        Piece("added", "换货"),
    ]


def test_two_sentences_with_little_in_common_are_shown_whole():
    pieces = word_diff("I am sorry, we cannot do that today.", "Refunds arrive within fourteen days, always.")

    assert [piece.kind for piece in pieces if piece.kind != "same"] == ["removed", "added"]


@given(TEXTS, TEXTS)
def test_the_pieces_hold_both_texts_and_nothing_else(before: str, after: str):
    pieces = word_diff(before, after)

    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)


@given(TEXTS)
def test_equal_texts_are_one_piece(text: str):
    assert word_diff(text, text) == ([Piece("same", text)] if text else [])


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_what_both_begin_and_end_with_stays_unmarked(head: str, tail: str, one: str, other: str):
    head, tail = f"start {head} ", f" {tail} end"
    pieces = word_diff(head + one + tail, head + other + tail)

    assert pieces[0].kind == pieces[-1].kind == "same"


def test_a_text_that_loops_is_replaced_whole_and_not_matched_word_by_word():
    before = "the answer is no " * MAX_TOKENS
    after = "the answer was no " * MAX_TOKENS

    pieces = word_diff(before, after)

    assert [piece.kind for piece in pieces] == ["same", "removed", "added", "same"]
