"""A prompt that uses everything sends the same request wherever its files are read from."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import promptctl
from tests.e2e.everything import CASE, FILES, FLAGGED, PROMPT, REQUEST
from tests.pictures import OTHER_PNG
from tests.repository import Repo


def rendered(folder: Path, *args: str) -> dict[str, Any]:
    """The request that `promptctl render ARGS --json` shows."""
    done = promptctl("render", *args, "--json", cwd=folder)
    assert done.code == 0, done.err
    request: dict[str, Any] = json.loads(done.out)
    return request


def committed(path: Path, below: str = "", **options: Any) -> Repo:
    """A repository with the project in it."""
    repo = Repo(path, **options)
    repo.commit("all", {f"{below}{name}": content for name, content in FILES.items()})
    return repo


def test_every_part_of_the_request_is_what_the_files_say(tmp_path: Path):
    repo = committed(tmp_path / "shop")

    request = rendered(repo.path, "support/reply", "--case", "all")

    assert request.pop("digest").startswith("r1:")
    assert request == REQUEST
    assert list(request) == ["model", "messages", "params", "tools", "response_format"]


@pytest.mark.parametrize(
    ("below", "options"),
    [("", {}), ("apps/shop/", {}), ("", {"object_format": "sha256"})],
    ids=["at the top", "in a folder", "sha256"],
)
def test_a_commit_sends_what_the_working_tree_sends(below: str, options: dict[str, Any], tmp_path: Path):
    repo = committed(tmp_path / "shop", below, **options)
    folder = repo.path / below
    here = rendered(folder, "support/reply", "--case", "all")
    repo.write({f"{below}{PROMPT}": "changed since {{ ticket }}"})

    then = rendered(folder, "support/reply@HEAD", "--case", "all")

    assert then == here
    assert rendered(folder, "support/reply", "--var", "ticket=x") != here


def test_a_linked_work_tree_and_a_clone_send_the_same(tmp_path: Path):
    repo = committed(tmp_path / "shop")
    here = rendered(repo.path, "support/reply", "--case", "all")

    for other in (repo.worktree(tmp_path / "linked", "HEAD"), repo.clone(tmp_path / "clone")):
        assert rendered(other.path, "support/reply", "--case", "all") == here


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_bare_repository_sends_the_same(object_format: str, tmp_path: Path):
    repo = committed(tmp_path / "shop", object_format=object_format)
    here = rendered(repo.path, "support/reply", "--case", "all")
    bare = repo.clone(tmp_path / "shop.git", options=("--bare",))

    assert rendered(bare.path, "support/reply", "--case", "all") == here
    assert rendered(bare.path, "support/reply@main", "--case", "all") == here


def test_without_git_it_is_the_same_request(tmp_path: Path):
    repo = committed(tmp_path / "shop")
    here = rendered(repo.path, "support/reply", "--case", "all")
    plain = tmp_path / "plain"
    for name, content in FILES.items():
        (plain / name).parent.mkdir(parents=True, exist_ok=True)
        (plain / name).write_bytes(content.encode() if isinstance(content, str) else content)

    assert rendered(plain, "support/reply", "--case", "all") == here


def test_flags_of_an_imported_file_hold_for_its_partials_too(tmp_path: Path):
    repo = committed(tmp_path / "shop")
    (repo.path / "items.json").write_text('{"items": ["a", "b"]}')

    [message] = rendered(repo.path, "imported", "--vars", "items.json")["messages"]

    assert message["content"] == "Items:\n  \n  - a\n  \n  - b\n  \n  end|"


@pytest.mark.parametrize("flag", ["trim_blocks", "lstrip_blocks", "keep_trailing_newline"])
def test_a_flag_is_part_of_the_version(flag: str, tmp_path: Path):
    repo = committed(tmp_path / "shop")
    before = promptctl("show", "imported", cwd=repo.path).out
    text = str(FILES[FLAGGED]).replace(f"{flag}: false", f"{flag}: true")

    after = promptctl("show", "imported", cwd=repo.write({FLAGGED: text}).path).out

    assert _digest(after) != _digest(before)
    assert f"{flag} off" in before
    assert f"{flag} off" not in after


@pytest.mark.parametrize(
    "change",
    [
        {"prompts/schemas/reply.json": '{"type": "object"}'},
        {"prompts/tools/refund.json": '{"type": "function", "function": {"name": "pay_back"}}'},
        {"evals/support/reply/cases/cat.png": OTHER_PNG},
        {CASE: str(FILES[CASE]).replace("https://x.test/a.png", "https://x.test/b.png")},
    ],
    ids=["schema", "tool", "picture", "address"],
)
def test_a_change_of_any_file_that_is_sent_is_another_request(
    change: dict[str, str | bytes | None], tmp_path: Path
):
    repo = committed(tmp_path / "shop")
    before = rendered(repo.path, "support/reply", "--case", "all")

    after = rendered(repo.write(change).path, "support/reply", "--case", "all")

    assert after["digest"] != before["digest"]


def test_what_people_read_shows_every_part_and_no_data(tmp_path: Path):
    repo = committed(tmp_path / "shop")

    done = promptctl("render", "support/reply", "--case", "all", cwd=repo.path)

    lines = done.out.splitlines()
    assert "[image: png, 70 bytes, detail low]" in lines
    assert "[image: https://x.test/a.png]" in lines
    assert "[call call_1: look_up {}]" in lines
    assert "--- tool, answers call_1" in lines
    assert "--- tool look_up(id)" in lines
    assert "--- tool refund()" in lines
    assert lines[-2].startswith('--- answer json_schema reply, strict: {"type": "object"')
    assert "base64" not in done.out


def test_show_lists_what_the_request_will_hold(tmp_path: Path):
    done = promptctl("show", "support/reply", cwd=committed(tmp_path / "shop").path)

    lines = done.out.splitlines()
    assert "output    json_schema reply, strict, schemas/reply.json" in lines
    assert "tools     look_up, refund" in lines
    for name in FILES:
        if name.startswith("prompts/") and name not in (FLAGGED, "prompts/_end.j2"):
            assert any(line.endswith(f" {name}") for line in lines), name


def _digest(shown: str) -> str:
    return next(line for line in shown.splitlines() if line.startswith("digest"))
