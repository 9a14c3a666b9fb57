"""Prompty files of both versions: what each key and marker becomes, and what is left out or refused."""

from pathlib import Path

import pytest

from tests.importers.taking import refused, taken

NEW = """\
---
name: helper
description: Answers
metadata: {authors: [ann]}
model:
  id: gpt-4o
  provider: openai
  apiType: chat
  connection: {kind: key, apiKey: "${env:OPENAI_API_KEY}"}
  options: {temperature: 0.7, maxOutputTokens: 100, stopSequences: [END], additionalProperties: {logprobs: true}}
inputs:
  - {name: question, kind: string, default: Why?}
  - {name: tone, kind: string, enumValues: [warm, cold], default: warm}
---
You are kind.

# System:
Be {{tone}}.

  User[nonce=1]:
{{question}}
"""


def test_a_file_of_the_second_version_is_carried_over(tmp_path: Path):
    done = taken(tmp_path, {"a.prompty": NEW})

    header = done.header("a")
    assert (header.model, header.description) == ("gpt-4o", "Answers")
    assert header.params == {
        "logprobs": True,
        "temperature": 0.7,
        "max_output_tokens": 100,
        "stop": ["END"],
    }
    assert header.meta == {"name": "helper", "metadata": {"authors": ["ann"]}}
    assert done.said("a") == [("system", "You are kind."), ("system", "Be warm."), ("user", "Why?")]
    assert done.left_out == ["model.connection @ 9:3"]


OLD = """\
---
name: Old helper
authors: [ann]
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: gpt-4o, azure_endpoint: "${env:URL}"}
  parameters:
    max_tokens: 90
    top_p: 0.5
    response_format: {type: json_object}
    tools:
      - type: function
        function: {name: find, parameters: {type: object, properties: {}}}
sample:
  question: Where?
  items: [{name: shoe}]
template: jinja2
---
system:
{% for item in items %}
- {{ item.name }}
{% endfor %}

user:
As JSON: {{question}}
"""


def test_a_file_of_the_first_version_is_carried_over(tmp_path: Path):
    done = taken(tmp_path, {"a.prompty": OLD})

    version = done.prompts.version("a")
    assert version.header.model == "gpt-4o"
    assert version.header.params == {"max_output_tokens": 90, "top_p": 0.5}
    assert version.response_format == {"type": "json_object"}
    assert [tool["function"]["name"] for tool in version.tools] == ["find"]
    assert done.said("a", question="Who?", items=[{"name": "a"}, {"name": "b"}]) == [
        ("system", "- a\n\n- b"),
        ("user", "As JSON: Who?"),
    ]
    assert done.left_out == ["model.configuration @ 6:3", "provider azure_openai @ 6:3"]


def test_sample_values_become_a_case_that_is_watched(tmp_path: Path):
    case = taken(tmp_path, {"a.prompty": OLD}).suite("a").cases[0]

    assert case.vars == {"question": "Where?", "items": [{"name": "shoe"}]}
    assert case.watch


def test_samples_that_are_not_enough_for_a_case_are_left_out(tmp_path: Path):
    text = "---\ninputs:\n  a: {type: string, sample: x}\n  b: {type: string}\n---\nuser:\n{{a}} {{b}}\n"

    done = taken(tmp_path, {"a.prompty": text})

    assert done.left_out == ["the sample of a @ 2:1"]
    assert done.files() == ["prompts/a.prompt.j2"]


def body(text: str, front: str = "") -> dict[str, str | bytes]:
    return {"a.prompty": f"---\nmodel: gpt-4o\n{front}---\n{text}"}


def test_a_body_without_front_matter_is_one_message_of_the_system(tmp_path: Path):
    done = taken(tmp_path, {"a.prompty": "Be brief.\n\nAlways.\n"})

    assert done.said("a") == [("system", "Be brief.\n\nAlways.")]


def test_a_fence_inside_the_front_matter_does_not_end_it(tmp_path: Path):
    done = taken(tmp_path, body("user:\nHi\n", "description: a --- b\n"))

    assert done.header("a").description == "a --- b"
    assert done.said("a") == [("user", "Hi")]


def test_an_undeclared_variable_is_required_and_noted(tmp_path: Path):
    done = taken(tmp_path, body("user:\n{{question}}\n"))

    assert done.header("a").inputs is not None
    assert any("'question' is used and not declared" in note for note in done.notes)


def test_an_input_that_may_be_missing_is_empty_then(tmp_path: Path):
    front = (
        "inputs:\n  - {name: a, kind: string, required: false}\n  - {name: b, kind: array, required: false}\n"
    )

    done = taken(tmp_path, body("user:\n[{{a}}]{% if b %}!{% endif %}\n", front))

    assert done.said("a") == [("user", "[]")]


def test_a_message_may_be_empty_where_prompty_sends_it_so(tmp_path: Path):
    front = "inputs:\n  - {name: a, kind: string, required: false}\n"

    done = taken(tmp_path, body("system:\nHi\nassistant:\n\nuser:\n{{a}}\n", front))

    assert done.said("a") == [("system", "Hi"), ("assistant", ""), ("user", "")]


