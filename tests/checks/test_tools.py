"""Tools that an answer calls."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.exchange import Output
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, says


def calling(*calls: tuple[str, Any]) -> Output:
    """An answer that calls tools: names with arguments, as a value or as the text that the model wrote."""
    return Output(
        text="",
        finish="tool_calls",
        tool_calls=tuple(
            {
                "id": f"c{number}",
                "type": "function",
                "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)},
            }
            for number, (name, args) in enumerate(calls)
        ),
    )


TWO = calling(("lookup", {"id": 7, "deep": {"a": [1]}}), ("lookup", {"id": 8}), ("mail", ""))


@pytest.mark.parametrize(
    ("args", "status"),
    [
        ("lookup", "pass"),
        (["mail", "lookup"], "pass"),
        ("refund", "fail"),
        (["lookup", "refund"], "fail"),
        ({"tool": "lookup", "times": 2}, "pass"),
        ({"tool": "lookup", "times": 1}, "fail"),
        ({"tool": "lookup", "args": {"id": 8}}, "pass"),
        ({"tool": "lookup", "args": {"id": 8.0}}, "pass"),
        ({"tool": "lookup", "args": {"id": "8"}}, "fail"),
        ({"tool": "lookup", "args": {"deep": {"a": [1]}}}, "pass"),
        ({"tool": "lookup", "args": {"deep": {"a": [1, 2]}}}, "fail"),
        ({"tool": "mail", "args": {"to": "x"}}, "fail"),
    ],
    ids=str,
)
def test_a_tool_is_called_as_asked(args: object, status: str):
    assert says({"tool_called": args}, TWO) == status


@pytest.mark.parametrize(
    ("args", "status"),
    [(None, "fail"), ("refund", "pass"), ("mail", "fail"), (["refund", "mail"], "fail")],
    ids=str,
)
def test_no_such_tool_is_called(args: object, status: str):
    assert says({"no_tool_call": args}, TWO) == status
    assert says({"no_tool_call": args}, "lookup(7)") == "pass"


@pytest.mark.parametrize(
    ("calls", "status"),
    [
        ([("lookup", {"id": 1})], "pass"),
        ([("lookup", {"id": 1}), ("mail", {})], "pass"),
        ([("lookup", {"id": 1}), ("lookup", {"id": "x"})], "fail"),
        ([("lookup", "{not json")], "fail"),
        ([("lookup", "")], "fail"),
        ([("lookup", "[]")], "fail"),
        ([("mail", {"id": 1})], "fail"),
        ([], "fail"),
    ],
    ids=str,
)
def test_arguments_fit_the_schema_of_their_tool(calls: list[tuple[str, Any]], status: str):
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}

    assert says({"tool_args_schema": {"tool": "lookup", "schema": schema}}, calling(*calls)) == status


DEFINITION = {"type": "function", "function": {"name": "lookup", "parameters": {"required": ["id"]}}}


def test_a_definition_of_a_tool_names_the_tool_and_its_schema():
    files = {"prompts/t.json": json.dumps(DEFINITION)}
    check = {"tool_args_schema": {"file": "prompts/t.json"}}

    assert built(check, files).spec.args == {"schema": {"required": ["id"]}, "file": None, "tool": "lookup"}
    assert says(check, calling(("lookup", {"id": 1}), ("mail", {})), files=files) == "pass"
    assert says(check, calling(("lookup", {})), files=files) == "fail"


@pytest.mark.parametrize(
    ("text", "tool", "why"),
    [
        ("", None, "the file is empty"),
        ("{", None, "not JSON"),
        ("[]", None, "a mapping"),
        ('{"function": {"name": "a"}}', None, "needs a `name` and `parameters`"),
        (json.dumps(DEFINITION), "other", 'it defines the tool "lookup", not "other"'),
        ('{"properties": {"a": {"$ref": "https://example.com/a"}}}', None, "never fetched"),
    ],
)
def test_a_file_that_holds_no_schema_is_refused(text: str, tool: str | None, why: str):
    with pytest.raises(FileError, match="bad-check-arguments") as caught:
        built({"tool_args_schema": {"file": "prompts/t.json", "tool": tool}}, {"prompts/t.json": text})

    assert why in caught.value.message
    assert "prompts/t.json" in caught.value.message


@pytest.mark.parametrize(
    ("tools", "f1"),
    [(["lookup", "mail"], 1.0), (["lookup"], 2 / 3), (["lookup", "refund"], 0.5), (["refund"], 0.0)],
)
def test_f1_is_that_of_the_two_sets_of_names(tools: list[str], f1: float):
    opinion = opinion_of({"tool_call_f1": {"tools": tools, "at_least": 0.5}}, TWO)

    assert opinion.score == pytest.approx(f1)
    assert opinion.status == ("pass" if f1 >= 0.5 else "fail")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["function", "name", "arguments", "type"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from(["function", "id", "type"]), JUNK, max_size=3), max_size=3))
def test_no_imported_call_breaks_a_check(calls: list[dict[str, Any]]):
    output = Output(text="", tool_calls=tuple(calls))

    for check in (
        {"tool_called": {"tool": "a", "args": {"b": 1}}},
        "no_tool_call",
        {"tool_args_schema": {"schema": {"required": ["a"]}}},
        {"tool_call_f1": ["a"]},
    ):
        assert says(check, output) in ("pass", "fail")


@pytest.mark.parametrize(
    "check",
    [
        "tool_called",
        {"tool_called": ""},
        {"tool_called": []},
        {"tool_called": {"tool": ["a", "b"], "times": 1}},
        {"tool_called": {"tool": "a", "times": 0}},
        {"tool_called": {"tool": "a", "args": {}}},
        {"no_tool_call": []},
        {"tool_args_schema": {"tool": "a"}},
        {"tool_args_schema": {"schema": {}}},
        {"tool_call_f1": []},
        {"tool_call_f1": {"tools": ["a"], "at_least": 0}},
    ],
    ids=str,
)
def test_what_cannot_be_asked_of_tools_is_refused(check: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built(check)
