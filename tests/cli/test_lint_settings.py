"""What `promptctl lint` says of a prompt's settings, the files that its header names, and its images."""

import json
from pathlib import Path

import pytest

from tests.cli.test_lint import PROMPT, findings, lint, project

SCHEMA = json.dumps({"type": "object", "properties": {"kind": {"type": "string"}}})
TOOL = json.dumps({"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}})
NAMED = "---\noutput: {schema: s.json}\ntools: [t.json]\n---\n{{ ticket }}"
Files = dict[str, str | bytes | None]


UNREAD: dict[str, tuple[str, str, str]] = {
    "a limit of another name": ("gpt-5", "max_tokens", "write max_output_tokens"),
    "a name of another protocol": ("qwen-plus", "stop_sequences", "write stop"),
    "a limit of another protocol": ("deepseek-chat", "maxTokens", "write max_output_tokens"),
    "a setting that is dropped": ("claude-x", "seed", "take it out"),
    "a setting under another name": ("claude-x", "reasoning_effort", "write thinking"),
}


@pytest.mark.parametrize(("model", "name", "fix"), UNREAD.values(), ids=UNREAD)
def test_a_parameter_that_the_server_does_not_read_names_the_right_one(
    model: str, name: str, fix: str, tmp_path: Path
):
    done = lint(
        project(tmp_path, {PROMPT: f"---\nmodel: {model}\nparams:\n  {name}: 9\n---\n{{{{ ticket }}}}"})
    )

    assert (done.code, findings(done)) == (2, [("error", "ignored-param", f"{PROMPT}:4:3")])
    assert f"  fix  {fix}" in done.out


def test_a_server_of_the_projects_own_may_read_any_name(tmp_path: Path):
    config = '[models]\n"m" = "own"\n[providers.own]\nkind = "openai"\nbase_url = "http://localhost:1/v1"\n'
    prompt = "---\nmodel: m\nparams: {maxTokens: 9, seed: 1}\n---\n{{ ticket }}"

    assert findings(lint(project(tmp_path, {"promptctl.toml": config, PROMPT: prompt}))) == []


@pytest.mark.parametrize(
    ("model", "output", "at"),
    [
        ("qwen-plus", "{schema: s.json}", "schema"),
        ("deepseek-chat", "{format: json_object}", "format"),
        ("gpt-5", "{format: json_object}", "format"),
    ],
)
def test_json_that_the_text_does_not_ask_for_is_a_warning(model: str, output: str, at: str, tmp_path: Path):
    header = f"---\nmodel: {model}\noutput: {output}\n---\n"
    files: Files = {PROMPT: header + "{{ ticket }}", "prompts/s.json": SCHEMA}

    done = lint(project(tmp_path, files))
    said = lint(project(tmp_path / "said", {**files, PROMPT: header + "In Json, please: {{ ticket }}"}))

    assert findings(done) == [("warning", "json-unsaid", f"{PROMPT}:3:{9 + output.index(at)}")]
    assert findings(said) == []


@pytest.mark.parametrize("model", ["gpt-5", "claude-x", "nearest-example"])
def test_where_a_schema_or_nothing_is_sent_the_text_need_not_speak_of_json(model: str, tmp_path: Path):
    files: Files = {
        PROMPT: f"---\nmodel: {model}\noutput: {{schema: s.json}}\n---\n{{{{ ticket }}}}",
        "prompts/s.json": SCHEMA,
    }

    assert findings(lint(project(tmp_path, files))) == []


def test_files_that_a_header_names_are_looked_at_and_others_are_not(tmp_path: Path):
    sound: Files = {PROMPT: NAMED, "prompts/s.json": SCHEMA, "prompts/t.json": TOOL, "prompts/u.json": "{"}

    done = lint(project(tmp_path, sound))

    assert findings(done) == []


BROKEN: dict[str, tuple[str, str, str, str]] = {
    "a schema of no type": ("s.json", '{\n "type": "objct"}', "bad-schema", "2:2"),
    "a schema that everything fits": ("s.json", "{}", "bad-schema", "1:1"),
    "a schema that leads nowhere": ("s.json", '{"$ref": "#/$defs/a"}', "bad-schema", "1:1"),
    "a schema that is its own part": ("s.json", '{"$ref": "#"}', "bad-schema", "1:1"),
    "a schema that is no JSON": ("s.json", "{", "bad-json", "1:2"),
    "parameters of no type": ("t.json", TOOL.replace('"object"', '\n"objct"'), "bad-schema", "1:69"),
}


@pytest.mark.parametrize(("name", "text", "slug", "at"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_no_server_would_take_is_an_error_with_its_place(
    name: str, text: str, slug: str, at: str, tmp_path: Path
):
    files: Files = {PROMPT: NAMED, "prompts/s.json": SCHEMA, "prompts/t.json": TOOL, f"prompts/{name}": text}

    done = lint(project(tmp_path, files))
    limited = lint(project(tmp_path / "limited", files), f"prompts/{name}")

    assert (done.code, findings(done)) == (2, [("error", slug, f"prompts/{name}:{at}")])
    assert findings(limited) == findings(done)


def test_a_tool_without_parameters_is_sound(tmp_path: Path):
    for parameters in ("{}", '{"type": "object", "properties": {}}'):
        tool = f'{{"type": "function", "function": {{"name": "a", "parameters": {parameters}}}}}'
        files: Files = {PROMPT: NAMED, "prompts/s.json": SCHEMA, "prompts/t.json": tool}
        assert findings(lint(project(tmp_path / str(len(parameters)), files))) == []


def test_an_image_is_an_input_like_any_other(tmp_path: Path):
    header = "---\ninputs: {ticket: string, photo: {type: image, optional: true}}\n---\n"
    unused: Files = {PROMPT: header + "{{ ticket }}"}
    undeclared: Files = {PROMPT: "---\ninputs: {ticket: string}\n---\n{{ ticket }}{{ photo | image }}"}

    assert findings(lint(project(tmp_path / "a", unused))) == [("warning", "unused-input", f"{PROMPT}:2:26")]
    assert ("error", "undefined-variable") in {
        (level, slug) for level, slug, _ in findings(lint(project(tmp_path / "b", undeclared)))
    }
    assert findings(lint(project(tmp_path / "c", {PROMPT: header + "{{ ticket }}{{ photo | image }}"}))) == []
