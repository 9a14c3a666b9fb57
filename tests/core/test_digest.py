"""Digests: equal whenever the meaning is, different whenever it is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.digest import canonical_json, digest, digest_of_list
from promptctl.core.exchange import Request
from promptctl.core.message import Message
from promptctl.core.prompt import Header, InputSpec, PromptVersion

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_canonical_json_is_short_sorted_and_readable():
    value = {"b": [1.0, 0.5, True, None], "a": "退款 é"}

    assert canonical_json(value) == '{"a":"退款 é","b":[1,0.5,true,null]}'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"t": 1.0}, {"t": 1}),
        ({"t": -0.0}, {"t": 0}),
        ({"t": 1e20}, {"t": 10**20}),
        ([1, (2, 3)], [1, [2, 3]]),
        ({1: "x"}, {"1": "x"}),
    ],
)
def test_equal_meanings_have_equal_digests(one: object, other: object):
    assert digest("r1", one) == digest("r1", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"t": 0.2}, {"t": "0.2"}),
        ({"t": True}, {"t": 1}),
        ({"t": None}, {}),
        ("é", "e\u0301"),
        ("a\n", "a"),
        ("a\r\n", "a\n"),
        ([["a"], "b"], ["a", ["b"]]),
        ([1, 2], [2, 1]),
        (["a", "b"], ["ab"]),
        ("\ud800", "\ud801"),
    ],
)
def test_different_meanings_have_different_digests(one: object, other: object):
    assert digest("r1", one) != digest("r1", other)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_has_no_word_for_is_refused(number: float):
    with pytest.raises(ValueError, match="JSON compliant"):
        digest("r1", {"temperature": number})


def test_half_a_character_can_be_hashed():
    assert digest("r1", "a\ud800b").startswith("r1:")


def test_a_digest_is_the_same_on_every_machine_for_ever():
    """Stored answers and committed recordings are found by it."""
    value = {"model": "m", "messages": [{"role": "user", "content": "退款?"}], "params": {"temperature": 0.2}}

    assert digest("r1", value) == "r1:27c42dd971c0d67b42e7e49cde6059a8d03f72b3dcfb08e7113a53184fcbe7b6"


@given(VALUES)
def test_what_is_read_back_has_the_same_digest(value: object):
    text = canonical_json(value)

    assert canonical_json(json.loads(text)) == text
    assert "\n" not in text


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]):
    assert digest("s1", value) == digest("s1", dict(reversed(value.items())))


@given(st.lists(VALUES, max_size=4), st.dictionaries(st.text("bcd\u9000", min_size=1), VALUES, max_size=3))
def test_a_long_list_is_hashed_item_by_item_as_if_it_were_held(
    items: list[object], others: dict[str, object]
):
    assert digest_of_list("s1", "a", iter(items), others) == digest("s1", {"a": items, **others})


def test_a_list_that_does_not_come_first_is_refused():
    with pytest.raises(ValueError, match="first"):
        digest_of_list("s1", "b", [], {"a": 1})


# What is in a request's and a version's digest


REQUEST = {"model": "m", "messages": (Message(role="user", content="hi"),), "params": {"temperature": 0.2}}


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"messages": (Message(role="system", content="hi"),)},
        {"messages": (Message(role="user", content="hi "),)},
        {"messages": ()},
        {"params": {"temperature": 0.3}},
        {"params": {}},
        {"tools": ({"type": "function"},)},
        {"response_format": {"type": "json_object"}},
    ],
)
def test_everything_that_is_sent_is_in_the_digest_of_a_request(change: dict[str, object]):
    assert Request(**{**REQUEST, **change}).digest != Request(**REQUEST).digest


def test_equal_requests_have_equal_digests_whatever_the_order_of_their_settings():
    one = Request(**{**REQUEST, "params": {"temperature": 1.0, "seed": 4}})
    other = Request(**{**REQUEST, "params": {"seed": 4, "temperature": 1}})

    assert one.digest == other.digest


def version(**facts: object) -> PromptVersion:
    known = {
        "id": "reply",
        "path": "prompts/reply.prompt.j2",
        "header": Header(),
        "inputs": {},
        "closure": {"reply.prompt.j2": "Hello", "_policy.j2": "Be kind"},
    }
    return PromptVersion(**{**known, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"closure": {"reply.prompt.j2": "Hello", "_policy.j2": "Be brief"}},
        {"closure": {"reply.prompt.j2": "Hello"}},
        {"closure": {"reply.prompt.j2": "Hello", "_rules.j2": "Be kind"}},
        {"header": Header(model="m")},
        {"header": Header(params={"temperature": 0.2})},
        {"header": Header(allow_empty=True)},
    ],
)
def test_a_version_changes_with_any_file_it_reaches_and_with_its_settings(change: dict[str, object]):
    assert version(**change).digest != version().digest


def test_a_version_does_not_depend_on_the_order_of_its_files():
    turned = {"_policy.j2": "Be kind", "reply.prompt.j2": "Hello"}

    assert version(closure=turned).digest == version().digest


def test_an_input_with_a_default_or_optional_is_not_required():
    assert InputSpec(name="a").required
    assert not InputSpec(name="a", default=None).required
    assert InputSpec(name="a", default=None).has_default
    assert not InputSpec(name="a", optional=True).required
