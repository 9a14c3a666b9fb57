import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.exchange import Failure, Output, Usage
from promptctl.providers.excerpts import EXCERPT, excerpt
from promptctl.providers.interpret import interpret
from promptctl.providers.interpret_errors import interpret_error


def a_body(content: Any = "hi", finish: Any = "stop", **message: Any) -> dict[str, Any]:
    return {
        "choices": [
            {"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ]
    }


A_CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}

CALLED = Output(text="", finish="tool_calls", tool_calls=(A_CALL,))

OUTPUTS = {
    "plain": (a_body(), Output(text="hi")),
    "empty": (a_body(""), Output(text="")),
    "null": (a_body(None), Output(text="")),
    "cut off": (a_body("hal", "length"), Output(text="hal", finish="length")),
    "filtered": (a_body(None, "content_filter"), Output(text="", finish="content_filter")),
    "filtered by glm": (a_body("", "sensitive"), Output(text="", finish="content_filter")),
    "refused": (a_body(None, refusal="I won't"), Output(text="I won't", finish="refusal")),
    "tool call": (
        a_body(None, "tool_calls", tool_calls=[A_CALL]),
        Output(text="", finish="tool_calls", tool_calls=(A_CALL,)),
    ),
    "tool call that says stop": (
        a_body("", tool_calls=[A_CALL]),
        Output(text="", finish="tool_calls", tool_calls=(A_CALL,)),
    ),
    "old function call": (
        a_body(None, "function_call", function_call={"name": "f"}),
        Output(text="", finish="tool_calls", tool_calls=({"type": "function", "function": {"name": "f"}},)),
    ),
    "no finish": (a_body(finish=None), Output(text="hi")),
    "unknown finish": (a_body(finish="eos"), Output(text="hi")),
    "parts": (
        a_body([{"type": "text", "text": "a"}, "b", {"type": "output_text", "text": "c"}]),
        Output(text="abc"),
    ),
    "no parts": (a_body([]), Output(text="")),
    "thoughts in parts": (
        a_body(
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                {"type": "text", "text": "a"},
            ]
        ),
        Output(text="a", reasoning="hm"),
    ),
    "refusal in parts": (a_body([{"type": "refusal", "refusal": "no"}]), Output(text="no", finish="refusal")),
    "reasoning_content": (a_body("a", reasoning_content="hm"), Output(text="a", reasoning="hm")),
    "reasoning": (a_body("a", reasoning="hm"), Output(text="a", reasoning="hm")),
    "think": (a_body("<think>\nhm\n</think>\n\na </think>"), Output(text="a </think>", reasoning="hm")),
    "empty think": (a_body("<think>\n\n</think>\n\na"), Output(text="a")),
    "think cut off": (a_body("<think>\nhm", "length"), Output(text="", finish="length", reasoning="hm")),
    "think without end": (a_body("<think> is a tag"), Output(text="<think> is a tag")),
    "think later": (a_body("a <think>b</think>"), Output(text="a <think>b</think>")),
    "lone surrogate": (a_body("a\ud800b", reasoning="\udc00"), Output(text="a\ufffdb", reasoning="\ufffd")),
    "controls": (a_body("\x00\x1b[31m\u202e"), Output(text="\x00\x1b[31m\u202e")),
    "empty error": ({**a_body(), "error": None}, Output(text="hi")),
    "usage": (
        {**a_body(), "usage": {"prompt_tokens": 3, "completion_tokens": 0}},
        Output(text="hi", usage=Usage(input=3, output=0)),
    ),
    "odd usage": (
        {**a_body(), "usage": {"prompt_tokens": -1, "completion_tokens": "7", "input_tokens": True}},
        Output(text="hi"),
    ),
    "half a usage": ({**a_body(), "usage": {"output_tokens": 5}}, Output(text="hi", usage=Usage(output=5))),
    "usage that is a list": ({**a_body(), "usage": []}, Output(text="hi")),
    "model": ({**a_body(), "model": "m\ud800"}, Output(text="hi", model="m\ufffd")),
    "filter as an error inside": (
        {"error": {"code": "content_filter"}},
        Output(text="", finish="content_filter"),
    ),
}


@pytest.mark.parametrize(("body", "output"), OUTPUTS.values(), ids=OUTPUTS)
def test_what_a_model_did_is_an_output(body: Any, output: Output):
    assert interpret(body) == output
    assert interpret(json.dumps(body)) == output


