"""The providers of a promptfoo configuration: model, parameters, tools, and the commands for further ones."""

import json
from pathlib import Path

from tests.importers.promptfoo_project import config


def test_further_models_are_named_with_the_command_that_asks_them(tmp_path: Path):
    done = config(
        tmp_path,
        """\
prompts: [hello]
providers:
  - {id: openai:gpt-4o, config: {temperature: 1, max_tokens: 5}}
  - {id: openai:chat:gpt-4o-mini, label: small, config: {temperature: 1, max_tokens: 5}}
  - {id: 'openrouter:a b/c', config: {temperature: 0.5, max_tokens: 9}}
  - {id: openai:gpt-4o, label: again, config: {temperature: 1, max_tokens: 5}}
  - exec:./answer
""",
    )

    assert done.header("hello").model == "gpt-4o"
    [file] = done.report.files
    assert {one.what: one.instead for one in file.left_out} == {
        "provider small": "`promptctl test --model gpt-4o-mini` asks it",
        "provider openrouter:a b/c": "`promptctl test --model 'a b/c'` asks it; its own params are "
        "{temperature: 0.5, max_output_tokens: 9}",
        "provider exec:./answer": "a program of its own: import what it answers with `promptctl answers import`",
    }
    assert done.notes == ["provider again sends what openai:gpt-4o sends: it is asked once"]
    assert (done.root / "promptctl.toml").read_text() == '[models]\n"a b/c" = "openrouter"\n'


def test_a_vendor_that_is_not_served_leaves_the_model_to_the_project(tmp_path: Path):
    done = config(tmp_path, "prompts: [hello]\nproviders: [replicate:meta/llama]\n")

    assert done.header("hello").model is None
    assert done.left_out == ["provider replicate:meta/llama @ 2:13"]


def test_an_address_of_its_own_becomes_a_provider_of_the_project(tmp_path: Path):
    done = config(
        tmp_path,
        "prompts: [hello]\n"
        "providers: [{id: openai:mine, config: {apiBaseUrl: 'http://localhost:8000/v1', apiKey: sk-secret}}]\n",
    )

    toml = (done.root / "promptctl.toml").read_text()
    assert 'base_url = "http://localhost:8000/v1"' in toml
    assert 'mine = "localhost"' in toml
    assert "sk-secret" not in "".join(path.read_text() for path in done.root.glob("[pe]*/**/*.*"))
    assert done.left_out == ["config.apiKey @ 2:80"]


def test_tools_and_the_shape_of_the_answer_become_files(tmp_path: Path):
    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    shape = {"type": "json_schema", "json_schema": {"name": "out", "strict": True, "schema": schema}}
    done = config(
        tmp_path,
        """\
prompts: [{raw: hello, label: ask}]
providers:
  - id: openai:gpt-4o
    config: {tools: file://tools.json, tool_choice: auto, response_format: file://shape.json}
""",
        tools__json=json.dumps([tool]),
        shape__json=json.dumps(shape),
    )

    header = done.header("ask")
    assert header.tools == ("tools/ask/find.json",)
    assert json.loads((done.root / "prompts/tools/ask/find.json").read_text()) == tool
    assert json.loads((done.root / "prompts/schemas/ask.json").read_text()) == schema
    assert header.output is not None
    assert (header.output.name, header.output.strict) == ("out", True)


def test_a_provider_for_some_prompts_is_the_model_of_those(tmp_path: Path):
    done = config(
        tmp_path,
        """\
prompts: [{raw: hello, label: a}, {raw: good morning, label: b}]
providers:
  - {id: openai:gpt-4o, prompts: [a]}
  - {id: openai:gpt-4o-mini, prompts: [b]}
  - {id: openai:gpt-4, prompts: [c]}
""",
    )

    assert (done.header("a").model, done.header("b").model) == ("gpt-4o", "gpt-4o-mini")
    assert done.left_out == ["provider openai:gpt-4 for c, not among these prompts @ 5:5"]
