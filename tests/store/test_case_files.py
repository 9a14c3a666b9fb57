from pathlib import Path

import pytest

from promptctl.errors import FileError
from promptctl.store.case_files import NewCasePlace, new_case_id, save_case


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
        save_case(place, {"id": "x", "vars": {"rate": float("nan")}})

    assert not (tmp_path / "evals").exists()


def test_a_case_that_no_file_should_be_named_for_is_refused(tmp_path: Path):
    place = NewCasePlace(tmp_path, "evals", "reply", None)

    with pytest.raises(FileError) as caught:
        save_case(place, {"id": "aux", "expected": "b"})

    assert caught.value.slug == "unsafe-file-name"
    assert not (tmp_path / "evals").exists()


def test_keys_of_a_new_case_stand_in_their_order(tmp_path: Path):
    save_case(NewCasePlace(tmp_path, "evals", "reply", None), {"expected": "b", "input": "a", "id": "x"})

    assert (tmp_path / "evals/reply/cases/x.yaml").read_text() == "id: x\ninput: a\nexpected: b\n"
