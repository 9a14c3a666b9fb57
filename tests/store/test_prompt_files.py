"""The JSON files that a header names: part of the version, read strictly, refused with the place to blame."""

import json
from pathlib import Path
from typing import Any

import pytest

from promptctl.core.prompt import PromptVersion
from promptctl.errors import PromptctlError
from promptctl.store.prompts import Prompts
from promptctl.store.trees import WorkTree

SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
PROMPT = "---\noutput: {schema: s/reply.json}\ntools:\n  - t/a.json\n---\nHi"
FILES = {"a.prompt.j2": PROMPT, "s/reply.json": json.dumps(SCHEMA), "t/a.json": json.dumps(TOOL)}


def version(root: Path, files: dict[str, str | bytes | None] | None = None) -> PromptVersion:
    """The version of a prompt that names both kinds of files, with `files` over them; None leaves one out."""
    for name, content in {**FILES, **(files or {})}.items():
        path = root / "prompts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Prompts(WorkTree(root, ["prompts"])).version("a")


def refused(root: Path, files: dict[str, str | bytes | None]) -> list[tuple[str, str]]:
    with pytest.raises(PromptctlError) as caught:
        version(root, files)
    assert all(error.fix for error in caught.value.each())
    return [(error.slug, str(error.at)) for error in caught.value.each()]


def test_the_files_are_read_and_are_part_of_the_version(tmp_path: Path):
    found = version(tmp_path)

    assert (found.schema, found.tools) == (SCHEMA, (TOOL,))
    assert sorted(found.closure) == ["a.prompt.j2", "s/reply.json", "t/a.json"]


@pytest.mark.parametrize("name", ["s/reply.json", "t/a.json"])
def test_a_change_of_either_file_is_a_change_of_the_version(name: str, tmp_path: Path):
    before = version(tmp_path / "before")

    after = version(tmp_path / "after", {name: FILES[name] + "\n"})

    assert after.digest != before.digest


def test_a_byte_order_mark_and_other_line_ends_are_no_change(tmp_path: Path):
    lines = json.dumps(SCHEMA, indent=1)
    before = version(tmp_path / "before", {"s/reply.json": lines})

    after = version(tmp_path / "after", {"s/reply.json": "\ufeff" + lines.replace("\n", "\r\n")})

    assert after.digest == before.digest


def test_spaces_in_either_file_say_nothing_new(tmp_path: Path):
    said = {}
    for name, indent in (("before", None), ("after", 2)):
        files = {
            "s/reply.json": json.dumps(SCHEMA, indent=indent),
            "t/a.json": json.dumps(TOOL, indent=indent),
        }
        version(tmp_path / name, files)
        said[name] = Prompts(WorkTree(tmp_path / name, ["prompts"])).meaning("a")
    version(tmp_path / "other", {"s/reply.json": '{"type": "array"}'})

    assert said["before"] == said["after"]
    assert said["before"] != Prompts(WorkTree(tmp_path / "other", ["prompts"])).meaning("a")


def test_a_file_that_no_header_names_is_not_read(tmp_path: Path):
    assert version(tmp_path, {"s/other.json": "{", "t/other.json": "["}).digest == version(tmp_path).digest


SCHEMAS: dict[str, tuple[str | bytes | None, str, str]] = {
    "is not there": (None, "no-such-file", "a.prompt.j2:2:10"),
    "is no JSON": ('{"a" 1}', "bad-json", "s/reply.json:1:6"),
    "names a key twice": ('{"a": 1,\n "a": 2}', "duplicate-key", "s/reply.json:2:2"),
    "is a list": ("[]", "wrong-type", "s/reply.json:1:1"),
    "is not UTF-8": (b'{"a": "\xff"}', "not-utf8", "s/reply.json:1:8"),
    "is nested too deeply": ('{"a": ' * 60 + "1" + "}" * 60, "too-deep", "s/reply.json:1:1"),
    "holds a number that is none": ('{"maximum": NaN}', "not-finite", "s/reply.json:1:13"),
    "refers to another host": (
        '{"properties": {\n"a": {"$ref": "https://x.test/a.json"}}}',
        "foreign-reference",
        "s/reply.json:2:7",
    ),
    "refers to another file": (
        '{"anyOf": [{"$ref": "other.json#/a"}]}',
        "foreign-reference",
        "s/reply.json:1:13",
    ),
    "refers elsewhere by its id": (
        '{"$id": "https://x.test/s", "items": {"$ref": "t"}}',
        "foreign-reference",
        "s/reply.json:1:39",
    ),
    "refers elsewhere dynamically": ('{"$dynamicRef": "t#a"}', "foreign-reference", "s/reply.json:1:2"),
}


