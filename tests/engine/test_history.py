"""Which commits `promptctl log` lists, and what it says of each, on real histories."""

import random
import subprocess
from pathlib import Path

import pytest

from promptctl.engine.history.versions import Entry, log
from promptctl.engine.load import find_home, open_side
from promptctl.errors import PromptctlError
from promptctl.store.revisions import Revision
from tests.repository import Repo, git_environment
from tests.store.test_revisions import counting_git

REPLY, POLICY = "prompts/reply.prompt.j2", "prompts/_policy.j2"
WITH_POLICY = "{% include '_policy.j2' %}\nTicket: {{ ticket }}\n"
LONG = "".join(f"Rule {number}: be kind.\n" for number in range(10))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def header(text: str, settings: str) -> str:
    return f"---\n{settings}\n---\n{text}"


def entries(repo: Repo, prompt: str = "reply", revision: str | None = None, **options: int) -> list[Entry]:
    home = find_home(repo.path)
    commit = (
        home.here if revision is None else Revision(label=revision, commit=repo.git("rev-parse", revision))
    )
    return list(log(home, prompt, commit, **options).entries)


def told(repo: Repo, prompt: str = "reply", revision: str | None = None) -> list[str]:
    """`subject: what changed` of every entry, newest first."""
    return [
        f"{entry.commit.subject if entry.commit else 'WORKTREE'}: {', '.join(map(str, entry.changes))}"
        for entry in entries(repo, prompt, revision)
    ]


# What is listed


def test_only_commits_that_changed_the_closure_are_listed_newest_first(repo: Repo):
    repo.commit("begin", {REPLY: WITH_POLICY, POLICY: "Be kind.\n", "prompts/other.prompt.j2": "x\n"})
    repo.commit("unrelated", {"README": "a\n", "evals/reply.yaml": "- {id: a}\n"})
    repo.commit("other prompt", {"prompts/other.prompt.j2": "y\n", "prompts/_unused.j2": "z\n"})
    repo.commit("policy", {POLICY: "Be brief.\n"})
    repo.commit("nothing")
    repo.commit("text", {REPLY: WITH_POLICY + "Thanks.\n"})

    assert told(repo) == ["text: text", "policy: partial _policy.j2", "begin: created"]


def test_an_entry_has_the_digest_that_show_gives_for_its_commit(repo: Repo):
    repo.commit("begin", {REPLY: WITH_POLICY, POLICY: "Be kind.\n"})
    repo.commit("policy", {POLICY: "Be brief.\n"})

    for entry in entries(repo):
        assert entry.commit
        side = open_side(find_home(repo.path), Revision(label="x", commit=entry.commit.id))
        assert entry.digest == side.prompts.version("reply").digest


def test_settings_inputs_and_words_of_the_header_are_told_by_name(repo: Repo):
    first = "model: a\nparams: {temperature: 0.2}\ninputs: {ticket: string, tone: string}\ndescription: Old"
    second = "model: b\nparams: {temperature: 0, top_p: 1}\ninputs: {ticket: string, mood: string}\ndescription: New"
    repo.commit("begin", {REPLY: header("{{ ticket }}\n", first)})
    repo.commit("tuned", {REPLY: header("{{ ticket }}\n", second)})

    assert told(repo)[0] == (
        "tuned: model a → b, temperature 0.2 → 0, top_p none → 1, input −tone, input +mood, description"
    )


def test_a_comment_in_the_header_is_the_header_alone(repo: Repo):
    repo.commit("begin", {REPLY: header("x\n", "model: a")})
    repo.commit("said", {REPLY: header("x\n", "model: a  # the small one")})

    assert told(repo)[0] == "said: header"


