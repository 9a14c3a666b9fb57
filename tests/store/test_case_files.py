from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import FileError
from promptctl.store.case_files import NewCasePlace, case_yaml, new_case_id, save_case
from promptctl.store.documents import read_yaml

TEXTS = st.text() | st.text(alphabet="ab:- #'\"\n\t |>%@`{}[],&*!?019.eE+_~：，“\r\x85\u2028\ufeff\x07")
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
)


@given(VALUES)
def test_a_case_reads_back_as_it_was_given(value: object):
    case = {"id": "x", "vars": {"a": value}}

    assert read_yaml(case_yaml(case), "x.yaml").value == case


def test_texts_of_several_lines_and_of_any_script_are_written_as_a_person_would():
    text = case_yaml({"id": "x", "vars": {"工单": "我的钱\n什么时候退？"}})

    assert text == "id: x\nvars:\n  工单: |-\n    我的钱\n    什么时候退？\n"


def test_an_id_is_the_first_words_in_any_script_and_never_the_same_twice():
    first, second = (
        new_case_id({"ticket": "我的钱 什么时候退？"}),
        new_case_id({"ticket": "我的钱 什么时候退？"}),
    )

    assert first.startswith("我的钱-什么时候退-")
    assert first != second


def test_a_case_that_is_there_is_never_overwritten(tmp_path: Path):
    place = NewCasePlace(tmp_path, "evals", "reply", None)
    save_case(place, {"id": "x", "vars": {}, "expected": {"text": "first"}})

    with pytest.raises(FileError, match="there already"):
        save_case(place, {"id": "x", "vars": {}, "expected": {"text": "second"}})

    assert "first" in (tmp_path / "evals/reply/cases/x.yaml").read_text()


def test_windows_line_ends_of_a_suite_stay_and_the_new_case_gets_them_too(tmp_path: Path):
    before = b"# mine\r\n-   input: a\r\n    expected: |+\r\n      b\r\n\r\n"
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals/reply.yaml").write_bytes(before)

    save_case(
        NewCasePlace(tmp_path, "evals", "reply", "evals/reply.yaml"), {"id": "x", "expected": {"text": "c"}}
    )

    added = b"- id: x\r\n  expected:\r\n    text: c\r\n"
    assert (tmp_path / "evals/reply.yaml").read_bytes() == before + added


def test_a_value_that_yaml_would_change_is_refused(tmp_path: Path):
    place = NewCasePlace(tmp_path, "evals", "reply", None)

    with pytest.raises(FileError, match="cannot be written as YAML"):
        save_case(place, {"id": "x", "vars": {"rate": 1e-05}})

    assert not (tmp_path / "evals").exists()
