"""What a fresh process has loaded after what people do most: help, version, `load`, a run from the store."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

COMMAND = "from promptctl.__main__ import run\nrun()"

LOAD = """
from promptctl import load

prompt = load("greet", root=sys.argv[1])
messages = prompt.messages(name="Ada")
assert messages == [{"role": "user", "content": "Say hello to Ada."}], messages
assert prompt.response_format["json_schema"]["schema"] == {"type": "object"}
[message] = prompt.messages(name="Ada", face="https://x.test/a.png")
assert [part["type"] for part in message["content"]] == ["text", "image_url"], message
"""

# Written at exit, so that a process that ends by `sys.exit` tells as much as one that runs to its end.
TELL = """
import atexit, json, sys
where = sys.argv.pop(1)
atexit.register(lambda: open(where, "w").write(json.dumps(sorted(sys.modules))))
"""


def loaded_by(program: str, arguments: Sequence[str], folder: Path) -> set[str]:
    """The libraries in `sys.modules` at the end of `program`, started in `folder`, which has to end well.

    Top-level names, those of the standard library too; without what a bare Python has.
    """

    def names_at_the_end_of(program: str) -> set[str]:
        report = folder / "modules.json"
        # A coverage run must not add its own modules to the process.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        done = subprocess.run(
            [sys.executable, "-c", TELL + program, str(report), *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return {name.partition(".")[0] for name in json.loads(report.read_text(encoding="utf-8"))}

    return names_at_the_end_of(program) - names_at_the_end_of("")


def third_parties(libraries: set[str]) -> set[str]:
    # PyYAML brings a compiled part, whose modules have names of their own.
    compiled = {
        name for name in libraries if name in ("_yaml", "cython_runtime") or name.startswith("_cython_")
    }
    return libraries - sys.stdlib_module_names - {"promptctl"} - compiled


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_nothing_but_the_command_line(option: str, tmp_path: Path):
    loaded = loaded_by(COMMAND, [option], tmp_path)

    assert "asyncio" not in loaded
    assert third_parties(loaded) <= {"click"}


def test_an_application_that_loads_a_prompt_pays_for_jinja_and_yaml_alone(tmp_path: Path):
    prompt = tmp_path / "prompts" / "greet.prompt.j2"
    prompt.parent.mkdir()
    header = "inputs: {name: string, face: {type: image, optional: true}}\noutput: {schema: s.json}"
    prompt.write_text(
        f"---\n{header}\n---\nSay hello to {{{{ name }}}}.{{{{ face | image }}}}\n", encoding="utf-8"
    )
    (prompt.parent / "s.json").write_text('{"type": "object"}', encoding="utf-8")

    loaded = loaded_by(LOAD, [str(tmp_path)], tmp_path)

    assert "asyncio" not in loaded
    assert third_parties(loaded) == {"jinja2", "markupsafe", "yaml"}


def test_a_run_answered_from_the_store_loads_nothing_that_asks(tmp_path: Path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "evals").mkdir()
    (tmp_path / "promptctl.toml").write_text("", encoding="utf-8")
    (tmp_path / "prompts" / "sort.prompt.j2").write_text(
        "Input: money back\nLabel: refund\nInput: lost parcel\nLabel: parcel\nInput: {{ ticket }}\nLabel:\n",
        encoding="utf-8",
    )
    (tmp_path / "evals" / "sort.yaml").write_text(
        "- {input: my money back please, expected: refund}\n- {input: a lost parcel, expected: parcel}\n",
        encoding="utf-8",
    )
    command = ["test", "--no-base"]
    first = loaded_by(COMMAND, command, tmp_path)

    again = loaded_by(COMMAND, command, tmp_path)

    assert "asyncio" in first, "the first run did not ask, so the second proves nothing"
    assert not again & {"asyncio", "openai", "aiohttp", "httpx", "httpx2", "pydantic"}


def test_a_run_renders_and_tries_patterns_and_schemas_in_no_process_of_ours(tmp_path: Path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "evals").mkdir()
    (tmp_path / "prompts" / "sort.prompt.j2").write_text("Input: a\nLabel: 14\nInput: {{ x }}\nLabel:\n")
    checks = '[{regex: "1[0-9]+"}, {json_schema: {type: integer}}]'
    (tmp_path / "evals" / "sort.yaml").write_text(f"- {{id: one, input: a, checks: {checks}}}\n")

    for command in (["test", "--no-base"], ["lint"]):
        assert not loaded_by(COMMAND, command, tmp_path) & {"jinja2", "regex", "jsonschema"}
