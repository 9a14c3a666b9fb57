"""Which two sides are compared, on real histories."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from promptctl.errors import Incomplete, PromptctlError
from promptctl.store.repo import Repository
from promptctl.store.revisions import NOTHING, Revision, Sides, choose_sides
from promptctl.store.trees import CommitTree, WorkTree
from tests.repository import Repo

REPLY = "prompts/reply.prompt.j2"
PULL_REQUEST = {"GITHUB_EVENT_NAME": "pull_request"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def sides(repo: Repo | Path, **asked: Any) -> Sides:
    defaults = {"base": None, "head": None, "no_base": False, "default_branch": "main", "environment": {}}
    repository = Repository.find(repo if isinstance(repo, Path) else repo.path)
    return choose_sides(
        repository, **{**defaults, "folders": ["prompts", "evals", "promptctl.toml"], **asked}
    )


def incomplete(repo: Repo, **asked: Any) -> Incomplete:
    with pytest.raises(Incomplete) as caught:
        sides(repo, **asked)
    assert (caught.value.slug, caught.value.exit_code) == ("no-base-revision", 3)
    return caught.value


def dirty() -> Revision:
    return Revision(label="WORKTREE", commit=None, dirty=True)


def clean(commit: str) -> Revision:
    return Revision(label="WORKTREE", commit=commit)


def pull_request(tmp_path: Path, *, depth: int | None) -> tuple[Repo, str, str]:
    """What a CI checkout of a pull request is: detached at the merge. With the first parent and the merge."""
    origin = Repo(tmp_path / "origin")
    origin.commit(files={REPLY: "1", "evals/a": ""})
    origin.branch("feature").commit(files={REPLY: "2"})
    origin.checkout("main")
    parent = origin.commit(files={"evals/a": "moved on"})
    merge = origin.checkout(parent, detach=True).merge("feature")
    origin.git("update-ref", "refs/pull/7/merge", merge)
    origin.checkout("main")
    checkout = Repo(tmp_path / "checkout")
    checkout.git("remote", "add", "origin", f"file://{origin.path}")
    shallow = [] if depth is None else [f"--depth={depth}"]
    refs = ["+refs/pull/7/merge:refs/remotes/pull/7/merge"]
    everything = ["+refs/heads/*:refs/remotes/origin/*"] if depth is None else []
    checkout.git("fetch", "--quiet", "--no-tags", *shallow, "origin", *refs, *everything)
    checkout.checkout("refs/remotes/pull/7/merge", detach=True)
    return checkout, parent, merge


# Head alone


def test_without_git_head_alone_is_scored(tmp_path: Path):
    assert sides(tmp_path) == Sides(base=None, head=dirty())
    assert sides(tmp_path, head="WORKTREE", no_base=True) == Sides(base=None, head=dirty())


@pytest.mark.parametrize("asked", [{"base": "main"}, {"base": "WORKTREE"}, {"head": "v1"}])
def test_naming_a_revision_without_git_says_how_to_get_one(tmp_path: Path, asked: dict[str, str]):
    with pytest.raises(PromptctlError) as caught:
        sides(tmp_path, **asked)

    assert (caught.value.slug, caught.value.exit_code) == ("no-repository", 2)
    assert "git init" in str(caught.value.fix)


def test_before_the_first_commit_head_alone_is_scored(repo: Repo):
    repo.write({REPLY: "hi"})

    assert sides(repo) == Sides(base=None, head=dirty())


def test_an_unborn_branch_beside_others_still_scores_head_alone(repo: Repo):
    repo.commit()
    repo.branch("fresh", orphan=True)
    repo.write({REPLY: "hi"})

    assert sides(repo) == Sides(base=None, head=dirty())


def test_no_base_scores_head_alone(repo: Repo):
    repo.commit()
    commit = repo.commit(files={REPLY: "hi"})

    assert sides(repo, no_base=True) == Sides(base=None, head=clean(commit))
    assert sides(repo, no_base=True, head="HEAD") == Sides(
        base=None, head=Revision(label="HEAD", commit=commit)
    )


def test_a_clean_first_commit_scores_head_alone_because_nothing_lies_before_it(repo: Repo):
    commit = repo.commit(files={REPLY: "hi"})

    assert sides(repo) == Sides(base=None, head=clean(commit))


# The default branch


def test_on_the_default_branch_a_dirty_tree_is_compared_with_head(repo: Repo):
    commit = repo.commit(files={REPLY: "1"})
    repo.write({REPLY: "2"})

    assert sides(repo) == Sides(base=Revision(label="HEAD", commit=commit), head=dirty())


def test_on_the_default_branch_a_clean_tree_has_nothing_to_compare_and_says_what_to_ask(repo: Repo):
    repo.commit(files={REPLY: "1"})
    commit = repo.commit(files={REPLY: "2"})
    repo.write({"src/app.py": "not of the project"})

    assert sides(repo) == Sides(
        base=Revision(label="HEAD", commit=commit), head=clean(commit), note=NOTHING, nothing=True
    )
    assert "`promptctl test --base HEAD~1`" in NOTHING


def test_the_default_branch_is_the_configured_one(repo: Repo):
    repo.commit()
    repo.branch("trunk").commit(files={REPLY: "1"})

    assert sides(repo, default_branch="trunk").nothing
    assert not sides(repo, default_branch="main").nothing


def test_where_the_configured_branch_is_nowhere_origin_head_is_the_default_branch(tmp_path: Path):
    origin = Repo(tmp_path / "origin", branch="master")
    origin.commit(files={REPLY: "1"})
    start = origin.commit(files={REPLY: "2"})
    clone = origin.clone(tmp_path / "clone")

    assert sides(clone).nothing
    clone.branch("feature").commit(files={REPLY: "3"})
    assert sides(clone).base == Revision(label="origin/master", commit=start)


def test_where_the_configured_branch_exists_origin_head_does_not_matter(tmp_path: Path):
    origin = Repo(tmp_path / "origin", branch="develop")
    start = origin.commit(files={REPLY: "1"})
    origin.git("branch", "main")
    clone = origin.clone(tmp_path / "clone")
    clone.commit(files={REPLY: "2"})

    assert sides(clone).base == Revision(label="origin/main", commit=start)


# Another branch


def test_on_a_branch_the_base_is_where_it_left_the_default_branch(repo: Repo):
    start = repo.commit(files={REPLY: "1"})
    repo.branch("feature")
    head = repo.commit(files={REPLY: "2"})
    repo.checkout("main").commit(files={"evals/a": "moved on"})
    repo.checkout("feature")

    assert sides(repo) == Sides(base=Revision(label="main", commit=start), head=clean(head))
    repo.write({"prompts/new": ""})
    assert sides(repo) == Sides(base=Revision(label="main", commit=start), head=dirty())


def test_the_later_of_the_local_and_the_remote_merge_base_counts(tmp_path: Path, repo: Repo):
    first = repo.commit(files={REPLY: "1"})
    clone = repo.clone(tmp_path / "clone")
    second = repo.commit(files={REPLY: "2"})
    clone.git("fetch", "--quiet")
    clone.git("checkout", "--quiet", "-b", "feature", "origin/main")
    clone.commit(files={REPLY: "3"})

    stale_local = sides(clone).base
    clone.git("branch", "--force", "main", second)
    clone.git("update-ref", "refs/remotes/origin/main", first)
    stale_remote = sides(clone).base

    assert stale_local == Revision(label="origin/main", commit=second)
    assert stale_remote == Revision(label="main", commit=second)


def test_a_remote_branch_is_enough(tmp_path: Path, repo: Repo):
    start = repo.commit(files={REPLY: "1"})
    clone = repo.clone(tmp_path / "clone")
    clone.branch("feature").commit(files={REPLY: "2"})
    clone.git("branch", "--delete", "--force", "main")

    assert sides(clone).base == Revision(label="origin/main", commit=start)


def test_detached_at_an_ordinary_commit_the_base_is_the_merge_base(repo: Repo):
    start = repo.commit(files={REPLY: "1"})
    head = repo.branch("feature").commit(files={REPLY: "2"})
    repo.checkout(head, detach=True)

    assert sides(repo) == Sides(base=Revision(label="main", commit=start), head=clean(head))


def test_unrelated_histories_are_unknown_never_no_change(repo: Repo):
    repo.commit(files={REPLY: "1"})
    repo.branch("island", orphan=True).commit(files={REPLY: "2"})

    error = incomplete(repo)

    assert "share no history" in error.message
    assert "--base" in str(error.fix)
    assert "fetch-depth" not in str(error.fix)


def test_without_a_default_branch_the_error_names_base_and_the_setting(tmp_path: Path):
    repo = Repo(tmp_path / "repo", branch="master")
    repo.commit(files={REPLY: "1"})

    error = incomplete(repo)

    assert "main" in error.message
    assert "--base" in str(error.fix)
    assert "default_branch" in str(error.fix)


@pytest.mark.parametrize("name", ["", "*", "-x", "ma\0in", "a b", "../x"])
def test_an_odd_default_branch_is_a_branch_that_is_not_there(repo: Repo, name: str):
    repo.commit(files={REPLY: "1"})
    repo.branch("feature")

    assert "default_branch" in str(incomplete(repo, default_branch=name).fix)


# Continuous integration


@pytest.mark.parametrize("depth", [2, None])
@pytest.mark.parametrize("environment", [{}, PULL_REQUEST, {"GITHUB_EVENT_NAME": "push"}])
def test_a_merge_checkout_is_compared_with_its_first_parent(
    tmp_path: Path, depth: int | None, environment: dict[str, str]
):
    checkout, parent, merge = pull_request(tmp_path, depth=depth)

    assert sides(checkout, environment=environment) == Sides(
        base=Revision(label="HEAD^1", commit=parent), head=clean(merge)
    )


@pytest.mark.parametrize("environment", [{}, PULL_REQUEST])
def test_a_merge_checkout_without_its_parents_names_the_depth_it_needs(
    tmp_path: Path, environment: dict[str, str]
):
    checkout, _, _ = pull_request(tmp_path, depth=1)

    assert "fetch-depth: 2" in str(incomplete(checkout, environment=environment).fix)


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "merge_group"])
def test_an_event_of_a_merge_compares_with_the_parent_though_it_is_the_only_one(repo: Repo, event: str):
    repo.commit(files={REPLY: "1"})
    parent = repo.commit(files={REPLY: "2"})
    head = repo.commit(files={REPLY: "3"})
    repo.checkout(head, detach=True)

    chosen = sides(repo, environment={"GITHUB_EVENT_NAME": event})

    assert chosen == Sides(base=Revision(label="HEAD^1", commit=parent), head=clean(head))


def test_an_event_of_a_merge_on_the_very_first_commit_is_incomplete_without_talk_of_depth(repo: Repo):
    repo.commit(files={REPLY: "1"})

    error = incomplete(repo, environment=PULL_REQUEST)

    assert "no parent" in error.message
    assert "fetch-depth" not in str(error.fix)


def test_a_merge_on_a_branch_is_no_merge_checkout(repo: Repo):
    start = repo.commit(files={REPLY: "1"})
    repo.branch("feature").commit(files={REPLY: "2"})
    repo.git("checkout", "--quiet", "-b", "other", "main")
    repo.commit(files={"evals/a": ""})
    repo.checkout("feature").merge("other")

    assert sides(repo).base == Revision(label="main", commit=start)


def test_a_shallow_branch_without_its_merge_base_names_the_whole_history(tmp_path: Path, repo: Repo):
    repo.commit(files={REPLY: "1"})
    repo.branch("feature").commit(files={REPLY: "2"})
    repo.commit(files={REPLY: "3"})
    repo.checkout("main").commit(files={"evals/a": ""})
    both = repo.clone(tmp_path / "both", depth=1, options=("--no-single-branch", "--branch=feature"))
    one = repo.clone(tmp_path / "one", depth=1, options=("--branch=feature",))

    assert "fetch-depth: 0" in str(incomplete(both).fix)
    assert "fetch-depth: 0" in str(incomplete(one).fix)
    assert "--base" in str(incomplete(one).fix)


# Sides that were asked for


def test_base_and_head_are_taken_as_given(repo: Repo):
    first = repo.commit(files={REPLY: "1"})
    second = repo.commit(files={REPLY: "2"})
    repo.git("tag", "v1", first)
    repo.write({REPLY: "3"})

    assert sides(repo, base="v1") == Sides(base=Revision(label="v1", commit=first), head=dirty())
    assert sides(repo, base="v1", head="main", environment=PULL_REQUEST) == Sides(
        base=Revision(label="v1", commit=first), head=Revision(label="main", commit=second)
    )
    assert sides(repo, base="WORKTREE", head="v1") == Sides(
        base=dirty(), head=Revision(label="v1", commit=first)
    )


def test_a_head_without_a_base_is_compared_from_its_own_merge_base(repo: Repo):
    start = repo.commit(files={REPLY: "1"})
    head = repo.branch("feature").commit(files={REPLY: "2"})
    repo.checkout("main").commit(files={"evals/a": ""})

    assert sides(repo, head="feature") == Sides(
        base=Revision(label="main", commit=start), head=Revision(label="feature", commit=head)
    )


def test_a_head_of_the_default_branch_has_nothing_to_compare(repo: Repo):
    repo.commit(files={REPLY: "1"})
    repo.commit(files={REPLY: "2"})

    chosen = sides(repo, head="main")

    assert chosen.nothing
    assert "--base main~1 --head main" in str(chosen.note)


def test_a_head_that_is_the_merge_checkout_follows_its_rule(tmp_path: Path):
    checkout, parent, merge = pull_request(tmp_path, depth=2)

    assert sides(checkout, head="HEAD") == Sides(
        base=Revision(label="HEAD^1", commit=parent), head=Revision(label="HEAD", commit=merge)
    )


def test_a_head_can_be_named_on_an_unborn_branch(repo: Repo):
    start = repo.commit(files={REPLY: "1"})
    head = repo.branch("feature").commit(files={REPLY: "2"})
    repo.branch("fresh", orphan=True)

    assert sides(repo, head="feature") == Sides(
        base=Revision(label="main", commit=start), head=Revision(label="feature", commit=head)
    )


@pytest.mark.parametrize(
    "asked", [{"base": "--output=written"}, {"head": "nothing"}, {"base": ""}, {"head": ""}]
)
def test_what_is_not_a_commit_is_refused(repo: Repo, asked: dict[str, str]):
    repo.commit(files={REPLY: "1"})

    with pytest.raises(PromptctlError) as caught:
        sides(repo, **asked)

    assert caught.value.slug == "not-a-commit"


def test_the_head_of_a_bare_repository_is_its_head_and_never_a_work_tree(tmp_path: Path, repo: Repo):
    first = repo.commit(files={REPLY: "1"})
    second = repo.commit(files={REPLY: "2"})
    bare = tmp_path / "bare.git"
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(bare))

    chosen = sides(bare, base="main~1")
    unnamed = sides(bare)

    assert chosen == Sides(
        base=Revision(label="main~1", commit=first), head=Revision(label="HEAD", commit=second)
    )
    assert (unnamed.nothing, unnamed.note) == (True, NOTHING)
    with pytest.raises(PromptctlError, match="no work tree") as caught:
        sides(bare, head="WORKTREE")
    assert caught.value.slug == "no-work-tree"


def test_a_branch_of_a_bare_repository_is_compared_from_where_it_left_main(tmp_path: Path, repo: Repo):
    left = repo.commit(files={REPLY: "1"})
    change = repo.branch("change").commit(files={REPLY: "2"})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    repo.git("--git-dir", str(tmp_path / "bare.git"), "symbolic-ref", "HEAD", "refs/heads/main")

    assert sides(tmp_path / "bare.git", head="change") == Sides(
        base=Revision(label="main", commit=left), head=Revision(label="change", commit=change)
    )


# Cost


def test_a_whole_comparison_starts_few_processes(tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch):
    repo.commit(files={REPLY: "1"})
    clone = repo.clone(tmp_path / "clone")
    clone.branch("feature").commit(files={REPLY: "2"})
    log = counting_git(tmp_path, monkeypatch)

    repository = Repository.find(clone.path)
    chosen = sides(clone.path)
    assert repository is not None
    assert chosen.base is not None
    assert chosen.base.commit is not None
    CommitTree(repository, chosen.base.commit, "", ["prompts"])
    WorkTree(clone.path, ["prompts"], repository)

    commands = log.read_text().split()
    assert len(commands) - commands.count("version") - 1 <= 7, commands  # `find` was asked twice here


def counting_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts a `git` first on PATH that notes each command it is started with."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    log, folder = tmp_path / "commands", tmp_path / "bin"
    folder.mkdir()
    skipped = "-*|core.*|diff.*"
    words = (
        f'for word in "$@"; do case "$word" in {skipped}) ;; *) echo "$word" >> "$LOG"; break ;; esac; done'
    )
    (folder / "git").write_text(f'#!/bin/sh\nLOG="{log}"\n{words}\nexec "{real}" "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder) + os.pathsep + os.environ["PATH"])
    return log