def test_schemas_and_tools_are_told_as_such(repo: Repo):
    tool = '{"type": "function", "function": {"name": "look", "description": "D", "parameters": {"type": "object"}}}'
    settings = "output: {schema: reply.json}\ntools: [look.json]"
    repo.commit("begin", {REPLY: header("x\n", "model: a")})
    repo.commit(
        "shape", {REPLY: header("x\n", settings), "prompts/reply.json": "{}", "prompts/look.json": tool}
    )
    repo.commit("schema", {"prompts/reply.json": '{"type": "object"}'})
    repo.commit("tool", {"prompts/look.json": tool.replace('"D"', '"E"')})
    repo.commit("no tool", {REPLY: header("x\n", settings.partition("\n")[0])})

    assert told(repo) == [
        "no tool: tool −look.json",
        "tool: tool look.json",
        "schema: schema reply.json",
        "shape: model a → none, output none → json_schema, tool +look.json, schema +reply.json",
        "begin: created",
    ]


def test_a_partial_that_comes_or_goes_is_told_with_the_text_that_names_it(repo: Repo):
    repo.commit("begin", {REPLY: "Hello\n"})
    repo.commit("in", {REPLY: "{% include '_a.j2' %}\n", "prompts/_a.j2": "a\n"})
    repo.commit("out", {REPLY: "Hello\n"})

    assert told(repo) == ["out: text, partial −_a.j2", "in: text, partial +_a.j2", "begin: created"]


def test_a_partial_that_may_be_missing_counts_from_the_commit_that_writes_it(repo: Repo):
    repo.commit("begin", {REPLY: "{% include ['_more.j2', '_less.j2'] ignore missing %}Hi\n"})
    repo.commit("less", {"prompts/_less.j2": "less\n"})
    repo.commit("elsewhere", {"prompts/_other.j2": "o\n"})

    assert told(repo) == ["less: partial +_less.j2", "begin: created"]


def test_a_computed_include_depends_on_every_partial(repo: Repo):
    repo.commit("begin", {REPLY: "{% include which %}\n", "prompts/_a.j2": "a\n"})
    repo.commit("b", {"prompts/_b.j2": "b\n"})

    assert told(repo) == ["b: partial +_b.j2", "begin: created"]


def test_line_ends_and_a_byte_order_mark_are_no_change(repo: Repo):
    repo.git("config", "core.autocrlf", "false")
    repo.commit("begin", {REPLY: "One\nTwo\n"})
    repo.commit("windows", {REPLY: b"\xef\xbb\xbfOne\r\nTwo\r\n"})

    assert told(repo) == ["begin: created"]


