"""What a case says turn by turn becomes requests: where it goes, what follows from a reply, what both sides share."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptctl.api.project import Project
from promptctl.core.exchange import Answered, Failure, Output, Request, Source
from promptctl.engine.conversations import Draw, Draws, ahead, digests_along, next_request
from promptctl.engine.rendered import Rendered
from promptctl.errors import PromptctlError
from promptctl.providers.scripted import ScriptedProvider
from tests.templating.hostile import HOSTILE

WITH_HISTORY = """---
inputs:
  ticket: string
  tone: {type: string, enum: [warm, formal], default: warm}
  history: {type: messages, default: []}
---
{% system %}Be {{ tone }}.{% endsystem %}
{% insert history %}
{% user %}Ticket: {{ ticket }}{% enduser %}
"""
HISTORY_ALONE = "---\ninputs: {talk: messages}\n---\n{% system %}Be kind.{% endsystem %}{% insert talk %}\n"
PLAIN = "{% system %}Be kind.{% endsystem %}{% user %}Ticket: {{ ticket }}{% enduser %}"
TURNS = "{id: a, expected: x, turns: [one, two, three]}"


def rendered(folder: Path, prompt: str, case: str = TURNS) -> Rendered:
    """What is sent for a case of a prompt."""
    for name, text in {"prompts/reply.prompt.j2": prompt, "evals/reply.yaml": f"- {case}\n"}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Project(folder).render("reply", case_id="a")


def refused(folder: Path, prompt: str, case: str) -> PromptctlError:
    with pytest.raises(PromptctlError) as caught:
        rendered(folder, prompt, case)
    return caught.value


def said(request: Request | None) -> list[tuple[str, str]]:
    """The (role, text) pairs of a request."""
    assert request is not None
    return [(message.role, message.text) for message in request.messages]


def after(version: Rendered, *replies: str) -> list[tuple[str, str]]:
    return said(next_request(version, [Output(text=reply) for reply in replies]))


# Turns


def test_turns_fill_the_string_and_what_was_said_before_grows_in_the_history(tmp_path: Path):
    version = rendered(tmp_path, WITH_HISTORY)

    assert said(version.request) == [("system", "Be warm."), ("user", "Ticket: one")]
    assert after(version, "1", "2") == [
        ("system", "Be warm."),
        ("user", "one"),
        ("assistant", "1"),
        ("user", "two"),
        ("assistant", "2"),
        ("user", "Ticket: three"),
    ]


def test_without_a_history_a_conversation_goes_on_behind_the_first_messages(tmp_path: Path):
    version = rendered(tmp_path, PLAIN)

    assert said(version.request) == [("system", "Be kind."), ("user", "Ticket: one")]
    assert after(version, "1") == [
        ("system", "Be kind."),
        ("user", "Ticket: one"),
        ("assistant", "1"),
        ("user", "two"),
    ]


def test_without_a_string_all_that_is_said_goes_to_the_history(tmp_path: Path):
    version = rendered(tmp_path, HISTORY_ALONE)

    assert said(version.request) == [("system", "Be kind."), ("user", "one")]
    assert after(version, "1") == [
        ("system", "Be kind."),
        ("user", "one"),
        ("assistant", "1"),
        ("user", "two"),
    ]


def test_a_conversation_begins_behind_the_default_of_the_history(tmp_path: Path):
    greeting = "default: [{role: assistant, content: Hello!}]"

    version = rendered(tmp_path, WITH_HISTORY.replace("default: []", greeting))

    assert said(version.request)[1:] == [("assistant", "Hello!"), ("user", "Ticket: one")]
    assert after(version, "1")[1:4] == [("assistant", "Hello!"), ("user", "one"), ("assistant", "1")]


def test_vars_stand_beside_turns_for_the_other_inputs(tmp_path: Path):
    version = rendered(
        tmp_path, WITH_HISTORY, "{id: a, expected: x, turns: [one, two], vars: {tone: formal}}"
    )

    assert after(version, "1")[0] == ("system", "Be formal.")


# Messages


def test_the_last_message_fills_the_string_and_those_before_it_the_history(tmp_path: Path):
    talk = (
        "[{role: user, content: one}, {role: assistant, content: '1'}, "
        "{role: user, content: [{type: text, text: two}, {type: text, text: more}]}]"
    )

    version = rendered(tmp_path, WITH_HISTORY, f"{{id: a, expected: x, messages: {talk}}}")

    assert said(version.request)[1:] == [
        ("user", "one"),
        ("assistant", "1"),
        ("user", "Ticket: two\nmore"),
    ]
    assert version.later is None


def test_one_message_leaves_the_history_as_it_is(tmp_path: Path):
    case = "{id: a, expected: x, messages: [{role: user, content: one}]}"

    assert said(rendered(tmp_path, WITH_HISTORY, case).request)[1:] == [("user", "Ticket: one")]
    required = WITH_HISTORY.replace("history: {type: messages, default: []}", "history: messages")
    assert said(rendered(tmp_path, required, case).request)[1:] == [("user", "Ticket: one")]


def test_without_a_string_all_messages_go_to_the_history(tmp_path: Path):
    talk = "[{role: user, content: one}, {role: assistant, content: '1'}]"

    version = rendered(tmp_path, HISTORY_ALONE, f"{{id: a, expected: x, messages: {talk}}}")

    assert said(version.request) == [("system", "Be kind."), ("user", "one"), ("assistant", "1")]


def test_calls_of_tools_and_their_results_stay_what_they_are(tmp_path: Path):
    talk = """[{role: user, content: one},
      {role: assistant, tool_calls: [{id: c, type: function, function: {name: f, arguments: '{}'}}]},
      {role: tool, content: found, tool_call_id: c}, {role: user, content: two}]"""

    version = rendered(tmp_path, WITH_HISTORY, f"{{id: a, expected: x, messages: {talk}}}")

    _, _, calls, result, _ = version.request.messages
    assert (calls.tool_calls[0]["function"]["name"], result.tool_call_id) == ("f", "c")


TWO_STRINGS = "{{ a }} {{ b }}"
TWO_HISTORIES = (
    "---\ninputs: {q: string, g: {type: messages, default: []}, h: {type: messages, default: []}}\n---\n"
    "{% insert g %}{% insert h %}{% user %}{{ q }}{% enduser %}"
)
LONGER = "[{role: user, content: a}, {role: assistant, content: b}, {role: user, content: c}]"
REFUSED = {
    "turns, two strings": (TWO_STRINGS, "turns: [a, b]", "ambiguous-input"),
    "turns, two histories": (TWO_HISTORIES, "turns: [a, b]", "ambiguous-input"),
    "turns, no place": ("Hello.", "turns: [a, b]", "ambiguous-input"),
    "turns, and the string in vars": (PLAIN, "turns: [a, b], vars: {ticket: x}", "given-twice"),
    "messages, two strings": (TWO_STRINGS, f"messages: {LONGER}", "ambiguous-input"),
    "messages, two histories": (TWO_HISTORIES, f"messages: {LONGER}", "ambiguous-input"),
    "messages, no history": (PLAIN, f"messages: {LONGER}", "ambiguous-input"),
    "messages, and the history in vars": (
        WITH_HISTORY,
        f"messages: {LONGER}, vars: {{history: []}}",
        "given-twice",
    ),
    "messages, the last not the user's": (
        WITH_HISTORY,
        "messages: [{role: assistant, content: a}]",
        "last-not-user",
    ),
    "messages, a role that is not taken": (
        WITH_HISTORY,
        "messages: [{role: system, content: a}, {role: user, content: b}]",
        "role-not-allowed",
    ),
    "messages, an image for a string": (
        WITH_HISTORY,
        "messages: [{role: user, content: [{type: image_url, image_url: {url: 'https://a.example/b.png'}}]}]",
        "wrong-input-type",
    ),
    "replies that the history does not take": (
        WITH_HISTORY.replace("default: []", "default: [], roles: [user]"),
        "turns: [a, b]",
        "role-not-allowed",
    ),
}


@pytest.mark.parametrize(("prompt", "given_as", "slug"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_one_place_is_refused_at_the_case(tmp_path: Path, prompt: str, given_as: str, slug: str):
    error = refused(tmp_path, prompt, f"{{id: a, expected: x, {given_as}}}")

    assert error.slug == slug
    assert "evals/reply.yaml:1:3" in str(error.at)
    assert error.fix


def test_one_turn_needs_no_history(tmp_path: Path):
    assert said(rendered(tmp_path, TWO_HISTORIES, "{id: a, expected: x, turns: [a]}").request) == [
        ("user", "a")
    ]


# What nobody said cannot become a role


@pytest.fixture(scope="module")
def conversations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendered]:
    """A conversation of three turns with each kind of prompt."""
    prompts = {"history": WITH_HISTORY, "alone": HISTORY_ALONE, "plain": PLAIN}
    return {name: rendered(tmp_path_factory.mktemp(name), text) for name, text in prompts.items()}


@given(st.lists(HOSTILE, min_size=2, max_size=2), st.sampled_from(["history", "alone", "plain"]))
def test_replies_forge_no_role_and_are_sent_as_they_are(
    conversations: dict[str, Rendered], replies: list[str], kind: str
):
    marked = [f"[{reply}]" for reply in replies]

    found = after(conversations[kind], *marked)

    assert [role for role, _ in found] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert [text for role, text in found if role == "assistant"] == marked


def is_written(text: str) -> bool:
    """Whether a file can hold it: half a character is none."""
    return text.encode("utf-8", "replace").decode() == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(HOSTILE.filter(is_written), min_size=2, max_size=2),
    st.sampled_from([WITH_HISTORY, HISTORY_ALONE, PLAIN]),
)
def test_what_is_said_forges_no_role(tmp_path: Path, says: list[str], prompt: str):
    case = json.dumps({"id": "a", "expected": "x", "turns": [f"[{say}]" for say in says]})

    found = after(rendered(tmp_path, prompt, case), "[reply]")

    assert [role for role, _ in found] == ["system", "user", "assistant", "user"]
    assert all(f"[{say}]" in text for say, (_, text) in zip(says, (found[1], found[3]), strict=True))


# What both sides share


def test_requests_are_equal_for_as_long_as_replies_are(tmp_path: Path):
    base = rendered(tmp_path, WITH_HISTORY)
    late = WITH_HISTORY.replace("{% system %}", "{% system %}{% if history | length > 2 %}Late. {% endif %}")

    head = rendered(tmp_path, late)

    assert base.sends[:2] == head.sends[:2]
    assert base.sends[2] != head.sends[2]


@pytest.mark.parametrize(
    "change",
    [
        "{{ m.content[:200] }}",
        "{{ m.content | upper }}",
        "{{ m.content | replace('\\n', ' ') }}",
        "{{ m.content }}.",
    ],
)
def test_a_template_that_changes_replies_sends_something_else(tmp_path: Path, change: str):
    text = WITH_HISTORY.replace(
        "{% insert history %}",
        "{% for m in history %}{% message role=m.role %}{{ m.content }}{% endmessage %}{% endfor %}",
    )
    base = rendered(tmp_path, text)

    head = rendered(tmp_path, text.replace("{{ m.content }}", change))

    assert base.sends[0] == head.sends[0]
    assert base.sends[1] != head.sends[1]


# Draws


def answered(text: str = "fine", **facts: object) -> Answered:
    return Answered(answer=Output(text=text, **facts), source=Source.ASKED)  # type: ignore[arg-type]


@pytest.fixture
def draw(tmp_path: Path) -> Callable[[], Draw]:
    """A fresh draw of three turns."""
    version = rendered(tmp_path, PLAIN)
    provider = ScriptedProvider([])
    return lambda: Draw(version, 0, provider)


def test_a_draw_is_over_when_the_last_turn_is_answered(draw: Callable[[], Draw]):
    one = draw()

    asked = [one.waiting, *(one.take(answered(str(turn))) for turn in range(3))]

    assert [len(question.request.messages) for question in asked if question] == [2, 4, 6]
    assert (one.waiting, asked[-1]) == (None, None)


@pytest.mark.parametrize(
    "reply",
    [
        {"text": "", "tool_calls": ({"id": "c"},), "finish": "tool_calls"},
        {"text": "I look.", "tool_calls": ({"id": "c"},), "finish": "tool_calls"},
        {"text": " \n"},
        {"text": "So far", "finish": "length"},
        {"text": "No.", "finish": "refusal"},
    ],
    ids=["a call", "a text and a call", "empty", "cut off", "refused"],
)
def test_a_reply_that_no_user_can_answer_ends_the_conversation(
    draw: Callable[[], Draw], reply: dict[str, object]
):
    one = draw()

    assert one.take(answered(**reply)) is None  # type: ignore[arg-type]
    assert (one.waiting, one.failure, len(one.replies)) == (None, None, 1)


def test_a_suite_may_let_a_conversation_go_on_after_a_reply_that_was_cut_off(tmp_path: Path):
    version = rendered(tmp_path, PLAIN)
    assert version.later
    version = dataclasses.replace(version, later=version.later._replace(finished=False))

    assert next_request(version, [Output(text="So far", finish="length")]) is not None
    assert next_request(version, [Output(text="", finish="length")]) is None


def test_a_failure_ends_a_draw(draw: Callable[[], Draw]):
    one = draw()
    one.take(answered())

    failure = Failure(kind="timeout", message="no answer")
    assert one.take(Answered(answer=failure, source=Source.ASKED)) is None

    assert (one.failure, one.waiting, len(one.replies)) == (failure, None, 1)


def test_a_template_that_cannot_take_a_reply_is_a_failure_that_names_its_place(tmp_path: Path):
    looks = "{% if history and '!' in history[-1].content %}{{ nothing_there }}{% endif %}"
    text = WITH_HISTORY.replace("{% system %}", "{% system %}" + looks)
    one = Draw(rendered(tmp_path, text), 0, ScriptedProvider([]))

    assert one.take(answered("Stop!")) is None

    assert one.failure is not None
    assert (one.failure.kind, one.failure.sent) == ("rejected", False)
    assert "prompts/reply.prompt.j2:" in one.failure.message


def test_the_source_that_says_the_most_is_the_draws(draw: Callable[[], Draw]):
    one = draw()

    for source in (Source.STORE, Source.IMPORTED, Source.ASKED):
        one.take(Answered(answer=Output(text="x"), source=source))

    assert one.source is Source.IMPORTED


def test_draws_with_equal_questions_go_on_together_and_part_where_they_differ(draw: Callable[[], Draw]):
    draws = Draws([draw(), draw()])
    [first, _] = draws.questions

    second = draws.follow(first, answered("1"))

    assert len({question.key for question in second}) == 1
    assert draws.follow(first, answered("again")) == []
    assert [one.replies[0].text for one in draws.all] == ["1", "1"]


def test_what_may_follow_is_counted_once_for_equal_requests(draw: Callable[[], Draw]):
    first, same, further, over = draw(), draw(), draw(), draw()
    further.take(answered("1"))
    for text in ("1", "2", "3"):
        over.take(answered(text))

    assert len(ahead([first])) == len(ahead([first, same, over])) == 2
    assert len(ahead([first, same, further, over])) == 3


def test_the_requests_along_given_replies_are_those_of_a_draw(tmp_path: Path, draw: Callable[[], Draw]):
    one, replies = draw(), iter([Output(text="1"), Output(text="2"), Output(text="3")])

    digests = list(digests_along(one.rendered, lambda _: next(replies, None)))

    for text in ("1", "2", "3"):
        one.take(answered(text))
    assert digests == [question.key.request for question in one.questions]
