"""Strict TOML: what it means, and how each mistake is told."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import FileError, Place
from promptctl.store.documents import read_toml
from tests.store.reading import ANY_TEXT, all_keys, reads_or_refuses, refused

REFUSED_TOML = {
    "no value": ("a = ", "bad-toml"),
    "open text": ('a = """\nx', "bad-toml"),
    "duplicate key": ("a = 1\na = 2", "duplicate-key"),
    "duplicate table": ("[a]\n[a]", "duplicate-key"),
    "date": ("a = 2026-11-01", "toml-date"),
    "date in a list": ("a = [{b = 2026-11-01T00:00:00Z}]", "toml-date"),
    "nan": ("a = nan", "not-finite"),
    "infinity": ("a = [-inf]", "not-finite"),
    "number beyond a float": ("a = 1e999", "not-finite"),
    "huge number": ("a = " + "1" * 5000, "huge-number"),
    "long number": ("a = " + "1" * 400, "huge-number"),
    "deep": ("a = " + "[" * 51 + "]" * 51, "too-deep"),
    "very deep": ("a = " + "[" * 40_000, "too-deep"),
}


@pytest.mark.parametrize(("text", "slug"), REFUSED_TOML.values(), ids=REFUSED_TOML)
def test_what_toml_must_not_say_is_refused(text: str, slug: str):
    error = refused(read_toml, text)

    assert error.slug == slug
    assert isinstance(error.at, Place)
    assert error.fix


def test_a_date_in_a_table_of_another_tool_is_its_own_affair():
    text = "[tool.other]\nday = 2026-11-01\n[tool.promptctl]\nx = 1\n"

    assert read_toml(text, "f", only=("tool", "promptctl")).value["tool"]["promptctl"] == {"x": 1}


TOML = (
    '''# comment
[project]
model = "qwen" # x
[models]
"doubao-reply" = {provider = "doubao", name = "ep"}
"local-*" = "v=l]l"
[providers.vllm]
key."a.b".c = 1979
list = [1, 2.5,
  "x", {a = 1}, # ]
]
[[accept]]
case = "x"
[[accept]]
  what = "y"
[prices."qwen\\u002Dplus"]
text = """
[fake]
a = "x"
"""
last = 'it'''
    + "'\n[project.inner]\nq = 1\n"
)

TOML_PLACES = [
    (("project", "model"), "f:3:1"),
    (("models", "doubao-reply", "name"), "f:5:40"),
    (("models", "local-*"), "f:6:1"),
    (("providers", "vllm", "key", "a.b", "c"), "f:8:1"),
    (("providers", "vllm", "list", 1), "f:9:12"),
    (("providers", "vllm", "list", 3, "a"), "f:10:9"),
    (("accept", 0, "case"), "f:13:1"),
    (("accept", 1, "what"), "f:15:3"),
    (("accept", 1, "missing"), "f:14:1"),
    (("prices", "qwen-plus"), "f:16:1"),
    (("prices", "qwen-plus", "last"), "f:21:1"),
    (("project", "inner", "q"), "f:23:1"),
]


@pytest.mark.parametrize(("keys", "place"), TOML_PLACES)
def test_toml_places_are_found_when_asked_for(keys: tuple[Any, ...], place: str):
    document = read_toml(TOML, "f")

    assert str(document.place(*keys)) == place


@given(ANY_TEXT | st.text(alphabet="[]{}=.\"'#ab1,\n \\-:T", max_size=60))
def test_any_text_is_toml_or_refused_with_its_place(text: str):
    reads_or_refuses(read_toml, text)


@given(st.text(alphabet="[]{}=.\"'#ab1,\n ", max_size=40))
def test_every_toml_key_has_a_place_that_is_in_the_text(text: str):
    try:
        document = read_toml(text, "f")
    except FileError:
        return
    for keys in all_keys(document.value)[1:]:
        place = document.place(*keys)
        assert text.split("\n")[place.line - 1][place.column - 1 :]


@given(st.dictionaries(st.text(alphabet="abcdefgh.-\"' 字", min_size=1), st.integers(0, 9), min_size=1))
def test_toml_keys_of_any_shape_are_found(table: dict[str, int]):
    text = "".join(f"{json.dumps(key, ensure_ascii=False)} = {value}\n" for key, value in table.items())
    assert tomllib.loads(text) == table

    document = read_toml(text, "f")

    assert [document.place(key).line for key in table] == list(range(1, len(table) + 1))
