"""promptfoo configurations: what they become, which keys are taken, named or refused."""

from pathlib import Path

import pytest

from tests.importers.promptfoo_project import PROVIDER, config
from tests.importers.taking import refused, taken


def test_a_configuration_becomes_a_prompt_with_its_model_and_a_suite(tmp_path: Path):
    done = config(
        tmp_path,
        """\
description: Sorts tickets
prompts: ['Sort: {{ ticket }}']
providers:
  - {id: openai:gpt-4o-mini, config: {temperature: 0.5, max_tokens: 20, seed: 7, stop: [END]}}
tests:
  - description: a parcel
    vars: {ticket: Where is it?}
    metadata: {team: shop, tags: [late]}
    assert: [{type: equals, value: delivery}]
""",
    )

    header = done.header("sort-ticket")
    assert (header.description, header.model) == ("Sorts tickets", "gpt-4o-mini")
    assert header.params == {"temperature": 0.5, "max_output_tokens": 20, "seed": 7, "stop": ["END"]}
    assert done.said("sort-ticket", ticket="hi") == [("user", "Sort: hi")]
    [case] = done.suite("sort-ticket").cases
    assert (case.why, case.tags, case.vars) == ("a parcel", ("team:shop", "late"), {"ticket": "Where is it?"})
    assert (done.left_out, done.notes) == ([], [])


def test_what_promptfoo_sends_where_nothing_is_said_is_written_down(tmp_path: Path):
    done = config(tmp_path, "prompts: [hello]\n" + PROVIDER)

    assert done.header("hello").params == {"temperature": 0, "max_output_tokens": 1024}
    assert done.notes == [
        "openai:gpt-4o: promptfoo sends temperature: 0 and max_tokens: 1024 where nothing is said, "
        "so it is written down"
    ]


def test_reasoning_models_get_no_defaults(tmp_path: Path):
    done = config(tmp_path, "prompts: [hello]\nproviders: [openai:o3-mini]\n")

    assert (done.header("hello").model, done.header("hello").params) == ("o3-mini", {})


def test_keys_are_taken_or_named_and_a_misspelt_one_is_named_with_what_was_meant(tmp_path: Path):
    done = config(
        tmp_path,
        """\
prompts: ['Hi {{ a }}']
providers: [openai:gpt-4o]
tests:
  - vars: {a: x}
    assrt: [{type: equals, value: y}]
derivedMetrics: [{name: f1, value: 1}]
sharing: true
outputPath: out.html
descripton: x
evaluateOptions: {repeat: 3, maxConcurrency: 2}
""",
    )

    assert done.left_out == [
        "the unknown key assrt in a test @ 5:5",
        "derivedMetrics @ 6:1",
        "the unknown key descripton in the configuration @ 9:1",
    ]
    [asserts, _, meant] = done.report.files[0].left_out
    assert meant.instead.startswith("did you mean description?")
    assert asserts.instead.startswith("did you mean assert?")
    assert done.suite("hi-a").samples == 3


def test_references_are_followed_and_one_that_leads_to_nothing_is_refused(tmp_path: Path):
    text = """\
prompts: ['Hi {{ a }}']
providers: [openai:gpt-4o]
assertionTemplates: {word: {type: contains, value: '{{ a }}'}}
tests:
  - vars: {a: x}
    assert: [{$ref: '#/assertionTemplates/word'}]
"""
    done = config(tmp_path / "good", text)

    assert [spec.args for case in done.suite("hi-a").cases for spec in case.checks] == [{"": "x"}]
    broken = text.replace("templates/word", "templates/wrd").replace("Templates/word", "Templates/wrd")
    assert refused(tmp_path / "bad", {"promptfooconfig.yaml": broken}) == [
        ("import-reference", "promptfooconfig.yaml:6:15")
    ]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("", [("import-nothing", "promptfooconfig.yaml:1:1")]),
        ("- a\n", [("wrong-type", "promptfooconfig.yaml:1:1")]),
        ("prompts: [\n", [("bad-yaml", "promptfooconfig.yaml:2:1")]),
        ("prompts: [file://gone.txt, 5]\nproviders: [7]\ntests: [8, {vars: 9}]\n", [
            ("no-such-file", "promptfooconfig.yaml:1:11"),
            ("wrong-type", "promptfooconfig.yaml:1:28"),
            ("wrong-type", "promptfooconfig.yaml:2:13"),
            ("wrong-type", "promptfooconfig.yaml:3:9"),
            ("wrong-type", "promptfooconfig.yaml:3:13"),
        ]),
        ("prompts: [file://../secret.txt]\nproviders: [echo]\n", [("no-such-file", "promptfooconfig.yaml:1:11")]),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_configuration_are_shown_together(
    text: str, errors: list[tuple[str, str]], tmp_path: Path
):
    assert refused(tmp_path, {"promptfooconfig.yaml": text}) == errors


@pytest.mark.parametrize("key", ["tests", "providers", "scenarios"])
def test_files_that_name_one_another_are_refused(key: str, tmp_path: Path):
    loop = {"a.yaml": "- file://b.yaml\n- file://b.yaml\n", "b.yaml": "- file://a.yaml\n"}
    found = refused(
        tmp_path, {"promptfooconfig.yaml": f"prompts: [hello]\n{key}: [file://a.yaml]\n", **loop}, "."
    )

    assert {slug for slug, _ in found} == {"import-reference"}


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("output.json", '{"version": 3, "results": {"results": []}, "stats": {}}', "promptfoo results"),
        ("out.csv", "a,[openai:gpt-4o] x\n1,[PASS] (1.00) yes\n", "promptfoo results"),
        ("tests.csv", "a,__expected\nx,y\n", "promptfoo tests"),
        ("cases.jsonl", '{"vars": {"a": 1}}\n', "promptfoo tests"),
        ("tests1.yaml", "# mine\n- vars: {a: 1}\n", "promptfoo tests"),
        ("asserts.yaml", "- type: contains\n  value: x\n", "promptfoo assertions"),
        ("promptfooconfig.js", "module.exports = {}\n", "this promptfoo configuration is a program"),
    ],
)
def test_its_other_files_are_refused_as_what_they_are(name: str, text: str, what: str, tmp_path: Path):
    done = taken(tmp_path, {name: text})

    assert (done.files(), [slug for slug, _ in done.refusals]) == ([], ["import-unsupported"])
    assert what in done.why
    assert "promptfooconfig" in done.why


def test_a_long_run_of_blanks_is_told_from_a_list_at_once(tmp_path: Path):
    assert refused(tmp_path, {"a.yaml": "#\n" * 2000 + " " * 200_000 + "x"}, as_format="promptfoo") != []
