import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promptctl.errors import FileError, PromptctlError
from promptctl.store.case_formatting import formatted
from promptctl.store.case_forms import case_line
from promptctl.store.case_packing import pack, pack_whole, refuse_lost, unpack
from promptctl.store.rewrites import apply
from promptctl.store.suites import Suites
from promptctl.store.trees import WorkTree
from tests.repository import Repo
from tests.store.some_cases import strange_cases

BULK = "evals/s/cases.jsonl"


class Project:
    """A folder with one suite, `s`, in whatever form."""

    def __init__(self, root: Path, files: dict[str, str | bytes]) -> None:
        self.root = root
        Repo(root, init=False).write(files)

    @property
    def suites(self) -> Suites:
        return Suites(WorkTree(self.root, ["evals"]))

    @property
    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def pack(self) -> dict[str, bytes]:
        apply(self.root, pack(self.suites, "s").rewrite)
        return self.files

    def unpack(self) -> dict[str, bytes]:
        apply(self.root, unpack(self.suites, "s").rewrite)
        return self.files

    def pack_whole(self) -> dict[str, bytes]:
        apply(self.root, pack_whole(self.suites, "s").rewrite)
        return self.files

    def changing(self) -> list[str]:
        return [one.path for one in formatted(self.suites, "s", lambda path: True) if one.changes]


def slug_of(project: Project, how: str) -> tuple[str, str]:
    """The refusal of `pack` or `unpack`, which must leave every file as it was."""
    before = project.files
    with pytest.raises(PromptctlError) as caught:
        getattr(project, how)()
    assert project.files == before
    return caught.value.slug, str(caught.value.at)


def test_five_thousand_strange_cases_come_back_byte_for_byte(tmp_path: Path):
    lines = "".join(f"{case_line(case)}\n" for case in strange_cases(5000))
    project = Project(tmp_path, {BULK: lines})

    unpacked = project.unpack()
    changing = project.changing()
    packed = project.pack()

    assert len(unpacked) == 5000
    assert changing == []
    assert packed == {BULK: lines.encode()}


def test_case_files_come_back_byte_for_byte_too(tmp_path: Path):
    project = Project(
        tmp_path, {BULK: "".join(f"{case_line(case)}\n" for case in strange_cases(200, seed=3))}
    )
    before = project.unpack()

    project.pack()

    assert project.unpack() == before


def test_one_file_and_case_files_come_back_byte_for_byte(tmp_path: Path):
    settings = "# the settings\nprompt: s   # of this\nchecks:\n  - not_empty\n"
    cases = "".join(f"{case_line(case)}\n" for case in strange_cases(200, seed=4))
    project = Project(tmp_path, {"evals/s/suite.yaml": settings, BULK: cases})
    before = project.unpack()

    whole = project.pack_whole()

    assert list(whole) == ["evals/s.yaml"]
    assert whole["evals/s.yaml"].startswith(f"{settings}cases:\n".encode())
    assert project.unpack() == before


def test_a_very_long_line_and_a_very_deep_value_come_back(tmp_path: Path):
    deep: object = "end"
    for _ in range(40):
        deep = [deep]
    line = case_line({"id": "x", "vars": {"deep": deep, "long": "word " * 60_000}, "expected": "b"}) + "\n"
    project = Project(tmp_path, {BULK: line})

    project.unpack()

    assert project.pack() == {BULK: line.encode()}


def test_cases_without_an_id_get_the_one_they_are_known_by(tmp_path: Path):
    project = Project(tmp_path, {"evals/s.yaml": "- {input: a, expected: b}\n"})
    [known] = project.suites.suite("s").cases

    files = project.unpack()

    assert files == {f"evals/s/cases/{known.id}.yaml": f"id: {known.id}\ninput: a\nexpected: b\n".encode()}


def test_several_files_of_a_suite_become_one_sorted_by_id(tmp_path: Path):
    project = Project(
        tmp_path,
        {
            "evals/s/b.jsonl": '{"expected": "x", "id": "b"}\n',
            "evals/s/a.jsonl": '{"id": "d", "expected": "x"}\n\n',
            "evals/s/cases/c.yaml": "expected: x\n",
            "evals/s/answers/kept.jsonl": "",
        },
    )

    files = project.pack()

    lines = "".join(f'{{"id": "{name}", "expected": "x"}}\n' for name in "bcd")
    assert files == {BULK: lines.encode(), "evals/s/answers/kept.jsonl": b""}
    assert not (tmp_path / "evals/s/cases").exists()


