import json
import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.served import KEY, PROMPT, World, a_world


@pytest.fixture
def world(tmp_path: Path, httpserver: HTTPServer) -> World:
    return a_world(tmp_path, httpserver)


def test_the_answer_goes_to_stdout_and_its_tokens_seconds_and_cost_beside_it(world: World):
    done = world.ask("reply", "--var", "ticket=When?")

    assert (done.code, done.out) == (0, "Within 14 days.\n")
    assert done.err.startswith("--- reply, gpt-x: 1000 tokens in, 2000 tokens out, 0.")
    assert done.err.endswith(" s, cost 0.005 EUR\n")
    assert world.received == [
        {"model": "gpt-x", "messages": [{"role": "user", "content": "Reply to: When?"}]}
    ]


def test_what_was_answered_before_is_not_asked_again(world: World):
    first = world.ask("reply", "--var", "ticket=When?")
    world.says("Something else.")

    again = world.ask("reply", "--var", "ticket=When?")

    assert again.out == first.out
    assert "from the store: nothing was asked" in again.err
    assert len(world.received) == 1


def test_revisions_and_models_stand_side_by_side_under_their_names(world: World):
    world.repo.commit("politer", {"prompts/reply.prompt.j2": f"Be kind. {PROMPT}"})

    done = world.ask("reply@HEAD~1", "reply", "--var", "ticket=When?", "--model", "gpt-x", "--model", "gpt-y")

    heads = [line.partition(":")[0] for line in done.out.split("\n") if line.startswith("---")]
    assert heads == [
        "--- reply@HEAD~1, gpt-x",
        "--- reply@HEAD~1, gpt-y",
        "--- reply, gpt-x",
        "--- reply, gpt-y",
    ]
    assert done.out.count("Within 14 days.") == 4
    assert "cost unknown (no price in promptctl.toml)" in done.out
    assert sorted((body["model"], body["messages"][0]["content"]) for body in world.received) == [
        (model, content)
        for model in ("gpt-x", "gpt-y")
        for content in ("Be kind. Reply to: When?", "Reply to: When?")
    ]


def test_a_case_of_the_working_tree_is_asked_at_an_older_revision_too(world: World):
    world.repo.commit("cases", {"evals/reply.yaml": "- {id: late, input: When, expected: soon}\n"})

    done = world.ask("reply@HEAD~1", "reply", "--case", "late")

    assert done.code == 0
    assert len(world.received) == 1  # both revisions send the same, which is asked once


def test_thoughts_and_escape_sequences_of_a_model_do_not_reach_the_terminal(world: World):
    world.says("red \x1b[31m\u202e", reasoning_content="They want a date.")

    done = world.ask("reply", "--var", "ticket=When?")

    assert done.out == "red \\x1b[31m\\u202e\n"
    assert "reasoning of 17 characters not shown" in done.err
    assert "They want" not in done.out + done.err


def test_a_refused_key_ends_with_3_and_is_shown_nowhere(world: World):
    world.fails(401, json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}))

    done = world.ask("reply", "--var", "ticket=When?")

    assert (done.code, done.out) == (3, "")
    assert "[rejected]" in done.err
    assert "fix  set LOCAL_KEY to a key that this server accepts" in done.err
    assert KEY not in done.err
    assert KEY[:12] not in done.err
    assert _files_with(world.path, KEY) == []


@pytest.mark.parametrize(
    ("key", "slug"), [(None, "missing-key"), ("sk-one\nsk-two", "bad-key"), ("sk-schlüssel-0123", "bad-key")]
)
def test_a_key_that_cannot_be_sent_ends_with_2_before_anything_is_asked(
    world: World, key: str | None, slug: str, httpserver: HTTPServer
):
    config = world.path / "promptctl.toml"
    # Not loopback, where a server may do without a key; nothing is sent there.
    config.write_text(config.read_text().replace(httpserver.url_for("/v1"), "https://models.example/v1"))

    done = world.ask("reply", "--var", "ticket=When?", key=key)

    assert done.code == 2
    assert f"[{slug}]" in done.err
    assert "LOCAL_KEY" in done.err
    assert key is None or key not in done.err


PASSING = re.compile(r"^\d+ of 1 calls|possibly paid twice")
"""What is said besides: the progress of waiting, and what a second try may have cost."""


@pytest.mark.parametrize(
    ("status", "body", "kind", "slug", "says"),
    [
        (429, '{"error": {"message": "slow down"}}', "application/json", "rate-limited", "slow down"),
        (503, "busy", "text/plain", "unavailable", "503"),
        (200, "<html><body>Log in</body></html>", "text/html", "malformed", "a page, not JSON"),
        (
            400,
            '{"error": {"message": "no such parameter"}}',
            "application/json",
            "rejected",
            "no such parameter",
        ),
    ],
)
def test_a_failure_of_the_server_is_three_lines_and_ends_with_3(
    world: World, status: int, body: str, kind: str, slug: str, says: str
):
    world.fails(status, body, kind)

    done = world.ask("reply", "--var", "ticket=When?", "--save")

    lines = [line for line in done.err.splitlines() if not PASSING.search(line)]
    assert (done.code, done.out) == (3, "")
    assert [line[:5] for line in lines] == ["error", "  at ", "  fix"]
    assert lines[0].endswith(f"[{slug}]")
    assert says in lines[0]
    assert lines[1] == "  at   reply, provider local"
    assert not (world.path / "evals").exists()


@pytest.mark.parametrize(
    ("args", "slug", "says"),
    [
        ((), "usage", "Missing argument"),
        (("nope",), "unknown-prompt", "there is no prompt 'nope'"),
        (("reply@nope",), "not-a-commit", "nope is not a commit"),
        (("reply",), "undefined-variable", "--var ticket="),
        (("reply", "--var", "tiket=x"), "undeclared-input", 'did you mean "ticket"?'),
        (("reply", "--var", "ticket"), "usage", "is no variable"),
        (("reply", "--case", "x"), "no-suite", "no suite of the working tree tests reply"),
        (("reply", "--case", "x", "--var", "ticket=x"), "usage", "--case and --var exclude each other"),
        (("reply", "--vars", "none.json"), "cannot-read", "none.json"),
        (("reply", "--var", "ticket=x", "--model", "unheard-of"), "unknown-model", "unheard-of"),
        (("reply", "reply", "--var", "ticket=x", "--save"), "usage", "a case keeps one"),
        (("reply", "--case", "x", "--save"), "usage", "x is a case already"),
        (("reply", "--var", "ticket=x", "--rejected", " "), "usage", "there is no reason in --rejected"),
        (("reply", "--var", "ticket=x", "--save", "--suite", "s"), "unknown-suite", "there is no suite 's'"),
    ],
)
def test_bad_input_is_named_before_anything_is_asked(
    world: World, args: tuple[str, ...], slug: str, says: str
):
    done = world.ask(*args)

    assert done.code == 2
    assert f"[{slug}]" in done.err
    assert says in done.err
    assert world.received == []


def _files_with(folder: Path, text: str) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git/" not in f"{path}/")
    return [path for path in files if text.encode() in path.read_bytes()]
