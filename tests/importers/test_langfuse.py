"""Langfuse prompts: what each key becomes, and what is left out or refused of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.importers.taking import refused, taken


def of(prompt: Any, **more: Any) -> dict[str, str | bytes]:
    one = {"name": "hello", "version": 1, "labels": [], "prompt": prompt, **more}
    return {"a.json": json.dumps({key: value for key, value in one.items() if value is not None})}


CHAT = [
    {"role": "system", "content": "You help {{ customer-name }}."},
    {"type": "placeholder", "name": "history"},
    {"type": "chatmessage", "role": "user", "content": "{{question}}"},
]
CONFIG = {
    "model": "gpt-4o",
    "temperature": 0.2,
    "max_tokens": 300,
    "stream": True,
    "languages": ["en"],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    "tools": [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}],
}


def test_a_chat_prompt_is_carried_over_with_its_config(tmp_path: Path):
    files = of(CHAT, name="support/reply", labels=["production"], tags=["shop"], config=CONFIG, id="x")

    done = taken(tmp_path, files)

    version = done.prompts.version("support/reply")
    assert version.header.model == "gpt-4o"
    assert version.header.params == {"temperature": 0.2, "max_output_tokens": 300}
    assert version.header.meta == {
        "langfuse": {"name": "support/reply", "version": 1, "labels": ["production"], "tags": ["shop"]}
    }
    assert version.schema == {"type": "object"}
    assert [tool["function"]["name"] for tool in version.tools] == ["find"]
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{{question}}"}]
    assert done.said("support/reply", customer_name="Ada", question="b", history=history) == [
        ("system", "You help Ada."),
        ("user", "a"),
        ("assistant", "{{question}}"),
        ("user", "b"),
    ]
    assert [what.partition(" @")[0] for what in done.left_out] == ["config.stream", "config.languages"]


def test_a_text_prompt_is_one_user_message(tmp_path: Path):
    done = taken(tmp_path, of("Hi {{ name }} { {% x %} {{#a}} {{ 1 }}", type="text"))

    assert done.said("hello", name="Ada") == [("user", "Hi Ada { {% x %} {{#a}} {{ 1 }}")]
    assert sum("stays in the text" in note for note in done.notes) == 2


def test_the_newest_version_of_each_prompt_is_taken(tmp_path: Path):
    one = {"name": "a", "version": 2, "labels": [], "prompt": "two"}
    other = {**one, "version": 1, "prompt": "one"}
    data = {"data": [one, other, {**one, "name": "b", "prompt": "b"}], "meta": {"page": 1}}

    done = taken(tmp_path, {"all.json": json.dumps(data)})

    assert done.said("a") == [("user", "two")]
    assert done.said("b") == [("user", "b")]
    assert [what.partition(" @")[0] for what in done.left_out] == ["version 1 of a"]


@pytest.mark.parametrize(
    "prompt",
    [
        "x @@@langfusePrompt:name=a|label=production@@@",
        [{"role": "boss", "content": "x"}],
        [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
        [{"type": "placeholder"}],
    ],
)
def test_what_cannot_be_carried_over_is_refused(tmp_path: Path, prompt: Any):
    slugs = {slug for slug, _ in refused(tmp_path, of(prompt))}

    assert slugs <= {"import-unsupported", "wrong-type"}
    assert slugs


def test_a_list_of_names_without_their_texts_is_refused(tmp_path: Path):
    files = {"a.json": json.dumps({"data": [{"name": "a", "versions": [1], "labels": []}], "meta": {}})}

    assert [slug for slug, _ in refused(tmp_path, files, as_format="langfuse")] == ["import-nothing"]
    assert [slug for slug, _ in refused(tmp_path, files)] == ["import-unknown"]
