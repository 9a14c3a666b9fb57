"""What `store.repo` reads from real repositories, and what it never does to them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from promptctl.errors import Incomplete, PromptctlError
from promptctl.store.repo import Repository
from tests.repository import Repo

REPLY = "prompts/reply.prompt.j2"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def found(repo: Repo | Path) -> Repository:
    repository = Repository.find(repo if isinstance(repo, Path) else repo.path)
    assert repository is not None
    return repository


def blob(repository: Repository, commit: str, path: str) -> bytes:
    entry = repository.files(commit, [path])[path]
    return repository.blobs([entry.id])[entry.id]


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# Finding a repository


def test_a_folder_in_no_repository_has_none(tmp_path: Path):
    assert Repository.find(tmp_path) is None


def test_importing_the_module_does_not_import_git():
    code = "import sys, promptctl.store.repo as r; sys.exit('git' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_subfolder_finds_the_top_of_the_work_tree_and_knows_its_own_place(repo: Repo):
    repo.commit(files={"team/bots/prompts/a": "a"})

    repository = found(repo.path / "team" / "bots")

    assert repository.root == repo.path
    assert repository.relative(repo.path / "team" / "bots") == "team/bots"
    assert repository.relative(repo.path) == ""


def test_a_folder_that_is_not_there_yet_is_found_through_the_one_above(repo: Repo):
    assert found(repo.path / "not" / "yet").root == repo.path


def test_head_and_branch_are_known(repo: Repo):
    commit = repo.commit()

    repository = found(repo)

    assert (repository.head(), repository.branch()) == (commit, "main")
    assert not repository.is_shallow()
    assert not repository.bare


def test_before_the_first_commit_there_is_a_branch_and_no_head(repo: Repo):
    repository = found(repo)

    assert (repository.head(), repository.branch()) == (None, "main")


def test_a_file_called_head_before_the_first_commit_is_not_taken_for_a_commit(repo: Repo):
    repo.write({"HEAD": "x"})

    assert found(repo).head() is None


def test_a_detached_head_has_no_branch(repo: Repo):
    commit = repo.commit()
    repo.checkout(commit, detach=True)

    repository = found(repo)

    assert (repository.head(), repository.branch()) == (commit, None)


def test_a_branch_called_head_does_not_hide_the_branch_that_head_is_on(repo: Repo):
    repo.commit()
    repo.git("update-ref", "refs/heads/HEAD", "HEAD")

    assert found(repo).branch() == "main"


def test_a_branch_name_with_slashes_and_chinese_is_given_whole(repo: Repo):
    repo.commit()
    repo.branch("feature/退款/1")

    assert found(repo).branch() == "feature/退款/1"


def test_a_bare_repository_can_be_read(tmp_path: Path, repo: Repo):
    commit = repo.commit(files={REPLY: "hi\n"})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))

    repository = found(tmp_path / "bare.git")

    assert repository.bare
    assert (repository.head(), repository.branch()) == (commit, "main")
    assert blob(repository, repository.resolve("main"), REPLY) == b"hi\n"


def test_a_linked_worktree_is_its_own_root_with_its_own_head(tmp_path: Path, repo: Repo):
    first = repo.commit(files={REPLY: "1"})
    repo.commit(files={REPLY: "2"})
    linked = repo.worktree(tmp_path / "linked", first)

    repository = found(linked)

    assert repository.root == linked.path
    assert (repository.head(), repository.branch()) == (first, None)
    assert sorted(repository.worktree_entries(["prompts"])) == [REPLY]


def test_a_sha256_repository_works_throughout(tmp_path: Path):
    repo = Repo(tmp_path / "new", object_format="sha256")
    first = repo.commit(files={REPLY: "one\n"})
    second = repo.commit(files={REPLY: "two\n"})

    repository = found(repo)

    assert len(first) == 64
    assert repository.resolve("HEAD~1") == first
    assert repository.parents(second) == [first]
    assert repository.merge_base(first, second) == first
    assert blob(repository, first, REPLY) == b"one\n"


def test_git_variables_of_a_hook_do_not_lead_to_another_repository(
    tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch
):
    commit = repo.commit(files={REPLY: "mine"})
    other = Repo(tmp_path / "other")
    other.commit(files={REPLY: "theirs"})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    monkeypatch.setenv("GIT_PYTHON_TRACE", "full")

    repository = found(repo)

    assert repository.root == repo.path
    assert blob(repository, repository.resolve("HEAD"), REPLY) == b"mine"
    assert repository.head() == commit
    assert os.environ["GIT_DIR"] == str(other.path / ".git")


def test_an_empty_git_folder_is_no_repository(tmp_path: Path):
    (tmp_path / ".git").mkdir()

    assert Repository.find(tmp_path) is None


@pytest.mark.parametrize("content", ["", "garbage"])
def test_a_damaged_branch_is_not_taken_for_one_without_commits(repo: Repo, content: str):
    repo.commit()
    repo.write({".git/refs/heads/main": content})

    with pytest.raises(PromptctlError, match="No such ref") as caught:
        Repository.find(repo.path)

    assert caught.value.slug == "git-failed"


def test_a_work_tree_whose_repository_is_gone_says_so(tmp_path: Path):
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")

    with pytest.raises(PromptctlError, match="not a git repository: /nowhere/at/all") as caught:
        Repository.find(tmp_path)

    assert caught.value.slug == "git-failed"


def test_a_repository_format_that_git_cannot_read_is_named(repo: Repo):
    repo.commit()
    repo.git("config", "core.repositoryformatversion", "1")
    repo.git("config", "extensions.quantum", "true")

    with pytest.raises(PromptctlError, match="unknown repository extension") as caught:
        Repository.find(repo.path)

    assert (caught.value.slug, caught.value.exit_code) == ("git-failed", 2)


def test_without_the_git_program_a_repository_is_an_error_that_says_how_to_go_on(
    tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch
):
    repo.commit()
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PromptctlError) as caught:
        Repository.find(repo.path)

    assert (caught.value.slug, caught.value.exit_code) == ("git-missing", 2)
    assert "install Git" in str(caught.value.fix)


def test_without_the_git_program_importing_gitpython_does_not_fail_first(tmp_path: Path, repo: Repo):
    code = (
        "import pathlib, sys\n"
        "from promptctl.errors import PromptctlError\n"
        "from promptctl.store.repo import Repository\n"
        "try: Repository.find(pathlib.Path(sys.argv[1]))\n"
        "except PromptctlError as error: print(error.slug)\n"
    )
    environment = {**os.environ, "PATH": str(tmp_path), "GIT_PYTHON_REFRESH": "error"}

    done = subprocess.run(
        [sys.executable, "-c", code, str(repo.path)], env=environment, capture_output=True, text=True
    )

    assert (done.stdout, done.stderr) == ("git-missing\n", "")


def test_without_the_git_program_a_folder_in_no_repository_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert Repository.find(tmp_path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_user_says_the_exact_command_that_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repo = Repo(tmp_path / "their repo")
    repo.commit()
    monkeypatch.delenv("SUDO_UID", raising=False)
    subprocess.run(["chown", "-R", "12345", str(repo.path)], check=True)

    with pytest.raises(PromptctlError) as caught:
        Repository.find(repo.path)

    assert (caught.value.slug, caught.value.exit_code) == ("dubious-ownership", 2)
    assert caught.value.fix == f"git config --global --add safe.directory '{repo.path}'"
    subprocess.run(str(caught.value.fix), shell=True, check=True)
    assert found(repo).head()


# Resolving a user's revision


def test_whatever_names_a_commit_resolves_to_its_full_id(repo: Repo):
    first = repo.commit("one")
    second = repo.commit("two")
    repo.git("tag", "v1", first)
    repo.git("tag", "--annotate", "--message", "release", "v2", second)

    repository = found(repo)

    named = {
        name: repository.resolve(name) for name in ("v1", "HEAD~1", "HEAD^", first[:8], "v2", "@", "main")
    }
    assert named == {"v1": first, "HEAD~1": first, "HEAD^": first, first[:8]: first} | dict.fromkeys(
        ("v2", "@", "main"), second
    )


HOSTILE = [
    "",
    " ",
    "-h",
    "--help",
    "--output=written",
    "--upload-pack=touch written",
    "-O written",
    "--git-dir=/",
    "HEAD\0",
    "HEAD\n",
    "HEAD\n--output=written",
    "HEAD\x1b[31m",
    "HEAD\x7f",
    "HEAD:prompts/reply.prompt.j2",
    "HEAD:",
    "HEAD:prompts",
    "HEAD^{tree}",
    "^HEAD",
    "HEAD^!",
    "HEAD..HEAD",
    "HEAD...HEAD",
    "HEAD HEAD",
    "HEAD; touch written",
    "$(touch written)",
    "`touch written`",
    "| touch written",
    "nothing-of-that-name",
    "HEAD~99",
    "0" * 40,
    "f" * 64,
    "x" * 5000,
    "x" * 4_000_000,
    "\ud800",
    "refs/heads/../../../../etc/passwd",
    "HEAD@{99}",
    ":/no such message",
    "../../etc/passwd",
]


@pytest.mark.parametrize("revision", HOSTILE, ids=lambda text: repr(text[:24]))
def test_what_is_not_a_commit_is_refused_and_writes_no_file(
    repo: Repo, revision: str, monkeypatch: pytest.MonkeyPatch
):
    repo.commit(files={REPLY: "hi"})
    repository = found(repo)
    monkeypatch.chdir(repo.path)
    before = everything(repo.path)

    with pytest.raises(PromptctlError, match="is not a commit") as caught:
        repository.resolve(revision)

    assert (caught.value.slug, caught.value.exit_code) == ("not-a-commit", 2)
    assert not set("\n\0\x1b") & set(caught.value.message)
    assert len(caught.value.message) < 5000
    assert everything(repo.path) == before


def test_a_tree_id_and_a_file_id_are_not_commits(repo: Repo):
    repo.commit(files={REPLY: "hi"})
    repository = found(repo)

    for object_name in ("HEAD^{tree}", f"HEAD:{REPLY}"):
        with pytest.raises(PromptctlError, match="is not a commit"):
            repository.resolve(repo.git("rev-parse", object_name))


def test_in_a_shallow_clone_a_file_is_still_not_a_commit(tmp_path: Path, repo: Repo):
    repo.commit(files={REPLY: "1"})
    repo.commit(files={REPLY: "2"})
    repository = found(repo.clone(tmp_path / "shallow", depth=1))

    for revision in (f"HEAD:{REPLY}", "HEAD^{tree}", "--output=x", "^HEAD"):
        with pytest.raises(PromptctlError) as caught:
            repository.resolve(revision)
        assert caught.value.slug == "not-a-commit"


def test_a_commit_that_a_shallow_clone_lacks_names_the_depth_that_brings_it(tmp_path: Path, repo: Repo):
    first = repo.commit(files={REPLY: "1"})
    repo.commit(files={REPLY: "2"})
    repository = found(repo.clone(tmp_path / "shallow", depth=1))

    fixes = {}
    for revision in (first, "main~3", "v1", "HEAD^1", "HEAD~1"):
        with pytest.raises(Incomplete) as caught:
            repository.resolve(revision)
        assert (caught.value.slug, caught.value.exit_code) == ("no-base-revision", 3)
        fixes[revision] = str(caught.value.fix)

    assert repository.is_shallow()
    assert all("fetch-depth: 0" in fixes[revision] for revision in (first, "main~3", "v1"))
    assert all("fetch-depth: 2" in fixes[revision] for revision in ("HEAD^1", "HEAD~1"))


# History


def test_parents_are_those_that_the_commit_records_even_where_a_shallow_clone_lacks_them(
    tmp_path: Path, repo: Repo
):
    first = repo.commit(files={REPLY: "1"})
    repo.branch("feature")
    feature = repo.commit("parent 1234 of all\n\nparent line", {"evals/a": "a"})
    repo.checkout("main")
    merge = repo.merge("feature")
    shallow = found(repo.clone(tmp_path / "shallow", depth=1))

    assert shallow.parents(merge) == [first, feature]
    assert found(repo).parents(feature) == [first]
    assert found(repo).parents(first) == []


def test_merge_base_and_ancestry(repo: Repo):
    first = repo.commit("1")
    repo.branch("feature")
    feature = repo.commit("2")
    repo.checkout("main")
    main = repo.commit("3")

    repository = found(repo)

    assert repository.merge_base(feature, main) == first
    assert repository.is_ancestor(first, feature)
    assert repository.is_ancestor(first, first)
    assert not repository.is_ancestor(main, feature)


def test_an_unknown_merge_base_is_none(repo: Repo):
    main = repo.commit("1")
    repo.branch("island", orphan=True)
    island = repo.commit("2")

    assert found(repo).merge_base(main, island) is None


def test_tips_are_the_refs_that_exist_and_no_others(tmp_path: Path, repo: Repo):
    commit = repo.commit()
    repo.git("branch", "main2")
    repo.git("branch", "dev/main")
    clone = found(repo.clone(tmp_path / "clone"))

    tips = clone.tips(
        ["refs/heads/main", "refs/heads/dev", "refs/remotes/origin/HEAD", "refs/heads/*", "a\0b"]
    )

    assert {name: tuple(tip) for name, tip in tips.items()} == {
        "refs/heads/main": (commit, ""),
        "refs/remotes/origin/HEAD": (commit, "refs/remotes/origin/main"),
    }


# Files of a commit


def test_files_are_listed_with_mode_id_and_size_under_the_named_folders_alone(repo: Repo):
    commit = repo.commit(
        files={REPLY: "hi\n", "evals/reply/cases.jsonl": "{}\n", "src/app.py": "", "promptctl.toml": ""}
    )

    entries = found(repo).files(commit, ["prompts", "evals", "promptctl.toml", "absent"])

    assert {path: (entry.mode, entry.size) for path, entry in entries.items()} == {
        REPLY: ("100644", 3),
        "evals/reply/cases.jsonl": ("100644", 3),
        "promptctl.toml": ("100644", 0),
    }
    assert list(found(repo).files(commit, ["."])) == [
        "evals/reply/cases.jsonl",
        *sorted(["promptctl.toml", REPLY, "src/app.py"]),
    ]


NAMES = [
    "prompts/with space.j2",
    "prompts/new\nline.j2",
    "prompts/tab\there.j2",
    'prompts/"quoted".j2',
    "prompts/退款/回复.j2",
    "prompts/é.j2",
    "prompts/*.j2",
    "prompts/:(top)x.j2",
    "prompts/-rf",
    "prompts/a b/100644 0123 0\tx",
]


def test_any_name_is_read_back_as_it_was_written(repo: Repo):
    commit = repo.commit(files={name: name for name in NAMES})
    repo.write({"prompts/untracked\nname.j2": ""})
    repository = found(repo)

    entries = repository.files(commit, ["prompts"])
    blobs = repository.blobs(entry.id for entry in entries.values())

    assert {path: blobs[entry.id].decode() for path, entry in entries.items()} == {
        name: name for name in NAMES
    }
    assert sorted(repository.worktree_entries(["prompts"])) == sorted([*NAMES, "prompts/untracked\nname.j2"])


def test_a_name_that_is_no_utf8_survives_the_round_trip(repo: Repo):
    name = os.fsdecode(b"prompts/caf\xe9.j2")
    commit = repo.commit(files={name: "x"})
    repository = found(repo)

    assert list(repository.files(commit, ["prompts"])) == [name]
    assert sorted(repository.worktree_entries(["prompts"])) == [name]


def test_a_folder_name_is_never_a_pattern(repo: Repo):
    commit = repo.commit(files={"prompts/a": "", "p*/b": "", ":(top)/c": ""})
    repository = found(repo)

    assert list(repository.files(commit, ["p*"])) == ["p*/b"]
    assert sorted(repository.worktree_entries(["p*"])) == ["p*/b"]
    assert sorted(repository.worktree_entries([":(top)"])) == [":(top)/c"]


def test_blobs_are_the_committed_bytes(repo: Repo):
    content = {
        "a": b"",
        "b": b"\n",
        "c": b"no end",
        "d": b"a\r\nb\r\n",
        "e": bytes(range(256)) * 500,
        "f": b"x missing\n",
    }
    commit = repo.commit(files=content)
    repository = found(repo)

    entries = repository.files(commit, ["."])
    blobs = repository.blobs([entry.id for entry in entries.values()] * 2)

    assert {path: blobs[entry.id] for path, entry in entries.items()} == content


def test_export_subst_does_not_change_what_is_read(repo: Repo):
    text = b"version $Format:%H$\n"
    commit = repo.commit(files={".gitattributes": "*.j2 export-subst\n", REPLY: text})

    assert blob(found(repo), commit, REPLY) == text


def test_many_blobs_do_not_block_the_pipes(repo: Repo):
    commit = repo.commit(files={f"prompts/{i:04}.j2": f"{i}\n" * 200 for i in range(1500)})
    repository = found(repo)

    entries = repository.files(commit, ["prompts"])

    assert len(repository.blobs(entry.id for entry in entries.values())) == 1500


def test_an_object_that_is_not_there_is_incomplete_never_empty(repo: Repo):
    commit = repo.commit(files={REPLY: "hi"})
    repository = found(repo)

    with pytest.raises(Incomplete, match="object ffffffffffff"):
        repository.blobs([repository.files(commit, ["prompts"])[REPLY].id, "f" * 40])


def test_an_argument_that_no_process_can_be_given_is_an_error_of_ours(repo: Repo):
    commit = repo.commit(files={REPLY: "hi"})

    with pytest.raises(PromptctlError) as caught:
        found(repo).files(commit, ["a\0b"])

    assert caught.value.slug == "git-failed"


def test_a_partial_clone_is_told_that_nothing_will_be_fetched(tmp_path: Path, repo: Repo):
    repo.git("config", "uploadpack.allowFilter", "true")
    first = repo.commit(files={REPLY: "1"})
    repo.commit(files={REPLY: "2"})
    partial = repo.clone(tmp_path / "partial", options=("--filter=blob:none",))
    before = everything(partial.path)

    with pytest.raises(Incomplete) as caught:
        blob(found(partial), first, REPLY)

    assert caught.value.slug == "no-base-revision"
    assert "--filter" in str(caught.value.fix)
    assert everything(partial.path) == before


# The work tree


def test_the_work_tree_is_what_is_tracked_or_new_and_neither_ignored_nor_gone(repo: Repo):
    repo.commit(
        files={
            ".gitignore": "*.log\n",
            "prompts/a": "",
            "prompts/b": "",
            "other/c": "",
            "prompts/kept.txt": "",
        }
    )
    repo.write({"prompts/b": None, "prompts/new": "", "prompts/x.log": ""})

    assert sorted(found(repo).worktree_entries(["prompts"])) == [
        "prompts/a",
        "prompts/kept.txt",
        "prompts/new",
    ]


def test_a_tracked_file_stays_in_the_work_tree_though_an_ignore_rule_names_it(repo: Repo):
    repo.commit(files={"prompts/a.log": ""})
    repo.commit(files={".gitignore": "*.log\n"})

    assert sorted(found(repo).worktree_entries(["prompts"])) == ["prompts/a.log"]


def test_a_submodule_and_a_repository_inside_are_recognised(tmp_path: Path, repo: Repo):
    library = Repo(tmp_path / "library")
    library.commit(files={"a": "a"})
    repo.commit(files={REPLY: ""})
    repo.git("submodule", "--quiet", "add", f"file://{library.path}", "prompts/library")
    Repo(repo.path / "prompts" / "inner").commit(files={"b": "b"})

    entries = found(repo).worktree_entries(["prompts"])

    assert entries == {REPLY: "100644", "prompts/library": "160000", "prompts/inner": "160000"}


def test_an_unmerged_file_is_listed_once(repo: Repo):
    repo.commit(files={REPLY: "base\n"})
    repo.branch("feature").commit(files={REPLY: "theirs\n"})
    repo.checkout("main").commit(files={REPLY: "ours\n"})
    with pytest.raises(AssertionError, match="merge"):
        repo.merge("feature")

    repository = found(repo)

    assert sorted(repository.worktree_entries(["prompts"])) == [REPLY]
    assert repository.is_dirty(["prompts"])


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        ({}, False),
        ({"src/app.py": "changed"}, False),
        ({"prompts/x.log": "ignored"}, False),
        ({REPLY: "changed"}, True),
        ({REPLY: None}, True),
        ({"prompts/deep/new": ""}, True),
    ],
)
def test_dirty_is_what_differs_from_head_under_the_folders(
    repo: Repo, change: dict[str, str | None], dirty: bool
):
    repo.commit(files={".gitignore": "*.log\n", REPLY: "hi", "src/app.py": ""})
    repo.write(change)

    assert found(repo).is_dirty(["prompts", "evals", "promptctl.toml"]) is dirty


def test_a_staged_change_is_dirty_and_a_touched_file_is_not(repo: Repo):
    repo.commit(files={REPLY: "hi", "evals/a": ""})
    os.utime(repo.path / "evals" / "a", (1, 1))
    repo.write({REPLY: "changed"}).git("add", "--all")

    assert found(repo).is_dirty(["prompts"])
    assert not found(repo).is_dirty(["evals"])


def test_user_settings_of_status_change_nothing(repo: Repo):
    repo.commit(files={REPLY: "hi\n" * 20})
    for setting in (
        "status.showUntrackedFiles=no",
        "core.quotePath=true",
    ):
        repo.git("config", *setting.split("="))
    repo.write({"prompts/退款": ""})

    assert found(repo).is_dirty(["prompts"])


def test_ignored_holds_for_rules_not_for_tracked_files_or_strangers(repo: Repo):
    repo.commit(files={"tracked.env": ""})
    repo.write({".gitignore": ".env\n*.env\n"})
    repository = found(repo)

    answers = [
        repository.ignored(path) for path in (".env", "deep/.env", "tracked.env", ":x", "/etc/passwd", "-v")
    ]
    assert answers == [True, True, False, False, False, False]


def test_files_for_lfs_are_told_from_attributes(repo: Repo):
    repo.commit(files={".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})

    assert found(repo).kept_in_lfs(["prompts/a.bin", "prompts/a.j2", "x y\n.bin"]) == {
        "prompts/a.bin",
        "x y\n.bin",
    }
    assert found(repo).kept_in_lfs([]) == set()


# What it leaves behind: nothing


def test_no_child_process_is_left_behind_and_nothing_is_written(repo: Repo):
    first = repo.commit(files={REPLY: "1", "evals/a": "a"})
    repo.git("config", "core.fsmonitor", "true")
    repo.commit(files={REPLY: "2"})
    repo.write({"prompts/new": ""})
    before = everything(repo.path)

    repository = found(repo)
    repository.blobs(entry.id for entry in repository.files(first, ["prompts"]).values())
    repository.is_dirty(["prompts"])
    repository.worktree_entries(["prompts"])
    repository.merge_base(first, repository.resolve("HEAD"))
    repository.ignored(".env")
    with pytest.raises(PromptctlError):
        repository.resolve("nothing")

    assert children() == []
    assert everything(repo.path) == before


def children() -> list[str]:
    listed = subprocess.run(["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if "git" in line]


def test_the_test_for_children_sees_them():
    if not shutil.which("ps"):
        pytest.skip("needs `ps`")
    with subprocess.Popen(
        ["git", "cat-file", "--batch"], cwd=Path(__file__).parent, stdin=subprocess.PIPE
    ) as child:
        seen = children()
        child.communicate()

    assert len(seen) == 1
