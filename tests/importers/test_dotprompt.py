"""Dotprompt files: what each key, helper and block becomes, and what is left out or refused of them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from promptctl.importers.dotprompt.values import js_text, js_true, look_up
from tests.importers.taking import refused, taken


def of(text: str, front: str = "", **partials: str) -> dict[str, str | bytes]:
    files = {f"_{name}.prompt": partial for name, partial in partials.items()}
    return {"a.prompt": f"---\nmodel: gemini-2.5-flash\n{front}---\n{text}", **files}


FULL = """\
# Copyright of someone
# and more

---
model: googleai/gemini-2.5-flash
description: Answers
version: "3"
config: {temperature: 0.7, maxOutputTokens: 20, topP: 0.9, stopSequences: [END], apiKey: x}
tools: [search]
toolDefs:
  - {name: look, description: Looks, inputSchema: {type: object, properties: {a: {type: string}}}}
input:
  default: {tone: warm}
  schema:
    question: string, What is asked
    tone: string
    count?: integer
output:
  format: json
  schema: {answer: string, "tags?(array, Words)": string}
---

{{role "system"}}
Be {{tone}}.
{{role "user"}}
{{question}}
"""


def test_a_whole_file_is_carried_over(tmp_path: Path):
    done = taken(tmp_path, {"a.prompt": FULL})

    version = done.prompts.version("a")
    assert version.header.description == "Answers"
    assert version.header.model == "googleai/gemini-2.5-flash"
    assert version.header.params == {
        "temperature": 0.7,
        "max_output_tokens": 20,
        "top_p": 0.9,
        "stop": ["END"],
    }
    assert version.header.meta == {"version": "3"}
    assert [tool["function"]["name"] for tool in version.tools] == ["look"]
    assert version.schema == {
        "type": "object",
        "properties": {
            "answer": {"type": "string"},
            "tags": {
                "type": ["array", "null"],
                "items": {"type": "string"},
                "description": "Words",
            },
        },
        "required": ["answer"],
        "additionalProperties": False,
    }
    assert done.said("a", question="Why?") == [("system", "Be warm."), ("user", "Why?")]
    assert done.left_out == ["config.apiKey @ 8:82", "tool search @ 9:9"]
    assert '"googleai/gemini-2.5-flash" = {provider = "gemini", name = "gemini-2.5-flash"}' in (
        done.report.config
    )


def test_a_text_without_front_matter_or_roles_is_one_user_message(tmp_path: Path):
    done = taken(tmp_path, {"a.prompt": "Hello {{name}}!\n"})

    assert done.said("a", name="Ada") == [("user", "Hello Ada!")]
    assert done.said("a") == [("user", "Hello !")]


def test_what_follows_the_history_is_the_models_own_unless_a_role_is_named(tmp_path: Path):
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    done = taken(tmp_path, of('{{role "system"}}\nS\n{{history}}\nM\n{{history}}\n{{role "user"}}\nU\n'))

    assert done.said("a", history=history) == [
        ("system", "S"),
        ("user", "a"),
        ("assistant", "b"),
        ("assistant", "M"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "U"),
    ]


SHOP = """\
input:
  schema:
    type: object
    required: [items, user]
    properties:
      items: {type: array, items: {type: object, properties: {name: {type: string}, tags: string}}}
      user: {type: object, properties: {name: {type: string}, vip: {type: boolean}, keys: {type: number}}}
      note: {type: string}
      count: {type: integer}
      on: {type: boolean}
