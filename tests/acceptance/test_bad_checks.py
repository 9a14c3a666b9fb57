"""Checks that are refused before anything is asked: schemas that reach out or never end, files that are not ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.acceptance.refusing import PROJECT, REPLY, refused, run
from tests.repository import Repo

SUITE = "evals/reply.yaml"


def project(folder: Path, check: Any, files: dict[str, str] | None = None) -> Repo:
    """A project whose one case asks for one check."""
    case = {"id": "when", "input": "When", "checks": [check]}
    repo = Repo(folder / "project")
    repo.commit("start", {REPLY: PROJECT[REPLY], SUITE: json.dumps([case]), **(files or {})})
    return repo


SCHEMAS = {
    "remote": ({"$ref": "ADDRESS/schema.json"}, "which is never fetched"),
    "remote, deep": ({"properties": {"a": {"items": {"$ref": "ADDRESS/s.json"}}}}, "which is never fetched"),
    "remote, behind an id": (
        {"$id": "https://shop.example/a", "properties": {"a": {"$ref": "ADDRESS/s.json"}}},
        "which is never fetched",
    ),
    "itself": ({"$ref": "#"}, "the schema refers to itself without end"),
    "a circle": (
        {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        "refers to itself without end",
    ),
    "a circle, deep": (
        {"properties": {"a": {"$ref": "#/properties/b"}, "b": {"$ref": "#/properties/a"}}},
        "refers to itself without end",
    ),
    "type": ({"type": "objekt"}, "not a valid schema at /type"),
    "gone": ({"$ref": "#/$defs/gone"}, "leads to nothing in the schema"),
}


@pytest.mark.parametrize(("schema", "why"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_that_cannot_work_is_refused_at_its_check_and_nothing_is_fetched(
    schema: dict[str, Any], why: str, tmp_path: Path, httpserver: HTTPServer
):
    text = json.dumps(schema).replace("ADDRESS", httpserver.url_for("").rstrip("/"))

    refusal = refused(project(tmp_path, {"json_schema": {"schema": json.loads(text)}}), "test", "--no-base")

    assert (refusal.slug, refusal.at.partition(":")[0]) == ("bad-check-arguments", SUITE)
    assert why in refusal.message
    assert httpserver.log == []


@pytest.mark.parametrize(("schema", "why"), [SCHEMAS["remote"], SCHEMAS["itself"]], ids=["remote", "itself"])
def test_a_schema_in_a_file_is_looked_over_by_lint_too(
    schema: dict[str, Any], why: str, tmp_path: Path, httpserver: HTTPServer
):
    text = json.dumps(schema).replace("ADDRESS", httpserver.url_for("").rstrip("/"))
    repo = project(tmp_path, {"json_schema": {"file": "prompts/s.json"}}, {"prompts/s.json": text})

    done = run(repo, "lint")

    assert done.code == 2
    assert 'error: check "json_schema": prompts/s.json: ' in done.out
    assert f"{why}" in done.out
    assert httpserver.log == []


@pytest.mark.parametrize(
    ("name", "path", "slug"),
    [
        ("json_schema", "prompts/gone.json", "no-such-file"),
        ("is_yaml", "../secret.json", "outside-prompts"),
        ("blocklist", "/etc/passwd", "outside-prompts"),
        ("tool_args_schema", "pyproject.json", "no-such-file"),
    ],
)
def test_a_file_that_a_check_names_is_one_of_the_project(name: str, path: str, slug: str, tmp_path: Path):
    refusal = refused(project(tmp_path, {name: {"file": path}}), "test", "--no-base")

    assert (refusal.slug, refusal.at.partition(":")[0]) == (slug, SUITE)
