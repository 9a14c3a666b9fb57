"""`--fresh` adds a first draw on both sides. Nothing that was drawn before is dropped or replaced."""

from pathlib import Path
from typing import Any

from tests.cli.run import promptctl
from tests.e2e.answering import a_project
from tests.e2e.shop import compared
from tests.repository import Repo

CASES = """\
- {id: ada, input: Ada, checks: [{contains: Hello}]}
- {id: bob, input: Bob, checks: [{contains: Hello}]}
"""
SAYS = {"Ada": "Hello", "Bob": "Hello"}


def a_branch(tmp_path: Path) -> Repo:
    repo = a_project(tmp_path, CASES, SAYS, prompt="Greet {{ name }}")
    return repo.branch("change").write({"prompts/sort.prompt.j2": "Greet kindly: {{ name }}"})


def drawn(result: dict[str, Any]) -> list[tuple[str, list[tuple[int, str]], list[tuple[int, str]]]]:
    """Of each case, the samples of both sides and where they came from."""
    [suite] = result["suites"]
    return [
        (
            case["case"],
            *([(trial["sample"], trial["from"]) for trial in case[side]] for side in ("base", "head")),
        )
        for case in suite["results"]
    ]


def test_a_fresh_draw_is_added_on_both_sides_and_the_earlier_ones_count(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)

    once = compared(repo.path, "--fresh")
    twice = compared(repo.path, "--fresh")
    plain = compared(repo.path)

    stored, new = (0, "store"), (1, "asked")
    assert drawn(once.result) == [
        ("ada", [stored, new], [stored, new]),
        ("bob", [stored, new], [stored, new]),
    ]
    assert [len(base) for _, base, _ in drawn(twice.result)] == [3, 3]
    assert twice.result["calls"]["prompt"]["sent"] == 4
    assert drawn(plain.result) == [("ada", [stored], [stored]), ("bob", [stored], [stored])]


def test_where_nothing_was_drawn_yet_fresh_adds_nothing(tmp_path: Path):
    assert compared(a_branch(tmp_path).path, "--fresh").result["calls"]["prompt"]["sent"] == 4


def test_a_plan_counts_what_would_be_drawn_once_more(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)

    assert ": 4 calls to m" in promptctl("test", "--fresh", "--dry-run", cwd=repo.path).out


def test_fresh_needs_calls(tmp_path: Path):
    done = promptctl("test", "--fresh", "--offline", cwd=a_branch(tmp_path).path)

    assert (done.code, "--fresh and --offline exclude each other" in done.err) == (2, True)


def test_a_fresh_draw_that_was_begun_is_finished_first(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)
    compared(repo.path, "--fresh", "--case", "ada")

    finished = compared(repo.path, "--fresh")

    assert [len(base) for _, base, _ in drawn(finished.result)] == [2, 2]
    assert finished.result["calls"]["prompt"]["sent"] == 2
