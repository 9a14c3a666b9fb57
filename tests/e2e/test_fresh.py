"""`--fresh` adds a first draw on both sides. Nothing that was drawn before is dropped, replaced or left out."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promptctl.api.project import Project
from promptctl.core.result import SuiteResult
from promptctl.providers.scripted import ScriptedProvider
from tests.cli.run import promptctl
from tests.e2e.answering import a_project, export_on_both_sides
from tests.e2e.shop import Compared, compared
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

    stored, new = (0, "store"), (1, "asked")
    assert drawn(once.result) == [
        ("ada", [stored, new], [stored, new]),
        ("bob", [stored, new], [stored, new]),
    ]
    assert [len(base) for _, base, _ in drawn(twice.result)] == [3, 3]
    assert twice.result["calls"]["prompt"]["sent"] == 4


def sizes(tested: Compared) -> dict[str, tuple[int, int]]:
    """Of each case, how many first draws there are of base and of head."""
    return {case: (len(base), len(head)) for case, base, head in drawn(tested.result)}


@pytest.mark.parametrize("options", [(), ("--samples", "1"), ("--offline",), ("--all",), ("--case", "ada")])
def test_a_run_without_fresh_pools_what_fresh_added_and_asks_nothing(
    tmp_path: Path, options: tuple[str, ...]
):
    repo = a_branch(tmp_path)
    compared(repo.path)
    compared(repo.path, "--fresh")
    compared(repo.path, "--fresh")

    plain = compared(repo.path, *options)

    assert set(sizes(plain).values()) == {(3, 3)}
    assert plain.sent == 0
    assert plain.suite["notes"] == [
        "3 first draws a side are pooled, of 3 runs (--fresh or --samples added 2)"
    ]


def test_one_run_pools_nothing_and_says_nothing(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)

    again = compared(repo.path)

    assert (sizes(again), again.suite["notes"]) == ({"ada": (1, 1), "bob": (1, 1)}, [])


def test_a_plan_pools_too(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)
    compared(repo.path, "--fresh")

    assert "0 calls, 8 answers stored" in promptctl("test", "--dry-run", cwd=repo.path).out


def test_a_draw_that_not_all_cases_have_is_not_pooled(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)
    compared(repo.path, "--fresh", "--case", "ada")

    assert sizes(compared(repo.path)) == {"ada": (1, 1), "bob": (1, 1)}


def test_neither_a_new_case_nor_unchanged_ones_undo_a_fresh_draw(tmp_path: Path):
    repo = a_project(tmp_path, CASES, SAYS, prompt="Greet{% if name == 'Ada' %} her{% endif %}: {{ name }}")
    repo.branch("change").write(
        {"prompts/sort.prompt.j2": "Greet{% if name == 'Ada' %} Ms{% endif %}: {{ name }}"}
    )
    compared(repo.path)
    compared(repo.path, "--fresh")
    repo.write({"evals/sort.yaml": f"{CASES}- {{id: ann, input: Ada!, checks: [{{contains: Hello}}]}}\n"})

    plain = compared(repo.path, "--all")

    assert set(sizes(plain).values()) == {(2, 2)}


def test_a_fresh_draw_that_failed_cannot_be_forgotten(tmp_path: Path):
    repo = a_branch(tmp_path)
    worse = ScriptedProvider(
        lambda request, sample: "Go" if sample and "kindly" in request.messages[-1].text else "Hello"
    )

    def tested(**options: bool) -> SuiteResult:
        [suite] = Project(repo.path, providers={"*": worse}).test(**options).suites
        return suite

    alone, pooled = tested(), tested(fresh=True)
    again = tested()

    assert alone.difference
    assert pooled.difference
    assert (alone.difference.estimate, pooled.difference.estimate) == (0.0, -0.5)
    assert (again.status, again.rule, again.difference) == (pooled.status, pooled.rule, pooled.difference)


def test_a_conversation_that_was_broken_off_is_not_pooled(tmp_path: Path):
    talk = "- {id: ada, turns: [Ada, more], checks: [{contains: Hello}]}\n"
    repo = a_project(
        tmp_path, talk, {**SAYS, "kindly": "Hello"}, prompt="{% user %}Greet {{ name }}{% enduser %}"
    )
    repo.branch("change").write({"prompts/sort.prompt.j2": "{% user %}Greet kindly: {{ name }}{% enduser %}"})
    compared(repo.path)
    db = repo.path / ".promptctl/answers.db"
    with (
        closing(sqlite3.connect(db)) as connection,
        connection,
    ):  # the first turn was asked once more, then a kill
        first = "SELECT kind, base_url, request, 1, value, sha256, at FROM answers"
        connection.execute(
            f"INSERT INTO answers (kind, base_url, request, sample, value, sha256, at) {first} WHERE seq <= 2"
        )

    again = compared(repo.path)

    assert (sizes(again), again.sent) == ({"ada": (1, 1)}, 0)


def test_a_fork_without_a_key_pools_what_both_sides_recorded(tmp_path: Path):
    repo = a_branch(tmp_path)
    compared(repo.path)
    pooled = compared(repo.path, "--fresh")
    repo.commit("kindly")
    export_on_both_sides(repo)

    fork = compared(repo.clone(tmp_path / "fork").path, "--offline")

    assert sizes(fork) == sizes(pooled) == {"ada": (2, 2), "bob": (2, 2)}
    assert (fork.suite["rule"], fork.sent) == (pooled.suite["rule"], 0)


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
