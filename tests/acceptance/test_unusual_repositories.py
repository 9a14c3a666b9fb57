"""Row 10 and its kin: unusual repositories work through the real command, or end in exit 2 with what is unsupported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.refusing import PROJECT, REPLY, refused
from tests.cli.run import Done, promptctl
from tests.repository import Repo

NEWER = PROJECT[REPLY] + "Be brief.\n"


def project(folder: Path, **kind: str) -> Repo:
    """A repository with two commits of the project; the second changes the prompt."""
    repo = Repo(folder, **kind)  # type: ignore[arg-type]
    repo.commit("first", dict(PROJECT))
    repo.commit("second", {REPLY: NEWER})
    return repo


def run(folder: Path, *args: str, **options: object) -> Done:
    done = promptctl(*args, cwd=folder, **options)  # type: ignore[arg-type]
    assert "Traceback" not in done.out + done.err
    return done


def works(folder: Path, prompt: str = "reply", **options: object) -> None:
    """Every kind of command that reads Git finds what is there: two versions, of which the later is told apart."""
    tested = run(folder, "test", "--base", "HEAD~1", "--head", "HEAD", "--json", "-", **options)
    assert tested.code in (0, 1), tested.err
    assert json.loads(tested.out)["affected"][0]["prompt"] == prompt
    assert len(run(folder, "log", f"{prompt}@HEAD", **options).out.splitlines()) == 4
    assert "+Be brief.\n" in run(folder, "diff", f"{prompt}@HEAD~1", "--head", "HEAD", **options).out
    assert digest(folder, f"{prompt}@HEAD", **options) != digest(folder, f"{prompt}@HEAD~1", **options)
    assert run(folder, "lint", **options).code == 0


def digest(folder: Path, prompt: str, **options: object) -> str:
    done = run(folder, "render", prompt, "--var", "ticket=退款", "--json", **options)
    assert done.code == 0, done.err
    found: str = json.loads(done.out)["digest"]
    return found


def test_a_sha256_repository_works(tmp_path: Path):
    works(project(tmp_path / "project", object_format="sha256").path)


def test_a_linked_worktree_works(tmp_path: Path):
    repo = project(tmp_path / "project")

    works(repo.worktree(tmp_path / "linked", "HEAD").path)


def test_a_submodule_is_a_project_of_its_own(tmp_path: Path):
    inner, outer = project(tmp_path / "inner"), Repo(tmp_path / "outer")
    outer.commit("outer", {"README": "x\n"})
    outer.git("submodule", "--quiet", "add", f"file://{inner.path}", "bots")

    works(outer.path / "bots")


def test_a_bare_repository_works(tmp_path: Path):
    repo = project(tmp_path / "project")
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))

    works(tmp_path / "bare.git")


def test_a_detached_head_works(tmp_path: Path):
    repo = project(tmp_path / "project")

    works(repo.checkout("HEAD", detach=True).path)


def test_an_unborn_branch_beside_others_works_on_their_commits(tmp_path: Path):
    repo = project(tmp_path / "project")
    repo.branch("new", orphan=True)

    assert digest(repo.path, "reply@main") == digest(repo.path, "reply")
    assert len(run(repo.path, "log", "reply@main").out.splitlines()) == 4
    assert run(repo.path, "log", "reply").out == "WORKTREE    not committed\n    created\n"
    assert run(repo.path, "test").code == 0


@pytest.mark.parametrize("variables", [["GIT_DIR"], ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"]])
def test_what_a_hook_of_another_repository_sets_is_not_followed(tmp_path: Path, variables: list[str]):
    repo, other = project(tmp_path / "project"), Repo(tmp_path / "other")
    other.commit("other", {REPLY: "Other\n"})
    values = {"GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": ".git/index"}

    works(repo.path, env={name: str(other.path / values[name]) for name in variables})


def test_a_hook_of_this_repository_sees_it(tmp_path: Path):
    repo = project(tmp_path / "project")
    repo.write({".git/hooks/post-commit": '#!/bin/sh\npromptctl log reply@HEAD > "$OUT"\n'})
    (repo.path / ".git/hooks/post-commit").chmod(0o755)
    environment = dict(
        os.environ, OUT=str(tmp_path / "out"), PATH=f"{bin_folder(tmp_path)}:{os.environ['PATH']}"
    )
    identity = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]

    subprocess.run(
        ["git", *identity, "commit", "--quiet", "--allow-empty", "-m", "x"],
        cwd=repo.path,
        env=environment,
        check=True,
    )

    assert len((tmp_path / "out").read_text().splitlines()) == 4


def bin_folder(tmp_path: Path) -> Path:
    """A folder with `promptctl` in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "promptctl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m promptctl "$@"\n')
    (folder / "promptctl").chmod(0o755)
    return folder


@pytest.mark.parametrize("name", ["a b", "new\nline", "退款", "-n", "é;$(touch x)"])
def test_paths_of_any_characters_work(tmp_path: Path, name: str):
    repo = Repo(tmp_path / f"pro {name}ject")
    path = f"prompts/{name}/reply.prompt.j2"
    repo.commit("first", {path: PROJECT[REPLY], f"evals/{name}/reply.yaml": "- {input: a, expected: b}\n"})
    repo.commit("second", {path: NEWER})
    prompt = f"{name}/reply"

    lines = run(repo.path, "log", "--", f"{prompt}@HEAD").out.splitlines()
    shown = run(repo.path, "diff", "--", f"{prompt}@HEAD~1").out

    assert [line.strip() for line in lines[1::2]] == ["text", "created"]
    assert "+Be brief.\n" in shown
    assert run(repo.path, "test", "--base", "HEAD~1", "--head", "HEAD").code in (0, 1)


def test_a_repository_with_reftable_is_refused_by_name_or_works(tmp_path: Path):
    repo = project(tmp_path / "project")
    repo.git("config", "core.repositoryformatversion", "1")
    repo.git("config", "extensions.refStorage", "reftable")

    error = refused(repo, "test")

    assert error.slug == "git-failed"
    assert "refstorage (reftable)" in error.message
    assert "Git 2.45" in error.fix


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
@pytest.mark.parametrize("command", [["test"], ["log", "reply"], ["diff", "reply"], ["list"]], ids=" ".join)
def test_a_repository_of_another_user_names_the_command_that_allows_it(tmp_path: Path, command: list[str]):
    repo = project(tmp_path / "project")
    subprocess.run(["chown", "-R", "12345", str(repo.path)], check=True)

    error = refused(repo, *command)

    assert error.slug == "dubious-ownership"
    assert error.fix == f"git config --global --add safe.directory {repo.path}"


def test_the_digest_of_a_request_is_equal_wherever_the_files_are(tmp_path: Path):
    repo = project(tmp_path / "project")
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    other = project(tmp_path / "sha256", object_format="sha256")
    (tmp_path / "plain" / "prompts").mkdir(parents=True)
    (tmp_path / "plain" / REPLY).write_text(NEWER)

    found = {
        "work tree": digest(repo.path, "reply"),
        "commit": digest(repo.path, "reply@HEAD"),
        "bare": digest(tmp_path / "bare.git", "reply"),
        "commit of bare": digest(tmp_path / "bare.git", "reply@main"),
        "SHA-256": digest(other.path, "reply@HEAD"),
        "no Git": digest(tmp_path / "plain", "reply"),
    }

    assert len(set(found.values())) == 1, found
