"""Strict YAML: what it means, and how each mistake is told."""

import math
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import FileError, Place
from promptctl.store.documents import read_yaml
from tests.store.reading import ANY_TEXT, reads_or_refuses, refused


def yaml_value(text: str) -> Any:
    return read_yaml(text, "case.yaml").value


@pytest.mark.parametrize(
    "text",
    [
        *["NO", "yes", "on", "Off", "1.10", "014", "1_000", "12:30:45", "2026-01-02"],
        *["1e3", "1e999", "+1", "0x1F", "-0", "1.", ".5", "0o7", "~"],
        *["True", "NULL", "nan", "inf", "1.0.0", "00", "--", "=", "0.1234567890123456789"],
    ],
)
def test_a_plain_yaml_value_that_would_be_written_otherwise_stays_text(text: str):
    assert yaml_value(f"v: {text}") == {"v": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1", 1), ("-3", -3), ("0", 0), ("18446744073709551616", 18446744073709551616)],
        *[("0.5", 0.5), ("1.5", 1.5), ("-2.25", -2.25), ("1.0", 1.0), ("0.00001", 0.00001)],
        *[("true", True), ("false", False), ("null", None), ("", None)],
    ],
)
def test_true_false_null_and_plain_numbers_are_what_they_say(text: str, value: Any):
    found = yaml_value(f"v: {text}")["v"]

    assert found == value
    assert type(found) is type(value)


def test_quotes_make_text_of_anything():
    assert yaml_value("[\"1\", 'true', \"\", '']") == ["1", "true", "", ""]


def test_a_word_that_is_a_boolean_to_other_readers_may_be_a_key():
    assert yaml_value("on: 1\nno: 2") == {"on": 1, "no": 2}


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_yaml_file_is_none(text: str):
    assert yaml_value(text) is None


def test_block_texts_keep_their_lines():
    assert yaml_value("a: |\n  x\n   y\nb: >-\n  p\n  q\n") == {"a": "x\n y\n", "b": "p q"}


def test_unicode_line_separators_are_ordinary_characters_of_yaml():
    text = 'a: x\u2028y\nb: "p\u0085q"\nc: "\u2029"\n'

    document = read_yaml(text, "f")

    assert document.value == {"a": "x\u2028y", "b": "p\u0085q", "c": "\u2029"}
    assert document.place("c").line == 3


def test_a_stand_in_for_a_separator_never_touches_a_private_character_of_the_text():
    assert yaml_value('a: "\ue000 \u2028 \ue001"') == {"a": "\ue000 \u2028 \ue001"}


def test_an_escaped_pair_of_surrogates_is_one_character():
    assert yaml_value(r'a: "\ud83d\ude00"') == {"a": "😀"}


def test_byte_order_mark_and_crlf_do_not_move_places():
    document = read_yaml("\ufeffa: 1\r\nb: 2\r\n", "f")

    assert document.value == {"a": 1, "b": 2}
    assert document.place("b") == Place("f", 2, 1)


# Refusals

REFUSED_YAML = {
    "duplicate key": ("a: 1\nb: 2\na: 3", "duplicate-key", "f:3:1"),
    "duplicate key, quoted once": ("a: 1\n'a': 3", "duplicate-key", "f:2:1"),
    "number as a key": ("{1: a, '1': b}", "key-not-text", "f:1:2"),
    "boolean as a key": ("true: 1", "key-not-text", "f:1:1"),
    "nothing as a key": ("? \n: 1", "key-not-text", "f:1:2"),
    "list as a key": ("? [a]\n: b", "key-not-text", "f:1:3"),
    "anchor": ("a: &x 1", "yaml-alias", "f:1:4"),
    "anchor on a list": ("a: &x [1]", "yaml-alias", "f:1:4"),
    "anchor on a key": ("&x a: 1", "yaml-alias", "f:1:1"),
    "alias": ("a: *x", "yaml-alias", "f:1:4"),
    "merge key": ("<<: {a: 1}", "yaml-alias", "f:1:1"),
    "python tag": ("a: !!python/object/apply:os.system ['true']", "yaml-tag", "f:1:4"),
    "standard tag": ("a: !!str 1", "yaml-tag", "f:1:4"),
    "own tag": ("- !x {}", "yaml-tag", "f:1:3"),
    "bare tag": ("!", "yaml-tag", "f:1:1"),
    "undefined tag handle": ("a: !e!x 1", "bad-yaml", "f:1:4"),
    "tab": ("a:\n\tb: 1", "bad-yaml", "f:2:1"),
    "tab after a value": ("a: 1\n\tb: 2", "bad-yaml", "f:2:1"),
    "at sign": ("a: @x", "bad-yaml", "f:1:4"),
    "backquote": ("a: `x`", "bad-yaml", "f:1:4"),
    "percent": ("a: %x", "bad-yaml", "f:1:4"),
    "unknown directive": ("%x\n---\na: 1", "bad-yaml", "f:1:1"),
    "version directive": ("%YAML 1.1\n---\nyes", "bad-yaml", "f:1:1"),
    "glob": ("- *.py", "bad-yaml", "f:1:4"),
    "two documents": ("a: 1\n---\nb: 2", "two-documents", "f:2:1"),
    "not a number": ("a: .nan", "not-finite", "f:1:4"),
    "infinity": ("- -.inf", "not-finite", "f:1:3"),
    "huge number": ("- " + "9" * 5000, "huge-number", "f:1:3"),
    "open bracket": ("a: [1,\n  2\n", "bad-yaml", "f:1:4"),
    "open quote": ("a: 1\nb: 'x\n", "bad-yaml", "f:2:4"),
    "second colon": ("a: b: c", "bad-yaml", "f:1:5"),
    "control character": ("a: 1\nb: x\x07", "bad-yaml", "f:2:5"),
    "raw half of a pair": ("a: \ud800", "bad-yaml", "f:1:4"),
    "escaped half of a pair": (r'a: "\ud800"', "bad-yaml", "f:1:4"),
    "escape beyond Unicode": (r'a: "\U00110000"', "bad-yaml", "f:1:7"),
    "escape beyond C": (r'a: "\UFFFFFFFF"', "bad-yaml", "f:1:7"),
}


