"""Messages that a case gives: text, typed parts and calls of tools, each checked and sent as it is."""

from typing import Any

import pytest
from hypothesis import given

from promptctl.core.message import Image, Message
from promptctl.core.prompt import InputSpec
from promptctl.errors import PromptError
from promptctl.templating.inputs import bind
from promptctl.templating.templates import Templates
from tests.pictures import SVG, part, text, uri
from tests.templating.hostile import HOSTILE

NAME = "reply.prompt.j2"
SPEC = InputSpec(name="history", type="messages", roles=("user", "assistant", "tool", "system"))
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"id": 7}'}}


def inserted(*messages: Any) -> tuple[Message, ...]:
    """What `insert` makes of a case's messages."""
    variables = bind({"history": SPEC}, {"history": list(messages)})
    return Templates({NAME: "{% insert history %}"}).render(NAME, variables)


def refused(*messages: Any) -> PromptError:
    with pytest.raises(PromptError) as caught:
        inserted(*messages)
    assert caught.value.fix
    return caught.value


def test_typed_parts_are_inserted_in_their_order():
    content = [text("Look:"), part(detail="low"), text("and here"), part()]

    [message] = inserted({"role": "user", "content": content})

    assert message.content == ("Look:", Image(url=uri(), detail="low"), "and here", Image(url=uri()))
    assert message.as_dict() == {"role": "user", "content": content}


def test_calls_of_tools_and_their_answers_are_inserted():
    asked = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    answered = {"role": "tool", "content": "It is on its way.", "tool_call_id": "call_1"}

    messages = inserted(asked, answered)

    assert [message.as_dict() for message in messages] == [asked, answered]


@pytest.mark.parametrize("content", [{}, {"content": ""}, {"content": "I look it up."}])
def test_a_message_with_calls_may_say_nothing_or_something(content: dict[str, str]):
    [message] = inserted({"role": "assistant", "tool_calls": [CALL], **content})

    assert message.as_dict()["content"] == (content.get("content") or None)


@given(content=HOSTILE)
def test_text_in_parts_forges_nothing(content: str):
    [message] = inserted({"role": "user", "content": [text(f"[{content}]"), part()]})

    assert message.content == (f"[{content}]", Image(url=uri()))


MISTAKES: dict[str, tuple[Any, str]] = {
    "no mapping": ("user: x", "wrong-input-type"),
    "no role": ({"content": "x"}, "wrong-input-type"),
    "no content": ({"role": "user"}, "wrong-input-type"),
    "a number as content": ({"role": "user", "content": 3}, "wrong-input-type"),
    "no parts": ({"role": "user", "content": []}, "wrong-input-type"),
    "an unknown key": ({"role": "user", "content": "x", "nmae": "a"}, "wrong-input-type"),
    "a role that is not taken": ({"role": "developer", "content": "x"}, "role-not-allowed"),
    "a role that there is not": ({"role": "root", "content": "x"}, "role-not-allowed"),
    "a role that is no text": ({"role": ["user"], "content": "x"}, "role-not-allowed"),
    "a part that is text alone": ({"role": "user", "content": ["x"]}, "wrong-input-type"),
    "a part of another type": ({"role": "user", "content": [{"type": "audio"}]}, "wrong-input-type"),
    "a part with more": ({"role": "user", "content": [{**text("x"), "a": 1}]}, "wrong-input-type"),
    "a text that is none": ({"role": "user", "content": [{"type": "text", "text": 3}]}, "wrong-input-type"),
    "an image without address": (
        {"role": "user", "content": [{"type": "image_url", "image_url": {}}]},
        "wrong-input-type",
    ),
    "an image as bare text": (
        {"role": "user", "content": [{"type": "image_url", "image_url": uri()}]},
        "wrong-input-type",
    ),
    "an image of another detail": ({"role": "user", "content": [part(detail="max")]}, "wrong-input-type"),
    "an image with more": ({"role": "user", "content": [part(title="a")]}, "wrong-input-type"),
    "a drawing": ({"role": "user", "content": [part(SVG, "image/svg+xml")]}, "bad-image"),
    "a file": (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "/etc/passwd"}}]},
        "bad-image",
    ),
    "an image of the assistant": ({"role": "assistant", "content": [part()]}, "image-role"),
    "an image of a tool": ({"role": "tool", "content": [part()]}, "image-role"),
    "calls of the user": ({"role": "user", "content": "x", "tool_calls": [CALL]}, "wrong-input-type"),
    "no calls": ({"role": "assistant", "content": "x", "tool_calls": []}, "wrong-input-type"),
    "a call that is text": ({"role": "assistant", "tool_calls": ["x"]}, "wrong-input-type"),
    "a call without id": (
        {"role": "assistant", "tool_calls": [{key: CALL[key] for key in ("type", "function")}]},
        "wrong-input-type",
    ),
    "a call of another type": (
        {"role": "assistant", "tool_calls": [{**CALL, "type": "x"}]},
        "wrong-input-type",
    ),
    "a call whose arguments are no text": (
        {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "a", "arguments": {"id": 7}}}]},
        "wrong-input-type",
    ),
    "a call whose name is no text": (
        {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": 3, "arguments": ""}}]},
        "wrong-input-type",
    ),
    "the user answers a call": (
        {"role": "user", "content": "x", "tool_call_id": "call_1"},
        "wrong-input-type",
    ),
    "an answer to nothing": ({"role": "tool", "content": "x", "tool_call_id": ""}, "wrong-input-type"),
}


@pytest.mark.parametrize(("message", "slug"), MISTAKES.values(), ids=MISTAKES)
def test_a_message_of_another_shape_is_refused(message: Any, slug: str):
    assert refused(message).slug == slug


def test_an_unknown_key_names_the_nearest():
    assert '"content"' in str(refused({"role": "user", "contnet": "x"}).fix)


def test_arguments_that_are_no_text_are_shown_as_they_are_written():
    call = {**CALL, "function": {"name": "a", "arguments": {"id": "退款"}}}

    assert '{"id": "退款"}' in str(refused({"role": "assistant", "tool_calls": [call]}).fix)


def test_a_list_of_parts_is_no_text_by_itself():
    variables = bind({"history": SPEC}, {"history": [{"role": "user", "content": [text("a")]}]})
    loop = "{% for m in history %}{% message role=m.role %}{{ m.content }}{% endmessage %}{% endfor %}"

    with pytest.raises(PromptError) as caught:
        Templates({NAME: loop}).render(NAME, variables)

    assert (caught.value.slug, "{% insert history %}" in str(caught.value.fix)) == ("not-text", True)
