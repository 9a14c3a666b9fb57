"""Bounds: words, endings, emptiness, forbidden words."""

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
