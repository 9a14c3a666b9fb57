"""Bounds: words, endings, emptiness, forbidden words."""

from typing import Any

import msgspec
import pytest

from promptctl.core.exchange import Finish, Output
from promptctl.errors import FileError
from tests.checks.asking import built, says


@pytest.mark.parametrize(
    ("finish", "status"),
    [
        ("stop", "pass"),
        ("length", "fail"),
        ("refusal", "pass"),
        ("content_filter", "pass"),
        ("tool_calls", "pass"),
    ],
)
def test_only_the_token_limit_truncates(finish: Finish, status: str):
    assert says("not_truncated", Output(text="x", finish=finish)) == status


def test_finish_reason_takes_one_or_several():
    refused = Output(text="", finish="refusal")

    assert says({"finish_reason": "refusal"}, refused) == "pass"
    assert says({"finish_reason": ["stop", "refusal"]}, refused) == "pass"
    assert says({"finish_reason": "stop"}, refused) == "fail"


@pytest.mark.parametrize(
    "check",
    [
        {"max_words": 0},
        {"max_words": -3},
        {"finish_reason": []},
        {"finish_reason": ["stop", "length", "refusal", "content_filter", "tool_calls"]},
        {"finish_reason": "stopped"},
        {"blocklist": []},
        {"blocklist": ["a", " "]},
        {"blocklist": ["a", "!"]},
        {"not_empty": 1},
        "max_words",
    ],
    ids=str,
)
def test_limits_that_cannot_fail_or_be_met_are_refused(check: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built(check)


@pytest.mark.parametrize(
    ("word", "output", "status"),
    [
        ("ass", "class", "pass"),
        ("ass", "An ASS!", "fail"),
        ("ass", "用ass骂人", "fail"),
        ("no way", "No\nway.", "fail"),
        ("赔偿", "不予赔偿金", "fail"),
        ("c++", "I use C++.", "fail"),
        ("gmail", "ｇｍａｉｌ", "fail"),
    ],
)
def test_blocked_words_are_whole_words_where_words_have_spaces(word: str, output: str, status: str):
    assert says({"blocklist": [word]}, output) == status


def test_thousands_of_blocked_words_are_no_burden():
    check = built({"blocklist": [f"word{index}" for index in range(5_000)]})

    assert check.spec.kind == "blocklist"
    assert (
        says({"blocklist": [f"word{index}" for index in range(5_000)]}, "a word5 " + "word " * 400) == "fail"
    )


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b\ufeff", "\u3000", "\x00"])
def test_what_cannot_be_seen_is_empty(text: str):
    assert says("not_empty", text) == "fail"


@pytest.mark.parametrize(
    ("check", "known", "status"),
    [
        ({"latency": 2}, {"seconds": 2.0}, "pass"),
        ({"latency": 2}, {"seconds": 2.01}, "fail"),
        ({"latency": 2}, {"first_token_seconds": 1.0}, "unscored"),
        ({"cost": 0}, {"cost": 0.0}, "pass"),
        ({"cost": 0}, {"cost": 0.001}, "fail"),
        ({"cost": "0.10"}, {"cost": 0.1}, "pass"),
        ({"cost": 1}, {"usage": {"input": 5, "output": 5}}, "unscored"),
        ({"max_tokens": 5}, {"usage": {"output": 5}}, "pass"),
        ({"max_tokens": 5}, {"usage": {"output": 6}}, "fail"),
        ({"max_tokens": 5}, {"usage": {"input": 5}}, "unscored"),
    ],
    ids=str,
)
def test_a_limit_of_what_is_not_known_is_unscored_never_a_pass(
    check: object, known: dict[str, Any], status: str
):
    output = msgspec.convert({"text": "x", **known}, Output)

    assert says(check, output) == status
    assert says({"not": check}, output) == {"pass": "fail", "fail": "pass"}.get(status, status)


@pytest.mark.parametrize(
    "check", [{"latency": 0}, {"latency": -1}, {"cost": -0.1}, {"max_tokens": 0}, "cost"], ids=str
)
def test_limits_that_nothing_can_meet_are_refused(check: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built(check)


def test_blocked_words_may_stand_in_a_file():
    files = {"evals/_words.txt": "\ufeff# legal\r\n\r\n  lawsuit \r\n赔偿\r\n"}

    assert built({"blocklist": {"file": "evals/_words.txt"}}, files).spec.args == {
        "words": ("lawsuit", "赔偿"),
        "file": None,
    }
    with pytest.raises(FileError, match=r"evals/_words\.txt: the list is empty"):
        built({"blocklist": {"file": "evals/_words.txt"}}, {"evals/_words.txt": "# nothing\n"})
    with pytest.raises(FileError, match="not both"):
        built({"blocklist": {"file": "evals/_words.txt", "words": ["a"]}}, files)
