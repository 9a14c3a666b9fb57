"""JSON of other tools: the same data as the standard library gives, with places; refusals at theirs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import Place
from promptctl.importers.foreign_json import read_json
from tests.store.reading import ANY_TEXT, all_keys, reads_or_refuses, refused

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 2]))
def test_the_data_is_what_the_standard_library_gives(data: Any, indent: int | None):
    text = json.dumps(data, indent=indent)

    assert json.dumps(read_json(text, "f").value) == json.dumps(data)


def test_every_part_knows_its_place():
    document = read_json('{\n  "a": [1,\n    {"b": "x"}]\n}', "f")

    places = {keys: str(document.place(*keys)) for keys in all_keys(document.value)}

    assert places == {
        (): "f:1:1",
        ("a",): "f:2:3",
        ("a", 0): "f:2:9",
        ("a", 1): "f:3:5",
        ("a", 1, "b"): "f:3:6",
    }


@pytest.mark.parametrize(
    ("text", "slug", "at"),
    [
        ('{"a": 1,}', "bad-json", "f:1:9"),
        ('{"a" 1}', "bad-json", "f:1:6"),
        ("[1 2]", "bad-json", "f:1:4"),
        ("{a: 1}", "bad-json", "f:1:2"),
        ("[01]", "bad-json", "f:1:2"),
        ("[", "bad-json", "f:1:2"),
        ("", "bad-json", "f:1:1"),
        ("1 2", "bad-json", "f:1:3"),
        ('["a\nb"]', "bad-json", "f:1:4"),
        ('"\\ud800"', "bad-json", "f:1:1"),
        ('{"a": 1,\n "a": 2}', "duplicate-key", "f:2:2"),
        ("[NaN]", "not-finite", "f:1:2"),
        ("[1e999]", "not-finite", "f:1:2"),
        (f"[{'9' * 400}]", "huge-number", "f:1:2"),
        (f"{'[' * 60}{']' * 60}", "too-deep", "f:1:51"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text: str, slug: str, at: str):
    error = refused(read_json, text)

    assert (error.slug, str(error.at)) == (slug, at)
    assert isinstance(error.at, Place)


@given(ANY_TEXT)
def test_any_text_is_read_or_refused(text: str):
    reads_or_refuses(read_json, text)