def test_white_space_around_tags_is_that_of_the_original(tmp_path: Path):
    front = "inputs:\n  a: {kind: array}\n"

    done = taken(tmp_path, body("user:\nx\n  {% for i in a %}\n{{i}}\n  {% endfor %}\n{# c #}\n y\n", front))

    assert done.said("a", a=["1"]) == [("user", "x\n  \n1\n  \n\n y")]


def test_a_thread_is_inserted_where_it_stands(tmp_path: Path):
    front = "inputs:\n  talk: {kind: thread}\n  q: {kind: string}\n"
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]

    done = taken(tmp_path, body("system:\nBe kind.\n\n{{talk}}\n\nGo on.\nuser:\n{{q}}\n", front))

    assert done.said("a", talk=history, q="c") == [
        ("system", "Be kind."),
        ("user", "a"),
        ("assistant", "b"),
        ("system", "Go on."),
        ("user", "c"),
    ]


def test_a_thread_that_the_text_does_not_name_comes_last(tmp_path: Path):
    done = taken(tmp_path, body("user:\nHi\n", "inputs:\n  talk: {kind: thread}\n"))

    assert done.said("a", talk=[{"role": "user", "content": "x"}]) == [("user", "Hi"), ("user", "x")]


def test_a_picture_goes_behind_the_text_before_it(tmp_path: Path):
    url = "https://example.org/a.png"
    done = taken(tmp_path, body("user:\nLook: {{photo}}\nWhat?\n", "inputs:\n  photo: {kind: image}\n"))

    assert done.said("a", photo=url) == [
        (
            "user",
            [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": url}}],
        ),
        ("user", "What?"),
    ]


def test_values_in_mustache_are_escaped_as_its_engine_does(tmp_path: Path):
    done = taken(
        tmp_path,
        body("user:\n{{a}} {{{a}}} {{&a}} {% x %}\n", "template: mustache\ninputs: {a: x}\n"),
    )

    assert done.said("a", a='<"&') == [("user", '&lt;&quot;&amp; <"& <"& {% x %}')]


TOOLS = """\
tools:
  - name: weather
    kind: function
    description: Tells
    strict: true
    parameters:
      - {name: city, kind: string, required: true, description: Where}
      - {name: days, kind: integer}
      - {name: unit, kind: string, enumValues: [c, f]}
    bindings: {unit: {input: unit}}
  - {name: files, kind: mcp, serverName: s}
  - {name: shop, kind: openapi, specification: ./x.json}
  - {name: own, kind: mine}
"""


def test_function_tools_become_files_and_other_tools_are_left_out_by_name(tmp_path: Path):
    done = taken(tmp_path, body("user:\nHi\n", TOOLS))

    assert done.prompts.version("a").tools == (
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Tells",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "city": {"type": "string", "description": "Where"},
                        "days": {"type": "integer"},
                    },
                    "required": ["city"],
                    "additionalProperties": False,
                },
                "strict": True,
            },
        },
    )
    assert done.left_out == [
        "bindings of 'weather' @ 12:5",
        "tool 'files' (mcp) @ 13:5",
        "tool 'shop' (openapi) @ 14:5",
        "tool 'own' (mine) @ 15:5",
    ]


