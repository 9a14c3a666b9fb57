import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.exchange import Failure, Output, Usage
from promptctl.providers.interpret import interpret
from promptctl.providers.interpret_stream import has_token

DONE = "data: [DONE]\n\n"


def part(delta: Any = None, finish: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return f"data: {json.dumps({'model': 'm', 'choices': [choice], **more}, ensure_ascii=False)}\n\n"


def test_the_parts_of_an_answer_are_joined_with_the_usage_that_comes_last():
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    last = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n"
    body = part({"role": "assistant", "reasoning_content": "h"}) + part({"reasoning_content": "m"})
    body += (
        part({"content": "你"})
        + ": keep-alive\n\n"
        + part({"content": "好"})
        + part(None, "stop")
        + last
        + DONE
    )

    assert interpret(body) == Output(text="你好", reasoning="hm", model="m", usage=Usage(input=3, output=2))
    assert interpret(body.encode()) == interpret(body.replace("\n", "\r\n")) == interpret(body)


def test_separators_of_lines_inside_a_text_do_not_cut_it():
    assert interpret(part({"content": "a\u2028b\u0085c"}) + part(None, "stop") + DONE) == Output(
        text="a\u2028b\u0085c", model="m"
    )


def test_a_call_of_a_tool_comes_in_pieces():
    body = (
        part({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "find", "arguments": ""}}]})
        + part({"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]})
        + part({"tool_calls": [{"index": 1, "id": "2", "function": {"name": "buy", "arguments": "{}"}}]})
        + part({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]})
        + part(None, "tool_calls")
    )

    output = interpret(body)

    assert isinstance(output, Output)
    assert [call["function"] for call in output.tool_calls] == [
        {"name": "find", "arguments": '{"a": 1}'},
        {"name": "buy", "arguments": "{}"},
    ]
    assert (output.finish, [call["id"] for call in output.tool_calls]) == ("tool_calls", ["1", "2"])


CUT = {
    "after the first part": part({"content": "a"}),
    "in the middle of one": part({"content": "a"}) + 'data: {"choices": [{"de',
    "before any": ": processing\n\n",
    "before the end is said": part({"content": "a"}) + part({"content": "b"}),
}


@pytest.mark.parametrize("body", CUT.values(), ids=CUT)
def test_parts_that_end_too_early_are_a_lost_answer(body: str):
    failure = interpret(body)

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.lost, failure.passing) == ("malformed", True, True)


def test_an_error_between_the_parts_is_the_failure_that_it_says():
    error = {"error": {"code": 502, "message": "Provider disconnected"}}

    failure = interpret(part({"content": "a"}) + f"data: {json.dumps(error)}\n\n")

    assert failure == Failure(
        kind="unavailable", message="502: Provider disconnected", passing=True, answered=True
    )


def test_a_filter_that_strikes_between_the_parts_is_an_answer():
    error = {"error": {"code": "data_inspection_failed", "message": "Output data may contain…"}}

    output = interpret(part({"content": "a"}) + f"data: {json.dumps(error)}\n\n")

    assert output == Output(text="", finish="content_filter")


@pytest.mark.parametrize(
    ("received", "token"),
    [
        (b": keep-alive\n\n", False),
        (b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}', False),
        (b'data: {"choices":[{"delta":{"content":null}}]}', False),
        (b'data: {"choices":[{"delta":{"content":"a"}}]}', True),
        (b'data: {"choices":[{"delta":{"reasoning_content": "a"}}]}', True),
    ],
)
def test_the_first_token_is_the_first_that_says_something(received: bytes, token: bool):
    assert has_token(received, len(received)) is token


fields = st.sampled_from(
    ["choices", "delta", "message", "content", "index", "finish_reason", "usage", "tool_calls", "error"]
)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.sampled_from(["stop", "error"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(values, max_size=4), st.booleans())
def test_any_parts_give_an_output_or_a_failure(parts: list[Any], done: bool):
    body = "".join(f"data: {json.dumps(value)}\n\n" for value in parts) + (DONE if done else "data: x\n\n")

    assert isinstance(interpret(body), (Output, Failure))
