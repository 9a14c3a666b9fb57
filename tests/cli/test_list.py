"""`promptctl list`, in a process of its own."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptctl.reporters.safe import width
from tests.cli.run import Done, promptctl
from tests.repository import Repo

FILES: dict[str, str | None] = {
    "promptctl.toml": '[project]\nmodel = "nearest-example"\n',
    "prompts/sort.prompt.j2": "---\nmodel: qwen-plus\n---\nInput: {{ ticket }}\nLabel:\n",
    "prompts/reply.prompt.j2": "Reply to {{ ticket }}\n",
    "evals/sort.yaml": "- {id: a, input: x, expected: y, tags: [vip, zh], severity: blocker}\n"
    "- {id: b, input: z, expected: y}\n"
    "- {id: c, input: w, expected: y, status: draft}\n"
    "- {id: d, input: v, checks: [{contains: y}], status: retired}\n",
}


def project(folder: Path, files: Mapping[str, str | None] | None = None) -> Repo:
    """Two prompts, one of them with a suite."""
    given = {**FILES, **(files or {})}
    return Repo(folder / "shop").write({name: text for name, text in given.items() if text is not None})


def listing(repo: Repo, *selectors: str) -> Done:
    return promptctl("list", *selectors, cwd=repo.path)


def rows(done: Done) -> list[list[str]]:
    """The cells of the first table, heads first, by the columns under the heads' rules."""
    lines = done.out.split("\n\n")[0].strip("\n").split("\n")
    starts = [found.start() for found in re.finditer("-+", lines[1])]
    ends = [*starts[1:], None]
    return [
        [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        for line in (lines[0], *lines[2:])
    ]


def run_of(repo: Repo, name: str, status: str = "pass", rule: str = "no-base", **more: Any) -> None:
    """A kept run: one suite with one case, decided as said."""
    suite = {
        "suite": "sort",
        "prompt": "sort",
        "model": "m",
        "status": status,
        "rule": rule,
        "digest": {"base": None, "head": None, "suite": "s1:x"},
        "n": 1,
        "detectable": None,
        "settle": {},
        "counts": {},
        "pass_rate": {"base": None, "head": None},
        "difference": None,
        "test": None,
        "results": [{"case": "a", "state": "still_failing", "severity": "normal"}],
    }
    result = {
        "format": "promptctl.result/1",
        "run": name,
        "started_at": "2026-10-02T09:14:33Z",
        "seconds": 1.0,
        "complete": True,
        "base": None,
        "head": {"label": "WORKTREE"},
        "decision": {"status": status, "exit_code": 0},
        "suites": [suite],
        **more,
    }
    repo.write({f".promptctl/runs/{name}/result.json": json.dumps(result)})


def test_every_prompt_is_listed_with_its_model_cases_by_status_and_checks(tmp_path: Path):
    done = listing(project(tmp_path))

    assert rows(done) == [
        ["prompt", "model", "suite", "cases", "checks"],
        ["reply", "nearest-example", "no suite", "", ""],
        ["sort", "qwen-plus", "sort", "2 active, 1 draft, 1 retired", "2"],
    ]
    assert (done.code, done.err) == (0, "")


def test_a_suite_whose_prompt_is_gone_is_listed_as_such(tmp_path: Path):
    done = listing(project(tmp_path, {"evals/old.yaml": "- {input: x, expected: y}\n"}))

    assert ["old (missing)", "", "old", "1 active", "1"] in rows(done)


def test_a_broken_suite_is_listed_by_its_slug_and_the_others_as_ever(tmp_path: Path):
    done = listing(project(tmp_path, {"evals/reply.yaml": "- {input: x, expectd: y}\n"}))

    assert rows(done)[1][:4] == ["reply", "nearest-example", "reply", "[unknown-key]"]
    assert rows(done)[2][0] == "sort"
    assert done.code == 0
    assert "`promptctl lint` says which and why" in done.err


def test_a_prompt_that_cannot_be_read_shows_its_slug_where_the_model_stands(tmp_path: Path):
    done = listing(project(tmp_path, {"prompts/reply.prompt.j2": "{{ ticket"}))

    assert rows(done)[1] == ["reply", "[template-syntax]", "no suite", "", ""]
    assert done.code == 0


def test_the_last_decision_is_the_word_of_the_newest_run_that_had_the_suite(tmp_path: Path):
    repo = project(tmp_path)
    run_of(repo, "20261001-000000-aaaaaa", "pass")
    run_of(repo, "20261002-000000-aaaaaa", "undecided", "no-break-found")
    run_of(repo, "20261003-000000-aaaaaa", suites=[])

    done = listing(repo)

    assert rows(done)[2][-1] == "NO BREAK FOUND 2026-10-02 09:14 UTC"


def test_a_run_that_cannot_be_read_is_left_out_and_said(tmp_path: Path):
    repo = project(tmp_path)
    run_of(repo, "20261001-000000-aaaaaa", "fail", "broken")
    repo.write({".promptctl/runs/20261002-000000-aaaaaa/result.json": "{"})

    done = listing(repo)

    assert rows(done)[2][-1].startswith("FAIL ")
    assert "20261002-000000-aaaaaa/result.json is left out" in done.err
    assert done.code == 0


@pytest.mark.parametrize("selector", ["sort", "so*", "s?rt"])
def test_a_selector_lists_the_cases_with_tags_and_the_state_of_the_last_run(selector: str, tmp_path: Path):
    repo = project(tmp_path)
    run_of(repo, "20261001-000000-aaaaaa")

    done = listing(repo, selector)

    lines = [re.split(r"\s{2,}", line) for line in done.out.split("\n")]
    assert ["a", "active", "blocker", "vip, zh", "still failing"] in lines
    assert ["c", "draft", "normal"] in lines
    assert "reply" not in done.out


def test_a_selector_that_selects_nothing_names_the_nearest(tmp_path: Path):
    done = listing(project(tmp_path), "srot")

    assert done.code == 2
    assert "[nothing-selected]" in done.err
    assert 'did you mean "sort"?' in done.err
    assert done.out == ""


def test_columns_stay_in_line_under_chinese_names(tmp_path: Path):
    files = {
        "prompts/客服/回复.prompt.j2": "答：{{ q }}",
        "evals/客服/回复.yaml": "- {input: x, expected: y}",
    }

    done = listing(project(tmp_path, files))

    lines = [line for line in done.out.split("\n") if "active" in line]
    places = {width(line[: re.search(r"[0-9] active", line).start()]) for line in lines}  # type: ignore[union-attr]
    assert len(lines) == 2
    assert len(places) == 1


def test_a_name_that_looks_like_a_number_is_shown_as_it_is(tmp_path: Path):
    done = listing(project(tmp_path, {"prompts/1e3.prompt.j2": "x", "prompts/0010.prompt.j2": "x"}))

    assert {row[0] for row in rows(done)} >= {"1e3", "0010"}


def test_what_a_file_says_cannot_act_on_the_terminal(tmp_path: Path):
    files = {"prompts/\x1b[2Jx.prompt.j2": '---\nmodel: "a\\u202eb"\n---\nx'}

    done = listing(project(tmp_path, files))

    assert "\\x1b[2Jx" in done.out
    assert "a\\u202eb" in done.out
    assert "\x1b" not in done.out


def test_an_empty_project_says_how_to_begin(tmp_path: Path):
    (tmp_path / "promptctl.toml").write_text("", encoding="utf-8")

    done = promptctl("list", cwd=tmp_path)

    assert done == Done(
        0, "no prompts and no suites yet: write prompts/NAME.prompt.j2, or `promptctl init`\n", ""
    )
