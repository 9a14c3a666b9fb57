"""Picoschema as JSON Schema."""

from typing import Any

import pytest

from promptctl.importers.dotprompt.picoschema import PicoReader
from promptctl.importers.foreign import Foreign, Spot
from promptctl.importers.keys import Keys


def read(value: Any) -> tuple[Any, PicoReader]:
    reader = PicoReader(Keys(Foreign({}, "f", Spot(1, 1))))
    return reader.read(value), reader


def props(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (None, None),
        ("string, A text, with commas", {"type": "string", "description": "A text, with commas"}),
        ("any", {}),
        ({"a": "integer"}, {**props(a={"type": "integer"}), "required": ["a"]}),
        ({"a?": "integer, How many"}, props(a={"type": ["integer", "null"], "description": "How many"})),
        (
            {"a(array, Words)": "string"},
            {
                **props(a={"type": "array", "items": {"type": "string"}, "description": "Words"}),
                "required": ["a"],
            },
        ),
        ({"a?(enum)": ["x", "y"]}, props(a={"enum": ["x", "y", None]})),
        (
            {"a(object)": {"b?": "boolean"}},
            {**props(a=props(b={"type": ["boolean", "null"]})), "required": ["a"]},
        ),
        ({"(*)": "number"}, {**props(), "additionalProperties": {"type": "number"}}),
        (
            {"type": "object", "properties": {"a": "string"}},
            {"type": "object", "properties": {"a": {"type": "string"}}},
        ),
        (
            {"properties": {"a": {"type": "array", "items": "string"}}},
            {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}},
        ),
    ],
)
def test_a_schema_means_what_dotprompt_says(value: Any, schema: Any):
    found, reader = read(value)

    assert found == schema
    assert reader.keys.errors == []


def test_a_list_in_brackets_is_read_as_one_and_told(tmp_path: Any):
    found, reader = read({"a": "string[], Words"})

    assert found["properties"]["a"] == {"type": "array", "items": {"type": "string"}, "description": "Words"}
    assert reader.lists == [("a",)]


@pytest.mark.parametrize("value", [{"a": "Ticket"}, {"a": 5}, {"a(map)": "string"}, 5, {"a": None}])
def test_what_is_no_schema_is_an_error(value: Any):
    _, reader = read(value)

    assert [error.slug for error in reader.keys.errors] == ["import-unsupported"]
