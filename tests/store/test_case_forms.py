import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import FileError
from promptctl.store.case_forms import (
    ORDER,
    case_line,
    case_yaml,
    exact,
    file_fault,
    folded,
    ordered,
    written_yaml,
)
from promptctl.store.documents import read_json_lines, read_yaml

TEXTS = st.text() | st.text(alphabet="ab:- #'\"\n\t |>%@`{}[],&*!?019.eE+_~：，“\r\x85\u2028\ufeff\x07\x7f😀")
NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**298, -0.0, 1e22, 5e-324])
)
VALUES = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_case_survives_both_forms_exactly(value: Any):
    case = {"id": "x", "vars": {"a": value}}

    in_yaml = read_yaml(written_yaml(case, "x.yaml"), "x.yaml").value
    in_json = read_json_lines(f"{case_line(case)}\n".encode(), "x.jsonl")[0].value

    assert exact(in_yaml) == exact(in_json) == exact(case)


def test_texts_of_several_lines_and_of_any_script_are_written_as_a_person_would():
    text = case_yaml({"id": "x", "vars": {"工单": "我的钱\n什么时候退？"}})

    assert text == "id: x\nvars:\n  工单: |-\n    我的钱\n    什么时候退？\n"


def test_no_line_is_wrapped_however_long_and_words_of_yaml_and_dates_stay_texts():
    case = {
        "id": "x",
        "vars": {"a": "word " * 5000 + "end", "b": "yes", "c": "012", "d": "2026-01-02", "e": "0.10"},
    }

    text = case_yaml(case)

    assert text.count("\n") == 7
    assert read_yaml(text, "x").value == case


def test_a_line_of_json_holds_nothing_that_an_editor_takes_for_its_end():
    line = case_line({"id": "x", "input": "a\x85b\u2028c\u2029d\ufeffe"})

    assert line.splitlines() == [line]
    assert json.loads(line)["input"] == "a\x85b\u2028c\u2029d\ufeffe"


def test_keys_stand_in_one_order_and_unknown_ones_behind_them():
    case = ordered({"later": 1, "expected": "b", "vars": {"b": 1, "a": 2}, "id": "x"})

    assert list(case) == ["id", "vars", "expected", "later"]
    assert list(case["vars"]) == ["b", "a"]


def test_every_key_of_a_case_has_its_place_in_the_order():
    from promptctl.core.case import Case

    computed = {"written_id", "finished", "place"}

    assert set(Case.__struct_fields__) - computed == set(ORDER)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", 10**400])
def test_what_yaml_cannot_carry_is_refused(value: Any):
    with pytest.raises(FileError) as caught:
        written_yaml({"id": "x", "vars": {"a": value}}, "x.yaml")

    assert caught.value.slug == "cannot-save"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Late", "late"), ("straße", "STRASSE"), ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"), ("é", "É")],
)
def test_ids_that_some_disk_takes_for_one_name_are_one(one: str, other: str):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("case_id", "fault"),
    [
        ("CON", "device"),
        ("nul.x", "device"),
        ("com1", "device"),
        ("-x", "option"),
        (".x", "hidden"),
        ("长" * 120, "bytes"),
    ],
)
def test_an_id_that_names_no_file_on_some_disk_says_why(case_id: str, fault: str):
    assert fault in (file_fault(case_id) or "")


@pytest.mark.parametrize("case_id", ["late-refund-3f9c2a", "console", "com10x", "a.", "长" * 80, "x" * 120])
def test_other_ids_name_a_file(case_id: str):
    assert file_fault(case_id) is None
