"""In a bare repository, commands work on commits: HEAD where no revision is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl
from tests.e2e.shop import BROKEN, PROMPT, compared, shop_in, sorting
from tests.repository import Repo, git_environment


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """A shop with a second commit, which breaks one case, and a branch with a third prompt."""
    shop = shop_in(tmp_path)
    shop.commit("break", {PROMPT: sorting(**BROKEN)})
    shop.branch("more").commit("more", {"prompts/more.prompt.j2": "{{ x }}\n"})
    shop.checkout("main")
    return shop


@pytest.fixture
def bare(tmp_path: Path, shop: Repo) -> Path:
    shop.git("clone", "--quiet", "--bare", str(shop.path), str(tmp_path / "shop.git"))
    return tmp_path / "shop.git"


def run(folder: Path, *args: str) -> Done:
    done = promptctl(*args, cwd=folder)
    assert "Traceback" not in done.err
    return done


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["list"], "sort      nearest-example  sort     5 active  1\n"),
        (["lint"], "1 prompt, 1 suite, 5 cases: no errors"),
        (["lint", "prompts"], "1 prompt, "),
        (["show", "sort"], "revision  HEAD\n"),
        (["show", "more@more"], "revision  more\n"),
        (["render", "sort", "--case", "pear"], "Green: pear\nKind:"),
        (["render", "sort@HEAD~1", "--case", "pear"], "Green: pear\nKind: fruit"),
        (["log", "sort"], "break\n    text\n"),
        (["log", "more@more"], "    created\n"),
        (["diff", "sort@HEAD~1", "--rendered"], "requests of 5 of 5 cases change\n"),
        (["ask", "sort", "--case", "kale"], "vegetable\n"),
        (["doctor"], "configuration   as HEAD has it\n"),
        (["answers", "stats"], "asked "),
        (["cases", "list", "sort"], "kale"),
        (["cases", "show", "kale"], "input: kale"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_that_read_work_on_commits(bare: Path, args: list[str], shown: str):
    done = run(bare, *args)

    assert done.code == 0, done.err
    assert shown in done.out


def test_two_commits_are_compared_and_answers_are_kept_inside_the_repository(bare: Path):
    there = {path.name for path in bare.iterdir()}

    first = compared(bare, "--base", "HEAD~1", "--head", "HEAD")
    again = compared(bare, "--base", "HEAD~1")

    assert (first.code, first.state("pear"), first.sent) == (1, "broken", 10)
    assert (again.code, again.sent) == (1, 0)
    assert {path.name for path in bare.iterdir()} - there == {"promptctl"}
    assert {path.name for path in (bare / "promptctl").iterdir()} == {".gitignore", "answers.db", "runs"}


def test_without_sides_the_last_commit_of_the_default_branch_has_nothing_to_compare(bare: Path):
    done = run(bare, "test")

    assert done.code == 0
    assert "the last commit: `promptctl test --base HEAD~1`" in done.out


def test_a_folder_inside_the_repository_is_the_repository(bare: Path):
    assert run(bare / "hooks", "show", "sort").out == run(bare, "show", "sort").out


@pytest.mark.parametrize(
    "args",
    [
        ["init"],
        ["init", "new"],
        ["import", "config", "--as", "text"],
        ["cases", "retire", "kale"],
        ["ask", "sort", "--var", "green=pear", "--save"],
        ["answers", "export", "sort"],
        ["test", "--head", "WORKTREE"],
        ["diff", "sort", "--base", "WORKTREE"],
    ],
    ids=" ".join,
)
def test_what_needs_a_work_tree_says_so_in_three_lines_and_writes_nothing(bare: Path, args: list[str]):
    before = sorted(bare.rglob("*"))

    done = run(bare, *args)

    first, second, third = done.err.splitlines()
    assert done.code == 2
    assert first.startswith("error: a bare repository has no work tree")
    assert first.endswith("[no-work-tree]")
    assert second.startswith("  at   ")
    assert third.startswith("  fix  ")
    assert sorted(bare.rglob("*")) == before


def test_a_head_without_commits_is_told_and_revisions_still_work(bare: Path, shop: Repo):
    shop.git("--git-dir", str(bare), "symbolic-ref", "HEAD", "refs/heads/trunk")

    done = run(bare, "list")

    assert done.code == 2
    assert "HEAD of this bare repository is trunk, which has no commit yet  [no-project]" in done.err
    assert run(bare, "show", "sort@main").code == 0
    assert run(bare, "render", "sort@main", "--case", "pear").code == 0
    assert run(bare, "log", "sort@main").code == 0
    assert compared(bare, "--base", "main~1", "--head", "main").state("pear") == "broken"


def test_a_head_without_a_project_is_told_and_revisions_still_work(tmp_path: Path):
    repo = Repo(tmp_path / "repo")
    repo.commit("nothing", {"README": "x\n"})
    repo.branch("bots").commit("prompts", {"team/prompts/a.prompt.j2": "Hello\n"})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    repo.git("--git-dir", str(tmp_path / "bare.git"), "symbolic-ref", "HEAD", "refs/heads/main")

    done = run(tmp_path / "bare.git", "show", "a")

    assert done.code == 2
    assert "[no-project]" in done.err
    assert "files     prompts/a.prompt.j2\n" in run(tmp_path / "bare.git", "show", "a@bots").out


def test_a_project_on_disk_above_a_bare_repository_is_not_taken_for_it(tmp_path: Path, shop: Repo):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "other.prompt.j2").write_text("x\n")
    shop.git("clone", "--quiet", "--bare", str(shop.path), str(tmp_path / "shop.git"))

    assert run(tmp_path / "shop.git", "show", "sort").code == 0
    assert run(tmp_path, "show", "other").code == 0


def test_a_folder_of_worktrees_around_a_bare_repository_keeps_its_state_beside_it(tmp_path: Path, shop: Repo):
    around = tmp_path / "around"
    around.mkdir()
    shop.git("clone", "--quiet", "--bare", str(shop.path), str(around / ".bare"))
    (around / ".git").write_text("gitdir: ./.bare\n")

    tested = compared(around, "--base", "HEAD~1")

    assert tested.state("pear") == "broken"
    assert (around / ".promptctl" / "answers.db").is_file()
    assert not (around / ".bare" / "promptctl").exists()


def test_a_linked_worktree_of_a_bare_repository_is_a_work_tree(bare: Path, tmp_path: Path, shop: Repo):
    shop.git("--git-dir", str(bare), "worktree", "add", "--quiet", str(tmp_path / "tree"), "main")
    (tmp_path / "tree" / PROMPT).write_text(sorting())

    assert run(tmp_path / "tree", "log", "sort").out.startswith("WORKTREE    not committed\n")


def test_a_broken_configuration_of_head_is_told(bare: Path, shop: Repo, tmp_path: Path):
    shop.commit("slip", {"promptctl.toml": "[projct]\n"})
    shop.git("push", "--quiet", str(bare), "main")

    done = run(bare, "lint")

    assert done.code == 2
    assert "promptctl.toml:1:" in done.err


def test_a_hook_of_a_push_can_judge_commits_that_are_not_accepted_yet(bare: Path, shop: Repo, tmp_path: Path):
    """While pre-receive runs, the new commits lie in quarantine, which only variables of Git name."""
    hook = bare / "hooks" / "pre-receive"
    command = f'"{sys.executable}" -m promptctl test --base $old --head $new --json "{tmp_path}/result.json" --quiet'
    hook.write_text(f"#!/bin/sh\nwhile read old new ref; do {command} || exit 1; done\n")
    hook.chmod(0o755)
    shop.commit("worse", {PROMPT: sorting(pear="herb", mint="fruit")})

    environment = {**git_environment(), "PATH": os.environ["PATH"]}
    push = subprocess.run(
        ["git", "push", "--quiet", str(bare), "main"], cwd=shop.path, env=environment, capture_output=True
    )

    assert push.returncode != 0
    assert b"FAIL  sort" in push.stderr
    assert json.loads((tmp_path / "result.json").read_text())["head"]["commit"] == shop.head
