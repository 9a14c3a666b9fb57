"""`promptctl log` as a user sees it. What it finds is tested in tests/engine/test_history.py."""

import json
from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.repository import Repo

REPLY, POLICY = "prompts/reply.prompt.j2", "prompts/_policy.j2"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit("Write it", {REPLY: "---\nmodel: a\n---\n{% include '_policy.j2' %}\n", POLICY: "Be kind.\n"})
    repo.commit("Read me", {"README": "x\n"})
    repo.commit("Be brief", {POLICY: "Be brief.\n"})
    repo.commit("Use b", {REPLY: "---\nmodel: b\n---\n{% include '_policy.j2' %}\n"})
    return repo


def test_an_entry_has_commit_date_author_subject_and_what_changed(repo: Repo):
    done = promptctl("log", "reply", cwd=repo.path)

    third, second, first = (repo.git("rev-parse", f"HEAD~{n}")[:10] for n in (0, 1, 3))
    assert done.code == 0
    assert done.out == (
        f"{third}  2026-01-01  Ada  Use b\n    model a → b\n"
        f"{second}  2026-01-01  Ada  Be brief\n    partial _policy.j2\n"
        f"{first}  2026-01-01  Ada  Write it\n    created\n"
    )
    assert done.err == f"compare    promptctl diff reply --base {second} --head {third}\n"


def test_the_hint_is_a_command_that_shows_the_newest_change(repo: Repo):
    repo.write({POLICY: "Be bold.\n"})
    done = promptctl("log", "reply", cwd=repo.path)

    shown = promptctl(*done.err.split()[2:], cwd=repo.path)

    assert done.out.startswith("WORKTREE    not committed\n    partial _policy.j2\n")
    assert "-Be brief.\n+Be bold.\n" in shown.out


def test_max_count_stops_early_and_says_so(repo: Repo):
    done = promptctl("log", "reply", "-n", "1", cwd=repo.path)

    assert done.out.count("\n") == 2
    assert done.err.startswith("more       there are older ones; without -n all are listed\n")


def test_a_revision_ends_the_history(repo: Repo):
    done = promptctl("log", "reply@HEAD~1", cwd=repo.path)

    assert [line.rpartition("  ")[2] for line in done.out.splitlines()[::2]] == ["Be brief", "Write it"]


def test_json_has_every_field_and_nothing_on_standard_error(repo: Repo):
    done = promptctl("log", "reply", "--json", "--max-count", "1", cwd=repo.path)

    data = json.loads(done.out)
    [entry] = data.pop("entries")
    digest = entry.pop("digest")
    assert done.err == ""
    assert data == {"prompt": "reply", "complete": False}
    assert digest.startswith("p1:")
    assert entry == {
        "commit": repo.head,
        "date": entry["date"],
        "author": "Ada",
        "subject": "Use b",
        "prompt": "reply",
        "changes": [{"kind": "setting", "name": "model", "before": "a", "after": "b"}],
    }


def test_names_and_subjects_are_foreign_text(repo: Repo):
    repo.write({POLICY: "x\n"}).git("add", "--all")
    repo.git("commit", "--quiet", "--author=Eve\x1b[31m\u202e <e@example.org>", "-m", "\x1b]0;title\x07 退款")

    done = promptctl("log", "reply", "-n", "1", cwd=repo.path)

    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out
    assert "Eve\\x1b[31m\\u202e  \\x1b]0;title\\x07 退款\n" in done.out
    assert "退款" in done.out


@pytest.mark.parametrize(
    ("args", "slug", "at"),
    [
        (["repyl"], "unknown-prompt", "prompts/repyl.prompt.j2:1:1"),
        (["../reply"], "unknown-prompt", "prompts/../reply.prompt.j2:1:1"),
        (["reply@nowhere"], "not-a-commit", "reply@nowhere"),
        (["reply", "-n", "0"], "usage", "promptctl log"),
        ([], "usage", "promptctl log"),
    ],
)
def test_what_cannot_be_listed_is_refused_in_three_lines(repo: Repo, args: list[str], slug: str, at: str):
    done = promptctl("log", *args, cwd=repo.path)

    first, second, third = done.err.splitlines()
    assert done.code == 2
    assert done.out == ""
    assert first.endswith(f"[{slug}]")
    assert second == f"  at   {at}"
    assert third.startswith("  fix  ")


def test_a_prompt_that_is_gone_can_still_be_asked_about(repo: Repo):
    repo.commit("Drop it", {REPLY: None})

    done = promptctl("log", "reply", "-n", "2", cwd=repo.path)

    assert [line.strip() for line in done.out.splitlines()[1::2]] == ["deleted", "model a → b"]
