"""The folder of a run: what is in it, and that it fails in words."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promptctl.errors import PromptctlError
from promptctl.store.runs import Journal, last_result, new_run_id


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


def test_runs_sort_in_the_order_they_were_begun_whatever_the_clock_does(tmp_path: Path):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    year = timedelta(days=365)
    begun = []
    for clock in (now, now + year, now + timedelta(seconds=1), now - year, now - year, now + 2 * year):
        begun.append(new_run_id(clock, tmp_path))
        a_journal(tmp_path, begun[-1]).end("{}")

    found = last_result(tmp_path)

    assert begun == sorted(begun)
    assert found is not None
    assert found.parent.name == begun[-1]


def test_a_folder_that_is_no_run_does_not_count(tmp_path: Path):
    for name in ("99991231-235959-999999-x", "zzz", "20260101"):
        a_journal(tmp_path, name)

    assert new_run_id(datetime(2026, 3, 1, tzinfo=UTC), tmp_path).startswith("20260301-000000-000000-")
