"""GitHub Models prompt files: what each key becomes, and what is left out or refused of them."""

from pathlib import Path

import pytest

from tests.importers.taking import refused, taken

TRIAGE = """\
name: Triage
description: Sorts tickets
model: openai/gpt-4o-mini
modelParameters: {temperature: 0.2, maxTokens: 50, topP: 0.9}
messages:
  - role: system
    content: You sort tickets for {{shop}}.
  - role: User
    content: |
      Ticket: {{ticket}}
testData:
  - {shop: Elm, ticket: Where is my parcel?, expected: delivery}
  - {shop: Elm, ticket: I want my money back, expected: refund}
evaluators:
  - name: one word
    string: {contains: e}
"""


def test_messages_model_and_parameters_are_carried_over(tmp_path: Path):
    done = taken(tmp_path, {"triage.prompt.yml": TRIAGE})

    header = done.header("triage")
    assert (header.model, header.description, header.meta) == (
        "openai/gpt-4o-mini",
        "Sorts tickets",
        {"name": "Triage"},
    )
    assert header.params == {"max_output_tokens": 50, "temperature": 0.2, "top_p": 0.9}
    assert done.said("triage", shop="Elm", ticket="Hello") == [
        ("system", "You sort tickets for Elm."),
        ("user", "Ticket: Hello"),
    ]
    assert done.report.files[0].proved == 5
    assert done.left_out == []


def test_a_row_of_test_data_becomes_a_case_and_an_evaluator_a_check_of_all(tmp_path: Path):
    suite = taken(tmp_path, {"triage.prompt.yml": TRIAGE}).suite("triage")

    assert [(case.vars, case.expected) for case in suite.cases] == [
        ({"shop": "Elm", "ticket": "Where is my parcel?"}, {"text": "delivery"}),
        ({"shop": "Elm", "ticket": "I want my money back"}, {"text": "refund"}),
    ]
    assert [(check.kind, check.name, check.args) for check in suite.checks] == [
        ("contains", "one word", {"value": "e", "ignore_case": True})
    ]


def test_a_model_of_github_is_routed_to_who_serves_it(tmp_path: Path):
    done = taken(tmp_path, {"triage.prompt.yml": TRIAGE})

    assert done.report.config_written
    assert (tmp_path / "promptctl.toml").read_text(encoding="utf-8") == (
        '[models]\n"openai/gpt-4o-mini" = {provider = "openai", name = "gpt-4o-mini"}\n'
    )


def of(messages: str, more: str = "") -> dict[str, str | bytes]:
    return {"p.yml": f"model: gpt-4o\nmessages:\n  - role: user\n    content: {messages}\n{more}"}


def test_literal_jinja_in_a_message_stays_text(tmp_path: Path):
    content = "\"{% if x %} {# c #} {{ 7 * 7 }} {{{input}}} {{'{{'}}\""

    done = taken(tmp_path, of(content))

    assert done.said("p", input="{{ x }}") == [("user", "{% if x %} {# c #} {{ 7 * 7 }} {{{ x }}} {{'{{'}}")]


def test_a_placeholder_with_spaces_stays_in_the_text_and_is_noted(tmp_path: Path):
    done = taken(tmp_path, of("'{{ name }} and {{name}}'"))

    assert done.said("p", name="Ada") == [("user", "{{ name }} and Ada")]
    assert any("{{ name }} has spaces in it" in note for note in done.notes)


def test_a_placeholder_that_a_row_does_not_give_is_sent_as_it_stands(tmp_path: Path):
    done = taken(tmp_path, of("'{{a}} {{b}}'", "testData:\n  - {a: x}\n"))

    assert done.suite("p").cases[0].vars == {"a": "x", "b": "{{b}}"}
    assert any("gives no 'b'" in note for note in done.notes)


def test_a_name_that_jinja_cannot_spell_gets_one_that_it_can(tmp_path: Path):
    done = taken(tmp_path, of("'{{user-name}} {{user name}} {{if}}'", "testData:\n  - {user name: Ada}\n"))

    assert done.said("p", user_name="a", user_name_2="b", if_="c") == [("user", "a b c")]
    assert done.suite("p").cases[0].vars["user_name_2"] == "Ada"


@pytest.mark.parametrize(
    ("value", "text"),
    [("4", "4"), ("1.50", "1.5"), ("2.0", "2"), ("true", "true"), ("null", "<nil>"), ("yes", "yes")],
)
def test_a_value_is_put_in_as_go_prints_it(tmp_path: Path, value: str, text: str):
    done = taken(tmp_path, of("'{{a}}'", f"testData:\n  - {{a: {value}}}\n"))

    assert done.suite("p").cases[0].vars == {"a": text}