@pytest.mark.parametrize(("text", "slug", "at"), REFUSED_YAML.values(), ids=REFUSED_YAML)
def test_what_yaml_must_not_say_is_refused_at_its_line_and_column(text: str, slug: str, at: str):
    error = refused(read_yaml, text)

    assert (error.slug, str(error.at)) == (slug, at)
    assert error.fix


def test_a_duplicate_key_names_the_line_of_the_first():
    error = refused(lambda text, path: read_yaml(text, path, first_line=10), "a: 1\nb: 2\na: 3")

    assert error.message == 'the key "a" stands on line 10 already'
    assert str(error.at) == "f:12:1"


@pytest.mark.parametrize("text", ["a: {{ x }}", "a: {{ x }} b", "a: {% if x %}", "- {{x}}", "{{ x }}: a"])
def test_unquoted_jinja_in_yaml_says_to_quote_it(text: str):
    assert "quote Jinja in YAML" in (refused(read_yaml, text).fix or "")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? ", "{", "[{a: "])
def test_forty_thousand_levels_end_in_an_error(piece: str):
    error = refused(read_yaml, piece * 40_000)

    assert error.slug in ("too-deep", "key-not-text", "bad-yaml")


def test_forty_thousand_brackets_leave_the_process_alive():
    code = """
from promptctl.store.documents import read_yaml
try:
    read_yaml("[" * 40_000, "f")
except Exception as error:
    print(error)
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "[too-deep] (f:1:51)" in done.stdout


def test_levels_of_indentation_are_counted_too():
    text = "".join(" " * level + "a:\n" for level in range(60))

    assert str(refused(read_yaml, text)).endswith("[too-deep] (f:51:51)")


def test_fifty_levels_are_read():
    assert yaml_value("[" * 50 + "]" * 50) is not None
    assert refused(read_yaml, "[" * 51 + "]" * 51).slug == "too-deep"


def test_an_alias_bomb_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert str(refused(read_yaml, bomb)) == "anchors (&a) are not used here [yaml-alias] (f:1:4)"


# Places


def test_a_place_is_that_of_the_key_or_the_item():
    document = read_yaml("a:\n  - x: 1\n    y:   deep\n  - z\n", "f")

    assert str(document.place("a", 0, "y")) == "f:3:5"
    assert str(document.place("a", 1)) == "f:4:5"
    assert str(document.place()) == "f:1:1"


def test_a_place_that_is_not_known_is_that_of_its_nearest_ancestor():
    document = read_yaml("a:\n  - x: 1\n", "f")

    assert str(document.place("a", 0, "missing", "deeper")) == "f:2:5"
    assert str(document.place("a", 7)) == "f:1:1"
    assert str(document.place("nothing")) == "f:1:1"


def test_lines_count_from_where_the_text_stands_in_its_file():
    document = read_yaml("a: 1\nb: 2\n", "p.j2", first_line=2)

    assert str(document.place("b")) == "p.j2:3:1"
    with pytest.raises(FileError) as caught:
        read_yaml("a: [1", "p.j2", first_line=2)
    assert str(caught.value.at) == "p.j2:2:4"


# Any text at all


@given(ANY_TEXT)
def test_any_text_is_yaml_or_refused_with_its_place(text: str):
    reads_or_refuses(read_yaml, text)


@given(st.dictionaries(st.text(), st.lists(st.text(), max_size=3), max_size=4), st.booleans())
def test_texts_that_pyyaml_writes_in_quotes_are_read_back(value: dict[str, list[str]], as_they_are: bool):
    text = yaml.safe_dump(value, default_style='"', allow_unicode=as_they_are)

    assert yaml_value(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_read_from_yaml_only_when_it_would_be_written_alike(number: float):
    found = yaml_value(f"v: {number!r}")["v"]

    assert str(found) == repr(number)
    assert isinstance(found, str) or math.isfinite(found)
