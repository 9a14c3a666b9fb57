"""Hunks of lines that differ, as a patch has them."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.linediff import DiffLine, Hunk, line_diff

LINES = st.lists(st.sampled_from("abcd"), max_size=30)


def applied(hunks: list[Hunk[str]], before: list[str]) -> list[str]:
    """`before` with the hunks applied, as `patch` would: by their line numbers."""
    after, at = [], 0
    for hunk in hunks:
        start = hunk.old_start - bool(hunk.old_count)
        after += before[at:start]
        assert len(after) == hunk.new_start - bool(hunk.new_count)
        after += [one.line for one in hunk.lines if one.kind != "removed"]
        assert [one.line for one in hunk.lines if one.kind != "added"] == before[
            start : start + hunk.old_count
        ]
        at = start + hunk.old_count
    return after + before[at:]


@given(LINES, LINES, st.integers(0, 4))
def test_applying_the_hunks_to_one_text_gives_the_other(before: list[str], after: list[str], context: int):
    assert applied(line_diff(before, after, context=context), before) == after


@given(LINES)
def test_equal_texts_have_no_hunk(lines: list[str]):
    assert line_diff(lines, list(lines)) == []


def test_a_rewritten_line_knows_what_it_was():
    [hunk] = line_diff(["x", "old", "y"], ["x", "new", "y"])

    assert hunk.lines == (
        DiffLine("same", "x"),
        DiffLine("removed", "old", "new"),
        DiffLine("added", "new", "old"),
        DiffLine("same", "y"),
    )


def test_lines_replaced_by_another_number_of_lines_have_no_partner():
    [hunk] = line_diff(["old"], ["new", "newer"])

    assert [one.partner for one in hunk.lines] == [None, None, None]


def test_changes_far_apart_are_hunks_of_their_own_with_the_numbers_of_a_patch():
    before = [f"line {number}" for number in range(1, 41)]
    after = ["first", *before[1:30], *before[31:], "last"]

    hunks = line_diff(before, after)

    expected = [line for line in difflib.unified_diff(before, after, lineterm="") if line.startswith("@@")]
    assert [f"@@ -{h.old_start},{h.old_count} +{h.new_start},{h.new_count} @@" for h in hunks] == expected


def test_a_side_without_lines_starts_at_0():
    [hunk] = line_diff([], ["a", "b"])

    assert hunk[:4] == (0, 0, 1, 2)


@pytest.mark.timeout(20)
def test_many_changes_in_a_long_text_are_found_at_once():
    before = [str(number) for number in range(60_000)]
    after = [f"{line}!" if number % 10 == 5 else line for number, line in enumerate(before)]

    hunks = line_diff(before, after)

    assert len(hunks) == 6000
    assert applied(hunks, before) == after


@given(LINES, LINES, st.integers(0, 3))
def test_long_texts_are_compared_like_short_ones(before: list[str], after: list[str], context: int):
    numbers = [str(number) for number in range(1000)]
    before, after = [*before, *numbers, *before], [*after, *numbers, *after]

    hunks = line_diff(before, after, context=context)

    assert applied(hunks, before) == after
    assert sum(hunk.old_count for hunk in hunks) < 100


def test_a_change_at_the_end_of_a_long_text_is_found_without_comparing_the_rest():
    before = [str(number) for number in range(300_000)]  # the matcher alone would take many seconds

    [hunk] = line_diff(before, [*before[:-1], "x"])

    assert hunk[:4] == (299_997, 4, 299_997, 4)
