"""YAML in outputs: read as plain data, within bounds, and never more than that."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promptctl.checks.json_text import TooMuchWork
from promptctl.checks.yaml_text import MAX_TEXT, read_yaml
from tests.checks.asking import opinion_of, says

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, 2.5, true, null, ~]", {"a": 1, "b": ["x", 2.5, True, None, None]}),
        (
            "answer: no\nday: 2026-01-02\nversion: 1.10\nmode: 0o7",
            {"answer": "no", "day": "2026-01-02", "version": 1.1, "mode": "0o7"},
        ),
        ("a: '1'\nb: !!str 1\nc: !!int '1'", {"a": "1", "b": "1", "c": "1"}),
        ("a: .inf\nb: 1e999", {"a": ".inf", "b": "1e999"}),
        ("- &x {a: 1}\n- *x", [{"a": 1}, {"a": 1}]),
        ("1: a\nnull: b\n[c]: d", {"1": "a", "null": "b", '["c"]': "d"}),
        ("text: |\n  一\n  二\n", {"text": "一\n二\n"}),
        ("--- {a: 1}\n...\n", {"a": 1}),
        ("a:", {"a": None}),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: Any):
    assert read_yaml(text) == value


@given(VALUES)
def test_what_any_writer_of_json_writes_is_read_as_it_is(value: Any):
    if json.dumps(value).isprintable():
        assert read_yaml(json.dumps({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a: b: c", "mapping values are not allowed here at line 1, column 5"),
        ("a: 1\na: 2", 'the key "a" is written twice'),
        ("a: [1", "not YAML"),
        ("a: *x", "nothing before it is called &x"),
        ("&x [*x]", "nothing before it is called &x"),
        ("--- 1\n--- 2", "a second document"),
        ("a: \x07", "special characters are not allowed"),
        ("a:\n\t- b", "not YAML"),
        ("[" * 5_000, "nested more than 100 deep"),
        ("- " * 5_000, "nested more than 100 deep"),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_yaml_is_told_in_one_line(text: str, why: str):
    opinion = opinion_of("is_yaml", text)

    assert opinion.status == "fail"
    assert why in opinion.reason
    assert "\n" not in opinion.reason


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
)


@pytest.mark.parametrize("text", [BOMB, "a" * (MAX_TEXT + 1)], ids=["bomb", "long"])
def test_what_would_take_too_long_is_unscored(text: str):
    with pytest.raises(TooMuchWork):
        read_yaml(text)
    assert says("is_yaml", text) == "unscored"
    assert says({"not": "is_yaml"}, text) == "unscored"


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['touch /tmp/x']", "a: !!python/name:os.system x"]
)
def test_no_tag_makes_an_object(text: str):
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(text)

    found = read_yaml(text)

    assert found in (["touch /tmp/x"], {"a": "x"})


@pytest.mark.parametrize("text", ["Sure.", "3", "true", "~", "# nothing"])
def test_a_scalar_alone_is_prose(text: str):
    assert says("is_yaml", text) == "fail"


def test_the_schema_of_a_yaml_check_sees_the_values():
    check = {"is_yaml": {"schema": {"properties": {"n": {"type": "integer"}}, "required": ["n"]}}}

    assert says(check, "n: 3") == "pass"
    assert opinion_of(check, "n: three").reason == "/n: 'three' is not of type 'integer'"
    assert says(check, "- n") == "pass", "`properties` say nothing about a list"
