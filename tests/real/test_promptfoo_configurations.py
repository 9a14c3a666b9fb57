"""promptfoo's own examples: imported through the real command, run, and held against the results it recorded."""

import csv
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.run import promptctl
from tests.real.projects import as_lines

# Recorded outputs


def recorded(folder: Path) -> Iterator[tuple[str, dict[str, Any], str, bool]]:
    """Prompt, values, output and verdict of every result that promptfoo wrote into `output.json`."""
    found = json.loads((folder / "output.json").read_text(encoding="utf-8"))
    results = found["results"]["results"] if isinstance(found["results"], dict) else found["results"]
    for one in results:
        shown = one["prompt"].get("display") or one["prompt"].get("label")
        yield shown, one["vars"], one["response"]["output"], one["success"]


def in_table(folder: Path) -> Iterator[tuple[int, dict[str, Any], str, bool]]:
    """Number of the prompt, values, output and verdict of every cell that promptfoo wrote into `output.csv`."""
    with (folder / "output.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row in rows[1:]:
        for number, cell in enumerate(row[:-1], 1):
            said = re.match(r"\[(PASS|FAIL)\] \([0-9.]+\) (?:[^\n]*\n---\n)?", cell)
            assert said is not None, cell
            yield number, {rows[0][-1]: row[-1]}, cell[said.end() :], said[1] == "PASS"


def imported(real_data: Path, name: str, tmp_path: Path) -> Path:
    """A project in which a configuration of the fixtures has been imported by the real command."""
    project = tmp_path / "project"
    shutil.copytree(real_data / "importer_fixtures" / "promptfoo" / name, project / "old")
    done = promptctl("import", "old/promptfooconfig.yaml", cwd=project)
    assert done.code == 0, done.err
    return project


def verdicts(project: Path, prompt: str, outputs: Mapping[str, str]) -> dict[str, str]:
    """`promptctl test` on recorded outputs by case: what it says of each."""
    (project / "outputs.jsonl").write_text(
        as_lines({"case": case, "output": text} for case, text in outputs.items())
    )
    done = promptctl("answers", "import", "outputs.jsonl", "--prompt", prompt, cwd=project)
    assert done.code == 0, done.err
    done = promptctl("test", prompt, "--no-base", "--offline", "--json", "-", cwd=project)
    assert done.code in (0, 1, 3), done.err
    [suite] = json.loads(done.out)["suites"]
    return {one["case"]: one["head"][0]["outcome"] for one in suite["results"] if one["head"]}


def cases(project: Path, prompt: str) -> list[dict[str, Any]]:
    """The written cases of a suite in one file."""
    written = yaml.safe_load((project / "evals" / f"{prompt}.yaml").read_text(encoding="utf-8"))
    return list(written if isinstance(written, list) else written["cases"])


def case_with(found: list[dict[str, Any]], values: Mapping[str, Any]) -> str:
    """The case that has these values among its own."""
    [case] = [
        one["id"] for one in found if {key: str(one["vars"].get(key)) for key in values} == _texts(values)
    ]
    return str(case)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def test_its_recorded_table_of_passes_and_failures_comes_out_the_same(real_data: Path, tmp_path: Path):
    project = imported(real_data, "simple-test", tmp_path)
    agreed = 0
    for number in (1, 2):
        prompt = f"prompts-{number}"
        known = cases(project, prompt)
        table = [row for row in in_table(project / "old") if row[0] == number]
        found = verdicts(project, prompt, {case_with(known, values): text for _, values, text, _ in table})
        for _, values, _, passed in table:
            case = case_with(known, values)
            if any(one["id"] == case and one.get("watch") for one in known):
                continue  # nothing but code and a judge looked at it
            assert found[case] == ("pass" if passed else "fail"), (values, found[case])
            agreed += 1

    assert agreed == 8


def test_its_recorded_results_of_a_table_of_tests_come_out_the_same(real_data: Path, tmp_path: Path):
    project = imported(real_data, "simple-csv", tmp_path)
    results = list(recorded(project / "old"))
    prompts = list(dict.fromkeys(shown for shown, _, _, _ in results))
    agreed = 0
    for number, shown in enumerate(prompts, 1):
        prompt = f"prompts-{number}"
        known = cases(project, prompt)
        own = [
            (case_with(known, values), text, good) for other, values, text, good in results if other == shown
        ]
        found = verdicts(project, prompt, {case: text for case, text, _ in own})
        assert found == {case: "pass" if good else "fail" for case, _, good in own}
        agreed += len(own)

    assert agreed == 8


@pytest.mark.parametrize(
    ("name", "prompts", "results"),
    [
        ("simple-cli", ("rephrase-this-in-language-body", "translate-this-to-conversational-languag"), 8),
        ("multishot", ("prompt1", "prompt2"), 8),
        ("replicate-llama2", ("prompts-1", "prompts-2"), 10),
    ],
)
def test_results_that_nothing_was_asserted_of_are_watched_and_decide_nothing(
    name: str, prompts: tuple[str, ...], results: int, real_data: Path, tmp_path: Path
):
    project = imported(real_data, name, tmp_path)
    old = list(recorded(project / "old"))
    texts = list(dict.fromkeys(shown for shown, _, _, _ in old))
    seen = 0
    for prompt in prompts:
        known = cases(project, prompt)
        text = (project / "prompts" / f"{prompt}.prompt.j2").read_text(encoding="utf-8")
        shown = max(texts, key=lambda one: sum(word in text for word in re.findall(r"\w+", one)))
        own = {case_with(known, values): output for other, values, output, _ in old if other == shown}
        found = verdicts(project, prompt, own)
        assert set(found.values()) <= {"advisory"}, found
        seen += len(own)

    assert (seen, {good for _, _, _, good in old}) == (results, {True})


# Every configuration


SCRIPTED = """\
[project]
model = "any"
[models]
"*" = "scripted"
[providers.scripted]
kind = "scripted"
script = "script.json"
"""

# What cannot be imported, and the feature that is named.
REFUSED = {
    "multiple-turn-conversation/prompt.json": "_conversation",
    "f-score/promptfooconfig.yaml": "imdb_eval_sample.csv",
}


def test_every_configuration_is_imported_or_refused_by_name_and_what_is_imported_is_clean_and_runs(
    real_data: Path, tmp_path: Path
):
    source = real_data / "importer_fixtures" / "promptfoo"
    project = tmp_path / "project"
    shutil.copytree(source, project / "old")
    (project / "promptctl.toml").write_text(SCRIPTED)
    (project / "script.json").write_text('{"default": "{}", "deterministic": true}')

    done = promptctl("import", "old", cwd=project, timeout=300)

    assert done.code == 0, done.err
    for place, feature in REFUSED.items():
        assert re.search(rf"error: .*{re.escape(feature)}.*\n  at   old/{re.escape(place)}", done.err), (
            done.err
        )
    assert done.err.count("error: ") == len(REFUSED)
    configurations = {
        path for pattern in ("promptfooconfig*.yaml", "config[12].yaml") for path in source.rglob(pattern)
    }
    assert len(configurations) == len(re.findall(r"^old/\S+   promptfoo$", done.out, re.MULTILINE)) + len(
        REFUSED
    )
    lint = promptctl("lint", cwd=project)
    assert lint.code == 0, lint.out + lint.err
    run = promptctl("test", "--no-base", "--json", "result.json", cwd=project, timeout=300)
    assert run.code in (0, 1, 3), run.err
    suites = json.loads((project / "result.json").read_text())["suites"]
    assert not [
        one for suite in suites for one in suite["results"] for trial in one["head"] if trial["failure"]
    ]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("simple-cli/output.json", "promptfoo results"),
        ("simple-cli/output.yaml", "promptfoo results"),
        ("simple-test/output.csv", "promptfoo results"),
        ("replicate-llama2/output.json", "promptfoo results"),
        ("simple-csv/tests.csv", "promptfoo tests"),
        ("jsonl-test-cases/cases.jsonl", "promptfoo tests"),
        ("separate-test-configs/tests/tests1.yaml", "promptfoo tests"),
        ("standalone-assertions/asserts.yaml", "promptfoo assertions"),
    ],
)
def test_its_other_files_are_refused_as_what_they_are(name: str, what: str, real_data: Path, tmp_path: Path):
    shutil.copytree(real_data / "importer_fixtures" / "promptfoo", tmp_path / "old")

    done = promptctl("import", f"old/{name}", cwd=tmp_path)

    assert (done.code, f"these are {what}" in done.err, "promptfooconfig" in done.err) == (2, True, True), (
        done.err
    )
