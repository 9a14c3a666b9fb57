"""Reading what a case says of a conversation: messages, turns, checks of single replies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.case import Case
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.cases import read_case
from promptctl.store.documents import read_yaml
from promptctl.store.fields import Fields


def read(text: str, suite: str = "[]") -> Case:
    """The case of a file. Raises all its mistakes."""
    from promptctl.store.checkspecs import parse_checks

    checks = read_yaml(suite, "suite.yaml")
    fields = Fields(read_yaml(text, "f"))
    case = read_case(fields, parse_checks(checks.value, checks.place))
    fields.finish()
    return case


def mistakes(text: str) -> list[tuple[str, str]]:
    """(slug, line:column) of everything that is wrong with a case."""
    with pytest.raises(PromptctlError) as caught:
        read(text)
    return [(error.slug, str(error.at).removeprefix("f:")) for error in caught.value.each()]


def names(case: Case) -> tuple[list[str], list[str], list[list[str]]]:
    """The checks of the last reply, of every reply and of each turn, by name."""
    of_turns = [[check.name for check in turn.checks] for turn in case.turns]
    return [check.name for check in case.checks], [check.name for check in case.checks_all], of_turns


def test_a_turn_is_a_text_a_number_or_a_text_with_checks():
    case = read("{id: a, turns: [Hello, 14, {say: Bye, checks: [not_empty]}]}")

    assert [turn.say for turn in case.turns] == ["Hello", "14", "Bye"]
    assert names(case) == ([], [], [[], [], ["not_empty"]])


def test_messages_are_kept_as_the_protocol_writes_them():
    messages = """[{role: user, content: [{type: text, text: Look}, {type: image_url, image_url: {url: 'https://x/y'}}]},
      {role: assistant, content: null, tool_calls: [{id: c1, type: function, function: {name: f, arguments: '{}'}}]},
      {role: tool, content: '12', tool_call_id: c1}, {role: user, content: And?}]"""

    case = read(f"{{id: a, expected: x, messages: {messages}}}")

    assert case.messages == (
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "https://x/y"}},
            ],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "12", "tool_call_id": "c1"},
        {"role": "user", "content": "And?"},
    )


WRONG = {
    "no turn": ("{turns: [], expected: x}", [("wrong-value", "1:2")]),
    "no message": ("{messages: [], expected: x}", [("wrong-value", "1:2")]),
    "turns that are a text": ("{turns: a, expected: x}", [("wrong-type", "1:2")]),
    "messages that are a mapping": ("{messages: {a: b}, expected: x}", [("wrong-type", "1:2")]),
    "an empty turn": ("{turns: ['', ' '], expected: x}", [("wrong-type", "1:10"), ("wrong-type", "1:14")]),
    "a turn without say": ("{turns: [{checks: [not_empty]}]}", [("wrong-type", "1:10")]),
    "a turn that is a list": ("{turns: [[a]], expected: x}", [("wrong-type", "1:10")]),
    "an unknown key in a turn": ("{turns: [{say: a, check: x}], expected: x}", [("unknown-key", "1:19")]),
    "checks of a turn that are no list": (
        "{turns: [{say: a, checks: x}], expected: x}",
        [("wrong-type", "1:19")],
    ),
    "two ways to say it": (
        "{turns: [a], input: a, messages: [{role: user, content: a}], expected: x}",
        [("given-twice", "1:2"), ("given-twice", "1:14")],
    ),
    "a message that is a text": ("{messages: [a], expected: x}", [("wrong-type", "1:13")]),
    "an unknown role": ("{messages: [{role: usr, content: a}], expected: x}", [("wrong-value", "1:14")]),
    "no content": ("{messages: [{role: user}], expected: x}", [("missing-field", "1:13")]),
    "empty content": ("{messages: [{role: user, content: []}], expected: x}", [("wrong-type", "1:26")]),
    "an unknown part": (
        "{messages: [{role: user, content: [{type: video, x: y}]}], expected: x}",
        [("wrong-value", "1:37")],
    ),
    "a part without its text": (
        "{messages: [{role: user, content: [{type: text}]}], expected: x}",
        [("missing-field", "1:36")],
    ),
    "an unknown key in a message": (
        "{messages: [{role: user, content: a, name: b}], expected: x}",
        [("unknown-key", "1:38")],
    ),
    "a tool call of a user": (
        "{messages: [{role: user, content: a, tool_calls: []}], expected: x}",
        [("wrong-place", "1:38")],
    ),
    "a tool result of a user": (
        "{messages: [{role: user, content: a, tool_call_id: b}], expected: x}",
        [("wrong-place", "1:38")],
    ),
    "a tool call without arguments": (
        "{messages: [{role: assistant, tool_calls: [{id: a, type: function, function: {name: f}}]}], expected: x}",
        [("missing-field", "1:68")],
    ),
    "a check named as one that is always there": (
        "{turns: [a], expected: x, checks: [{contains: {value: x, name: finished (turn 1)}}]}",
        [("duplicate-check-name", "1:58")],
    ),
}


@pytest.mark.parametrize(("text", "found"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_its_place(text: str, found: list[tuple[str, str]]):
    assert sorted(mistakes(text)) == sorted(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["say", "checks", "role", "content", "type", "text", "tool_calls", "x"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(["turns", "messages", "checks_all"]), JSON)
def test_anything_is_read_or_refused_with_places(name: str, value: object):
    import json

    text = json.dumps({"id": "a", "expected": "x", name: value})

    found: tuple[PromptctlError, ...] = ()
    try:
        read(text)
    except PromptctlError as error:
        found = error.each()

    assert all(isinstance(one, FileError) and isinstance(one.at, Place) for one in found)


# Which reply a check looks at


def test_checks_of_the_suite_and_the_case_look_at_the_last_reply():
    case = read("{turns: [a, b], checks: [not_empty], checks_all: [max_words: 9]}", "[contains: x]")

    assert names(case) == (["contains", "not_empty"], ["max_words"], [[], []])


def test_without_turns_every_reply_is_the_last():
    case = read("{input: a, checks: [not_empty], checks_all: [not_empty, max_words: 9]}")

    assert names(case) == (["not_empty", "not_empty-2", "max_words"], [], [])


@pytest.mark.parametrize(
    ("more", "implied"),
    [
        ("turns: [a, b]", True),
        ("turns: [{say: a, checks: [not_empty]}, b]", True),
        ("turns: [a, {say: b, checks: [not_empty]}]", False),
        ("turns: [a, b], checks: [not_empty]", False),
        ("turns: [a, b], checks_all: [not_empty]", False),
        ("messages: [{role: user, content: a}]", True),
    ],
)
def test_expected_asks_by_itself_where_nothing_else_looks_at_the_last_reply(more: str, implied: bool):
    case = read(f"{{expected: x, {more}}}")

    assert ("matches_expected" in names(case)[0]) is implied


@pytest.mark.parametrize(
    "asks", ["turns: [a, {say: b, checks: [not_empty]}]", "turns: [a], checks_all: [not_empty]"]
)
def test_a_check_of_any_reply_lets_a_case_fail(asks: str):
    assert read(f"{{{asks}}}")


# Computed ids


def test_ids_of_cases_without_a_conversation_are_what_they_were():
    assert read("{input: Where is it?, expected: x}").id == "where-is-it-cc903b"
    assert read("{vars: {a: 退款, b: 2}, contexts: [{id: p, text: t}], expected: x}").id == "退款-e71029"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("turns: [a, b]", "turns: [b, a]"),
        ("turns: [a, b]", "turns: [a]"),
        ("turns: [a]", "input: a"),
        ("messages: [{role: user, content: a}]", "messages: [{role: tool, content: a}]"),
    ],
)
def test_another_conversation_is_another_id(one: str, other: str):
    first, second = (read(f"{{{given}, expected: x}}") for given in (one, other))

    assert first.id != second.id
    assert first.id == read(f"{{{one}, tags: [a], expected: y}}").id


def test_the_checks_of_a_turn_are_no_part_of_the_id():
    assert read("{turns: [a, b], expected: x}").id == read("{turns: [{say: a, checks: [not_empty]}, b]}").id


def test_an_id_begins_with_what_is_said_first():
    assert read("{turns: [我的钱, b], vars: {tone: warm}, expected: x}").id.startswith("我的钱-")
