"""Checks as people write them, read with the place of every mistake."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.case import CheckSpec, Extract
from promptctl.errors import Place, PromptctlError, Several
from promptctl.store.checkspecs import parse_checks


def place_of(*keys: str | int) -> Place:
    return Place("/".join(map(str, keys)))


def parsed(value: Any) -> tuple[CheckSpec, ...]:
    return parse_checks(value, place_of, ("checks",))


def mistake(value: Any) -> PromptctlError:
    with pytest.raises(PromptctlError) as caught:
        parsed(value)
    return caught.value


def test_a_check_is_a_name_a_name_with_one_argument_or_a_name_with_keywords():
    bare, short, long, common = parsed(
        [
            "is_json",
            {"contains": "14 days"},
            {"contains": {"value": "a", "ignore_case": True}},
            {"similar": {"to": "x", "name": "close", "required": False, "extract": {"line": "last"}}},
        ]
    )

    assert bare == CheckSpec(kind="is_json", name="is_json", place=place_of("checks", 0))
    assert (short.args, short.name) == ({"": "14 days"}, "contains")
    assert (long.args, long.name) == ({"": {"value": "a", "ignore_case": True}}, "contains-2")
    assert (common.args, common.name, common.required) == ({"to": "x"}, "close", False)
    assert common.extract == Extract(line="last")


def test_name_required_and_extract_may_stand_beside_the_check_too():
    [spec] = parsed([{"contains": "x", "name": "window", "required": False, "extract": {"block": "any"}}])

    assert (spec.args, spec.name, spec.required) == ({"": "x"}, "window", False)
    assert spec.extract == Extract(block="any")


def test_groups_hold_their_parts_with_places():
    negated, either = parsed(
        [{"not": {"contains": "x"}}, {"any": ["is_json", {"not": "not_empty"}], "name": "either"}]
    )

    assert (negated.kind, negated.name, negated.parts[0].args) == ("not", "not", {"": "x"})
    assert negated.parts[0].place == place_of("checks", 0, "not")
    assert (either.name, [part.kind for part in either.parts]) == ("either", ["is_json", "not"])
    assert either.parts[1].place == place_of("checks", 1, "any", 1)


def test_names_are_unique_and_written_names_come_first():
    specs = parsed(
        ["is_json", {"contains": "a", "name": "is_json-2"}, "is_json", {"is_json": {"name": "own"}}]
    )

    assert [spec.name for spec in specs] == ["is_json", "is_json-2", "is_json-3", "own"]


def test_a_list_under_required_is_an_argument():
    [spec] = parsed([{"json_schema": {"type": "object", "required": ["a"]}}])

    assert spec.args == {"": {"type": "object", "required": ["a"]}}
    assert spec.required is True


def test_an_argument_that_is_nothing_is_no_argument():
    assert parsed([{"is_json": None}])[0].args == {}
    assert parsed(None) == ()


@pytest.mark.parametrize(
    ("value", "slug", "place"),
    [
        ("is_json", "bad-check", ("checks",)),
        ({"contains": "x"}, "bad-check", ("checks",)),
        ([3], "bad-check", ("checks", 0)),
        ([""], "bad-check", ("checks", 0)),
        ([{}], "bad-check", ("checks", 0)),
        ([{"name": "x"}], "bad-check", ("checks", 0)),
        (["is_json", {"contains": "a", "equals": "b"}], "bad-check", ("checks", 1)),
        ([{"any": "is_json"}], "bad-check", ("checks", 0, "any")),
        ([{"any": []}], "bad-check", ("checks", 0, "any")),
        ([{"not": ["is_json"]}], "bad-check", ("checks", 0, "not")),
        ([{"any": [{"is_json": {"required": False}}]}], "bad-check-arguments", ("checks", 0, "any")),
        (
            [{"contains": {"value": "a", "required": "yes"}}],
            "bad-check-arguments",
            ("checks", 0, "contains", "required"),
        ),
        ([{"contains": "a", "required": 1}], "bad-check-arguments", ("checks", 0, "required")),
        ([{"contains": "a", "name": 3}], "bad-check-arguments", ("checks", 0, "name")),
        ([{"contains": "a", "name": "a\nb"}], "bad-check-arguments", ("checks", 0, "name")),
        ([{"contains": "a", "name": "finished"}], "duplicate-check-name", ("checks", 0, "name")),
        ([{"contains": "a", "extract": "x"}], "bad-check-arguments", ("checks", 0, "extract")),
        ([{"contains": "a", "extract": {"regx": "x"}}], "unknown-key", ("checks", 0, "extract", "regx")),
        (
            [{"contains": "a", "extract": {"regex": 3}}],
            "bad-check-arguments",
            ("checks", 0, "extract", "regex"),
        ),
        (
            [{"contains": "a", "extract": {"line": "2"}}],
            "bad-check-arguments",
            ("checks", 0, "extract", "line"),
        ),
        (
            [{"contains": "a", "extract": {"group": True}}],
            "bad-check-arguments",
            ("checks", 0, "extract", "group"),
        ),
        (
            [{"contains": {"value": "a", "name": "x"}, "name": "y"}],
            "bad-check",
            ("checks", 0, "contains", "name"),
        ),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_place(value: Any, slug: str, place: tuple[str | int, ...]):
    error = mistake(value)

    assert (error.slug, error.at) == (slug, place_of(*place))


def test_an_unknown_key_of_extract_is_told_the_nearest():
    assert 'did you mean "regex"?' in (mistake([{"is_json": {"extract": {"regx": "x"}}}]).fix or "")


def test_two_checks_of_one_name_are_told_with_both_places():
    error = mistake([{"is_json": {"name": "a"}}, {"contains": "x", "name": "a"}])

    assert error.slug == "duplicate-check-name"
    assert error.at == place_of("checks", 1)
    assert str(place_of("checks", 0)) in error.message


def test_all_mistakes_of_a_list_are_told_together():
    error = mistake([3, {"contains": "a", "name": 3}, {"any": []}])

    assert isinstance(error, Several)
    assert len(error.errors) == 3


def test_checks_nested_without_end_are_refused():
    check: Any = "is_json"
    for _ in range(40):
        check = {"not": check}

    assert "nested more than" in mistake([check]).message


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["not", "any", "all", "name", "required", "extract", "is_json", "regex", "line"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(DATA)
def test_whatever_stands_there_gives_checks_or_an_error_of_ours(value: Any):
    try:
        specs = parsed(value)
    except PromptctlError:
        return
    assert len({spec.name for spec in specs}) == len(specs)
