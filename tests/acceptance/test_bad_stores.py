"""Acceptance rows 36, 38 and 39: full disks, and stores that are damaged, newer, read-only, edited or no store at all.

Nothing that can still be read is paid for again, nothing stored is changed or deleted, and nothing in it is executed.
"""

import hashlib
import json
import os
import pickle
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.confined import permissions_hold, small_disk, small_files, tried, works
from tests.faults.project import Project, a_project, many, word
from tests.faults.rules import says
from tests.faults.server import Server
from tests.soak.kill_loop import read_store

WORDS = many(40)
CONCURRENCY = 4
MIB = 1_048_576


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(says(word, late=0.005)) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Project:
    return a_project(tmp_path, server.url, words=WORDS, settings=f"concurrency = {CONCURRENCY}")


@pytest.fixture
def db(project: Project) -> Path:
    """The store after one good run."""
    assert project.test().code == 0
    return project.folder / ".promptctl" / "answers.db"


def edit(db: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(statement, values)


def add_case(project: Project, name: str) -> None:
    with (project.folder / "evals" / "say" / "cases.jsonl").open("a") as cases:
        cases.write(f'{{"id": "{name}", "input": "{name}", "expected": "{name}"}}\n')


def asides(db: Path) -> list[Path]:
    return sorted(db.parent.glob("answers.db.damaged-*"))


# what is damaged


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.mkdir, (str(self._path),)


def zeroed(data: bytes) -> bytes:
    """A page with answers in it zeroed."""
    page = data.index(b'"w0020"') // 4096 * 4096
    return data[:page] + bytes(4096) + data[page + 4096 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "garbage": lambda data: b"not a database " * 1000,
    "truncated": lambda data: data[: len(data) * 3 // 4],
    "a zeroed page": zeroed,
    "a flipped header": lambda data: bytes([data[0] ^ 0xFF]) + data[1:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_store_is_kept_aside_and_only_what_cannot_be_read_is_asked_again(
    project: Project, db: Path, server: Server, damage: Callable[[bytes], bytes]
):
    broken = damage(db.read_bytes())
    db.write_bytes(broken)
    before = server.count

    again = project.test()

    [aside] = asides(db)
    assert (again.code, again.passed) == (0, len(WORDS))
    assert aside.read_bytes() == broken
    said = re.search(r"\[damaged-store\] kept as (\S+), (\d+) answers saved", again.result["notes"][0])
    assert said is not None
    assert said[1] == aside.name
    assert server.count - before == again.sent == len(WORDS) - int(said[2])
    assert read_store(project).words == frozenset(WORDS)


def test_an_empty_file_is_a_store_in_which_nothing_is_yet(project: Project, server: Server):
    path = project.folder / ".promptctl" / "answers.db"
    path.parent.mkdir()
    path.touch()

    first = project.test()

    assert (first.code, first.sent, asides(path)) == (0, len(WORDS), [])


def test_a_pickle_in_place_of_the_store_or_of_an_answer_is_never_opened(
    project: Project, db: Path, server: Server, tmp_path: Path
):
    bomb = pickle.dumps(Bomb(tmp_path / "executed"))
    edit(db, "UPDATE answers SET value = ?, sha256 = ? WHERE seq = 1", bomb, hashlib.sha256(bomb).hexdigest())
    as_answer = project.test()
    db.write_bytes(bomb)
    as_store = project.test()

    assert (as_answer.code, as_answer.sent) == (0, 1)
    assert (as_store.code, as_store.sent) == (0, len(WORDS))
    assert not (tmp_path / "executed").exists()


def test_an_answer_that_was_edited_by_hand_is_not_used_and_asked_again_once(
    project: Project, db: Path, server: Server
):
    edit(db, "UPDATE answers SET value = CAST(replace(value, 'w00', 'W00') AS BLOB) WHERE seq IN (3, 5)")

    again, once_more = project.test(), project.test()

    assert (again.code, again.passed, again.sent) == (0, len(WORDS), 2)
    assert "[damaged-answer] 2 stored answers were changed, not used" in again.out
    assert (once_more.sent, "[damaged" in once_more.out + once_more.err) == (0, False)


def test_the_store_of_a_newer_promptctl_is_refused_by_name_before_anything_is_asked(
    project: Project, db: Path, server: Server
):
    edit(db, "UPDATE about SET value = '7.1.0' WHERE name = 'needs'")
    edit(db, "PRAGMA user_version = 99")
    before, count = db.read_bytes(), server.count

    done = project.runs("test", "--no-base")

    assert (done[0], server.count, db.read_bytes()) == (2, count, before)
    first, at, fix = done[2].strip().splitlines()[-3:]
    assert first.startswith("error: ")
    assert first.endswith("[newer-store]")
    assert "answers.db" in at
    assert "promptctl 7.1.0" in fix


# what is no file, or none of ours to write


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("stand_in", [a_folder, a_pipe])
def test_what_is_no_file_in_place_of_the_store_is_said_before_anything_is_asked(
    project: Project, server: Server, stand_in: Callable[[Path], None]
):
    path = project.folder / ".promptctl" / "answers.db"
    path.parent.mkdir()
    stand_in(path)

    code, _, err = project.runs("test", "--no-base")

    assert (code, server.count) == (2, 0)
    assert "stands in its place  [cannot-read]" in err
    assert "move it away" in err.splitlines()[-1]


def test_a_store_behind_a_symbolic_link_is_used_where_it_is(project: Project, db: Path, server: Server):
    elsewhere = project.folder.parent / "shared.db"
    db.rename(elsewhere)
    db.symlink_to(elsewhere)
    add_case(project, "new")

    again = project.test()

    assert (again.code, again.sent, again.reused) == (0, 1, len(WORDS))
    assert db.is_symlink()
    assert len(read_store(project).words) == len(WORDS) + 1


@pytest.mark.skipif(not works(permissions_hold), reason="as root, permissions cannot be made to hold here")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_read_only_store_is_read_and_refused_before_anything_is_asked(
    project: Project, db: Path, server: Server, what: str
):
    known = tried(project, before=permissions_hold)
    add_case(project, "new")
    before, count = db.read_bytes(), server.count
    (db.parent if what == "folder" else db).chmod(0o555 if what == "folder" else 0o444)
    project.result.unlink()

    refused = tried(project, before=permissions_hold)

    db.parent.chmod(0o755)
    assert (known.code, known.sent, known.passed) == (0, 0, len(WORDS))
    assert (refused.code, server.count, db.read_bytes()) == (2, count, before)
    assert "the answer store cannot be written" in refused.err
    assert "[cannot-write]" in refused.err


# no room


@pytest.fixture
def wordy(tmp_path: Path) -> Iterator[tuple[Project, Server]]:
    """A project whose answers fill a disk quickly."""
    with Server(says(lambda request: f"{word(request)} {'x' * 2000}", late=0.005)) as server:
        settings = f"concurrency = {CONCURRENCY}"
        yield a_project(tmp_path, server.url, words=many(150), settings=settings, check=False), server


def test_files_that_may_not_grow_stop_asking_and_what_is_safe_is_counted(wordy: tuple[Project, Server]):
    project, server = wordy

    stopped = tried(project, before=small_files(90_000))

    stored = len(read_store(project).words)
    assert stopped.code == 3
    assert f"asking was stopped, {stored} new answers are safe" in stopped.err
    assert 0 < stored <= server.count <= stored + CONCURRENCY

    asked = server.count
    resumed = project.test()
    assert (resumed.code, resumed.reused) == (0, stored)
    assert server.count - asked == 150 - stored


@pytest.mark.skipif(
    not works(small_disk(Path("/tmp"), MIB)), reason="this machine lets nobody mount a small disk"
)
def test_a_full_disk_stops_asking_with_exit_3_and_what_is_safe_is_counted(wordy: tuple[Project, Server]):
    project, server = wordy
    (project.folder / ".promptctl").mkdir()

    stopped = tried(project, before=small_disk(project.folder / ".promptctl", MIB // 4))

    said = re.search(r"asking was stopped, (\d+) new answers are safe", stopped.err)
    assert stopped.code == 3
    assert said is not None, stopped.err
    assert 0 < int(said[1]) <= server.count <= int(said[1]) + CONCURRENCY


@pytest.mark.parametrize("share", [0.2, 0.95], ids=["nor do the trials", "the trials do"])
def test_a_report_that_finds_no_room_leaves_the_old_one_whole_and_asks_nothing(
    project: Project, db: Path, server: Server, share: float
):
    before, asked = project.result.read_bytes(), server.count

    done = tried(project, before=small_files(int(len(before) * share)))

    now = json.loads(project.result.read_bytes())
    assert done.code == 3
    assert "[cannot-write]" in done.err
    # Either the old one, or a short one that says that there was no room; never half of a report.
    assert project.result.read_bytes() == before or now["decision"]["reasons"][0]["rule"] == "cannot-write"
    assert server.count == asked
    assert not list(project.folder.glob(".promptctl-*"))
    assert read_store(project).words == frozenset(WORDS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_report_to_a_full_device_is_said_with_exit_3(project: Project, db: Path):
    code, _, err = project.runs("test", "--no-base", "--json", "/dev/full")

    assert code == 3
    assert err.splitlines()[-3].endswith("[cannot-write]")