def test_outputs_become_a_schema(tmp_path: Path):
    front = "outputs:\n  - {name: city, kind: string, required: true}\n  - {name: t, kind: float}\n"

    done = taken(tmp_path, body("user:\nJSON\n", front))

    assert done.prompts.version("a").response_format == {
        "type": "json_schema",
        "json_schema": {
            "name": "structured_output",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "t": {"type": "number"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }


def test_a_file_reference_is_read_from_the_folder_of_the_prompt(tmp_path: Path):
    files = {
        "sub/a.prompty": "---\ninputs: ${file:more/in.json}\n---\nuser:\n{{q}}\n",
        "sub/more/in.json": '{"q": {"kind": "string", "default": "Hi"}}',
    }

    done = taken(tmp_path, files, ".")

    assert done.said("sub/a") == [("user", "Hi")]


@pytest.mark.parametrize("name", ["../in.json", "/etc/passwd", "a/../../in.json"])
def test_a_file_reference_that_leaves_the_folder_is_refused(tmp_path: Path, name: str):
    files = {"sub/a.prompty": f"---\ninputs: ${{file:{name}}}\n---\nuser:\nHi\n", "in.json": "{}"}

    assert refused(tmp_path, files, ".") == [("outside-import", "./sub/a.prompty:2:1")] or refused(
        tmp_path, files, "sub/a.prompty"
    ) == [("outside-import", "sub/a.prompty:2:1")]


def test_a_file_reference_through_a_link_is_refused(tmp_path: Path):
    (tmp_path / "there").mkdir()
    (tmp_path / "secret.json").write_text('{"q": "top secret"}', encoding="utf-8")
    (tmp_path / "there" / "in.json").symlink_to(tmp_path / "secret.json")
    text = "---\ninputs: ${file:in.json}\n---\nuser:\n{{q}}\n"

    done = taken(tmp_path, {"a.prompty": text})

    assert done.report.files == ()
    assert [error.slug for error in done.report.refused] == ["symlink"]


def test_a_variable_of_the_environment_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODEL_NAME", "from-the-environment")
    text = "---\nmodel:\n  id: ${env:MODEL_NAME:gpt-4o}\n---\nuser:\nHi\n"

    done = taken(tmp_path, {"a.prompty": text})

    assert done.header("a").model == "gpt-4o"
    assert done.left_out == ["model.id from the variable MODEL_NAME @ 3:3"]


def test_a_claude_model_gets_the_limit_that_prompty_sends(tmp_path: Path):
    front = "---\nmodel: {id: claude-sonnet-4, provider: anthropic, options: {topK: 5, seed: 1}}\n---\n"

    done = taken(tmp_path, {"a.prompty": f"{front}user:\nHi\n"})

    assert done.header("a").params == {"top_k": 5, "max_output_tokens": 4096}
    assert done.left_out == ["model.options.seed @ 2:70"]


def test_options_that_prompty_does_not_send_are_left_out(tmp_path: Path):
    front = (
        "---\nmodel: {id: gpt-4o, options: {topK: 5, style: x, additionalProperties: {stream: true}}}\n---\n"
    )

    done = taken(tmp_path, {"a.prompty": f"{front}user:\nHi\n"})

    assert done.header("a").params == {}
    assert done.left_out == [
        "model.options.topK @ 2:31",
        "model.options.style @ 2:40",
        "model.options.additionalProperties.stream @ 2:73",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("system:\nA\n{% if x %}\nuser:\nB\n{% endif %}\n", 6),
        ("user:\n{% include 'x' %}\n", 5),
        ("user:\nx\n{% macro a() %}{% endmacro %}\n", 6),
        ("user:\n{{ range(9) }}\n", 5),
        # Were these computed, it would be too late: 100 GB each.
        ("user:\n{{ 'a' * 100000000000 }}\n", 5),
        ("user:\n{{ 'a' | center(100000000000) }}\n", 5),
        ("user:\n{{ a | tojson }}\n", 5),
        ("user:\n{{ a \n", 5),
        ("user[name=Ann]:\nHi\n", 4),
        ("tool:\nHi\n", 4),
    ],
)
def test_a_body_that_cannot_be_carried_over_is_refused_at_its_line(tmp_path: Path, text: str, line: int):
    refusals = refused(tmp_path, body(text))

    assert refusals[0] == ("import-unsupported", f"a.prompty:{line}:1")
    assert {slug for slug, _ in refusals} == {"import-unsupported"}


@pytest.mark.parametrize(
    ("text", "front"),
    [
        ("user:\n{% if photo %}{{photo}}{% endif %}\n", "inputs:\n  photo: {kind: image}\n"),
        ("user:\n{{photo}} {{photo}}\n", "inputs:\n  photo: {kind: image}\n"),
        ("user:\n{{talk}} {{photo}}\n", "inputs:\n  photo: {kind: image}\n  talk: {kind: thread}\n"),
        ("user:\nHi\n", "inputs:\n  sound: {kind: audio}\n"),
        ("user:\nHi\n", "template: liquid\n"),
        ("user:\n{{#a}}x{{/a}}\n", "template: mustache\n"),
    ],
)
def test_what_has_no_message_of_ours_is_refused(tmp_path: Path, text: str, front: str):
    assert {slug for slug, _ in refused(tmp_path, body(text, front))} == {"import-unsupported"}


@pytest.mark.parametrize("kind", ["embedding", "image"])
def test_what_is_no_chat_is_refused_at_its_place(tmp_path: Path, kind: str):
    text = f"---\nmodel:\n  id: x\n  apiType: {kind}\n---\nHi\n"

    assert refused(tmp_path, {"a.prompty": text}) == [("import-unsupported", "a.prompty:4:3")]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("---\nname: x\n", ("header-not-closed", "a.prompty:1:1")),
        ("---\nname: [\n---\nHi\n", ("bad-yaml", "a.prompty:2:8")),
        ("---\nname: x\n---\n\n", ("import-nothing", "a.prompty:1:1")),
        ("---\n- a\n---\nHi\n", ("wrong-type", "a.prompty:2:1")),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, text: str, refusal: tuple[str, str]):
    assert refused(tmp_path, {"a.prompty": text}) == [refusal]


def test_pictures_inside_the_text_of_the_first_version_are_refused(tmp_path: Path):
    text = "---\nmodel: {api: chat}\n---\nuser:\nLook ![a](b.png)\n"

    assert refused(tmp_path, {"a.prompty": text}) == [("import-unsupported", "a.prompty:5:6")]