@pytest.mark.parametrize(("content", "slug", "at"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_is_refused_that(content: str | bytes | None, slug: str, at: str, tmp_path: Path):
    assert refused(tmp_path, {"s/reply.json": content}) == [(slug, f"prompts/{at}")]


def test_a_property_may_be_called_ref(tmp_path: Path):
    schema = {"properties": {"$ref": {"type": "string"}}, "$defs": {"a": {}}, "items": {"$ref": "#/$defs/a"}}

    assert version(tmp_path, {"s/reply.json": json.dumps(schema)}).schema == schema


def tool(**function: Any) -> str:
    return json.dumps({"type": "function", "function": function})


TOOLS: dict[str, tuple[str, str, str]] = {
    "is the inside alone": ('{"name": "a", "parameters": {}}', "bad-tool", "1:1"),
    "has no inside": ('{"type": "function"}', "bad-tool", "1:1"),
    "has an inside of another type": ('{"type": "function", "function": 3}', "wrong-type", "1:22"),
    "is of another type": ('{"type": "retrieval", "function": {"name": "a"}}', "wrong-value", "1:2"),
    "has no type": ('{"function": {"name": "a"}}', "missing-field", "1:1"),
    "has no name": (tool(description="a"), "missing-field", "1:22"),
    "has a name that no server takes": (tool(name="look up"), "bad-tool", "1:35"),
    "has an unknown key": (tool(name="a", paramters={}), "unknown-key", "1:48"),
    "has parameters that are none": (tool(name="a", parameters="x"), "wrong-type", "1:48"),
    "refers to another host": (
        tool(name="a", parameters={"$ref": "http://x.test"}),
        "foreign-reference",
        "1:63",
    ),
}


@pytest.mark.parametrize(("content", "slug", "at"), TOOLS.values(), ids=TOOLS)
def test_a_tool_is_refused_that(content: str, slug: str, at: str, tmp_path: Path):
    assert refused(tmp_path, {"t/a.json": content}) == [(slug, f"prompts/t/a.json:{at}")]


def test_the_inside_of_a_tool_is_answered_by_the_right_form(tmp_path: Path):
    with pytest.raises(PromptctlError) as caught:
        version(tmp_path, {"t/a.json": '{"name": "a"}'})

    assert '{"type": "function", "function": {"name": ' in str(caught.value.fix)


def test_two_tools_of_one_name_are_refused_where_the_second_is_named(tmp_path: Path):
    header = "---\ntools: [t/a.json, t/b.json]\n---\nHi"
    found = refused(tmp_path, {"a.prompt.j2": header, "t/b.json": tool(name="look_up")})

    assert found == [("duplicate-tool", "prompts/a.prompt.j2:2:19")]


def test_all_mistakes_of_all_files_are_found_at_once(tmp_path: Path):
    found = refused(tmp_path, {"s/reply.json": "[]", "t/a.json": None})

    assert found == [("wrong-type", "prompts/s/reply.json:1:1"), ("no-such-file", "prompts/a.prompt.j2:4:5")]


@pytest.mark.parametrize("name", ["s/reply.json", "t/a.json"])
def test_a_link_is_refused_where_the_header_names_it(name: str, tmp_path: Path):
    (tmp_path / "secret.json").write_text(json.dumps(SCHEMA))
    version(tmp_path)
    (tmp_path / "prompts" / name).unlink()
    (tmp_path / "prompts" / name).symlink_to(tmp_path / "secret.json")

    [(slug, at)] = refused(tmp_path, {name: None})

    assert slug == "symlink"
    assert at == {"s/reply.json": "prompts/a.prompt.j2:2:10", "t/a.json": "prompts/a.prompt.j2:4:5"}[name]


def test_a_missing_file_names_the_nearest(tmp_path: Path):
    with pytest.raises(PromptctlError) as caught:
        version(tmp_path, {"a.prompt.j2": PROMPT.replace("reply", "repyl")})

    assert '"s/reply.json"' in str(caught.value.fix)


def test_a_schema_that_the_text_includes_is_a_file_of_both_kinds(tmp_path: Path):
    prompt = PROMPT.replace("Hi", 'Answer in JSON: {% include "s/reply.json" %}')

    found = version(tmp_path, {"a.prompt.j2": prompt})

    assert found.schema == SCHEMA
    assert sorted(found.closure) == ["a.prompt.j2", "s/reply.json", "t/a.json"]
