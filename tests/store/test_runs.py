"""The folder of a run: what is in it, and that it fails in words."""

import json
import os
from pathlib import Path

import pytest

from promptctl.errors import PromptctlError
from promptctl.store.runs import Journal, last_result


def a_journal(root: Path, run_id: str = "20260101-000000-000000-abcd") -> Journal:
    journal = Journal(root, run_id)
    journal.begin({"run": run_id})
    return journal


def test_a_run_keeps_its_plan_its_trials_in_order_and_its_result(tmp_path: Path):
    journal = a_journal(tmp_path)

    journal.trial({"case": "a"})
    journal.trial({"case": "b"})
    journal.end("{}")

    lines = (journal.folder / "trials.jsonl").read_text().splitlines()
    assert [json.loads(line)["case"] for line in lines] == ["a", "b"]
    assert sorted(file.name for file in journal.folder.iterdir()) == [
        "manifest.json",
        "result.json",
        "trials.jsonl",
    ]


def test_trials_that_cannot_be_written_are_an_error_with_its_place(tmp_path: Path):
    journal = a_journal(tmp_path)
    (journal.folder / "trials.jsonl").mkdir()

    with pytest.raises(PromptctlError) as refused:
        journal.trial({"case": "a"})

    assert (refused.value.slug, refused.value.at) == ("cannot-write", str(journal.folder / "trials.jsonl"))


def test_a_run_that_is_taken_back_leaves_nothing(tmp_path: Path):
    journal = a_journal(tmp_path)
    journal.trial({"case": "a"})

    journal.discard()
    journal.discard()

    assert not journal.folder.exists()


def test_taking_back_a_run_keeps_what_others_put_there_and_hides_no_error(tmp_path: Path):
    journal = a_journal(tmp_path)
    journal.trial({"case": "a"})
    (journal.folder / "notes.txt").write_text("mine")

    journal.discard()

    assert [file.name for file in journal.folder.iterdir()] == ["notes.txt"]


def test_a_descriptor_that_is_gone_hides_no_error_either(tmp_path: Path):
    journal = a_journal(tmp_path)
    journal.trial({"case": "a"})
    assert journal._descriptor is not None
    os.close(journal._descriptor)

    journal.discard()

    assert not journal.folder.exists()


def test_the_last_result_is_that_of_the_newest_run_that_has_one(tmp_path: Path):
    assert last_result(tmp_path) is None
    for run_id, result in (("1", "{}"), ("2", '{"complete": false}'), ("3", None)):
        a_journal(tmp_path, run_id).end(result)

    found = last_result(tmp_path)

    assert found is not None
    assert found.parent.name == "2"
