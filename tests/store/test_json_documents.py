"""Strict JSON and JSON lines: what they mean, and how each mistake is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import Several
from promptctl.store.documents import read_json, read_json_lines
from tests.store.reading import ANY_TEXT, all_keys, reach, reads_or_refuses, refused

REFUSED_JSON = {
    "nothing": ("", "bad-json", "f:1:1"),
    # Python 3.13 points at the comma itself.
    "comma before the end": ('{"a": 1,\n}', "bad-json", "f:2:1 or f:1:8"),
    "more after the end": ("1 2", "bad-json", "f:1:3"),
    "duplicate key": ('{"b": {"a": 1,\n "a": 2}}', "duplicate-key", "f:2:2"),
    "NaN": ('{"a": NaN}', "not-finite", "f:1:7"),
    "Infinity": ("[1, -Infinity]", "not-finite", "f:1:5"),
    "beyond a float": ("[1e999]", "not-finite", "f:1:2"),
    "huge integer": ("[" + "1" * 5000 + "]", "huge-number", "f:1:2"),
    "deep": ("[" * 51 + "]" * 51, "too-deep", "f:1:1"),
    "very deep": ("[" * 40_000, "too-deep", "f:1:1"),
    "duplicate key, very deep": ('{"a":' * 900 + '{"b":1,"b":2}' + "}" * 900, "duplicate-key", None),
    "control character": ('"a\tb"', "bad-json", "f:1:3"),
}


@pytest.mark.parametrize(("text", "slug", "at"), REFUSED_JSON.values(), ids=REFUSED_JSON)
def test_what_json_must_not_say_is_refused_at_its_line_and_column(text: str, slug: str, at: str | None):
    error = refused(read_json, text)

    assert error.slug in (slug, "too-deep")
    assert at is None or str(error.at) in at.split(" or ")
    assert error.fix


def test_a_name_of_a_number_inside_a_string_is_text():
    assert read_json('["NaN, 1e999", {"Infinity": -1.5}]', "f").value == ["NaN, 1e999", {"Infinity": -1.5}]


def test_full_width_punctuation_that_breaks_json_is_named():
    assert ": instead of ：" in (refused(read_json, '{"a"：1}').fix or "")


def test_json_places_are_found_when_asked_for():
    document = read_json('{"a": [1,\n  {"b\\n": "}"}],\n "c": {}}', "f")

    assert str(document.place("a", 1, "b\n")) == "f:2:4"
    assert str(document.place("c")) == "f:3:2"


# JSON lines


def test_json_lines_end_at_lf_and_nowhere_else():
    data = '{"a": "x\u2028y\u0085z\u2029\x0c"}\r\n\n{"b": 2}\n'.replace("\x0c", "\\f").encode()

    lines = read_json_lines(data, "cases.jsonl")

    assert [line.value for line in lines] == [{"a": "x\u2028y\u0085z\u2029\x0c"}, {"b": 2}]
    assert [str(line.place) for line in lines] == ["cases.jsonl:1:1", "cases.jsonl:3:1"]


def test_a_byte_order_mark_at_the_start_of_json_lines_is_eaten():
    assert [line.value for line in read_json_lines(b"\xef\xbb\xbf1\n2\n", "f")] == [1, 2]
    assert [line.value for line in read_json_lines("\ufeff1\n2\n", "f")] == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(encoding: str):
    error = refused(read_json_lines, '{"a": 1}\n'.encode(encoding))

    assert (error.slug, error.message) == ("not-utf8", "this file is UTF-16")


def test_all_bad_lines_are_told_each_at_its_place():
    data = b'{"a": 1}\n{"a": NaN}\n{"a": 1, "a": 2}\n{"a": \n"\xff"\n' + b"[" * 60 + b"]" * 60 + b"\n{}\n"

    with pytest.raises(Several) as caught:
        read_json_lines(data, "f")

    assert [(error.slug, str(error.at)) for error in caught.value.errors] == [
        ("not-finite", "f:2:7"),
        ("duplicate-key", "f:3:10"),
        ("bad-json", "f:4:7"),
        ("not-utf8", "f:5:2"),
        ("too-deep", "f:6:1"),
    ]


def test_thirty_bad_lines_are_thirty_errors():
    with pytest.raises(Several) as caught:
        read_json_lines(b"x\n" * 30, "f")

    assert len(caught.value.errors) == 30


def test_a_line_of_10_mb_is_refused_and_the_others_are_still_looked_at():
    with pytest.raises(Several) as caught:
        read_json_lines(b'"' + b"a" * 10_000_000 + b'"\nNaN\n', "f")

    assert [(error.slug, str(error.at)) for error in caught.value.errors] == [
        ("line-too-long", "f:1:1"),
        ("not-finite", "f:2:1"),
    ]


def test_a_torn_last_line_is_an_error_with_its_place():
    error = refused(read_json_lines, b'{"a": 1}\n{"b": "x')

    assert (error.slug, str(error.at)) == ("torn-line", "f:2:7")


def test_a_torn_last_line_of_a_file_of_our_own_is_dropped():
    lines = read_json_lines('{"a": 1}\n{"b": "字'.encode()[:-1], "f", drop_torn_end=True)

    assert [line.value for line in lines] == [{"a": 1}]


def test_a_whole_last_line_needs_no_line_break():
    assert [line.value for line in read_json_lines(b'{"a": 1}\n{"b": 2}', "f")] == [{"a": 1}, {"b": 2}]


def test_half_characters_are_replaced():
    first, second = read_json_lines('{"a\\ud800": ["\\udc00"]}\n"\\ud83d\\ude00"\n', "f")

    assert (first.value, second.value) == ({"a\ufffd": ["\ufffd"]}, "😀")


def test_a_place_inside_a_json_line_has_the_line_of_the_file():
    line = read_json_lines(b'{"a": 1}\n{"b": [1, {"c": 2}]}\n', "f")[1]

    assert (line.line, str(line.document.place("b", 1, "c"))) == (2, "f:2:12")


# Any text at all

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(ANY_TEXT | st.text(alphabet='{}[]":,\\ud8c0NaInfity1e9-. \n', max_size=60))
def test_any_text_is_json_or_refused_with_its_place(text: str):
    reads_or_refuses(read_json, text)
    reads_or_refuses(read_json_lines, text)


@given(st.binary())
def test_any_bytes_are_json_lines_or_refused_with_their_place(data: bytes):
    reads_or_refuses(read_json_lines, data)


@given(st.lists(PLAIN))
def test_json_lines_give_back_what_was_written(values: list[Any]):
    data = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode(
        "utf-8", "surrogatepass"
    )

    assert [line.value for line in read_json_lines(data, "f")] == values


@given(PLAIN)
def test_every_place_in_a_json_text_is_where_the_key_or_the_item_stands(value: Any):
    text = json.dumps(value, ensure_ascii=True, indent=1)
    document = read_json(text, "f")
    lines = text.split("\n")

    for keys in all_keys(value):
        place = document.place(*keys)
        found, _ = json.JSONDecoder().raw_decode(
            "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        )
        assert found == (keys[-1] if keys and isinstance(keys[-1], str) else reach(value, keys))
