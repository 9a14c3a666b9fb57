"""Roles that no value can forge, and what role blocks may and may not do."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given

from promptctl.core.message import ROLES, Message
from promptctl.core.prompt import InputSpec
from promptctl.errors import PromptError
from promptctl.templating.inputs import bind
from promptctl.templating.templates import Templates
from tests.templating.hostile import HOSTILE

NAME = "reply.prompt.j2"


def render(
    text: str, /, *, files: Mapping[str, str] | None = None, allow_empty: bool = False, **values: Any
) -> list[tuple[str, str]]:
    """The (role, content) pairs of a prompt."""
    messages = Templates({NAME: text, **(files or {})}).render(NAME, values, allow_empty=allow_empty)
    return [(message.role, message.content) for message in messages]


def refused(text: str, /, **options: Any) -> PromptError:
    with pytest.raises(PromptError) as caught:
        render(text, **options)
    return caught.value


def history(*messages: tuple[str, str], roles: tuple[str, ...] = ("user", "assistant", "tool")) -> list[Any]:
    """Messages as a case gives them, through the declared input."""
    spec = InputSpec(name="history", type="messages", roles=roles)
    data = [{"role": role, "content": content} for role, content in messages]
    return bind({"history": spec}, {"history": data})["history"]


# The promise: a value changes no role and no number of messages, and stands where it was put, unchanged


class Stage(NamedTuple):
    """A template in which `value` stands as `[value]`, the roles it gives, and the message that holds it."""

    text: str
    roles: tuple[str, ...]
    files: dict[str, str] = {}
    as_json: bool = False


BLOCKS = "{% system %}Be kind.{% endsystem %}"
STAGES = {
    "user block": Stage(BLOCKS + "{% user %}[{{ value }}]{% enduser %}", ("system", "user")),
    "system block": Stage(
        "{% system %}[{{ value }}]{% endsystem %}{% user %}Hi{% enduser %}", ("system", "user")
    ),
    "no role": Stage("Answer [{{ value }}] now", ("user",)),
    "include": Stage(
        BLOCKS + "{% user %}{% include '_part.j2' %}{% enduser %}",
        ("system", "user"),
        {"_part.j2": "[{{ value }}]"},
    ),
    "include with blocks": Stage(
        BLOCKS + "{% include '_part.j2' %}",
        ("system", "user"),
        {"_part.j2": "{% user %}[{{ value }}]{% enduser %}"},
    ),
    "loop": Stage(
        "{% for n in [1, 2] %}{% user %}{{ n }}[{{ value }}]{% enduser %}{% endfor %}", ("user", "user")
    ),
    "macro": Stage(
        "{% macro say(text) %}{% user %}[{{ text }}]{% enduser %}{% endmacro %}"
        + BLOCKS
        + "{{ say(value) }}",
        ("system", "user"),
    ),
    "imported macro": Stage(
        "{% from '_say.j2' import say %}" + BLOCKS + "{{ say(value) }}",
        ("system", "user"),
        {"_say.j2": "{% macro say(text) %}{% user %}[{{ text }}]{% enduser %}{% endmacro %}"},
    ),
    "extends": Stage(
        "{% extends '_base.j2' %}{% block ask %}[{{ value }}]{{ super() }}{% endblock %}",
        ("system", "user"),
        {"_base.j2": BLOCKS + "{% user %}{% block ask %}?{% endblock %}{% enduser %}"},
    ),
    "set": Stage(
        "{% set copy = value %}" + BLOCKS + "{% user %}[{{ copy }}]{% enduser %}", ("system", "user")
    ),
    "capture": Stage(
        "{% set copy %}[{{ value }}]{% endset %}" + BLOCKS + "{% user %}{{ copy }}{% enduser %}",
        ("system", "user"),
    ),
    "joined list": Stage("{% user %}[{{ [value]|join(', ') }}]{% enduser %}", ("user",)),
    "concatenation": Stage("{% user %}{{ '[' ~ value ~ ']' }}{% enduser %}", ("user",)),
    "context": Stage(
        "{% user %}{% for c in [{'id': 'a', 'text': value}] %}[{{ c.text }}]{% endfor %}{% enduser %}",
        ("user",),
    ),
    "assistant example": Stage(
        "{% user %}Hi{% enduser %}{% assistant %}[{{ value }}]{% endassistant %}", ("user", "assistant")
    ),
    "tojson": Stage("{% user %}[{{ value | tojson }}]{% enduser %}", ("user",), as_json=True),
}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES.keys())
@given(value=HOSTILE)
def test_a_value_forges_no_role_and_stands_unchanged(stage: Stage, value: str):
    messages = render(stage.text, files=stage.files, value=value)

    assert tuple(role for role, _ in messages) == stage.roles
    holders = [content for _, content in messages if "[" in content]
    assert holders
    for content in holders:
        inside = content[content.index("[") + 1 : content.rindex("]")]
        assert (json.loads(inside) if stage.as_json else inside) == value


@given(content=HOSTILE)
def test_the_content_of_history_forges_no_role(content: str):
    text = "{% system %}Be kind.{% endsystem %}{% insert history %}{% user %}Now?{% enduser %}"
    given_history = history(("user", f"[{content}]"), ("assistant", f"[{content}]"))

    assert render(text, history=given_history) == [
        ("system", "Be kind."),
        ("user", f"[{content}]"),
        ("assistant", f"[{content}]"),
        ("user", "Now?"),
    ]


@given(content=HOSTILE)
def test_a_loop_over_history_forges_no_role(content: str):
    text = "{% for m in history %}{% message role=m.role %}[{{ m.content }}]{% endmessage %}{% endfor %}"

    assert render(text, history=history(("assistant", content))) == [("assistant", f"[{content}]")]


@given(content=HOSTILE)
def test_passages_forge_no_role(content: str):
    spec = InputSpec(name="passages", type="contexts")
    values = bind({"passages": spec}, {"passages": [{"id": content, "text": content}]})
    text = "{% user %}{% for p in passages %}[{{ p.id }}][{{ p.text }}]{% endfor %}{% enduser %}"

    assert render(text, **values) == [("user", f"[{content}][{content}]")]


# Blocks


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_a_block(role: str):
    assert render(f"{{% {role} %}}Hi{{% end{role} %}}") == [(role, "Hi")]


@pytest.mark.parametrize("tag", ["message", "chat"])
def test_a_role_can_be_written_out(tag: str):
    assert render(f"{{% {tag} role='assistant' %}}Hi{{% end{tag} %}}") == [("assistant", "Hi")]


@pytest.mark.parametrize(
    "text",
    [
        "{% message role='root' %}x{% endmessage %}",
        "{% message name='a' %}x{% endmessage %}",
        "{% message %}x{% endmessage %}",
        "{% user %}x",
        "{% user %}x{% endsystem %}",
        "{% enduser %}",
        "{% assistent %}x{% endassistent %}",
    ],
)
def test_a_block_that_is_none_is_a_syntax_error_with_its_line(text: str):
    error = refused(f"\n{text}")

    assert error.slug == "template-syntax"
    assert str(error.at).startswith("prompts/reply.prompt.j2:2:")


def test_a_computed_role_must_come_from_an_input_of_messages():
    text = "{% message role=who %}x{% endmessage %}"

    for who in ("user", "system", 3, None):
        assert refused(text, who=who).slug == "dynamic-role"
    assert refused("{% message role='us' ~ 'er' ~ who %}x{% endmessage %}", who="").slug == "dynamic-role"


@pytest.mark.parametrize(
    "value", ["user: x", {"role": "user", "content": "x"}, [{"role": "system", "content": "x"}], 3, None]
)
def test_only_declared_messages_can_be_inserted(value: Any):
    error = refused("{% insert value %}{% user %}x{% enduser %}", value=value)

    assert error.slug == "insert-not-messages"
    assert "type: messages" in str(error.fix)


@pytest.mark.parametrize("role", ["system", "developer"])
def test_history_takes_no_instructions_unless_the_input_says_so(role: str):
    with pytest.raises(PromptError) as caught:
        history((role, "obey"))

    assert caught.value.slug == "role-not-allowed"
    assert f"roles: [user, assistant, tool, {role}]" in str(caught.value.fix)
    allowed = history((role, "obey"), roles=("user", role))
    assert render("{% insert history %}", history=allowed) == [(role, "obey")]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "root", "content": "x"},
        {"role": "USER", "content": "x"},
        {"role": ["user"], "content": "x"},
        {"role": "user"},
        {"role": "user", "content": None},
        {"role": "user", "content": ["x"]},
        {"role": "user", "content": "x", "name": "root"},
        "user: x",
    ],
)
def test_a_message_of_another_shape_is_refused(message: Any):
    with pytest.raises(PromptError) as caught:
        bind({"h": InputSpec(name="h", type="messages")}, {"h": [message]})

    assert caught.value.slug in ("role-not-allowed", "wrong-input-type")


NESTED = {
    "in a block": "{% user %}a{% system %}b{% endsystem %}{% enduser %}",
    "insert in a block": "{% user %}a{% insert history %}{% enduser %}",
    "in a condition in a block": "{% user %}{% if 1 %}{% system %}b{% endsystem %}{% endif %}{% enduser %}",
    "in a capture": "{% set x %}{% user %}b{% enduser %}{% endset %}{{ x }}",
    "in a filter": "{% filter upper %}{% user %}b{% enduser %}{% endfilter %}",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED.keys())
def test_a_nested_block_is_refused_before_anything_is_rendered(text: str):
    with pytest.raises(PromptError) as caught:
        Templates({NAME: f"\n{text}"}).facts(NAME)

    assert caught.value.slug == "nested-role"
    assert str(caught.value.at).startswith("prompts/reply.prompt.j2:2:")


NESTED_WHILE_RENDERING = {
    "through an include": ("{% user %}{% include '_part.j2' %}{% enduser %}", "{% system %}b{% endsystem %}"),
    "insert through an include": ("{% user %}{% include '_part.j2' %}{% enduser %}", "{% insert history %}"),
    "through a macro": (
        "{% from '_part.j2' import say %}{% user %}{{ say() }}{% enduser %}",
        "{% macro say() %}{% system %}b{% endsystem %}{% endmacro %}",
    ),
    "through a block": (
        "{% extends '_part.j2' %}{% block ask %}{% system %}b{% endsystem %}{% endblock %}",
        "{% user %}{% block ask %}{% endblock %}{% enduser %}",
    ),
}


@pytest.mark.parametrize(("text", "part"), NESTED_WHILE_RENDERING.values(), ids=NESTED_WHILE_RENDERING.keys())
def test_a_block_that_ends_up_in_another_is_refused(text: str, part: str):
    error = refused(text, files={"_part.j2": part}, history=history())

    assert error.slug == "nested-role"


def test_a_macro_may_hold_a_block():
    text = "{% macro say(x) %}{% user %}{{ x }}{% enduser %}{% endmacro %}{{ say(1) }}{{ say(2) }}"

    assert render(text) == [("user", "1"), ("user", "2")]


# Text


@pytest.mark.parametrize(
    "text", ["outside", "{{ value }}", "a{% user %}x{% enduser %}", "{% user %}x{% enduser %}\nb"]
)
def test_text_outside_the_blocks_is_an_error_with_its_line(text: str):
    error = refused(f"{{% system %}}s{{% endsystem %}}\n{text}\n", value="outside")

    assert error.slug == "text-outside-roles"
    assert str(error.at).startswith("prompts/reply.prompt.j2:")


def test_blank_lines_and_comments_between_blocks_are_nothing():
    text = "\n{% system %}s{% endsystem %}\n\n {# note #} \n{% user %}u{% enduser %}\n\n"

    assert render(text) == [("system", "s"), ("user", "u")]


@pytest.mark.parametrize(
    ("inside", "content"),
    [
        ("\nHi\n", "Hi"),
        ("\n\n  \n  Hi  \n\t\n", "  Hi  "),
        ("Hi\n\n\nyou", "Hi\n\n\nyou"),
        (" Hi ", " Hi "),
        ("\n    code\n", "    code"),
        ("\u2028Hi\u3000", "\u2028Hi\u3000"),
    ],
)
def test_blank_lines_at_the_ends_of_a_message_are_dropped_and_nothing_else(inside: str, content: str):
    assert render(f"{{% user %}}{inside}{{% enduser %}}") == [("user", content)]
    assert render("{{ value }}", value=inside) == [("user", content)]


@pytest.mark.parametrize("inside", ["", "\n\n", "  ", " \n\t\n "])
def test_a_message_that_renders_empty_is_an_error_unless_it_is_allowed(inside: str):
    text = f"{{% system %}}s{{% endsystem %}}{{% user %}}{inside}{{% enduser %}}"

    error = refused(text)

    assert (error.slug, error.message) == ("empty-message", "message 2 (user) renders empty")
    assert render(text, allow_empty=True) == [("system", "s"), ("user", "")]


def test_a_prompt_whose_blocks_are_all_skipped_renders_no_message():
    assert refused("{% if false %}{% user %}x{% enduser %}{% endif %}").slug == "no-message"


def test_a_file_without_blocks_is_one_user_message():
    found = Templates({NAME: "Answer: {{ x }}\n"}).render(NAME, {"x": 1})

    assert found == (Message(role="user", content="Answer: 1"),)
