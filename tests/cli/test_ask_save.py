import json
from pathlib import Path

import pytest
import yaml
from pytest_httpserver import HTTPServer

from tests.cli.run import promptctl
from tests.cli.served import World, a_world


@pytest.fixture
def world(tmp_path: Path, httpserver: HTTPServer) -> World:
    return a_world(tmp_path, httpserver)


def test_an_answer_is_saved_as_a_case_that_then_passes(world: World):
    done = world.ask("reply", "--var", "ticket=When do I get\nmy money?", "--save")

    path = _only(world.path / "evals/reply/cases")
    assert yaml.safe_load(path.read_text()) == {
        "id": path.stem,
        "vars": {"ticket": "When do I get\nmy money?"},
        "expected": {"text": "Within 14 days."},
    }
    assert path.stem.startswith("when-do-i-get-my-money-")
    assert done.out == "Within 14 days.\n"
    assert f"saved      evals/reply/cases/{path.name}" in done.err
    assert f"next       promptctl test --case {path.stem}" in done.err
    tested = promptctl("test", "--no-base", "--case", path.stem, "--offline", cwd=world.path)
    assert "1 of 1 pass" in tested.out
    assert len(world.received) == 1


def test_a_rejected_answer_is_saved_as_a_case_that_then_fails(world: World):
    done = world.ask("reply", "--var", "ticket=When?", "--rejected", "it is 30: days")

    path = _only(world.path / "evals/reply/cases")
    assert yaml.safe_load(path.read_text()) == {
        "id": path.stem,
        "vars": {"ticket": "When?"},
        "rejected": {"text": "Within 14 days.", "reason": "it is 30: days"},
        "checks": [{"not": {"equals": {"value": "Within 14 days.", "normalise": True}}}],
    }
    assert "checks     not\n" in done.err
    tested = promptctl("test", "--no-base", "--case", path.stem, "--offline", "--json", "-", cwd=world.path)
    assert json.loads(tested.out)["suites"][0]["results"][0]["head"][0]["outcome"] == "fail"


def test_an_empty_answer_can_only_be_rejected(world: World):
    world.says("")

    kept = world.ask("reply", "--var", "ticket=When?", "--save")
    rejected = world.ask("reply", "--var", "ticket=When?", "--rejected", "no answer")

    assert (kept.code, rejected.code) == (2, 0)
    assert "[empty-answer]" in kept.err
    assert yaml.safe_load(_only(world.path / "evals/reply/cases").read_text())["checks"] == [
        {"not_empty": {}}
    ]


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("- {input: a, expected: b}\n", "- id: "),
        ("- {input: a, expected: b}", "\n- id: "),
        ("checks: [not_empty]\ncases:\n  - {input: a}\n", "  - id: "),
        ("# none yet\n", "- id: "),
    ],
)
def test_a_suite_in_one_file_gets_the_case_at_its_end_and_keeps_every_byte(
    world: World, before: str, added: str
):
    path = world.path / "evals/reply.yaml"
    world.repo.write({"evals/reply.yaml": before})

    done = world.ask("reply", "--var", "ticket=When?", "--save")

    assert (done.code, done.err.count("saved      evals/reply.yaml")) == (0, 1)
    assert path.read_text().startswith(before + added)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[{input: a, expected: b}]\n", "[{input: a, expected: b}, {id: "),
        ("cases:\n- {input: a}\nchecks: [not_empty]\n", "cases:\n- {input: a}\n- id: "),
    ],
)
def test_a_case_goes_behind_the_others_however_the_file_is_laid_out(world: World, before: str, after: str):
    world.repo.write({"evals/reply.yaml": before})

    done = world.ask("reply", "--var", "ticket=When?", "--save")

    assert done.code == 0, done.err
    assert (world.path / "evals/reply.yaml").read_text().startswith(after)


def test_a_suite_file_that_cannot_take_a_case_is_left_alone_and_nothing_is_asked(world: World):
    before = "- expected: b\n  input: |+\n    no line end behind it"
    path = world.path / "evals/reply.yaml"
    world.repo.write({"evals/reply.yaml": before})

    done = world.ask("reply", "--var", "ticket=When?", "--save")

    assert done.code == 2
    assert "[cannot-edit]" in done.err
    assert path.read_text() == before
    assert world.received == []


def test_of_several_suites_one_must_be_named(world: World):
    suite = "prompt: reply\n"
    world.repo.write({f"evals/{name}/suite.yaml": suite for name in ("one", "two")})

    unnamed = world.ask("reply", "--var", "ticket=When?", "--save")
    named = world.ask("reply", "--var", "ticket=When?", "--save", "--suite", "two")

    assert (unnamed.code, named.code) == (2, 0)
    assert "reply has 2 suites: one, two  [several-suites]" in unnamed.err
    assert _only(world.path / "evals/two/cases").is_file()


def _only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path
