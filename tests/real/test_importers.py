"""Every real prompt file of other tools: taken over with equal requests and a clean lint, or refused by name."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from promptctl.cli.main import main

REFUSED = {
    # Not a prompt, or nothing that asks a chat model.
    "github_models/evals_action.yml": "a GitHub Actions workflow",
    "prompty/spec/fixtures/embedding.prompty": "embedding makes no chat request",
    "prompty/spec/fixtures/image.prompty": "image makes no chat request",
    "prompty/web/docs-prompts/embedding.prompty": "embedding makes no chat request",
    "prompty/web/docs-prompts/image-gen.prompty": "image makes no chat request",
    # It needs what is not in the folder, or what cannot be sent.
    "prompty/python/prompty/tests/prompts/file_ref.prompty": "schema.json is not there",
    "prompty/spec/fixtures/multimodal.prompty": "kind 'audio'",
    "dotprompt/partials/circular-partial-a.prompt": "there is no partial circular-partial-b",
    "dotprompt/partials/circular-partial-b.prompt": "there is no partial circular-partial-a",
    "dotprompt/valid-comments-and-partials.prompt": "there is no partial header",
    # Broken on purpose, or not what Handlebars or YAML can read.
    "dotprompt/autocomplete.prompt": "{{ is never closed",
    "dotprompt/error-invalid-yaml.prompt": "not valid YAML",
    "dotprompt/error-multiple-issues.prompt": "is never closed",
    "dotprompt/error-unbalanced-brace.prompt": "}} closes nothing",
    "dotprompt/error-unclosed-block.prompt": "{{#if}} is never closed",
    "dotprompt/error-unmatched-closing-block.prompt": "{{/if}} closes nothing",
    "dotprompt/partials.prompt": "}} closes nothing",
    "dotprompt/valid-greeting.prompt": "'>' in {{#if age >= 18}}",
    "dotprompt/codemirror/samples/02-schema-and-config.prompt": "not valid YAML",
    "dotprompt/codemirror/samples/06-partials.prompt": "not valid YAML",
    "dotprompt/codemirror/samples/08-sections-thinking.prompt": "{{/section}} closes {{#if}}",
    "dotprompt/codemirror/samples/10-kitchen-sink.prompt": "not valid YAML",
    # Helpers that have no equal.
    "dotprompt/features.prompt": "the helper section",
    "dotprompt/codemirror/samples/03-multimodal-media.prompt": "{{media}} inside a block",
    "dotprompt/codemirror/samples/05-handlebars-helpers.prompt": "the helper add",
    "dotprompt/valid-blog-generator.prompt": "nothing of the text inside {{#role}}",
    "dotprompt/valid-customer-support.prompt": "nothing of the text inside {{#role}}",
}
"""Files of the formats held here that must be refused, each with words of the refusal; all others must be taken."""

HELD = ("github_models", "prompty", "dotprompt")
KINDS = {
    "output.csv": "a table|promptfoo results",
    "output.json": "JSON|promptfoo",
    "requirements.txt": "Python packages",
}
REFUSAL = re.compile(r"error: .+  \[[a-z0-9-]+\]\n  at   .+\n  fix  .+\n")


class Taking(NamedTuple):
    """How one import ended, and how lint after it."""

    path: str
    code: int
    out: str
    err: str
    lint: int | None
    written: list[str]


def entries(real_data: Path) -> list[dict[str, Any]]:
    lines = (real_data / "importer_fixtures" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def take(
    real_data: Path, path: str, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Taking:
    """Imports one file into a folder of its own, by the command."""
    project = folder / re.sub(r"\W", "_", path)
    project.mkdir()
    patch.chdir(project)
    code = main(["import", str(real_data / "importer_fixtures" / path)])
    shown = capsys.readouterr()
    written = sorted(one.relative_to(project).as_posix() for one in project.rglob("*") if one.is_file())
    lint = main(["lint"]) if code == 0 else None
    capsys.readouterr()
    return Taking(path, code, shown.out, shown.err, lint, written)


@pytest.fixture
def takings(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[Taking]:
    return [take(real_data, entry["path"], tmp_path, capsys, monkeypatch) for entry in entries(real_data)]


@pytest.mark.timeout(540)
def test_every_real_file_is_taken_over_or_refused_by_name_and_place(takings: list[Taking]):
    assert len(takings) == 202
    for one in takings:
        assert one.code in (0, 2), one
        if one.code == 0:
            assert one.lint == 0, one
            assert any(path.startswith(("prompts/", "evals/")) for path in one.written), one
            proved = re.findall(r"proved  (\d+) of (\d+) requests? equal", one.out)
            assert all(equal == compared for equal, compared in proved), one
        else:
            assert one.written == [], one
            assert REFUSAL.sub("", one.err) == "", one

    # The formats that are held to every file.
    held = {one.path: one for one in takings if one.path.startswith(HELD)}
    assert {path for path, one in held.items() if one.code == 2} == set(REFUSED)
    for path, words in REFUSED.items():
        assert words in held[path].err, held[path]
    prompts = [one for one in held.values() if one.code == 0]
    assert all("requests equal" in one.out or "request equal" in one.out for one in prompts)

    # What is no prompt is called by its name.
    for one in takings:
        for ending, words in KINDS.items():
            if one.path.endswith(ending):
                assert one.code == 2, one
                assert re.search(words, one.err), one
