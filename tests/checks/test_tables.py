"""Comma-separated values, and tables of Markdown."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.checks.tables import markdown_tables
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, says


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=2, max_size=5))
def test_what_python_writes_as_csv_is_csv(rows: list[list[str]]):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)

    assert says({"is_csv": 2}, file.getvalue()) == "pass"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the output is empty"),
        ("\n\n", "the output is empty"),
        ("Sure, here it is.", "0 rows below the header, at least 1 wanted"),
        ("a,b\n1,2,3", "row 1 has 3 cells, its header 2"),
        ("a,b\n1,2\n\n1", "row 2 has 1 cell, its header 2"),
        ('a,b\n"1,2', "not CSV: unexpected end of data"),
        ('a,b\n"1"x,2', "not CSV"),
        ("one column\nof prose", "is one cell"),
        ("a,b\n" + "x" * 200_000 + ",1", "not CSV: field larger than field limit"),
        ("```csv\na,b\n1,2\n```", "is one cell"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_csv_is_told_why(text: str, why: str):
    opinion = opinion_of("is_csv", text)

    assert opinion.status == "fail"
    assert why in opinion.reason


def test_the_longest_cell_does_not_depend_on_what_the_process_read_before():
    before = csv.field_size_limit(10_000_000)
    try:
        opinion = opinion_of("is_csv", "a,b\n" + "x" * 131_073 + ",1")
    finally:
        csv.field_size_limit(before)

    assert opinion.reason == "not CSV: field larger than field limit (131072)"


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (None, "pass"),
        (2, "pass"),
        (3, "fail"),
        (["Item", "PRICE"], "pass"),
        (["price", "item"], "fail"),
        ({"max_rows": 2}, "pass"),
        ({"max_rows": 1}, "fail"),
        ({"min_rows": 3}, "fail"),
        ({"delimiter": ";"}, "fail"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("is_csv", "item,price\r\n梨,3\r\n\r\nplum,4\r\n"),
        ("table", "x\n\n| item | price |\n|:--|--:|\n| 梨 | 3 |\n|plum|4|\nend"),
    ],
)
def test_columns_and_rows_are_counted_alike(check: str, text: str, args: object, status: str):
    if check == "table" and isinstance(args, dict) and "delimiter" in args:
        pytest.skip("a table has none")

    assert says({check: args}, text) == status


def test_tables_are_found_where_a_line_of_dashes_follows_a_header():
    text = (
        "a | b\n--- | ---\n1 | 2 \\| 3\nno pipe\n| c |\n|---|\n\n"
        "| not | one |\n| 1 | 2 |\n```\n| x | y |\n|---|---|\n| 1 | 2 |\n```\n| z |\n|-|-|\nTitle\n---\n"
    )

    assert list(markdown_tables(text)) == [[["a", "b"], ["1", "2 | 3"]], [["c"]]]


def test_of_several_tables_one_has_to_fit():
    text = "|a|b|\n|-|-|\n|1|2|\n\n|c|\n|-|\n|1|\n"

    assert says({"table": ["c"]}, text) == "pass"
    assert opinion_of({"table": ["d"]}, text).reason == 'the columns are "a" and "b", not "d"'


@pytest.mark.parametrize(
    "check",
    [
        {"is_csv": 0},
        {"is_csv": []},
        {"is_csv": ["a", ""]},
        {"is_csv": {"delimiter": ""}},
        {"is_csv": {"delimiter": ",,"}},
        {"is_csv": {"delimiter": "\n"}},
        {"table": {"min_rows": -1}},
        {"table": {"min_rows": 3, "max_rows": 2}},
    ],
    ids=str,
)
def test_tables_that_cannot_be_are_refused(check: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built(check)
