"""`promptctl demo` on a machine that has Git and nothing else: no key, no network, no name, no project."""

import shutil
import tomllib
from pathlib import Path

import pytest

from promptctl.cli.main import main
from promptctl.engine import demo_story
from promptctl.reporters.safe import width
from tests.cli.run import promptctl
from tests.e2e.shop import compared
from tests.repository import Repo

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, str]:
    """The repository that one demo made, and what it printed. Tests only read it."""
    folder = tmp_path_factory.mktemp("demo") / "work"
    folder.mkdir()
    done = promptctl("demo", cwd=folder)
    assert done.code == 0, done.out + done.err
    return Repo(folder / "promptctl-demo", init=False), done.out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def decisions(out: str) -> list[str]:
    words = ("PASS  ", "FAIL  ", "INCOMPLETE  ", "NO BREAK FOUND  ", "UNDECIDED  ", "NO BASE  ")
    return [line for line in out.splitlines() if line.startswith(words)]


def test_one_change_is_better_and_one_is_stopped(shown: tuple[Repo, str]):
    better, stopped = decisions(shown[1])

    assert better.startswith("PASS  better: ")
    assert better.endswith("[no-worse-than-margin]")
    assert stopped.startswith("FAIL  ")
    assert stopped.endswith("[blocker-broken]")


def test_the_history_is_one_that_a_person_could_have_made(shown: tuple[Repo, str]):
    repo, _ = shown

    assert repo.git("log", "--format=%s", "main").splitlines() == [
        "Say in the policy that we never ask for a password",
        "Keep four weeks of complaints as cases",
        "Start with four prompts and the cases they must pass",
    ]
    assert repo.git("branch", "--format=%(refname:short)").splitlines() == [
        "better-triage",
        "main",
        "shorter-policy",
    ]
    assert repo.git("merge-base", "main", "shorter-policy") == repo.git("rev-parse", "main")


def test_the_repository_is_clean_and_sound(shown: tuple[Repo, str]):
    repo, _ = shown

    assert repo.git("status", "--porcelain") == ""
    assert repo.git("fsck", "--strict", "--no-dangling") == ""


def test_every_commit_has_the_same_id_for_everybody(shown: tuple[Repo, str], folder: Path):
    promptctl("demo", "again", cwd=folder)

    again = Repo(folder / "again", init=False)
    assert again.git("show-ref", "--heads") == shown[0].git("show-ref", "--heads")


def test_what_it_says_to_try_next_works_without_another_call(shown: tuple[Repo, str], folder: Path):
    shutil.copytree(shown[0].path, folder / "copy")

    tested = compared(folder / "copy", "-v")

    assert (tested.code, tested.sent) == (1, 0)
    assert tested.last_line == decisions(shown[1])[1]


def test_mending_the_stopped_change_lets_it_pass(shown: tuple[Repo, str], folder: Path):
    shutil.copytree(shown[0].path, folder / "copy")
    repo = Repo(folder / "copy", init=False)

    repo.git("checkout", "main", "--", "prompts/_policy.j2")

    assert compared(repo.path).code == 0


def test_it_works_inside_another_repository_and_leaves_it_alone(folder: Path):
    outer = Repo(folder)
    outer.commit("start", {"prompts/mine.prompt.j2": "{{ mine }}\n", ".gitignore": "demo/\n"})
    before = outer.git("show-ref")

    done = promptctl("demo", "demo", cwd=folder)

    assert done.code == 0, done.out + done.err
    assert outer.git("show-ref") == before
    assert outer.git("status", "--porcelain") == ""


def test_variables_and_settings_of_git_do_not_lead_it_astray(folder: Path):
    other = Repo(folder / "other")
    other.commit("start", {"a": "a\n"})
    before = other.git("show-ref")
    hooks = folder / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {folder}/hooked\n")
    (hooks / "post-checkout").chmod(0o755)
    settings = folder / "gitconfig"
    settings.write_text(
        f"[core]\n\thooksPath = {hooks}\n[commit]\n\tgpgSign = true\n[user]\n\tuseConfigOnly = true\n"
        "[init]\n\tdefaultBranch = trunk\n"
    )
    env = {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_CONFIG_GLOBAL": str(settings),
        "GITHUB_EVENT_NAME": "pull_request",
    }

    done = promptctl("demo", "demo", cwd=folder, env=env)

    assert done.code == 0, done.out + done.err
    assert other.git("show-ref") == before
    assert not (folder / "hooked").exists()


def test_an_empty_folder_is_used(folder: Path):
    (folder / "demo").mkdir()

    assert promptctl("demo", "demo", cwd=folder).code == 0


def test_a_folder_that_holds_anything_is_left_alone(folder: Path):
    (folder / "demo").mkdir()
    (folder / "demo/mine").write_text("mine")

    done = promptctl("demo", "demo", cwd=folder)

    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "error: this folder is not empty  [not-empty]",
        "  at   demo",
        "  fix  remove it, or name a new folder: `promptctl demo DIR`",
    ]
    assert [path.name for path in (folder / "demo").iterdir()] == ["mine"]


def test_a_file_is_no_folder(folder: Path):
    (folder / "demo").write_text("mine")

    done = promptctl("demo", "demo", cwd=folder)

    assert done.code == 2
    assert "[cannot-write]" in done.err


def test_without_git_it_says_what_to_install(folder: Path):
    done = promptctl("demo", cwd=folder, env={"PATH": str(folder)})

    assert done.code == 2
    assert "[git-missing]" in done.err


def test_no_line_is_wider_than_a_terminal(shown: tuple[Repo, str]):
    assert [line for line in shown[1].splitlines() if width(line) > 88] == []


def test_a_stream_that_knows_only_ascii_is_no_obstacle(folder: Path):
    done = promptctl("demo", cwd=folder, env={"PYTHONIOENCODING": "ascii"})

    assert done.code == 0, done.err


def test_a_sample_that_shows_something_else_is_said_and_is_exit_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    nothing = demo_story.Commit(branch=demo_story.STOPPED, message="Change nothing")
    story = [nothing if commit.branch == nothing.branch else commit for commit in demo_story.STORY]
    monkeypatch.setattr(demo_story, "STORY", story)
    monkeypatch.chdir(folder)

    code = main(["demo"])

    said = "error: shorter-policy should be a FAIL, and is PASS [nothing-changed]  [demo-unexpected]"
    assert (code, capsys.readouterr().err.splitlines()[0]) == (1, said)


def installed(folder: Path, *, sample: bool) -> dict[str, str]:
    """The package as its wheel lays it out, away from the checkout; the variables that make Python find it."""
    shutil.copytree(CHECKOUT / "src/promptctl", folder / "promptctl", ignore=shutil.ignore_patterns("*.pyc"))
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    included = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, target in included.items() if sample else ():
        shutil.copytree(CHECKOUT / source, folder / target)
    return {"PYTHONPATH": str(folder)}


def test_an_installed_package_brings_its_sample_along(folder: Path):
    done = promptctl("demo", cwd=folder, env=installed(folder / "lib", sample=True))

    assert done.code == 0, done.out + done.err


def test_a_package_without_its_sample_says_so(folder: Path):
    done = promptctl("demo", cwd=folder, env=installed(folder / "lib", sample=False))

    assert done.code == 2
    assert "[no-sample]" in done.err
    assert str(folder / "lib") in done.err
    assert not (folder / "promptctl-demo").exists()
