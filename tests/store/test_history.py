"""How a history is read: commits with their differences, files undone step by step, single objects."""

from pathlib import Path

import pytest

from promptctl.errors import FileError, Incomplete
from promptctl.store.history import Commit, ListedTree, Objects, history, undo
from promptctl.store.repo import Repository
from promptctl.store.trees import MAX_BYTES, CommitTree
from tests.repository import Repo
from tests.store.test_repo import children

PATHS = ["prompts", "promptctl.toml"]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def found(repo: Repo) -> Repository:
    repository = Repository.find(repo.path)
    assert repository is not None
    return repository


def subjects(commits: list[Commit]) -> list[str]:
    return [commit.subject for commit in commits]


def test_commits_that_touch_the_paths_come_newest_first_with_parents_among_themselves(repo: Repo):
    first = repo.commit("first", {"prompts/a": "1\n"})
    repo.commit("elsewhere", {"README": "x"})
    third = repo.commit("third", {"prompts/a": "2\n", "prompts/b": "b\n"})

    commits = history(found(repo), repo.head, PATHS)

    assert [(one.id, one.parents, one.author, one.subject) for one in commits] == [
        (third, (first,), "Ada", "third"),
        (first, (), "Ada", "first"),
    ]
    assert [[(change.path, change.before is None) for change in one.changes[0]] for one in commits] == [
        [("prompts/a", False), ("prompts/b", True)],
        [("prompts/a", True)],
    ]


def test_a_merge_has_the_differences_from_each_parent_and_is_left_out_where_it_took_one_side(repo: Repo):
    repo.commit("first", {"prompts/a": "1\n", "prompts/b": "1\n"})
    repo.branch("side").commit("side", {"prompts/a": "2\n"})
    repo.checkout("main").commit("main", {"prompts/b": "2\n"})
    repo.merge("side", "both")
    repo.checkout("side").branch("other").commit("other", {"README": "x"})
    repo.checkout("main").merge("other", "nothing new")

    commits = history(found(repo), repo.head, PATHS)

    assert subjects(commits) == ["both", "main", "side", "first"]
    assert [[change.path for change in told] for told in commits[0].changes] == [["prompts/a"], ["prompts/b"]]


def test_a_child_comes_before_its_parent_though_its_clock_was_wrong(repo: Repo):
    first = repo.commit("first", {"prompts/a": "1\n"})
    Repo.minute -= 1000
    second = repo.commit("second", {"prompts/a": "2\n"})
    Repo.minute += 1000

    assert [one.id for one in history(found(repo), repo.head, PATHS)] == [second, first]


def test_names_that_look_like_what_git_prints_are_read_as_names(repo: Repo):
    odd = ["prompts/:100644 100644 a b M", "prompts/x\n:000000", "prompts/ ", "prompts/" + "0" * 40]
    repo.commit(":100644 x", dict.fromkeys(odd, "1\n"))
    repo.commit("second", {odd[0]: "2\n", odd[1]: None})

    commits = history(found(repo), repo.head, PATHS)

    assert subjects(commits) == ["second", ":100644 x"]
    assert sorted(change.path for change in commits[0].changes[0]) == sorted(odd[:2])
    assert sorted(change.path for change in commits[1].changes[0]) == sorted(odd)


def test_undoing_every_difference_gives_the_files_of_every_commit(repo: Repo):
    repo.commit("first", {"prompts/a": "1\n" * 9, "prompts/b": "b\n"})
    repo.commit("rename", {"prompts/a": None, "prompts/c": "1\n" * 9})
    repo.commit("swap", {"prompts/b": "1\n" * 9, "prompts/c": "b\n"})
    repo.commit("delete", {"prompts/b": None})
    repository = found(repo)
    files = dict(repository.files(repo.head, PATHS))

    for commit in history(repository, repo.head, PATHS):
        expected = repository.files(commit.id, PATHS)
        assert {path: (one.mode, one.id) for path, one in files.items()} == {
            path: (one.mode, one.id) for path, one in expected.items()
        }
        undo(files, commit.changes[0])
    assert files == {}


def test_a_listed_tree_reads_as_a_commit_tree_does(repo: Repo):
    files = {"a.prompt.j2": "a\r\n", "sub/b": "b", "lfs": "version https://git-lfs.github.com/spec/v1\n"}
    files["large"] = "x" * (MAX_BYTES + 1)
    repo.write({f"bots/prompts/{name}": text for name, text in files.items()})
    commit = repo.symlink("bots/prompts/link", "a.prompt.j2").commit()
    repository = found(repo)
    whole = CommitTree(repository, commit, "bots", ["prompts"])

    with Objects(repository) as objects:
        listed = ListedTree("x", repository.files(commit, ["bots"]), "bots/", objects)

        for path in ("prompts/a.prompt.j2", "prompts//sub/./b"):
            assert listed.text(path) == whole.text(path)
            assert listed.identity(path) == whole.identity(path)
        for name in ("lfs", "large", "link", "link/below", "nothing", "../x"):
            assert slug(listed, f"prompts/{name}") == slug(whole, f"prompts/{name}")
            if name != "../x":
                assert listed.exists(f"prompts/{name}") == whole.exists(f"prompts/{name}")
        assert "prompts/link" not in listed.paths("prompts")


def slug(tree: ListedTree | CommitTree, path: str) -> str:
    with pytest.raises(FileError) as caught:
        tree.bytes(path)
    return caught.value.slug


def test_objects_are_read_in_any_order_and_no_process_stays(repo: Repo):
    repo.commit(files={"prompts/a": "a" * 100_000, "prompts/b": ""})
    repository = found(repo)
    ids = [entry.id for entry in repository.files(repo.head, PATHS).values()]

    with Objects(repository) as objects:
        assert [objects.read(one) for one in (*ids, ids[0])] == [b"a" * 100_000, b"", b"a" * 100_000]
        with pytest.raises(Incomplete):
            objects.read("0" * 40)
        assert objects.read(ids[0]) == b"a" * 100_000

    assert children() == []


def test_a_parent_that_a_shallow_clone_left_out_is_told_from_none(tmp_path: Path, repo: Repo):
    first = repo.commit("first", {"prompts/a": "1\n"})
    second = repo.commit("second", {"prompts/a": "2\n"})
    shallow = found(repo.clone(tmp_path / "shallow", depth=1))

    assert shallow.is_cut_off(second)
    assert not found(repo).is_cut_off(second)
    assert not found(repo).is_cut_off(first)