MALFORMED = {
    "a page": "<!doctype html><html>…",
    "nothing": "",
    "blank": " \n",
    "prose": "Service starting",
    "half": '{"choices": [',
    "a number": "42",
    "a text": '"hi"',
    "null": "null",
    "a list": "[]",
    "no choices": "{}",
    "choices null": '{"choices": null}',
    "choices empty": '{"choices": []}',
    "choices of numbers": '{"choices": [1]}',
    "choices as object": '{"choices": {"0": 1}}',
    "no message": '{"choices": [{"finish_reason": "stop"}]}',
    "message text": '{"choices": [{"message": "hi"}]}',
    "content number": '{"choices": [{"message": {"content": 42}}]}',
    "content truth value": '{"choices": [{"message": {"content": true}}]}',
    "content object": '{"choices": [{"message": {"content": {"text": "a"}}}]}',
    "content list of numbers": '{"choices": [{"message": {"content": [1]}}]}',
    "error inside": '{"error": {"message": "upstream failed"}}',
    "error text inside": '{"error": "upstream failed"}',
    "error in a choice": '{"choices": [{"error": {"message": "upstream failed"}}]}',
    "huge number": "9" * 5000,
    "deep list": "[" * 100_000,
    "deep tool call": json.dumps(a_body(None, tool_calls=[{"a": json.loads("[" * 90 + "]" * 90)}])),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_an_answer_is_malformed_with_an_excerpt_of_it(body: str):
    failure = interpret(body)

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal) == ("malformed", False)
    assert len(failure.message) <= EXCERPT + 60
    assert " ".join(body.split())[:50] in failure.message


@pytest.mark.parametrize(
    ("body", "kind", "fatal"),
    [
        ({"error": {"code": 429, "message": "slow down"}}, "rate_limited", False),
        ({"error": {"code": "insufficient_quota"}}, "rejected", True),
        ({"error": {"code": "502", "message": "bad gateway"}}, "unavailable", False),
        ({"choices": [{"error": {"code": 503}}]}, "unavailable", False),
        (a_body("hal", "insufficient_system_resource"), "unavailable", False),
        (a_body("hal", "network_error"), "unavailable", False),
    ],
)
def test_an_error_that_hides_in_a_200_is_a_failure_of_its_kind(body: Any, kind: str, fatal: bool):
    failure = interpret(body)

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal) == (kind, fatal)


def test_an_excerpt_is_one_line_of_200_characters():
    assert excerpt("a\n b\t\u2028c") == "a b c"
    assert len(excerpt("x" * 10_000_000)) == EXCERPT
    assert excerpt("\ud800") == "\ufffd"


def test_a_number_beyond_every_float_in_a_tool_call_is_kept_as_text():
    body = json.dumps(a_body(None, tool_calls=[A_CALL])).replace('"{}"', "[1e999, -1e999, 1.5]")

    output = interpret(body)

    assert isinstance(output, Output)
    assert output.tool_calls[0]["function"]["arguments"] == ["Infinity", "-Infinity", 1.5]
    assert interpret(a_body(None, tool_calls=[{"a": float("nan")}])).tool_calls == ({"a": "NaN"},)


def test_not_a_number_beside_the_answer_does_not_lose_it():
    body = '{"choices": [{"message": {"content": "hi"}, "logprobs": NaN, "finish_reason": "stop"}]}'

    assert interpret(body) == Output(text="hi")


surrogates_too = st.text(st.characters(codec=None))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | surrogates_too,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(surrogates_too, inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    *("choices", "message", "content", "finish_reason", "error", "code", "type", "text", "refusal", "usage"),
    *("tool_calls", "function_call", "reasoning", "reasoning_content", "model", "thinking", "prompt_tokens"),
]
likely_values = st.recursive(
    json_values | st.sampled_from(["stop", "length", "error", "thinking", "text", "content_filter", "429"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=20,
)


@given(
    message=st.dictionaries(st.sampled_from(FIELDS), likely_values), finish=likely_values, rest=likely_values
)
def test_any_message_gives_an_output_or_a_failure_that_can_be_written(message: Any, finish: Any, rest: Any):
    body = {"choices": [{"message": message, "finish_reason": finish}], "usage": rest, "model": rest}

    _is_total(interpret(body))


@given(likely_values)
def test_any_json_gives_an_output_or_a_failure_that_can_be_written(body: Any):
    _is_total(interpret(body))
    _is_total(interpret(json.dumps(body)))


@given(surrogates_too)
def test_any_text_gives_an_output_or_a_failure_that_can_be_written(body: str):
    _is_total(interpret(body))


@given(status=st.integers(0, 999), body=likely_values)
def test_any_error_gives_an_output_or_a_failure_that_can_be_written(status: int, body: Any):
    _is_total(interpret_error(status, body))


def _is_total(answer: Output | Failure) -> None:
    if isinstance(answer, Failure):
        answer.message.encode()
        return
    assert isinstance(answer.text, str)
    for text in (answer.text, answer.reasoning or "", answer.model or ""):
        text.encode()