def test_a_change_and_its_undoing_are_two_entries(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.commit("there", {REPLY: "b\n"})
    repo.commit("back", {REPLY: "a\n"})

    found = entries(repo)

    assert [entry.digest for entry in found].count(found[0].digest) == 2
    assert len(found) == 3


def test_a_prompt_that_cannot_be_read_is_told_with_its_place_and_its_mending(repo: Repo):
    repo.commit("begin", {REPLY: WITH_POLICY, POLICY: "x\n"})
    repo.commit("slip", {POLICY: "{% if %}\n"})
    repo.commit("elsewhere", {"prompts/other.prompt.j2": "o\n"})
    repo.commit("mend", {POLICY: "y\n"})

    assert told(repo) == [
        "mend: can be read again",
        "slip: cannot be read: [template-syntax] at prompts/_policy.j2:1:1",
        "begin: created",
    ]
    assert entries(repo)[1].digest is None


def test_a_prompt_kept_in_lfs_cannot_be_read(repo: Repo):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    repo.commit("begin", {REPLY: "x\n"})
    repo.commit("lfs", {REPLY: pointer})

    assert told(repo, revision="HEAD")[0] == f"lfs: cannot be read: [lfs-pointer] at {REPLY}:1:1"


def test_a_prompt_that_becomes_a_link_cannot_be_read(repo: Repo):
    repo.commit("begin", {REPLY: "x\n", "prompts/_x.j2": "x\n"})
    (repo.path / REPLY).unlink()
    repo.symlink(REPLY, "_x.j2").commit("link")

    assert told(repo, revision="HEAD")[0] == f"link: cannot be read: [symlink] at {REPLY}:1:1"


# Renames


def test_a_rename_that_git_sees_is_followed(repo: Repo):
    repo.commit("begin", {"prompts/answer.prompt.j2": LONG})
    repo.commit("edit", {"prompts/answer.prompt.j2": LONG + "More.\n"})
    repo.commit("move", {"prompts/answer.prompt.j2": None, "prompts/support/reply.prompt.j2": LONG})

    assert told(repo, "support/reply") == [
        "move: renamed from answer, text",
        "edit: text",
        "begin: created",
    ]
    assert [entry.prompt for entry in entries(repo, "support/reply")] == ["support/reply", "answer", "answer"]


def test_a_rename_that_git_cannot_see_is_followed_by_the_header(repo: Repo):
    repo.commit("begin", {"prompts/answer.prompt.j2": "Something short.\n"})
    new = header(LONG, "renamed_from: answer\nmodel: a")
    repo.commit("rewrite", {"prompts/answer.prompt.j2": None, REPLY: new})

    assert told(repo) == [
        "rewrite: renamed from answer, model none → a, text",
        "begin: created",
    ]


def test_a_rename_may_be_written_down_later(repo: Repo):
    repo.commit("begin", {"prompts/answer.prompt.j2": "Something short.\n"})
    repo.commit("rewrite", {"prompts/answer.prompt.j2": None, REPLY: LONG})
    repo.commit("say so", {REPLY: header(LONG, "renamed_from: answer")})

    assert told(repo) == ["say so: header", "rewrite: renamed from answer, text", "begin: created"]


def test_a_rename_over_two_commits_is_followed_by_the_header(repo: Repo):
    repo.commit("begin", {"prompts/answer.prompt.j2": "Something short.\n"})
    repo.commit("gone", {"prompts/answer.prompt.j2": None})
    repo.commit("again", {REPLY: header(LONG, "renamed_from: answer")})

    assert told(repo) == ["again: created", "gone: deleted", "begin: created"]


def test_a_renamed_from_that_names_nothing_is_a_creation(repo: Repo):
    repo.commit("empty", {"README": "x\n"})
    repo.commit("begin", {REPLY: header("x\n", "renamed_from: never")})

    assert told(repo) == ["begin: created"]


def test_the_old_id_says_where_the_prompt_went(repo: Repo):
    repo.commit("begin", {"prompts/answer.prompt.j2": LONG, "prompts/short.prompt.j2": "s\n"})
    repo.commit("move", {"prompts/answer.prompt.j2": None, REPLY: LONG})
    new = header(LONG * 2, "renamed_from: short")
    repo.commit("rewrite", {"prompts/short.prompt.j2": None, "prompts/long.prompt.j2": new})

    assert told(repo, "answer") == ["move: renamed to reply", "begin: created"]
    assert told(repo, "short") == ["rewrite: renamed to long", "begin: created"]


def test_a_deleted_prompt_keeps_its_history_and_may_come_back(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.commit("drop", {REPLY: None})

    assert told(repo) == ["drop: deleted", "begin: created"]

    repo.commit("again", {REPLY: "b\n"})

    assert told(repo) == ["again: created", "drop: deleted", "begin: created"]


def test_an_id_that_never_was_names_the_nearest(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})

    with pytest.raises(PromptctlError) as caught:
        entries(repo, "repyl")

    assert caught.value.slug == "unknown-prompt"
    assert 'did you mean "reply"?' in str(caught.value.fix)


# The work tree


def test_what_is_not_committed_comes_first(repo: Repo):
    repo.commit("begin", {REPLY: WITH_POLICY, POLICY: "a\n"})
    repo.write({POLICY: "b\n", "README": "x\n"})

    assert told(repo) == ["WORKTREE: partial _policy.j2", "begin: created"]
    assert told(repo, revision="HEAD") == ["begin: created"]


def test_a_work_tree_that_changes_nothing_of_the_prompt_is_no_entry(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.write({"prompts/new.prompt.j2": "n\n", "README": "x\n"})

    assert told(repo) == ["begin: created"]
    assert told(repo, "new") == ["WORKTREE: created"]


def test_deleting_and_renaming_count_before_they_are_committed(repo: Repo):
    repo.commit("begin", {REPLY: LONG, "prompts/gone.prompt.j2": "g\n"})
    repo.write({"prompts/gone.prompt.j2": None, REPLY: None, "prompts/answer.prompt.j2": LONG})

    assert told(repo, "gone") == ["WORKTREE: deleted", "begin: created"]
    assert told(repo, "answer") == ["WORKTREE: renamed from reply", "begin: created"]
    assert told(repo, "reply") == ["WORKTREE: renamed to answer", "begin: created"]


def test_before_the_first_commit_there_is_the_work_tree_alone(repo: Repo):
    repo.write({REPLY: "a\n"})

    assert told(repo) == ["WORKTREE: created"]


def test_without_git_there_is_no_log(tmp_path: Path):
    (tmp_path / "prompts").mkdir()

    with pytest.raises(PromptctlError) as caught:
        log(find_home(tmp_path), "reply", Revision(label="WORKTREE", commit=None, dirty=True))

    assert caught.value.slug == "no-repository"


# Merges


def test_a_change_that_came_by_a_merge_stands_once_at_the_commit_that_made_it(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.branch("side").commit("side", {REPLY: "b\n"})
    repo.checkout("main").commit("main goes on", {"README": "x\n"})
    repo.merge("side")

    assert told(repo) == ["side: text", "begin: created"]


def test_a_change_on_main_is_not_lost_by_merging_an_older_branch(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.branch("side").commit("side", {"prompts/other.prompt.j2": "o\n"})
    repo.checkout("main").commit("main", {REPLY: "b\n"})
    repo.merge("side")

    assert told(repo) == ["main: text", "begin: created"]


def test_a_merge_that_makes_a_new_version_of_two_is_an_entry_besides_both(repo: Repo):
    repo.commit("begin", {REPLY: WITH_POLICY, POLICY: "a\n"})
    repo.branch("side").commit("side", {POLICY: "b\n"})
    repo.checkout("main").commit("main", {REPLY: WITH_POLICY + "x\n"})
    repo.merge("side", "both")

    assert told(repo) == ["both: merge", "main: text", "side: partial _policy.j2", "begin: created"]


def test_what_a_merge_itself_changed_is_told_of_it(repo: Repo):
    repo.commit("begin", {REPLY: header("a\n", "model: a")})
    repo.branch("side").commit("side", {REPLY: header("b\n", "model: a")})
    repo.checkout("main").commit("main", {REPLY: header("c\n", "model: b")})
    repo.git("merge", "--quiet", "--strategy=ours", "--no-commit", "side")
    repo.commit("solved", {REPLY: header("d\n", "model: b")})

    assert told(repo)[0] == "solved: merge, text"


def test_what_a_branch_undid_and_what_a_merge_threw_away_never_became_this_prompt(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.branch("undone").commit("there", {REPLY: "b\n"})
    repo.commit("back", {REPLY: "a\n"})
    repo.checkout("main").branch("thrown").commit("thrown", {REPLY: "c\n"})
    repo.checkout("main").commit("main goes on", {"README": "x\n"})
    repo.merge("undone")
    repo.git("merge", "--quiet", "--strategy=ours", "-m", "ours", "thrown")

    assert told(repo) == ["begin: created"]


def test_the_same_change_on_both_sides_is_told_once(repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.branch("side").commit("picked", {REPLY: "b\n", "one": "1"})
    repo.checkout("main").commit("picked too", {REPLY: "b\n", "two": "2"})
    repo.merge("side")

    assert len(told(repo)) == 2


def test_a_merge_of_three_branches_loses_none(repo: Repo):
    files = {f"prompts/_{name}.j2": f"{name}\n" for name in "abc"}
    text = "".join(f"{{% include '_{name}.j2' %}}\n" for name in "abc")
    repo.commit("begin", {REPLY: text, **files})
    for name in "abc":
        repo.checkout("main").branch(name).commit(name, {f"prompts/_{name}.j2": "new\n"})
    repo.checkout("main")
    repo.git("merge", "--quiet", "-m", "octopus", "a", "b", "c")

    found = told(repo)

    assert found[0] == "octopus: merge"
    assert sorted(found[1:4]) == [f"{name}: partial _{name}.j2" for name in "abc"]
    assert found[4:] == ["begin: created"]


@pytest.mark.parametrize("seed", range(6))
def test_on_a_straight_history_every_change_of_the_version_is_listed_and_nothing_else(repo: Repo, seed: int):
    chance = random.Random(seed)
    partials = [f"prompts/_{name}.j2" for name in "ab"]
    states = {
        REPLY: [*(f"{{% include '_{name}.j2' ignore missing %}}x\n" for name in "ab"), "{{ broken\n", None]
    }
    states |= {path: ["1\n", "2\n", None] for path in partials}
    commits = [repo.commit("begin", {"promptctl.toml": "", REPLY: "x\n"})]
    for _ in range(16):
        path = chance.choice([REPLY, *partials])
        text = chance.choice([one for one in states[path] if one or (repo.path / path).exists()])
        commits.append(repo.commit("next", {path: text}))

    keys = [digest_or_fault(repo, commit) for commit in commits]
    pairs = zip(commits, [None, *keys], keys, strict=False)
    changed = [commit for commit, before, after in pairs if before != after]

    assert [entry.commit.id for entry in entries(repo, revision="HEAD") if entry.commit] == changed[::-1]


def digest_or_fault(repo: Repo, commit: str) -> object:
    side = open_side(find_home(repo.path), Revision(label="x", commit=commit))
    if "reply" not in side.prompts:
        return None
    try:
        return side.prompts.version("reply").digest
    except PromptctlError as error:
        return error.slug, str(error.at), side.tree.identity(REPLY)


# Where the project and its prompts are


def test_a_project_below_the_top_looks_at_its_own_files(repo: Repo):
    repo.commit("begin", {f"bots/{REPLY}": "a\n", REPLY: "top\n"})
    repo.commit("top", {REPLY: "other\n"})
    repo.commit("own", {f"bots/{REPLY}": "b\n"})
    repo.path /= "bots"

    assert told(repo) == ["own: text", "begin: created"]


def test_moving_the_prompt_folder_by_the_configuration_is_no_change(repo: Repo):
    repo.commit("begin", {REPLY: WITH_POLICY, POLICY: "a\n"})
    repo.commit("early", {POLICY: "b\n"})
    repo.git("mv", "prompts", "texts")
    repo.commit("move", {"promptctl.toml": '[project]\nprompts = "texts"\n'})
    repo.commit("late", {"texts/_policy.j2": "c\n", POLICY: "stray\n"})

    assert told(repo) == ["late: partial _policy.j2", "early: partial _policy.j2", "begin: created"]


def test_the_prompt_folder_may_be_configured_in_pyproject_and_the_file_be_broken_for_a_while(repo: Repo):
    config = '[tool.promptctl.project]\nprompts = "texts"\n'
    repo.commit("begin", {"texts/reply.prompt.j2": "a\n", "pyproject.toml": config})
    repo.commit("broken", {"pyproject.toml": config + "= 1\n"})
    repo.commit("edit", {"texts/reply.prompt.j2": "b\n"})
    repo.commit("mended", {"pyproject.toml": config})

    assert told(repo) == ["edit: text", "begin: created"]


def test_odd_names_of_files_people_and_subjects_are_read_back(repo: Repo):
    repo.commit("begin", {"prompts/a b\n退款.prompt.j2": "a\n"})
    repo.git("config", "user.name", "x")
    repo.write({"prompts/a b\n退款.prompt.j2": "b\n"}).git("add", "--all")
    repo.git("commit", "--quiet", "--allow-empty-message", "--author=王 <w@example.org>", "-m", "")

    found = entries(repo, "a b\n退款")

    assert [(entry.commit.author, entry.commit.subject) for entry in found if entry.commit] == [
        ("王", ""),
        ("Ada", "begin"),
    ]


def test_what_a_user_configured_for_git_log_changes_nothing(repo: Repo):
    repo.commit("begin", {f"bots/{REPLY}": LONG})
    repo.branch("side").commit("side", {f"bots/{REPLY}": LONG + "x\n"})
    repo.checkout("main").commit("moved", {f"bots/{REPLY}": None, "bots/prompts/new.prompt.j2": LONG})
    repo.merge("side")
    settings = {"log.showSignature": "true", "diff.renames": "false", "log.showRoot": "false"}
    settings |= {
        "diff.relative": "true",
        "log.follow": "true",
        "core.abbrev": "5",
        "log.diffMerges": "combined",
    }
    settings |= {
        "log.date": "relative",
        "format.pretty": "oneline",
        "diff.noprefix": "true",
        "color.ui": "always",
    }
    repo.path /= "bots"
    expected = told(repo, "new")

    for name, value in settings.items():
        repo.git("config", name, value)

    assert told(repo, "new") == expected
    assert expected[-1] == "begin: created"


def test_the_oldest_commit_of_a_shallow_clone_is_no_creation(tmp_path: Path, repo: Repo):
    repo.commit("begin", {REPLY: "a\n"})
    repo.commit("one", {REPLY: "b\n"})
    repo.commit("two", {REPLY: "c\n"})

    assert told(repo.clone(tmp_path / "shallow", depth=2)) == [
        "two: text",
        "one: oldest in this shallow clone",
    ]
    assert told(repo.clone(tmp_path / "deep", depth=9))[-1] == "begin: created"


def test_a_creation_inside_a_shallow_clone_is_one(tmp_path: Path, repo: Repo):
    repo.commit("before", {"promptctl.toml": ""})
    repo.commit("cut", {"README": "x\n"})
    repo.commit("begin", {REPLY: "a\n"})

    assert told(repo.clone(tmp_path / "shallow", depth=2)) == ["begin: created"]


# How much is read


def test_a_limit_stops_and_says_that_there_is_more(repo: Repo):
    for number in range(5):
        repo.commit(f"c{number}", {REPLY: f"{number}\n"})
    home = find_home(repo.path)

    some, every = log(home, "reply", home.here, limit=2), log(home, "reply", home.here, limit=5)

    assert [entry.commit.subject for entry in some.entries if entry.commit] == ["c4", "c3"]
    assert (some.more, every.more) == (True, False)


@pytest.mark.parametrize("commits", [60, 600])
def test_a_history_of_any_length_takes_six_processes(
    tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch, commits: int
):
    import_history(repo, commits=commits)
    home = find_home(repo.path)
    commands = counting_git(tmp_path, monkeypatch)

    found = log(home, "p0", home.here)

    assert len(found.entries) == 1 + commits // 10
    started = [word for word in commands.read_text().split() if word != "version"]
    assert sorted(started) == ["cat-file", "diff-tree", "log", "ls-files", "ls-tree", "ls-tree"]


def import_history(repo: Repo, *, commits: int) -> None:
    """A history in which one commit in ten changes the prompt p0, the others p1 to p9, with a merge now and then."""
    lines: list[str] = []

    def commit(mark: int, parents: list[int], path: str, text: str) -> None:
        date = 1_700_000_000 + mark
        lines.append(f"commit refs/heads/main\nmark :{mark}\ncommitter A <a@b> {date} +0000\ndata 1\nx\n")
        lines.extend(f"{'merge' if number else 'from'} :{parent}\n" for number, parent in enumerate(parents))
        lines.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")

    commit(1, [], "prompts/p0.prompt.j2", "{% include '_x.j2' ignore missing %}start\n")
    for number in range(2, commits + 2):
        path = f"prompts/p{number % 10}.prompt.j2"
        side = [number - 2] if number % 50 == 3 else []
        commit(number, [number - 1, *side], path, f"{number}\n")
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repo.path,
        env=git_environment(),
        input="".join(lines).encode(),
        check=True,
    )
    repo.git("reset", "--quiet", "--hard")
