"""Which full-width signs keep a text from being read, and which are prose."""

from collections.abc import Callable
from typing import Any

import pytest

from promptctl.errors import PromptctlError
from promptctl.store.documents import read_json, read_json_lines, read_toml, read_yaml
from promptctl.store.yaml_doubts import doubts


def mistakes(read: Callable[..., Any], text: Any) -> list[tuple[str, str, str]]:
    """(slug, place, cure) of each error."""
    with pytest.raises(PromptctlError) as caught:
        read(text, "f")
    return [(one.slug, str(one.at), one.fix or "") for one in caught.value.each()]


def slip(at: str, fix: str) -> tuple[str, str, str]:
    return ("full-width", at, f"write {fix}")


YAML = {
    "a: ｛b: c｝": [slip("f:1:4", "{ instead of ｛, } instead of ｝")],
    "a: ［\n  b,\n］": [slip("f:1:4", "[ instead of ［"), slip("f:3:1", "] instead of ］")],
    "a:\u30001\nb: 2": [slip("f:1:3", "a plain space instead of the full-width space (U+3000)")],
    "- {a: 你好，世界，b: 1}": [slip("f:1:12", ", instead of ，")],
    "a：你好：世界，“再见”\nb: 1": [slip("f:1:2", ": instead of ：")],
    "－ a: 1\n－ b: 2\nc": [
        ("bad-yaml", "f:3:2", "look at the indentation, quotes and brackets here; put unusual text in quotes")
    ],
}


@pytest.mark.parametrize(("text", "told"), YAML.items())
def test_in_yaml_only_signs_that_are_needed_are_blamed(text: str, told: list[tuple[str, str, str]]):
    assert mistakes(read_yaml, text) == told


TOML = {
    "a ＝ 1": [slip("f:1:3", "= instead of ＝")],
    "a： 1": [slip("f:1:2", "= instead of ：")],
    "［a］": [slip("f:1:1", "[ instead of ［"), slip("f:1:3", "] instead of ］")],
    "a = “你好，世界”": [slip("f:1:5", '" instead of “'), slip("f:1:11", '" instead of ”')],
    "a = 1 ＃ c\nb ＝ 2": [slip("f:1:7", "# instead of ＃"), slip("f:2:3", "= instead of ＝")],
    "a = '退款，物流' x": [("bad-toml", "f:1:13", "look for a missing quote, bracket or = here")],
}


@pytest.mark.parametrize(("text", "told"), TOML.items())
def test_in_toml_too_and_a_colon_stands_for_an_equals_sign(text: str, told: list[tuple[str, str, str]]):
    assert mistakes(read_toml, text) == told


JSON = {
    '{"a"：1}': ("bad-json", "f:1:5", "write : instead of ："),
    "{“a”: 1}": ("bad-json", "f:1:2", 'write " instead of “'),
    '{"a": "x”}': ("bad-json", "f:1:7", 'write " instead of ”'),
    '{"a": "你好，世界" "b"}': ("bad-json", "f:1:15", "look for a missing comma, quote or bracket here"),
}


@pytest.mark.parametrize(("text", "told"), JSON.items())
def test_in_json_the_sign_at_which_reading_stops_is_named(text: str, told: tuple[str, str, str]):
    assert mistakes(read_json, text) == [told]


def test_a_torn_line_is_torn_whatever_signs_its_text_holds():
    assert mistakes(read_json_lines, '{"a": 1}\n{"a": "他说“退款”，'.encode())[0][0] == "torn-line"


LARGE = "- 你好，世界：“再见”\n" * 20_000


@pytest.mark.timeout(60)
def test_in_a_large_file_of_prose_a_fault_of_another_cause_is_told_as_it_is():
    assert [one[:2] for one in mistakes(read_yaml, f"{LARGE}- a: b: c\n")] == [("bad-yaml", "f:20001:7")]


@pytest.mark.timeout(60)
def test_in_a_large_file_a_sign_is_found_without_reading_all_of_it_again():
    assert mistakes(read_yaml, f"{LARGE}- {{a: 我，b: 1}}\n") == [slip("f:20001:8", ", instead of ，")]


@pytest.mark.parametrize("text", ["a: [", "a: \x07", "{" * 99, "? ：", "a: [退款，物流"])
def test_what_is_no_yaml_raises_no_doubts(text: str):
    assert doubts(text, "f") == []


@pytest.mark.parametrize(
    "text",
    ["a: [你好，我要退款，谢谢。]", "a: ['退款，物流']", "a: |\n  退款 ＃ 客服\n", "a: [退款，物流, 其他]"],
)
def test_what_is_quoted_or_reads_like_a_sentence_raises_no_doubts(text: str):
    assert doubts(text, "f") == []
