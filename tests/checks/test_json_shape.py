"""JSON in outputs: reading it strictly, finding it, fitting it to a schema, comparing it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.checks.json_shape import JsonSchema
from promptctl.checks.json_text import ABSENT, code_blocks, first_difference, fragments, look_up
from promptctl.core.exchange import Output
from promptctl.core.verdict import Subject
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, place_of, says

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    ["", " ", "NaN", "[Infinity]", "{'a': 1}", "{a: 1}", "[1,]", "1 2", "// x\n1", "[" * 100_000, "\ufeff1"],
)
def test_what_is_no_json_is_told_in_one_line(text: str):
    opinion = opinion_of("is_json", text)

    assert opinion.status == "fail"
    assert "\n" not in opinion.reason


def test_json_in_a_code_block_is_told_how_to_be_read():
    assert "extract: {block: json}" in opinion_of("is_json", "```json\n{}\n```").reason


@given(VALUES)
def test_every_json_value_equals_itself(value: Any):
    text = json.dumps(value)

    assert says({"json_equals": {"to": value}}, text) == "pass"
    assert says("json_equals", text, {"json": value}) == "pass"


@pytest.mark.parametrize(
    ("wanted", "found", "difference"),
    [
        (1, 1.0, None),
        (1, True, "true, not 1"),
        (0, False, "false, not 0"),
        (None, False, "false, not null"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, None),
        ([1, 2], [2, 1], "/0: 2, not 1"),
        ({"a": {"b/c": [1]}}, {"a": {"b/c": [1, 2]}}, "/a/b~1c/1: 2, not nothing"),
        ({"a": None}, {}, "/a: nothing, not null"),
        ({}, [], "[], not {}"),
    ],
)
def test_the_first_difference_is_named_by_its_pointer(wanted: Any, found: Any, difference: str | None):
    assert first_difference(wanted, found) == difference


def test_ignored_parts_are_not_compared():
    check = {"json_equals": {"to": {"a": 1, "at": "x"}, "ignore": ["/at", "/id"]}}

    assert says(check, '{"a": 1, "at": "y", "id": 9}') == "pass"
    assert says(check, '{"a": 2, "at": "y"}') == "fail"


def test_a_mapping_of_no_argument_names_is_the_json_itself():
    assert says({"json_equals": {"a": 1}}, '{"a": 1}') == "pass"
    with pytest.raises(FileError, match='no argument "a"'):
        built({"json_equals": {"ignore": ["/x"], "a": 1}})


def test_expected_text_is_read_as_json_or_breaks_the_check():
    assert says("json_equals", "[1]", "[1.0]") == "pass"
    with pytest.raises(ValueError, match="no JSON"):
        opinion_of("json_equals", "[1]", "one")
    with pytest.raises(ValueError, match="nothing to compare with"):
        opinion_of("json_equals", "[1]")


def test_what_a_check_needs_depends_on_what_it_is_given():
    assert built("json_equals").needs == ("expected",)
    assert built({"json_equals": {"to": None}}).needs == ()
    assert built({"number_close": {"to": 3, "tolerance": 1}}).needs == ()


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/a/0", 1),
        ("/a/1/b~1c", 2),
        ("/a/1/~0", 3),
        ("/a/2", ABSENT),
        ("/a/-1", ABSENT),
        ("/a/00", ABSENT),
        ("/b", ABSENT),
        ("/a/0/x", ABSENT),
        ("/", 4),
    ],
)
def test_pointers_follow_rfc_6901(pointer: str, value: Any):
    assert look_up({"a": [1, {"b/c": 2, "~": 3}], "": 4}, pointer) == value


@pytest.mark.parametrize(
    "args",
    [
        "a/b",
        "",
        "/a~2",
        {"at": "/a", "equals": 1, "exists": True},
        {"at": "/a", "matches": ""},
        {"at": "/a", "matches": "("},
    ],
    ids=str,
)
def test_a_path_that_cannot_be_asked_is_refused(args: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"json_path": args})


def test_a_value_that_is_null_exists():
    assert says({"json_path": {"at": "/a", "exists": True}}, '{"a": null}') == "pass"
    assert says({"json_path": {"at": "/a", "equals": None}}, '{"a": null}') == "pass"
    assert says({"json_path": {"at": "/a", "equals": None}}, "{}") == "fail"


def test_absence_is_not_proved_by_output_that_is_no_json():
    assert says({"json_path": {"at": "/a", "exists": False}}, "no") == "fail"


def test_fragments_are_found_between_words_and_in_order():
    text = 'See {x} and [link](u): {"a": [1]} then ["b"], {"c": {"d": 2}} {"broken": '

    assert list(fragments(text)) == [{"a": [1]}, ["b"], {"c": {"d": 2}}]


def test_a_search_that_was_given_up_is_unscored():
    assert says("contains_json", "[" * 1_000_000) == "unscored"


@given(VALUES.filter(lambda value: isinstance(value, dict)), st.text(alphabet="abc {}[]:", max_size=20))
def test_an_object_after_prose_without_quotes_is_found(value: Any, prose: str):
    assert says("contains_json", f"{prose} x {json.dumps(value)}") == "pass"


def test_code_blocks_are_found_by_language():
    text = "a\n```JSON title\n1\n```\n  ~~~py\nx\n  ```\n  ~~~\n````json\n```\n2\n````\n```json\n3"

    assert list(code_blocks(text, "json")) == ["1\n", "```\n2\n", "3"]
    assert len(list(code_blocks(text, "any"))) == 4
    assert list(code_blocks(text, "sql")) == []


# schemas


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "objekt"}, "not a valid schema"),
        ({"shcema": {"type": "object"}}, "asks for nothing"),
        ({"title": "x", "description": "y"}, "asks for nothing"),
        ({"$ref": "https://example.com/schema.json"}, "never fetched"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "never fetched"),
        ({"$ref": "#"}, "itself without end"),
        ({"properties": {"a": {"$ref": "#/properties/a"}}}, "itself without end"),
        ({"items": {"anyOf": [{"type": "string"}, {"$ref": "#/items"}]}}, "itself without end"),
        ({"$ref": "#/$defs/gone"}, "leads to nothing"),
        ({"properties": {"a": {"$ref": "#gone"}}}, "leads to nothing"),
        ({"type": "object", "items": {"$ref": "#/type"}}, "leads to nothing"),
        ({"$id": "https://example.com/a", "items": {"$ref": "#/$defs/gone"}}, "leads to nothing"),
        ({"$id": "https://example.com/a", "items": {"$ref": "https://127.0.0.1:9/b"}}, "never fetched"),
        ({"$schema": "http://json-schema.org/draft-03/schema#", "extends": {"a": 1}}, "several drafts"),
        ({"properties": {"a": {"pattern": "("}}}, "not a"),
        ({"pattern": "((((a{1000}){1000}){1000}){1000})"}, "multiply"),
    ],
)
def test_a_schema_that_cannot_work_is_refused_at_once(schema: dict[str, Any], why: str):
    with pytest.raises(FileError, match="bad-check-arguments") as caught:
        built({"json_schema": {"schema": schema}})

    assert why in caught.value.message


def test_references_inside_a_schema_work():
    schema = {"$defs": {"id": {"type": "integer"}}, "properties": {"id": {"$ref": "#/$defs/id"}}}

    assert says({"json_schema": schema}, '{"id": 1}') == "pass"
    assert opinion_of({"json_schema": schema}, '{"id": "1"}').reason == "/id: '1' is not of type 'integer'"


@pytest.mark.parametrize(
    ("reference", "more"),
    [
        ("https://example.com/a#/$defs/n", {"$id": "https://example.com/a"}),
        ("#n", {}),
        ("#/%24defs/n", {}),
        ("#/definitions/n", {"$schema": "http://json-schema.org/draft-07/schema#"}),
    ],
)
def test_a_reference_may_be_written_in_every_way_that_stays_inside(reference: str, more: dict[str, Any]):
    number = {"$anchor": "n", "type": "integer"}
    schema = {**more, "$defs": {"n": number}, "definitions": {"n": number}, "items": {"$ref": reference}}

    assert (says({"json_schema": schema}, "[1]"), says({"json_schema": schema}, '["1"]')) == ("pass", "fail")


def test_what_only_looks_like_a_reference_is_none():
    schema = {"const": {"$ref": "https://example.com/a"}}

    assert says({"json_schema": schema}, '{"$ref": "https://example.com/a"}') == "pass"


def test_a_schema_that_contains_itself_takes_a_tree():
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["v"]}

    assert says({"json_schema": schema}, '{"v": 1, "next": {"v": 2}}') == "pass"
    assert says({"json_schema": schema}, '{"v": 1, "next": {}}') == "fail"
    assert says({"json_schema": schema}, '{"v":1,"next":' * 300 + '{"v":1}' + "}" * 300) in ("pass", "fail")


def test_a_list_under_required_belongs_to_the_schema_and_true_to_the_check():
    assert built({"json_schema": {"required": ["a"]}}).spec.args["schema"] == {"required": ["a"]}
    spec = built({"json_schema": {"schema": {"required": ["a"]}, "required": False}}).spec
    assert (spec.args["schema"], spec.required) == ({"required": ["a"]}, False)


@pytest.mark.parametrize(
    ("schema", "output", "status"),
    [
        ({"format": "date"}, '"2026-02-30"', "fail"),
        ({"format": "date"}, '"2026-02-28"', "pass"),
        ({"pattern": "^退"}, '"退款"', "pass"),
        ({"patternProperties": {"^x-": {"type": "integer"}}}, '{"x-a": "1"}', "fail"),
        ({"patternProperties": {"^x-": {}}, "additionalProperties": False}, '{"x-a": 1}', "pass"),
        ({"properties": {"a": {}}, "additionalProperties": False}, '{"a": 1, "b": 2}', "fail"),
        ({"additionalProperties": {"type": "integer"}}, '{"b": "2"}', "fail"),
        ({"uniqueItems": True}, '[{"a": 1}, {"a": 1.0}]', "fail"),
        ({"uniqueItems": True}, "[1, true, 1e99]", "pass"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array"}, "[]", "pass"),
    ],
    ids=str,
)
def test_keywords_that_were_made_safe_keep_their_meaning(schema: dict[str, Any], output: str, status: str):
    assert says({"json_schema": {"schema": schema}}, output) == status


def test_a_pattern_in_a_schema_has_a_time_limit_too():
    with pytest.raises(TimeoutError):
        opinion_of({"json_schema": {"schema": {"pattern": "(x+x+)+y"}}}, json.dumps("x" * 5000))


def test_a_megabyte_of_distinct_objects_is_checked_for_repeats_in_time():
    output = json.dumps([{"i": index} for index in range(80_000)])

    assert says({"json_schema": {"uniqueItems": True}}, output) == "pass"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000, "-" + "9" * 1000])
def test_a_number_beyond_every_float_is_refused_with_a_reason(number: str):
    opinion = opinion_of("is_json", f"[{number}]")

    assert opinion.status == "fail"
    assert "is too large to be read" in opinion.reason
    assert len(opinion.reason) < 100


@pytest.mark.parametrize(
    ("unit", "output", "status"),
    [
        (0.5, "9" * 400, "pass"),
        (0.3, "1" + "0" * 400, "fail"),
        (7, "9" * 400, "fail"),
        (0.01, "1e999", "fail"),
        (0.01, "1e308", "pass"),
        (1e-9, "1e308", "pass"),
        (0.1, "0.3", "pass"),
        (0.1, "0.35", "fail"),
        (2, "true", "pass"),
    ],
)
def test_a_multiple_is_found_for_numbers_of_any_size(unit: float, output: str, status: str):
    assert says({"json_schema": {"schema": {"multipleOf": unit}}}, output) == status


def test_a_pattern_in_an_output_that_asks_for_too_many_repeats_is_a_fail():
    schema = {"type": "string", "format": "regex"}

    assert says({"json_schema": {"schema": schema}}, '"a{99999999999999999999}"') == "fail"


# schemas in files


def test_a_schema_in_a_file_means_the_same_as_one_in_the_suite():
    schema = {"type": "object", "required": ["id"]}
    files = {"prompts/schemas/reply.json": json.dumps(schema)}

    for name in ("json_schema", "contains_json", "is_yaml"):
        inside = built({name: {"schema": schema}}).spec
        assert built({name: {"file": "prompts/schemas/reply.json"}}, files).spec.meaning() == inside.meaning()


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("prompts/gone.json", "no-such-file"),
        ("../x.json", "outside-prompts"),
        ("/etc/passwd", "outside-prompts"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_at_the_check(path: str, slug: str):
    with pytest.raises(FileError) as caught:
        built({"json_schema": {"file": path}})

    assert caught.value.slug == slug
    assert caught.value.at == place_of("checks", 0)


@pytest.mark.parametrize(
    "args",
    [{}, {"schema": {"type": "object"}, "file": "a.json"}, {"file": "a.json", "type": "object"}],
    ids=str,
)
def test_a_schema_is_given_once(args: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"json_schema": args}, {"a.json": '{"type": "object"}'})


def test_a_schema_that_was_not_read_is_never_passed():
    with pytest.raises(ValueError, match="was not read"):
        JsonSchema(file="a.json")(Subject(text="{}", output=Output(text="{}")))
