"""Jinja that renders exactly a foreign text, whatever that text holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.importers.dotprompt.messages import JinjaText
from promptctl.importers.jinja_text import Hole, filled, literal, message, names_for, prompt_id
from promptctl.templating.templates import Templates

BRACES = st.text(alphabet="{}%#-+ '\"\n\ra|", max_size=30) | st.text()


def rendered(body: str, **values: Any) -> str:
    """The text of the one message, without the letters that keep its ends."""
    templates = Templates({"a.j2": message("user", f"<{body}>")})
    content = templates.render("a.j2", values)[0].content
    assert isinstance(content, str)
    return content[1:-1]


@given(BRACES)
def test_a_literal_text_is_rendered_as_it_is(text: str):
    assert rendered(literal(text)) == text


@given(BRACES, BRACES, BRACES)
def test_a_hole_takes_its_value_whatever_stands_around_it(before: str, after: str, value: str):
    body = filled([before, Hole("a-b"), after], {"a-b": "x"})

    assert rendered(body, x=value) == before + value + after


PIECES = st.lists(st.sampled_from(["a", "\n", "  ", "{", "\t\n", "if", "value", "b\n"]), max_size=12)


@given(PIECES)
def test_tags_take_no_white_space_of_the_text_with_them(pieces: list[str]):
    into, expected = JinjaText(), "<"
    into.text("<")
    for piece in [*pieces, ">"]:
        if piece == "if":
            into.tag("if true")
            into.text("x")
            into.tag("endif")
            expected += "x"
        elif piece == "value":
            into.value("v")
            expected += "V"
        else:
            into.text(piece)
            expected += piece

    templates = Templates({"a.j2": message("user", into.done())})

    assert templates.render("a.j2", {"v": "V"})[0].content == expected


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (["name", "name"], ["name"]),
        (["user-name", "user name"], ["user_name", "user_name_2"]),
        (["if", "loop", "None"], ["if_", "loop_", "None_"]),
        (["1st"], ["_1st"]),
        (["名前"], ["名前"]),
        (["--"], ["value"]),
    ],
)
def test_a_name_is_kept_where_jinja_can_spell_it(foreign: list[str], ours: list[str]):
    assert list(names_for(foreign).values()) == ours


@pytest.mark.parametrize(
    ("path", "id_"),
    [
        ("support/reply.prompt.yml", "support/reply"),
        ("a b@c.yml", "a-b-c"),
        ("_draft.yml", "draft"),
        ("../x.yml", "x"),
        ("工单.yml", "工单"),
        ("???.yml", "prompt"),
    ],
)
def test_an_id_is_the_path_in_characters_that_ids_have(path: str, id_: str):
    assert prompt_id(path, ".prompt.yml", ".yml") == id_
