"""Requests of a plan, kept small: what comes out is what went in, and its digest is the request's own."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from promptctl.core.message import ROLES, Image, Message
from promptctl.core.prompt import Header, PromptVersion
from promptctl.engine.rendered import Kept, Opening, Sender

TEXTS = st.text(max_size=12)
CALLS = st.fixed_dictionaries({"id": TEXTS, "function": st.dictionaries(TEXTS, TEXTS | st.floats(-9, 9))})
PARTS = st.lists(TEXTS | st.builds(Image, url=TEXTS, detail=st.none() | TEXTS), max_size=3).map(tuple)
MESSAGES = st.lists(
    st.builds(
        Message,
        role=st.sampled_from(ROLES),
        content=TEXTS | PARTS,
        tool_calls=st.lists(CALLS, max_size=2).map(tuple),
        tool_call_id=st.none() | TEXTS,
    ),
    max_size=3,
).map(tuple)


def a_sender(**header: object) -> Sender:
    """A prompt without files of its own, under a model that nobody is known to serve."""
    facts = Header(**header)  # type: ignore[arg-type]
    version = PromptVersion(id="p", path="prompts/p.prompt.j2", header=facts, inputs={}, closure={})
    return Sender(version, "a-model", None)


@settings(max_examples=60)
@given(MESSAGES, MESSAGES)
def test_a_request_made_again_is_the_same_and_has_the_digest_that_it_was_planned_by(
    messages: tuple[Message, ...], ahead: tuple[Message, ...]
):
    sender = a_sender(params={"temperature": 0.5, "seed": 7})
    rendered = sender.rendered(Opening(messages, ahead=(ahead,)))

    assert rendered.request.messages == messages
    assert rendered.digest == rendered.request.digest
    assert rendered.ahead == (sender.rendered(Opening(ahead)).request.digest,)


def test_messages_come_back_by_their_number_in_any_order():
    pack = Kept()
    kept = {pack.add(messages): messages for messages in map(asking, range(200))}
    numbers = Random(1).sample(sorted(kept), len(kept))

    assert [pack[number] for number in numbers] == [kept[number] for number in numbers]


def asking(number: int) -> tuple[Message, ...]:
    """What no other number asks."""
    return (Message(role="system", content="Be kind."), Message(role="user", content=f"Ticket {number}"))


def test_what_no_compact_form_can_carry_is_kept_as_it_is():
    odd = (Message(role="user", content="half \ud83d"),)
    huge = (Message(role="assistant", content="", tool_calls=({"id": "a", "function": {"n": 2**70}},)),)
    pack = Kept()
    numbers = [pack.add(messages) for messages in (odd, huge) * 64]

    assert [pack[number] for number in numbers] == [odd, huge] * 64


def test_prompts_that_differ_in_a_setting_alone_send_different_requests():
    opening = Opening((Message(role="user", content="Hi"),))

    assert a_sender().rendered(opening).digest != a_sender(params={"seed": 1}).rendered(opening).digest
