"""A project whose model says what a script says: for tests of what is asked of answers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cli.run import promptctl
from tests.repository import Repo

SCHEMA = {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"]}
PROMPT = "---\noutput: {schema: kind.json}\n---\nSort it, in JSON: {{ item }}"
TOOL = {"type": "function", "function": {"name": "look_up"}}
CALL = {"id": "1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
CALLED = {"text": "", "finish": "tool_calls", "tool_calls": [CALL]}


def a_project(
    folder: Path,
    cases: str,
    says: Mapping[str, Any],
    *,
    prompt: str = PROMPT,
    model: str = "m",
    provider: str = "scripted",
    files: Mapping[str, str | bytes] | None = None,
) -> Repo:
    """A repository with the prompt `sort`, its schema and its cases; `says` maps a word of the request to an answer."""
    config = f"""\
[project]
model = "{model}"
[models]
"{model}" = "{provider}"
[providers.{provider}]
kind = "scripted"
script = "script.json"
"""
    repo = Repo(folder / "project")
    repo.commit(
        "first",
        {
            "promptctl.toml": config,
            "script.json": json.dumps({"contains": list(says.items()), "deterministic": True}),
            "prompts/sort.prompt.j2": prompt,
            "prompts/kind.json": json.dumps(SCHEMA),
            "prompts/look_up.json": json.dumps(TOOL),
            "evals/sort.yaml": cases,
            **(files or {}),
        },
    )
    return repo


def export_on_both_sides(repo: Repo) -> None:
    """Commits on `main` the recorded answers of base, and on `change` those of head."""
    repo.checkout("main")
    promptctl("answers", "export", "sort", cwd=repo.path)
    repo.commit("answers of main")
    repo.checkout("change").merge("main")
    promptctl("answers", "export", "sort", cwd=repo.path)
    repo.commit("answers of the change")
