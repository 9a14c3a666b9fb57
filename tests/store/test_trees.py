"""Pictures of a project: the same files, the same text, the same refusals at a commit and on disk."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from promptctl.errors import FileError, Incomplete, Place
from promptctl.store.repo import Repository
from promptctl.store.trees import MAX_BYTES, CommitTree, Tree, WorkTree
from tests.repository import Repo

REPLY = "prompts/reply.prompt.j2"
FOLDERS = ["prompts", "evals"]
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"

TreeOf = Callable[[Repo], Tree]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def found(repo: Repo) -> Repository:
    repository = Repository.find(repo.path)
    assert repository is not None
    return repository


def committed(repo: Repo, prefix: str = "") -> CommitTree:
    return CommitTree(found(repo), repo.head, prefix, FOLDERS)


def on_disk(repo: Repo, prefix: str = "") -> WorkTree:
    return WorkTree(repo.path / prefix, FOLDERS, found(repo))


def without_git(repo: Repo, prefix: str = "") -> WorkTree:
    return WorkTree(repo.path / prefix, FOLDERS)


every_tree = pytest.mark.parametrize("tree_of", [committed, on_disk, without_git])


def refusal(tree: Tree, path: str) -> FileError:
    with pytest.raises(FileError) as caught:
        tree.text(path)
    return caught.value


# What is in a picture


@every_tree
def test_a_picture_holds_the_folders_and_the_settings_and_nothing_else(repo: Repo, tree_of: TreeOf):
    files = {
        REPLY: "hi\n",
        "prompts/a/b.j2": "",
        "evals/x.yaml": "e",
        "src/app.py": "",
        "promptctl.toml": "t",
        "x": "",
    }
    repo.commit(files=files)

    tree = tree_of(repo)

    assert tree.paths("prompts") == ["prompts/a/b.j2", REPLY]
    assert tree.paths("prompts/a/") == ["prompts/a/b.j2"]
    assert tree.paths("") == tree.paths(".") == ["evals/x.yaml", "promptctl.toml", "prompts/a/b.j2", REPLY]
    assert tree.paths("prom") == tree.paths("src") == tree.paths("absent") == []
    assert (tree.text(REPLY), tree.bytes("promptctl.toml")) == ("hi\n", b"t")
    assert tree.exists("./prompts//reply.prompt.j2")
    assert not any(tree.exists(path) for path in ("prompts", "pyproject.toml", "src/app.py", "x", ""))
    assert tree.refused == {}


@pytest.mark.parametrize("tree_of", [committed, on_disk])
def test_a_project_below_the_top_of_the_repository_sees_its_own_paths_alone(
    repo: Repo, tree_of: Callable[..., Tree]
):
    repo.commit(
        files={
            f"team/bots/{REPLY}": "mine",
            REPLY: "theirs",
            "team/bots/promptctl.toml": "",
            "promptctl.toml": "x",
        }
    )

    tree = tree_of(repo, "team/bots")

    assert tree.paths("") == ["promptctl.toml", REPLY]
    assert (tree.text(REPLY), tree.text("promptctl.toml")) == ("mine", "")


def test_the_labels_say_which_side_it_is(repo: Repo):
    commit = repo.commit(files={REPLY: ""})

    assert on_disk(repo).label == "WORKTREE"
    assert committed(repo).label == commit[:12]
    assert CommitTree(found(repo), commit, "", FOLDERS, label="main").label == "main"


def test_a_commit_without_the_folders_is_an_empty_picture(repo: Repo):
    repo.commit()

    assert committed(repo).paths("") == []


def test_the_whole_project_can_be_the_folder(repo: Repo):
    repo.commit(files={"a.j2": "", "deep/b.j2": ""})

    assert CommitTree(found(repo), repo.head, "", ["."]).paths("") == ["a.j2", "deep/b.j2"]
    assert WorkTree(repo.path, ["."], found(repo)).paths("") == ["a.j2", "deep/b.j2"]
    assert WorkTree(repo.path, ["."]).paths("") == ["a.j2", "deep/b.j2"]


def test_the_work_tree_holds_what_is_new_and_not_what_is_ignored_or_gone(repo: Repo):
    repo.commit(files={".gitignore": "*.log\n", REPLY: "old", "prompts/gone": ""})
    repo.write({REPLY: "edited", "prompts/gone": None, "prompts/new": "", "prompts/x.log": ""})

    assert on_disk(repo).paths("prompts") == ["prompts/new", REPLY]
    assert on_disk(repo).text(REPLY) == "edited"
    assert committed(repo).text(REPLY) == "old"


def test_without_git_the_tools_own_folders_are_left_out(tmp_path: Path):
    repo = Repo(tmp_path, init=False)
    repo.write({"prompts/.git/config": "", "prompts/.promptctl/x": "", ".promptctl/y": "", "prompts/a": ""})

    assert WorkTree(tmp_path, ["."]).paths("") == ["prompts/a"]


def test_a_picture_does_not_change_when_the_files_do(repo: Repo):
    repo.commit(files={REPLY: "before"})
    trees = [committed(repo), on_disk(repo), without_git(repo)]

    repo.commit(files={REPLY: "after", "prompts/new": ""})

    assert [tree.text(REPLY) for tree in trees] == ["before"] * 3
    assert [tree.exists("prompts/new") for tree in trees] == [False] * 3


@every_tree
def test_any_name_is_read_back(repo: Repo, tree_of: TreeOf):
    names = [
        "prompts/with space",
        "prompts/new\nline",
        "prompts/退款",
        "prompts/é",
        "prompts/*",
        "prompts/\\x",
    ]
    repo.commit(files={name: name for name in names})

    tree = tree_of(repo)

    assert {name: tree.text(name) for name in tree.paths("prompts")} == {name: name for name in names}


def test_export_subst_and_line_end_settings_do_not_change_the_committed_text(repo: Repo):
    repo.git("config", "core.autocrlf", "true")
    repo.commit(files={".gitattributes": "*.j2 export-subst ident\n", REPLY: "$Format:%H$ $Id$\n"})

    assert committed(repo).text(REPLY) == "$Format:%H$ $Id$\n"


# Text and identity


@every_tree
def test_text_loses_the_byte_order_mark_and_crlf_and_bytes_do_not(repo: Repo, tree_of: TreeOf):
    raw = b"\xef\xbb\xbfa\r\nb\rc\n\r\n"
    repo.commit(files={REPLY: raw})

    tree = tree_of(repo)

    assert tree.text(REPLY) == "a\nb\rc\n\n"
    assert tree.bytes(REPLY) == raw


def test_crlf_on_disk_and_lf_in_the_commit_are_the_same_content(repo: Repo):
    repo.commit(files={REPLY: "a\nb\n", "prompts/other": "a\nb"})
    base = committed(repo)
    repo.write({REPLY: b"\xef\xbb\xbfa\r\nb\r\n"})

    head = on_disk(repo)

    assert head.identity(REPLY) == base.identity(REPLY)
    assert head.identity(REPLY) != head.identity("prompts/other")
    assert head.identity("prompts/other") == base.identity("prompts/other")


def test_the_identity_of_a_file_is_computed_once(repo: Repo, monkeypatch: pytest.MonkeyPatch):
    repo.commit(files={REPLY: "x"})
    tree = on_disk(repo)
    first = tree.identity(REPLY)

    monkeypatch.setattr(hashlib, "sha256", lambda *_: pytest.fail("computed again"))

    assert tree.identity(REPLY) == tree.identity(f"./{REPLY}") == first


def test_each_folder_is_looked_at_once_however_many_files_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = [f"prompts/deep/down/{number}.j2" for number in range(50)]
    Repo(tmp_path / "repo").write(dict.fromkeys(names, "x"))
    looked: list[str] = []
    really = Path.is_symlink

    def is_symlink(path: Path) -> bool:
        looked.append(path.relative_to(tmp_path / "repo").as_posix())
        return really(path)

    monkeypatch.setattr(Path, "is_symlink", is_symlink)
    tree = WorkTree(tmp_path / "repo", FOLDERS, extra=())

    assert len(tree.paths("")) == 50
    assert looked.count("prompts/deep/down") <= 2  # once more by the walk, which does not enter links
    assert all(looked.count(name) == 1 for name in names)


@every_tree
@pytest.mark.parametrize(
    ("content", "place", "says"),
    [
        (b"fine\nna\xefve", "2:3", "byte 0xef"),
        ("好的\n退款".encode() + b"\xff", "2:3", "byte 0xff"),
        (b"\xef\xbb\xbfab\r\n\xff", "2:1", "byte 0xff"),
        (b"\xed\xa0\x80", "1:1", "is not UTF-8"),
        ("caf\xe9".encode("cp1252"), "1:4", "byte 0xe9"),
        ("hello\n".encode("utf-16"), "1:1", "is UTF-16"),
        ("hello\n".encode("utf-16-le"), "1:1", "is UTF-16"),
        ("hello\n".encode("utf-16-be"), "1:1", "is UTF-16"),
        ("退hello".encode("utf-16-le"), "1:1", "is UTF-16"),
    ],
)
def test_what_is_not_utf8_is_named_with_line_and_column(
    repo: Repo, tree_of: TreeOf, content: bytes, place: str, says: str
):
    repo.commit(files={REPLY: content})
    tree = tree_of(repo)

    error = refusal(tree, REPLY)

    assert (error.slug, str(error.at)) == ("not-utf8", f"{REPLY}:{place}")
    assert says in error.message
    assert tree.bytes(REPLY) == content


@every_tree
def test_an_empty_file_and_one_with_a_single_nul_are_text(repo: Repo, tree_of: TreeOf):
    repo.commit(files={REPLY: "", "prompts/nul": "twelve chars\0"})

    assert tree_of(repo).text(REPLY) == ""
    assert tree_of(repo).text("prompts/nul") == "twelve chars\0"


# Refusals


@every_tree
def test_a_symbolic_link_is_refused_with_its_path_and_its_target_never_read(
    repo: Repo, tree_of: TreeOf, tmp_path: Path
):
    (tmp_path / "secret").write_text("secret")
    repo.symlink("prompts/link.j2", str(tmp_path / "secret")).symlink("prompts/dangling", "nowhere")
    repo.commit(files={REPLY: "hi"})

    tree = tree_of(repo)

    assert tree.refused == {"prompts/link.j2": "symlink", "prompts/dangling": "symlink"}
    assert tree.paths("prompts") == [REPLY]
    assert tree.exists("prompts/link.j2")
    error = refusal(tree, "prompts/link.j2")
    assert (error.slug, error.at) == ("symlink", Place("prompts/link.j2"))
    assert error.fix
    with pytest.raises(FileError):
        tree.bytes("prompts/link.j2")


@every_tree
def test_a_linked_folder_is_refused_and_so_is_what_would_lie_in_it(
    repo: Repo, tree_of: TreeOf, tmp_path: Path
):
    Repo(tmp_path / "outside", init=False).write({"a.j2": "secret"})
    repo.symlink("prompts/shared", str(tmp_path / "outside")).commit(files={REPLY: ""})

    tree = tree_of(repo)

    assert tree.refused == {"prompts/shared": "symlink"}
    assert refusal(tree, "prompts/shared/a.j2").slug == "symlink"


@every_tree
def test_a_prompt_root_that_is_a_link_is_refused(repo: Repo, tree_of: TreeOf):
    repo.symlink("prompts", "elsewhere").commit(files={"elsewhere/a.j2": "a"})

    tree = tree_of(repo)

    assert tree.refused == {"prompts": "symlink"}
    assert tree.paths("prompts") == []


@every_tree
def test_a_settings_file_that_is_a_link_is_refused(repo: Repo, tree_of: TreeOf):
    repo.symlink("promptctl.toml", "other.toml").commit(files={"other.toml": ""})

    assert refusal(tree_of(repo), "promptctl.toml").slug == "symlink"


def test_a_tracked_folder_replaced_by_a_link_on_disk_is_not_followed(repo: Repo, tmp_path: Path):
    repo.commit(files={"prompts/a/x.j2": "mine"})
    Repo(tmp_path / "outside", init=False).write({"x.j2": "secret"})
    repo.write({"prompts/a/x.j2": None})
    (repo.path / "prompts" / "a").rmdir()
    repo.symlink("prompts/a", str(tmp_path / "outside"))

    tree = on_disk(repo)

    assert tree.refused == {"prompts/a": "symlink"}
    assert tree.paths("prompts") == []


@pytest.mark.parametrize("tree_of", [committed, on_disk])
def test_a_submodule_is_refused_on_both_sides(repo: Repo, tree_of: TreeOf, tmp_path: Path):
    library = Repo(tmp_path / "library")
    library.commit(files={"a.j2": "a"})
    repo.git("submodule", "--quiet", "add", f"file://{library.path}", "prompts/library")
    repo.commit(files={REPLY: ""})

    tree = tree_of(repo)

    assert tree.refused == {"prompts/library": "submodule"}
    assert tree.paths("prompts") == [REPLY]
    assert refusal(tree, "prompts/library/a.j2").slug == "submodule"


@every_tree
def test_an_lfs_pointer_is_refused(repo: Repo, tree_of: TreeOf):
    repo.commit(
        files={REPLY: POINTER, "prompts/about.md": f"{POINTER}{'is what a pointer looks like ' * 50}"}
    )

    tree = tree_of(repo)

    assert tree.refused == {REPLY: "lfs-pointer"}
    assert tree.paths("prompts") == ["prompts/about.md"]
    assert "git lfs" in str(refusal(tree, REPLY).fix)


def test_a_file_that_lfs_put_on_disk_is_refused_as_its_pointer_in_a_commit_would_be(repo: Repo):
    repo.commit(files={".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", REPLY: "hi"})
    repo.write({"prompts/real.bin": "the real content"})

    assert on_disk(repo).refused == {"prompts/real.bin": "lfs-pointer"}


@every_tree
def test_a_huge_file_is_an_error_only_when_it_is_wanted(repo: Repo, tree_of: TreeOf):
    repo.commit(files={REPLY: "", "evals/big.bin": b"x" * (MAX_BYTES + 1), "evals/fits": b"x" * MAX_BYTES})

    tree = tree_of(repo)

    assert tree.refused == {}
    assert tree.paths("evals") == ["evals/big.bin", "evals/fits"]
    assert tree.exists("evals/big.bin")
    assert refusal(tree, "evals/big.bin").slug == "too-large"
    assert len(tree.text("evals/fits")) == MAX_BYTES


@pytest.mark.parametrize("tree_of", [on_disk, without_git])
def test_a_named_pipe_does_not_stop_the_reading(repo: Repo, tree_of: TreeOf):
    repo.commit(files={REPLY: "", "prompts/pipe": ""})
    repo.write({"prompts/pipe": None})
    os.mkfifo(repo.path / "prompts" / "pipe")

    assert tree_of(repo).paths("prompts") == [REPLY]


@every_tree
@pytest.mark.parametrize(
    "path", ["../x", "prompts/../../x", "prompts/..", "/etc/passwd", "//x", "prompts/a\0b"]
)
def test_a_path_that_leaves_the_tree_is_refused_before_anything_is_opened(
    repo: Repo, tree_of: TreeOf, path: str
):
    repo.commit(files={REPLY: "hi"})
    tree = tree_of(repo)

    for ask in (tree.text, tree.bytes, tree.exists, tree.identity, tree.paths):
        with pytest.raises(FileError) as caught:
            ask(path)
        assert caught.value.slug == "outside-prompts"


@pytest.mark.parametrize("folder", ["../other", "/etc"])
def test_a_folder_outside_the_project_is_refused(repo: Repo, folder: str):
    repo.commit(files={REPLY: "hi"})

    with pytest.raises(FileError, match="leaves the tree"):
        WorkTree(repo.path, [folder], found(repo))
    with pytest.raises(FileError, match="leaves the tree"):
        CommitTree(found(repo), repo.head, "team", [folder])


@every_tree
def test_a_file_that_is_not_there_is_an_error_naming_the_side(repo: Repo, tree_of: TreeOf):
    repo.commit(files={REPLY: "hi"})
    tree = tree_of(repo)

    error = refusal(tree, "prompts/replay.prompt.j2")

    assert (error.slug, error.at) == ("no-such-file", Place("prompts/replay.prompt.j2"))
    assert tree.label in error.message


# Kinds of repositories


def test_a_work_tree_outside_the_repository_is_read_without_it(tmp_path: Path, repo: Repo):
    Repo(tmp_path / "elsewhere", init=False).write({REPLY: "hi"})

    assert WorkTree(tmp_path / "elsewhere", FOLDERS, found(repo)).text(REPLY) == "hi"


def test_a_project_reached_through_a_link_is_the_same_project(tmp_path: Path, repo: Repo):
    repo.commit(files={REPLY: "hi"})
    (tmp_path / "link").symlink_to(repo.path)

    repository = Repository.find(tmp_path / "link")

    assert repository is not None
    assert WorkTree(tmp_path / "link", FOLDERS, repository).text(REPLY) == "hi"


def test_a_linked_worktree_and_a_sha256_repository_give_the_same_pictures(tmp_path: Path):
    repo = Repo(tmp_path / "repo", object_format="sha256")
    repo.commit(files={REPLY: "hi"})
    linked = repo.worktree(tmp_path / "linked", "HEAD")

    assert (
        on_disk(linked).identity(REPLY)
        == committed(linked).identity(REPLY)
        == committed(repo).identity(REPLY)
    )


def test_before_the_first_commit_the_work_tree_can_be_read(repo: Repo):
    repo.write({REPLY: "hi"})

    assert on_disk(repo).text(REPLY) == "hi"


def test_a_commit_whose_files_a_partial_clone_lacks_is_incomplete(tmp_path: Path, repo: Repo):
    repo.git("config", "uploadpack.allowFilter", "true")
    first = repo.commit(files={REPLY: "1"})
    repo.commit(files={REPLY: "2"})
    partial = repo.clone(tmp_path / "partial", options=("--filter=blob:none",))

    with pytest.raises(Incomplete):
        CommitTree(found(partial), first, "", FOLDERS)