def test_comments_among_cases_are_named_and_those_of_settings_kept(tmp_path: Path):
    text = "# top\nchecks: [not_empty] # settings\ncases:\n  # first\n  - {id: a, input: x} # second\n# end\n"
    project = Project(tmp_path, {"evals/s.yaml": text})
    packed = pack(project.suites, "s")

    with pytest.raises(FileError) as caught:
        refuse_lost(packed, because="so")
    apply(tmp_path, packed.rewrite)

    assert [(str(lost.at), lost.text) for lost in packed.lost] == [
        ("evals/s.yaml:4:3", "# first"),
        ("evals/s.yaml:5:23", "# second"),
    ]
    assert (caught.value.slug, str(caught.value.at)) == ("comments-lost", "evals/s.yaml:4:3")
    assert project.files["evals/s/suite.yaml"] == b"# top\nchecks: [not_empty] # settings\n# end\n"


def test_a_case_file_keeps_its_comments_when_others_are_unpacked(tmp_path: Path):
    mine = "# mine\nid: a\nexpected: b\n"
    project = Project(tmp_path, {"evals/s/cases/a.yaml": mine, BULK: '{"id": "b", "expected": "x"}\n'})

    files = project.unpack()

    assert files == {"evals/s/cases/a.yaml": mine.encode(), "evals/s/cases/b.yaml": b"id: b\nexpected: x\n"}


@pytest.mark.parametrize("how", ["pack", "unpack", "pack_whole"])
@pytest.mark.parametrize("left", [1, 3, 5])
def test_what_a_crash_left_half_done_the_same_command_finishes(tmp_path: Path, how: str, left: int):
    cases = [*strange_cases(5, seed=5)]
    lines = "".join(f"{case_line(case)}\n" for case in cases)
    project = Project(tmp_path, {"evals/s/suite.yaml": "samples: 2\n", BULK: lines})
    if how != "unpack":
        project.unpack()
    before = project.files
    after = getattr(project, how)()
    old = {path: before[path] for path in [path for path in before if path not in after][:left]}
    Repo(tmp_path, init=False).write(old)

    assert getattr(project, how)() == after


def test_a_file_that_says_something_else_is_never_overwritten(tmp_path: Path):
    project = Project(tmp_path, {"evals/s.yaml": "prompt: s\ncases: [{id: a, expected: b}]\n"})
    Repo(tmp_path, init=False).write({"evals/s/suite.yaml": "prompt: other\n"})

    assert slug_of(project, "unpack") == ("file-exists", "evals/s/suite.yaml:1:1")
    assert slug_of(project, "pack") == ("file-exists", "evals/s/suite.yaml:1:1")
    assert slug_of(project, "pack_whole") == ("suite-twice", "evals/s/suite.yaml:1:1")


def test_a_suite_without_a_case_has_no_other_form(tmp_path: Path):
    project = Project(tmp_path, {"evals/s.yaml": "samples: 2\n"})

    assert {slug_of(project, how)[0] for how in ("pack", "unpack", "pack_whole")} == {"empty-suite"}


ROOTS = {
    "in the middle": "samples: 2\n# about\ncases:\n- id: a\n  expected: |\n    k\n\n# behind\nchecks:\n  - not_empty\n",
    "first": "cases: [{id: a, expected: y}]\nsamples: 2\n",
    "windows": "samples: 2\r\ncases:\r\n  - {id: a, expected: y}\r\n",
    "no end": "'samples': 2\n\"cases\":\n  - {id: a, expected: y}",
    "a mark": "\ufeffsamples: 2\ncases:\n  - {id: a, expected: y}\n",
    "a start": "---\n- {id: a, expected: y}\n",
}


@pytest.mark.parametrize("text", ROOTS.values(), ids=ROOTS)
def test_a_suite_means_the_same_in_every_form_wherever_its_cases_stood(tmp_path: Path, text: str):
    project = Project(tmp_path, {"evals/s.yaml": text})
    digest = project.suites.suite("s").digest

    for how in ("pack", "unpack", "pack_whole", "unpack", "pack"):
        getattr(project, how)()

        assert project.suites.suite("s").digest == digest