def test_a_value_that_holds_a_placeholder_stays_text_and_is_noted(tmp_path: Path):
    done = taken(tmp_path, of("'{{a}} {{b}}'", "testData:\n  - {a: '{{b}}', b: x}\n"))

    assert done.suite("p").cases[0].vars == {"a": "{{b}}", "b": "x"}
    assert any("by chance" in note for note in done.notes)


def test_an_empty_value_may_make_an_empty_message_as_there(tmp_path: Path):
    done = taken(tmp_path, of("'{{a}}'", "testData:\n  - {a: ''}\n"))

    assert done.said("p", a="") == [("user", "")]


CHECKS = """\
testData:
  - {input: a, wanted: yes}
evaluators:
  - {name: same, string: {equals: Yes}}
  - {name: same, string: {startsWith: Y, endsWith: s}}
  - {name: row, string: {endsWith: "{{wanted}}"}}
"""


def test_each_string_evaluator_becomes_the_check_that_judges_alike(tmp_path: Path):
    done = taken(tmp_path, of("'{{input}}'", CHECKS))

    case = done.suite("p").cases[0]
    assert [(check.kind, check.name, check.args.get("ignore_case")) for check in case.checks] == [
        ("equals", "same", None),
        ("starts_with", "same-2", True),
        ("ends_with", "row", True),
    ]
    assert all(check.extract is not None for check in case.checks)  # white space at the ends does not count
    assert case.checks[2].args["value"] == "yes"
    assert done.left_out == ["evaluator 'same': endsWith @ 9:42"]


def test_an_evaluator_that_asks_a_model_is_left_out_by_name_and_its_case_watched(tmp_path: Path):
    more = "testData:\n  - {input: a, expected: b}\nevaluators:\n"
    more += "  - {name: near, uses: github/similarity}\n  - {name: tone, llm: {prompt: x, choices: []}}\n"

    done = taken(tmp_path, of("'{{input}}'", more))

    assert done.left_out == ["evaluator 'near' (github/similarity) @ 8:5", "evaluator 'tone' (llm) @ 9:5"]
    case = done.suite("p").cases[0]
    assert case.watch
    assert case.expected == {"text": "b"}


def test_what_nothing_uses_is_left_out_by_name(tmp_path: Path):
    more = "temperature: 1\nmodelParameters: {topK: 4}\ntestData:\n  - {input: a, note: x}\n"

    done = taken(tmp_path, of("'{{input}}'", more))

    assert done.left_out == [
        "temperature @ 5:1",
        "modelParameters.topK @ 6:19",
        "testData[0].note @ 8:16",
    ]


def test_evaluators_without_test_data_are_left_out(tmp_path: Path):
    done = taken(tmp_path, of("hi", "evaluators:\n  - {name: a, string: {contains: x}}\n"))

    assert done.left_out == ["evaluators without testData @ 5:1"]
    assert done.files() == ["prompts/p.prompt.j2"]


SCHEMA = (
    'responseFormat: json_schema\njsonSchema: \'{"name": "pet", "strict": true, "schema": {"type": "object"}, '
    '"description": "d"}\'\n'
)


def test_a_json_schema_becomes_a_file_and_the_output_of_the_header(tmp_path: Path):
    done = taken(tmp_path, of("hi", SCHEMA))

    assert (tmp_path / "prompts/schemas/p.json").read_text(encoding="utf-8") == '{\n  "type": "object"\n}\n'
    assert done.prompts.version("p").response_format == {
        "type": "json_schema",
        "json_schema": {"name": "pet", "strict": True, "schema": {"type": "object"}},
    }
    assert done.left_out == ["description @ 6:1"]


def test_a_json_object_is_asked_for(tmp_path: Path):
    done = taken(tmp_path, of("JSON please", "responseFormat: json_object\n"))

    assert done.prompts.version("p").response_format == {"type": "json_object"}


@pytest.mark.parametrize(
    ("more", "slug", "at"),
    [
        ("responseFormat: xml\n", "wrong-type", "p.yml:5:1"),
        ("responseFormat: json_schema\n", "wrong-type", "p.yml:5:1"),
        ("responseFormat: json_schema\njsonSchema: '{'\n", "bad-json", "p.yml:6:1"),
        ("responseFormat: json_schema\njsonSchema: '{}'\n", "wrong-type", "p.yml:6:1"),
        ("testData:\n  - {a: [1]}\n", "wrong-type", "p.yml:6:6"),
        ("modelParameters: {maxTokens: many}\n", "wrong-type", "p.yml:5:19"),
    ],
)
def test_what_gh_models_would_not_read_is_refused_at_its_place(tmp_path: Path, more: str, slug: str, at: str):
    assert refused(tmp_path, of("'{{a}}'", more)) == [(slug, at)]


def test_a_role_that_gh_models_does_not_know_is_refused(tmp_path: Path):
    text = "model: gpt-4o\nmessages:\n  - {role: tool, content: x}\n"

    assert refused(tmp_path, {"p.yml": text}) == [("wrong-type", "p.yml:3:6")]
