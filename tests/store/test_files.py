"""Files that are written whole or not at all."""

import errno
import multiprocessing
import os
import stat
import subprocess
from pathlib import Path

import pytest

from promptctl.errors import FileError, PromptctlError
from promptctl.store.files import append_line, own_folder, read_bytes, write_atomically


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_the_folders_it_needs(tmp_path: Path):
    write_atomically(tmp_path / "a" / "b" / "result.json", "退款\n")

    assert (tmp_path / "a" / "b" / "result.json").read_bytes() == "退款\n".encode()
    assert names_in(tmp_path / "a" / "b") == ["result.json"]


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path):
    path = tmp_path / "hook"
    path.write_text("old")
    path.chmod(0o750)

    write_atomically(path, b"new")

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o750)


def test_a_new_file_is_as_readable_as_any_other(tmp_path: Path):
    (tmp_path / "plain").touch()

    write_atomically(tmp_path / "ours", b"")

    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path):
    write_atomically(tmp_path / ("n" * 255), b"x")

    assert names_in(tmp_path) == ["n" * 255]


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
):
    path = tmp_path / "result.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "write":
        really_open = os.open
        monkeypatch.setattr(os, "open", lambda *_: really_open("/dev/full", os.O_WRONLY))
        monkeypatch.setattr(os, "fchmod", lambda *_: None)
    else:
        monkeypatch.setattr(os if failing == "fsync" else Path, failing, full)
    with pytest.raises(PromptctlError) as caught:
        write_atomically(path, b"new" * 10_000)

    assert (caught.value.slug, caught.value.at) == ("cannot-write", str(path))
    assert caught.value.message == "cannot write: no space left on device"
    assert "free some space" in (caught.value.fix or "")
    assert (names_in(tmp_path), path.read_text()) == (["result.json"], "old")


def test_a_file_where_a_folder_is_needed_is_named_with_its_cure(tmp_path: Path):
    (tmp_path / "a").write_text("")

    for write in (lambda: write_atomically(tmp_path / "a" / "b", b""), lambda: own_folder(tmp_path / "a")):
        with pytest.raises(PromptctlError) as caught:
            write()
        assert caught.value.slug == "cannot-write"
        assert caught.value.fix == "a file stands where a folder is needed: move it away"


def test_a_folder_where_the_file_should_go_is_named_with_its_cure(tmp_path: Path):
    (tmp_path / "a").mkdir()

    with pytest.raises(PromptctlError) as caught:
        write_atomically(tmp_path / "a", b"")

    assert caught.value.fix == "a folder stands where the file should go: move it away"
    assert names_in(tmp_path) == ["a"]


def test_a_folder_that_cannot_be_written_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)  # permissions do not stop root, as which tests may run
    for write in (lambda: write_atomically(tmp_path / "a", b""), lambda: append_line(tmp_path / "a", b"x")):
        with pytest.raises(PromptctlError) as caught:
            write()
        assert str(caught.value) == f"cannot write: permission denied [cannot-write] ({tmp_path / 'a'})"
        assert caught.value.fix == "make the folder writable for you"


def test_lines_are_appended_each_with_one_line_break(tmp_path: Path):
    path = tmp_path / "trials.jsonl"

    append_line(path, b'{"a": 1}')
    append_line(path, b'{"a": 2}\n', durable=True)

    assert path.read_bytes() == b'{"a": 1}\n{"a": 2}\n'


def test_a_line_is_appended_to_a_descriptor(tmp_path: Path):
    descriptor = os.open(tmp_path / "f", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    append_line(descriptor, b"x")

    os.close(descriptor)
    assert (tmp_path / "f").read_bytes() == b"x\n"


def test_two_lines_at_once_are_a_mistake_of_the_caller(tmp_path: Path):
    with pytest.raises(ValueError, match="one line"):
        append_line(tmp_path / "f", b"x\ny\n")

    assert not (tmp_path / "f").exists()


def _append_many(path: Path, letter: bytes) -> None:
    for _ in range(200):
        append_line(path, letter * 5000)


def test_lines_of_two_processes_never_mix(tmp_path: Path):
    path = tmp_path / "f"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(path, letter)) for letter in (b"a", b"b")]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    lines = path.read_bytes().splitlines()
    assert len(lines) == 400
    assert {*lines} == {b"a" * 5000, b"b" * 5000}


def test_a_line_that_only_half_fits_the_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "write", lambda descriptor, line: len(line) - 1)

    with pytest.raises(PromptctlError) as caught:
        append_line(tmp_path / "f", b"xyz")

    assert caught.value.message == "cannot write: no space left on device"


def test_a_full_disk_is_told_when_a_line_is_appended():
    with pytest.raises(PromptctlError) as caught:
        append_line(Path("/dev/full"), b"x")

    assert caught.value.slug == "cannot-write"


def test_our_own_folder_keeps_itself_out_of_git(tmp_path: Path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    folder = own_folder(tmp_path)
    write_atomically(folder / "runs" / "1" / "result.json", "{}")

    status = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "-uall"], check=True, capture_output=True
    )
    assert folder == tmp_path / ".promptctl"
    assert status.stdout == b""


def test_our_own_folder_is_made_once_and_its_gitignore_may_be_edited(tmp_path: Path):
    (own_folder(tmp_path) / ".gitignore").write_text("*\n!answers.db\n")

    assert (own_folder(tmp_path) / ".gitignore").read_text() == "*\n!answers.db\n"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(FileError) as caught:
        read_bytes(tmp_path / "none")

    assert (caught.value.slug, caught.value.at) == ("cannot-read", str(tmp_path / "none"))
