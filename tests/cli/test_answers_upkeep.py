"""`promptctl answers verify` and `gc`: what is damaged, what can be saved, and that no answer is ever removed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from promptctl.core.exchange import AnswerKey, Output
from promptctl.store.answers import open_store
from promptctl.store.claimant import this_process
from tests.cli.run import Done, promptctl

KEYS = [AnswerKey("openai", "https://a.test/v1", f"r1:{number:064x}", 0) for number in range(100)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project" / "prompts").mkdir(parents=True)
    return tmp_path / "project"


@pytest.fixture
def db(project: Path) -> Path:
    path = project / ".promptctl" / "answers.db"
    with closing(open_store(path)) as store:
        store.put_many([(key, Output(text="x" * 500)) for key in KEYS])
        store.put_imported([(KEYS[0].request, 1, Output(text="mine"))])
    return path


def answers(project: Path, *args: str) -> Done:
    return promptctl("answers", *args, cwd=project)


def edit(db: Path, statement: str) -> None:
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(statement)


def cut(db: Path) -> bytes:
    """The file without its second half."""
    db.write_bytes(db.read_bytes()[: db.stat().st_size // 2])
    return db.read_bytes()


def test_a_whole_store_is_said_to_be_whole(project: Path, db: Path):
    assert answers(project, "verify") == (0, "asked     100 whole\nimported  1 whole\n", "")


def test_without_a_store_there_is_nothing_to_verify_and_none_is_made(project: Path):
    assert answers(project, "verify") == (0, "nothing is stored yet\n", "")
    assert answers(project, "gc").out.endswith("answers   0, all kept\n")
    assert not (project / ".promptctl").exists()


def test_an_edited_answer_is_named_with_exit_2_and_nothing_is_changed(project: Path, db: Path):
    edit(db, "UPDATE answers SET value = CAST(replace(value, 'xx', 'yy') AS BLOB) WHERE seq = 3")
    before = db.read_bytes()

    done = answers(project, "verify")

    assert (done.code, done.out) == (2, "asked     99 whole\nimported  1 whole\n")
    first, at, fix = done.err.splitlines()
    assert f"1 stored answer changed since: sample 0 of request {KEYS[2].request}" in first
    assert first.endswith("[damaged-answer]")
    assert "answers.db" in at
    assert "--salvage" in fix
    assert db.read_bytes() == before


def test_a_damaged_file_is_told_with_exit_2_and_is_left_as_it_is(project: Path, db: Path):
    before = cut(db)

    done = answers(project, "verify")

    assert done.code == 2
    assert "[damaged-store]" in done.err.splitlines()[0]
    assert db.read_bytes() == before
    assert sorted(file.name for file in db.parent.iterdir()) == [".gitignore", "answers.db"]


def test_salvage_keeps_the_damaged_file_and_all_that_can_be_read_of_it(project: Path, db: Path):
    before = cut(db)
    readable = answers(project, "verify").out

    done = answers(project, "verify", "--salvage")

    [aside] = db.parent.glob("answers.db.damaged-*")
    assert (done.code, done.out) == (0, f"{readable}aside     {aside.name}: nothing more to be had from it\n")
    assert "[damaged-store]" in done.err
    assert aside.read_bytes() == before
    assert int(readable.split()[1]) > 10
    assert answers(project, "verify").code == 0


def test_salvage_takes_what_is_missing_from_files_that_were_set_aside_before(project: Path, db: Path):
    db.rename(db.with_name("answers.db.damaged-20260101T000000Z"))

    assert "101 answers more, for --salvage" in answers(project, "verify").out
    done = answers(project, "verify", "--salvage")

    assert done.out.splitlines()[:2] == [
        "101 answers taken over from damaged files kept aside",
        "asked     100 whole",
    ]


def test_salvage_of_a_whole_store_changes_nothing(project: Path, db: Path):
    before = db.read_bytes()

    done = answers(project, "verify", "--salvage")

    assert (done.code, done.err) == (0, "")
    assert db.read_bytes() == before


@pytest.mark.parametrize("command", ["verify", "gc"])
def test_the_store_of_a_newer_promptctl_is_refused_and_left_alone(project: Path, db: Path, command: str):
    edit(db, "PRAGMA user_version = 99")
    before = db.read_bytes()

    done = answers(project, command)

    assert (done.code, done.out) == (2, "")
    assert "[newer-store]" in done.err
    assert db.read_bytes() == before


def test_gc_removes_the_claims_of_runs_that_have_ended_and_gives_space_back(project: Path, db: Path):
    me = this_process()
    store = open_store(db)
    more = [key._replace(sample=2) for key in KEYS]
    store.claim(more[:3], me._replace(start="killed"))
    store.claim(more[3:5], me)
    edit(db, "DELETE FROM imported")
    edit(db, "CREATE TABLE filler AS SELECT value FROM answers")
    edit(db, "DROP TABLE filler")
    size = db.stat().st_size

    done = answers(project, "gc")

    assert done.code == 0
    first, second, last = done.out.splitlines()
    assert first == "claims    3 of runs that have ended, removed"
    assert second.startswith(f"space     {(size - db.stat().st_size) / 1000:.1f} kB given back")
    assert last == "answers   100, all kept"
    assert len(store.get_many(KEYS)) == 100
    assert store.claim(more[3:5], me._replace(pid=me.pid + 2**23)).granted == ()
    store.close()