def test_two_files_that_disagree_about_a_case_are_named(tmp_path: Path):
    project = Project(
        tmp_path,
        {"evals/s/cases/a.yaml": "expected: b\n", BULK: '{"id": "a", "expected": "c"}\n'},
    )

    assert slug_of(project, "pack") == ("duplicate-id", f"{BULK}:1:1")


def test_a_file_that_changes_while_it_is_read_stops_everything(tmp_path: Path):
    project = Project(tmp_path, {"evals/s/cases/a.yaml": "expected: b\n"})
    packed = pack(project.suites, "s")
    (tmp_path / "evals/s/cases/a.yaml").write_text("expected: edited\n")

    with pytest.raises(FileError, match="changed while") as caught:
        apply(tmp_path, packed.rewrite)

    assert caught.value.slug == "changed-meanwhile"
    assert project.files == {"evals/s/cases/a.yaml": b"expected: edited\n"}


@pytest.mark.parametrize("case_id", ["aux", "-x", "长" * 120])
def test_an_id_that_names_no_file_keeps_the_suite_packed(tmp_path: Path, case_id: str):
    project = Project(tmp_path, {BULK: case_line({"id": case_id, "expected": "b"}) + "\n"})

    assert slug_of(project, "unpack") == ("unsafe-file-name", f"{BULK}:1:1")


def test_a_case_that_fits_into_no_line_stays_a_file(tmp_path: Path):
    text = "id: a\ninput: " + "x" * 1_000_001 + "\nexpected: b\n"
    project = Project(tmp_path, {"evals/s/cases/a.yaml": text})

    assert slug_of(project, "pack") == ("line-too-long", "evals/s/cases/a.yaml:1:1")


def test_a_link_among_the_files_is_not_left_behind(tmp_path: Path):
    project = Project(tmp_path, {"evals/s/cases/a.yaml": "expected: b\n", "b.yaml": "expected: b\n"})
    (tmp_path / "evals/s/cases/b.yaml").symlink_to(tmp_path / "b.yaml")

    assert slug_of(project, "pack")[0] == "symlink"


def test_pictures_are_named_from_the_folder_that_their_case_moves_to(tmp_path: Path):
    case = "id: a\nvars:\n  photo: shots/a.png\n  site: https://x.example/b.png\nexpected: b\n"
    project = Project(tmp_path, {"evals/s/cases/a.yaml": case})

    apply(tmp_path, pack(project.suites, "s", ["photo", "site"]).rewrite)
    packed = (tmp_path / BULK).read_text()
    apply(tmp_path, unpack(project.suites, "s", ["photo", "site"]).rewrite)

    assert '"photo": "cases/shots/a.png", "site": "https://x.example/b.png"' in packed
    assert project.files == {"evals/s/cases/a.yaml": case.encode()}


def test_a_picture_that_the_new_folder_does_not_hold_is_named(tmp_path: Path):
    project = Project(tmp_path, {BULK: '{"id": "a", "vars": {"photo": "shots/a.png"}, "expected": "b"}\n'})

    with pytest.raises(FileError) as caught:
        unpack(project.suites, "s", ["photo"])

    assert caught.value.slug == "picture-out-of-reach"


@pytest.mark.parametrize("how", ["pack", "unpack"])
def test_no_case_is_lost_when_the_command_is_killed_and_a_rerun_finishes(tmp_path: Path, how: str):
    lines = "".join(f"{case_line(case)}\n" for case in strange_cases(150, seed=6))
    project = Project(tmp_path, {BULK: lines})
    whole = {"pack": {BULK: lines.encode()}, "unpack": project.unpack()}[how]
    project.pack()
    for milliseconds in (250, 350, 450, 600, 800):
        if how == "pack":
            project.unpack()
        command = [sys.executable, "-m", "promptctl", "cases", how, "s"]
        (tmp_path / "promptctl.toml").touch()
        running = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(milliseconds / 1000)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        (tmp_path / "promptctl.toml").unlink()
        for left in tmp_path.rglob("*.tmp"):
            left.unlink()

        assert getattr(project, how)() == whole
        project.pack()
