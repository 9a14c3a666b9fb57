"""YAML of other tools: what it means, where its parts stand, and what is refused of it."""

from typing import Any

import pytest
from hypothesis import given

from promptctl.errors import Place
from promptctl.importers.foreign_yaml import read_yaml
from tests.store.reading import ANY_TEXT, reads_or_refuses
from tests.store.reading import refused as refused_by


def value(text: str, **options: bool) -> Any:
    return read_yaml(text, "f", **options).value


def refused(text: str) -> tuple[str, Place]:
    error = refused_by(read_yaml, text)
    assert isinstance(error.at, Place)
    return error.slug, error.at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("TRUE", True),
        ("~", None),
        ("2026-01-02", "2026-01-02"),
        ("12:30:45", "12:30:45"),
        ("yes", "yes"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("|\n  a\n  b\n", "a\nb\n"),
        ('"\\ud83d\\ude00"', "😀"),
        ("{a: Where is it?, b: c}", {"a": "Where is it?", "b": "c"}),
        ('"a\u2028b\x85c"', "a\u2028b\x85c"),
    ],
)
def test_a_value_is_read_as_the_core_schema_has_it(text: str, expected: Any):
    found = value(f"v: {text}")["v"]

    assert found == expected
    assert type(found) is type(expected)


def test_yes_and_no_are_true_and_false_where_the_older_yaml_is_asked_for():
    assert value("[yes, Off, 'yes']", yes_no=True) == [True, False, "yes"]


def test_a_number_that_stands_as_a_key_is_its_text():
    assert value("1: a\non: b") == {"1": "a", "on": "b"}


def test_anchors_and_merge_keys_are_followed():
    text = "base: &b {a: 1, b: 2}\nlist: &l [x]\none: {<<: *b, b: 3}\ntwo: {<<: [*b, {c: 4}]}\nagain: *l"

    assert value(text) == {
        "base": {"a": 1, "b": 2},
        "list": ["x"],
        "one": {"a": 1, "b": 3},
        "two": {"a": 1, "b": 2, "c": 4},
        "again": ["x"],
    }


def test_an_alias_stands_where_it_is_written_and_its_parts_where_they_are():
    document = read_yaml("a: &x\n  b: 1\nc: *x\n", "f", first_line=10)

    assert str(document.place("c")) == "f:12:1"
    assert str(document.place("c", "b")) == "f:11:3"
    assert str(document.place("c", "nothing")) == "f:12:1"


def test_a_few_lines_of_aliases_cannot_become_all_memory():
    lines = [f"x0: &x0 [{','.join(['a'] * 9)}]"]
    lines += [f"x{n}: &x{n} [{','.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 10)]

    slug, at = refused("\n".join(lines))

    assert slug == "too-large"
    assert at.line < 8


@pytest.mark.parametrize(
    ("text", "slug", "at"),
    [
        ("a: !!python/object/apply:os.system [ls]", "yaml-tag", "f:1:4"),
        ("a: !include x", "yaml-tag", "f:1:4"),
        ("a: &x [*x]", "yaml-alias", "f:1:8"),
        ("a: *nowhere", "yaml-alias", "f:1:4"),
        ("<<: 5", "yaml-alias", "f:1:1"),
        ("a: 1\nb: 2\na: 3", "duplicate-key", "f:3:1"),
        ("? [a]\n: 1", "key-not-text", "f:1:3"),
        ("a: .nan", "not-finite", "f:1:4"),
        ("a: 1e999", "not-finite", "f:1:4"),
        (f"a: {'9' * 400}", "huge-number", "f:1:4"),
        ("a: 1\n---\nb: 2", "two-documents", "f:2:1"),
        ("a: [1", "bad-yaml", "f:1:4"),
        ("a: b: c", "bad-yaml", "f:1:5"),
        ("a: \x07", "bad-yaml", "f:1:4"),
        ('a: "\\ud800"', "bad-yaml", "f:1:4"),
        (f"a: {'[' * 60}{']' * 60}", "too-deep", "f:1:53"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text: str, slug: str, at: str):
    found, place = refused(text)

    assert (found, str(place)) == (slug, at)


def test_a_file_of_six_megabytes_is_refused():
    assert refused("# x\n" * 1_600_000)[0] == "too-large"


@given(ANY_TEXT)
def test_any_text_is_read_or_refused(text: str):
    reads_or_refuses(read_yaml, text)
