import csv
import io
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.prompt import InputSpec
from promptctl.store.case_cells import (
    FORMULA,
    VAR,
    cells_of,
    changes_of,
    columns_of,
    decoded,
    escaped,
    kind_of,
    unescaped,
)
from promptctl.store.case_forms import exact, ordered
from promptctl.store.sheets import read_sheet, written_sheet
from promptctl.store.yaml_edits import REMOVED
from tests.store.some_cases import strange_case

INPUTS = {
    "ticket": InputSpec(name="ticket", type="string"),
    "count": InputSpec(name="count", type="integer", default=1),
    "order": InputSpec(name="order", type="object", default={}),
}


def read_back(cells: dict[str, str], existing: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a row of these cells says."""
    values = {
        column: decoded(unescaped(cell), kind_of(column, INPUTS)) if cell else REMOVED
        for column, cell in cells.items()
    }
    return {key: value for key, value in changes_of(values, existing or {}).items() if value is not REMOVED}


def through_a_file(cases: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    columns = columns_of(cases, INPUTS)
    variables = [column for column in columns if column.startswith(VAR)]
    text = written_sheet(columns, (cells_of(case, variables, INPUTS) for case in cases))
    return text, [read_back(row.cells) for row in read_sheet(text.encode(), "f").rows]


@pytest.mark.parametrize("seed", range(40))
def test_strange_cases_come_back_from_a_sheet_exactly(seed: int):
    chance = Random(seed)
    cases = [strange_case(f"c-{number}", chance) for number in range(12)]
    for case in cases:
        if isinstance(case.get("vars"), dict) and chance.random() < 0.5:
            case["vars"] |= {"ticket": "a", "count": chance.choice([1, "1", 1.0]), "order": {"id": "=1"}}

    text, back = through_a_file(cases)

    assert [exact(ordered(case)) for case in back] == [exact(ordered(case)) for case in cases]
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        assert not [cell for cell in row if cell[:1] in set(FORMULA) - {"'"}]


@given(st.text() | st.text(alphabet="=+-@'\t\r\n＝ajson:", max_size=6))
def test_escaping_a_cell_can_be_taken_back_and_leaves_no_formula(text: str):
    assert unescaped(escaped(text)) == text
    assert escaped(text)[:1] not in set(FORMULA) - {"'"}


def test_cells_are_what_a_person_would_type():
    case = {
        "id": "a",
        "tags": ["refund", "tone"],
        "vars": {"ticket": "line\nline", "count": 3, "order": {"id": 1}},
        "expected": {"text": "Within 14 days."},
        "watch": True,
    }

    cells = cells_of(case, [f"{VAR}{name}" for name in INPUTS], INPUTS)

    assert cells == {
        "id": "a",
        "tags": "refund, tone",
        "var.ticket": "line\nline",
        "var.count": "3",
        "var.order": '{"id": 1}',
        "expected.text": "Within 14 days.",
        "watch": "true",
    }


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("", 'json:""'),
        (5, "json:5"),
        (None, "json:null"),
        ("json:x", 'json:"json:x"'),
        ("a\rb", 'json:"a\\rb"'),
        ("=1+1", "'=1+1"),
        ("'quoted", "''quoted"),
        ("it's", "it's"),
        ("-5", "'-5"),
    ],
)
def test_what_a_plain_cell_would_change_is_marked(value: Any, cell: str):
    cells = cells_of({"expected": value}, [], INPUTS)

    assert cells == {"expected": cell}
    assert exact(read_back(cells)) == exact({"expected": value})


def test_a_sheet_has_the_columns_that_people_fill_and_no_empty_others():
    columns = columns_of([{"id": "a", "input": "x", "checks": ["is_json"]}], INPUTS)

    assert columns == ["id", "status", "severity", "tags", "why", "input", "expected", "checks"]


def test_an_input_without_a_column_is_left_alone_and_an_empty_cell_takes_its_value_out():
    existing = {"vars": {"ticket": "a", "count": 2}}

    assert read_back({"var.ticket": "b"}, existing) == {"vars": {"ticket": "b", "count": 2}}
    assert read_back({"var.ticket": "b", "var.count": ""}, existing) == {"vars": {"ticket": "b"}}


def test_a_plain_expected_keeps_the_form_in_which_the_case_has_it():
    assert read_back({"expected": "b"}, {"expected": {"label": "a"}}) == {"expected": {"label": "b"}}
    assert read_back({"expected": "b"}, {"expected": "a"}) == {"expected": "b"}


def test_a_whole_and_a_part_of_it_exclude_each_other():
    with pytest.raises(ValueError, match="both filled"):
        read_back({"expected": "a", "expected.text": "b"})
    with pytest.raises(ValueError, match="both filled"):
        read_back({"vars": '{"ticket": "a"}', "var.ticket": "b"})


@pytest.mark.parametrize(("cell", "value"), [("TRUE", True), ("3", 3), ("false", False), ('"a"', "a")])
def test_what_a_spreadsheet_makes_of_true_is_true(cell: str, value: Any):
    assert decoded(cell, "json") is value or decoded(cell, "json") == value


def test_tags_may_be_parted_by_a_full_width_comma():
    assert decoded("退款， 物流,x", "list") == ["退款", "物流", "x"]
