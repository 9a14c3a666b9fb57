import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.exchange import Output, Usage
from promptctl.errors import FileError, Several
from promptctl.providers.recorded import read_recordings, recording_line

REQUEST = f"r1:{'0' * 64}"


def a_line(**changes: object) -> str:
    return json.dumps({"case": "a", "sample": 0, "request": REQUEST, "model": "m", "text": "hi", **changes})


def test_a_line_has_its_keys_in_a_fixed_order_and_readable_text():
    output = Output(text="你好\n\u2028", usage=Usage(input=1), model="served", seconds=1.5)

    line = recording_line(case="a", sample=0, request=REQUEST, model="m", output=output)

    assert line == (
        f'{{"case": "a", "sample": 0, "request": "{REQUEST}", "model": "m", "text": "你好\\n\\u2028", '
        '"finish": "stop", "tool_calls": [], "usage": {"input": 1, "output": null}}'
    )


def test_a_written_recording_is_found_by_its_request_and_sample():
    output = Output(
        text="hi", finish="tool_calls", tool_calls=({"name": "f"},), usage=Usage(output=2), model="m"
    )
    line = recording_line(case="a", sample=3, request=REQUEST, model="m", output=output)

    assert read_recordings(["", f"{line}\n", " \n", line]) == {(REQUEST, 3): output}


def test_a_byte_order_mark_before_the_first_line_is_not_part_of_it():
    assert read_recordings([f"\ufeff{a_line()}"]) == {(REQUEST, 0): Output(text="hi", model="m")}


BAD = {
    "not JSON": "hello",
    "half a line": a_line()[:40],
    "a list": "[]",
    "an unknown key": a_line(score=1),
    "no text": '{"case": "a", "sample": 0, "request": "r1:0"}',
    "a sample that is no number": a_line(sample="0"),
    "a negative sample": a_line(sample=-1),
    "a digest of something else": a_line(request=f"p1:{'0' * 64}"),
    "a short digest": a_line(request="r1:abc"),
    "an unknown finish": a_line(finish="bored"),
    "a text that is null": a_line(text=None),
    "too deep": "[" * 100_000,
    "a huge number": "9" * 5000,
    **{
        f"the number {number}": a_line().replace("}", f', "tool_calls": [{{"a": {number}}}]}}')
        for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")
    },
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_a_line_that_is_not_a_recording_is_named_by_its_place(line: str):
    with pytest.raises(FileError) as refused:
        read_recordings([a_line(), line], path="evals/a/answers/one.jsonl")

    assert refused.value.slug == "bad-recording"
    assert str(refused.value.at) == "evals/a/answers/one.jsonl:2:1"


def test_all_bad_lines_are_named_together():
    with pytest.raises(Several) as refused:
        read_recordings(["x", a_line(), "y"])

    assert [str(error.at) for error in refused.value.errors] == ["answers.jsonl:1:1", "answers.jsonl:3:1"]


def test_one_key_with_two_answers_is_refused():
    with pytest.raises(FileError) as refused:
        read_recordings([a_line(), a_line(text="ho")])

    assert refused.value.slug == "different-recordings"


@given(text=st.text(st.characters(codec=None)), case=st.text(), sample=st.integers(0, 5000))
def test_every_text_comes_back_from_one_line(text: str, case: str, sample: int):
    line = recording_line(case=case, sample=sample, request=REQUEST, model=None, output=Output(text=text))

    line.encode()
    assert len(line.splitlines()) == 1
    assert not re.search("[\x1b\x9b\u202e\u2066]", line)
    assert read_recordings([line]) == {(REQUEST, sample): Output(text=text)}