"""


@pytest.mark.parametrize(
    ("text", "values", "content"),
    [
        ("{{#if note}}a{{else}}b{{/if}}", {}, "b"),
        ("{{#unless note}}a{{/unless}}!", {"note": "x"}, "!"),
        ("{{#if items}}a{{else}}b{{/if}}", {}, "b"),
        ("{{#if user}}a{{else}}b{{/if}}", {}, "a"),
        ("{{#if count}}a{{else}}b{{/if}}", {"count": 0}, "b"),
        ("{{#if on}}a{{/if}}[{{on}}]", {"on": False}, "[false]"),
        ("[{{on}}{{count}}{{note}}]", {}, "[]"),
        ("{{#if user.name}}{{user.name}}{{/if}}!", {"user": {"name": "Ada"}}, "Ada!"),
        ("{{#if user.name}}x{{/if}}!", {}, "!"),
        ("{{user.keys}}{{user.vip}}", {"user": {"keys": 5, "vip": True}}, "5true"),
        ("{{#each items}}\n- {{name}}\n{{/each}}", {"items": [{"name": "a"}, {"name": "b"}]}, "- a\n- b"),
        ("{{#each items}}x{{else}}none{{/each}}", {}, "none"),
        (
            "{{#each items}}{{@index}}{{#if @last}}.{{/if}}{{this.name}}{{../note}}{{/each}}",
            {"items": [{"name": "a"}, {}], "note": "n"},
            "0an1.n",
        ),
        (
            "{{items.length}} of {{#each items}}{{@root.note}}{{/each}}",
            {"items": [{}], "note": "n"},
            "1 of n",
        ),
        ("{{#with user}}{{name}}{{/with}}", {"user": {"name": "Ada"}}, "Ada"),
        ('{{#ifEquals note "x"}}a{{else}}b{{/ifEquals}}', {"note": "x"}, "a"),
        ("{{#unlessEquals count 2}}a{{else}}b{{/unlessEquals}}", {"count": 2}, "b"),
        ("{{note}}{{! c }}{{!-- d }} --}}", {"note": "{{ 7 }}{% x %}"}, "{{ 7 }}{% x %}"),
        ("{ {{~note~}} } {% if %} {# c #} \\{{x}}", {"note": "n"}, "{n} {% if %} {# c #} {{x}}"),
    ],
)
def test_a_template_means_the_same(tmp_path: Path, text: str, values: dict[str, Any], content: str):
    done = taken(tmp_path, of(text, SHOP))

    given = {"items": [], "user": {}, **values}
    assert done.refusals == []
    assert done.said("a", **given) == [("user", content)]


def test_a_message_without_text_is_left_out_as_there(tmp_path: Path):
    done = taken(tmp_path, of('Hi\n{{role "system"}}\n{{#if note}}\nNote: {{note}}\n{{/if}}\n'))

    assert done.said("a") == [("user", "Hi")]
    assert done.said("a", note="x") == [("user", "Hi"), ("system", "Note: x")]


def test_a_message_that_is_one_value_is_left_out_where_that_may_be_missing(tmp_path: Path):
    front = "input: {schema: {q: string, note?: string}}\n"
    done = taken(tmp_path, of('{{q}}\n{{role "system"}}\n{{note}}\n', front))

    assert done.said("a", q="Hi") == [("user", "Hi")]
    assert done.said("a", q="Hi", note="x") == [("user", "Hi"), ("system", "x")]


def test_a_value_that_is_a_whole_message_is_required_where_nothing_is_declared(tmp_path: Path):
    done = taken(tmp_path, of("{{q}}\n"))

    assert done.prompts.version("a").inputs["q"].required


def test_a_partial_stays_a_file_of_its_own(tmp_path: Path):
    done = taken(tmp_path, of("Rules:\n{{>head}}\nEnd {{name}}", head="- be {{name}}\n"))

    assert done.files() == ["prompts/_head.j2", "prompts/a.prompt.j2"]
    assert done.said("a", name="kind") == [("user", "Rules:\n- be kind\nEnd kind")]


def test_a_folder_gives_partials_to_its_prompts_and_none_of_its_own(tmp_path: Path):
    files = {"mail/a.prompt": "{{>foot}}\n", "mail/_foot.prompt": "Bye {{name}}\n"}

    done = taken(tmp_path, files, ".")

    assert done.files() == ["prompts/mail/_foot.j2", "prompts/mail/a.prompt.j2"]
    assert done.said("mail/a", name="Ada") == [("user", "Bye Ada")]


def test_media_is_sent_as_a_picture(tmp_path: Path):
    url = "https://example.org/a.png"
    done = taken(tmp_path, of("Look:\n{{media url=photo}}\n", "input: {schema: {photo: string}}\n"))

    assert done.said("a", photo=url) == [
        ("user", [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": url}}])
    ]
    assert any("'photo' is sent as a picture" in note for note in done.notes)


def test_a_variable_outside_the_schema_is_noted(tmp_path: Path):
    done = taken(tmp_path, of("{{a}} {{b}}", "input: {schema: {a: string}}\n"))

    assert any("'b' is used and not in the schema" in note for note in done.notes)


def test_a_list_in_the_form_of_other_languages_is_read_and_noted(tmp_path: Path):
    done = taken(tmp_path, of("{{#each a}}{{this}},{{/each}}", 'input: {schema: {a: "string[]"}}\n'))

    assert done.said("a", a=["x", "y"]) == [("user", "x,y,")]
    assert any("name(array)" in note for note in done.notes)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("{{json a}}", 1),
        ('x {{section "s"}}', 3),
        ("{{add 1 2}}", 1),
        ("{{lookup a 1}}", 1),
        ('{{#role "user"}}x{{/role}}', 1),
        ("{{#if (gt a 1)}}x{{/if}}", 1),
        ("{{#a}}x{{/a}}", 1),
        ("{{role who}}", 1),
        ('{{role "boss"}}', 1),
        ('{{#if a}}{{role "user"}}{{/if}}', 10),
        ("{{#each a}}{{media url=this}}{{/each}}", 12),
        ("{{media a}}", 1),
        ("{{this}}", 1),
        ("{{../a}}", 1),
        ("{{a" + ".b" * 10 + "}}", 1),
        ("{{@index}}", 1),
        ("{{@auth.uid}}", 1),
        ("{{first-name}}", 1),
        ("{{#ifEquals a null}}x{{/ifEquals}}", 1),
        ("{{#each a}}" * 6 + "{{/each}}" * 6, 56),
        ("{{>nowhere}}", 1),
        ("{{>head x=1}}", 1),
        ("  {{>head}}\nx", 3),
        ("{{#each a}}{{>head}}{{/each}}", 12),
    ],
)
def test_what_cannot_be_carried_over_is_refused_at_its_place(tmp_path: Path, text: str, column: int):
    # The ends of a template are stripped, so its first line is kept by a letter before it.
    assert refused(tmp_path, of(f"-\n{text}\n", head="x\n")) == [
        ("import-unsupported", f"a.prompt:5:{column}")
    ]


def test_a_circle_of_partials_is_refused(tmp_path: Path):
    files = of("{{>one}}\n", one="1 {{>two}}", two="2 {{>one}}")

    done = taken(tmp_path, files)

    assert done.report.files == ()
    assert "takes itself in: _one.prompt → _two.prompt → _one.prompt" in done.why


def test_partials_that_multiply_are_refused(tmp_path: Path):
    names = [f"n{number}" for number in range(12)]
    partials = {name: f"{{{{>{below}}}}}" * 10 for name, below in pairwise(names)}

    refusals = refused(tmp_path, of("{{>n0}}\n", **partials, n11="x\n"))

    assert [slug for slug, _ in refusals] == ["import-unsupported"]


def test_loops_without_end_are_refused(tmp_path: Path):
    text = "x{{#each a}}{{#each ../a}}{{#each ../../a}}{{/each}}{{/each}}{{/each}}\n"

    done = taken(tmp_path, of(text, f"input: {{default: {{a: {[1] * 100}}}}}\n"))

    assert [error.slug for error in done.report.refused] == ["import-differs"]
    assert "more than 100,000 rounds" in done.report.refused[0].message


def test_front_matter_in_a_partial_is_refused(tmp_path: Path):
    files = of("{{>one}}\n", one="---\nmodel: x\n---\nHi\n")

    assert refused(tmp_path, files) == [("import-unsupported", "_one.prompt:1:1")]


@pytest.mark.parametrize(
    ("front", "slug", "at"),
    [
        ("input: {schema: {a: Ticket}}\n", "import-unsupported", "a.prompt:3:18"),
        ("input: {schema: {a: 5}}\n", "import-unsupported", "a.prompt:3:18"),
        ("input: {schema: string}\n", "import-unsupported", "a.prompt:3:9"),
        ("input:\n  schema\n    a: string\n", "bad-yaml", "a.prompt:5:6"),
        ("toolDefs:\n  - {name: a b}\n", "import-unsupported", "a.prompt:4:6"),
        ("config: 5\n", "wrong-type", "a.prompt:3:1"),
    ],
)
def test_front_matter_that_cannot_be_read_is_refused_at_its_place(
    tmp_path: Path, front: str, slug: str, at: str
):
    assert refused(tmp_path, of("Hi", front)) == [(slug, at)]


def test_an_output_that_is_not_asked_of_models_is_left_out(tmp_path: Path):
    done = taken(tmp_path, of("Hi", "output: {format: jsonl}\nmy.key: 1\n"))

    assert done.left_out == ["output.format jsonl @ 3:10", "my.key @ 4:1"]


@pytest.mark.parametrize(
    ("value", "text", "true"),
    [
        (None, "", False),
        (True, "true", True),
        (0, "0", False),
        (1.0, "1", True),
        (1.5, "1.5", True),
        ("", "", False),
        ([], "", False),
        (["a", 1], "a,1", True),
        ({}, "[object Object]", True),
    ],
)
def test_values_are_what_javascript_makes_of_them(value: Any, text: str, true: bool):
    assert (js_text(value), js_true(value)) == (text, true)


def test_a_path_through_nothing_is_nothing():
    assert look_up({"a": {"b": [1, 2]}}, ["a", "b", "length"]) == 2
    assert look_up({"a": None}, ["a", "b", "c"]) is None
