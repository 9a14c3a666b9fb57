"""Assertions of promptfoo: the check that each becomes, and what is left out with what to do instead."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptctl.importers.promptfoo.checks import CHECKS
from promptctl.importers.promptfoo.csv import assertion_of
from promptctl.importers.promptfoo.not_carried import WITHOUT_A_CHECK
from tests.importers.taking import Taken, taken


def imported(tmp_path: Path, *asserts: Any, files: dict[str, str] | None = None, **settings: Any) -> Taken:
    """An import of one prompt with one test that has these assertions; `settings` are the test's."""
    config = settings.pop("config", {})
    written = {
        "prompts": [{"raw": "Hi {{ a }}", "label": "p"}],
        "providers": [{"id": "openai:gpt-4o", "config": {"temperature": 0, "max_tokens": 9, **config}}],
        "tests": [{"vars": {"a": "x"}, "assert": list(asserts), **settings}],
    }
    return taken(tmp_path, {"promptfooconfig.json": json.dumps(written), **(files or {})})


def checks(done: Taken) -> list[dict[str, Any]]:
    """The checks of the only case, as they are written in its file."""
    written = yaml.safe_load((done.root / "evals" / "p.yaml").read_text(encoding="utf-8"))
    [case] = written["cases"] if isinstance(written, dict) else written
    return list(case.get("checks", []))


@pytest.mark.parametrize(
    ("assertion", "check"),
    [
        ({"type": "equals", "value": "yes"}, {"equals": "yes"}),
        ({"type": "equals", "value": 3}, {"equals": "3"}),
        ({"type": "equals", "value": ""}, {"char_count": 0}),
        ({"type": "equals", "value": {"k": 1}}, {"json_equals": {"to": {"k": 1}}}),
        ({"type": "contains", "value": "b {{ a }}"}, {"contains": "b x"}),
        ({"type": "icontains", "value": "B"}, {"contains": {"value": "B", "ignore_case": True}}),
        ({"type": "not-contains", "value": "b"}, {"not": {"contains": "b"}}),
        ({"type": "contains-any", "value": ["b", "{{ a }}"]}, {"contains_any": ["b", "x"]}),
        ({"type": "contains-any", "value": 'a, "b, c"'}, {"contains_any": ["a", "b, c"]}),
        ({"type": "contains-all", "value": "a, b"}, {"contains_all": ["a", "b"]}),
        ({"type": "icontains-all", "value": ["a"]}, {"contains_all": {"values": ["a"], "ignore_case": True}}),
        ({"type": "starts-with", "value": "b"}, {"starts_with": "b"}),
        ({"type": "regex", "value": "^a$"}, {"regex": r"^a\Z"}),
        ({"type": "regex", "value": r"\d"}, {"regex": {"pattern": r"\d", "flags": "a"}}),
        ({"type": "is-json"}, "is_json"),
        ({"type": "is-json", "value": {"type": "object"}}, {"json_schema": {"schema": {"type": "object"}}}),
        ({"type": "is-json", "value": "type: object"}, {"json_schema": {"schema": {"type": "object"}}}),
        ({"type": "is-xml"}, "is_xml"),
        ({"type": "is-xml", "value": {"requiredElements": ["a.b"]}}, {"is_xml": {"has": ["a/b"]}}),
        ({"type": "is-html"}, "is_html"),
        ({"type": "word-count", "value": {"min": 2, "max": 5.5}}, {"word_count": {"min": 2, "max": 5}}),
        ({"type": "word-count", "value": "7"}, {"word_count": 7}),
        ({"type": "latency", "threshold": 1500}, {"latency": 1.5}),
        ({"type": "cost", "threshold": 0.002}, {"cost": 0.002}),
        ({"type": "levenshtein", "value": "abc"}, {"levenshtein": {"to": "abc", "at_most": 5}}),
        ({"type": "finish-reason", "value": "STOP"}, {"finish_reason": "stop"}),
        ({"type": "tool-call-f1", "value": "a, b"}, {"tool_call_f1": ["a", "b"]}),
        ({"type": "contains", "value": "b", "metric": "tone"}, {"contains": "b", "name": "tone"}),
        ({"type": "contains", "value": "b", "weight": 0}, {"contains": "b", "required": False}),
    ],
)  # fmt: skip
def test_each_type_becomes_a_check(assertion: dict[str, Any], check: Any, tmp_path: Path):
    done = imported(tmp_path, assertion)

    assert (checks(done), done.left_out) == ([check], [])


def test_a_value_from_a_file_is_read(tmp_path: Path):
    done = imported(
        tmp_path,
        {"type": "equals", "value": "file://a.txt"},
        {"type": "is-json", "value": "file://s.yaml"},
        files={"a.txt": "  yes\n", "s.yaml": "type: array\n"},
    )

    assert checks(done) == [{"equals": "yes"}, {"json_schema": {"schema": {"type": "array"}}}]


@pytest.mark.parametrize(
    ("assertion", "what", "instead"),
    [
        ({"type": "eqals", "value": "x"}, "assertion eqals", "did you mean"),
        ({"value": "x"}, "an assertion without a type", "write `type:`"),
        ({"type": "contains", "value": ""}, "assertion contains with an empty text", "promptfoo stops here"),
        ({"type": "contains", "value": "{{ a | zz }}"}, "assertion contains with the filter zz", "write the value out"),
        ({"type": "contains", "value": "file://gone.txt"}, "gone.txt is not there", "check the path"),
        ({"type": "contains", "value": "file://f.js"}, "assertion contains with code (f.js)", "write the value"),
        ({"type": "contains", "value": "x", "transform": "output"}, "with a transform", "`extract:`"),
        ({"type": "contains-any", "value": []}, "contains-any without a list", "promptfoo stops here"),
        ({"type": "contains-all", "value": 'a, "b'}, "with double quotes", "write it as a list"),
        ({"type": "regex", "value": "(?i)x"}, "JavaScript refuses", "write a pattern of Python"),
        ({"type": "is-json", "value": {"type": 5}}, "assertion is-json", ""),
        ({"type": "word-count", "value": {}}, "word-count without a number", "promptfoo stops here"),
        ({"type": "latency"}, "assertion latency without a threshold", "promptfoo stops here"),
        ({"type": "latency", "threshold": 0}, "assertion latency", ""),
        ({"type": "finish-reason", "value": "tired"}, "finish-reason with another reason", "promptctl knows stop"),
        ({"type": "is-valid-openai-tools-call"}, "of a prompt without tools", "give the provider tools"),
        ({"type": "javascript", "value": "1"}, "assertion javascript", "`python` check"),
        ({"type": "not-llm-rubric", "value": "x"}, "assertion not-llm-rubric", "no judges yet"),
        ({"type": "promptfoo:redteam:harmful"}, "assertion promptfoo:redteam:harmful", "no red teaming"),
        ("file://check.js", "an assertion that is the text", "write a mapping"),
    ],
)  # fmt: skip
def test_what_has_no_equal_is_left_out_and_the_test_is_watched(
    assertion: Any, what: str, instead: str, tmp_path: Path
):
    done = imported(tmp_path, assertion)

    [left_out] = done.report.files[0].left_out
    assert what in left_out.what
    assert instead in left_out.instead
    assert left_out.at.path.endswith("promptfooconfig.json")
    assert [case.watch for case in done.suite("p").cases] == [True]


@pytest.mark.parametrize("kind", sorted(WITHOUT_A_CHECK))
def test_every_type_without_an_equal_says_what_to_do_instead(kind: str, tmp_path: Path):
    done = imported(tmp_path, {"type": kind, "value": "x", "threshold": 0.5})

    [left_out] = done.report.files[0].left_out
    assert left_out.what == f"assertion {kind}"
    assert left_out.instead


def test_a_schema_with_formats_says_that_they_are_not_checked(tmp_path: Path):
    done = imported(tmp_path, {"type": "is-json", "value": {"type": "string", "format": "date-time"}})

    assert len(checks(done)) == 1
    assert done.left_out == ["the format date-time in a schema is not checked @ 1:181"]


TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object", "required": ["q"]}}}


def test_calls_are_held_against_the_tools_and_texts_are_not(tmp_path: Path):
    done = imported(
        tmp_path,
        {"type": "is-valid-openai-tools-call"},
        {"type": "contains", "value": "x"},
        config={"tools": [TOOL]},
    )

    schema = {"type": "object", "required": ["q"]}
    assert checks(done) == [{"tool_args_schema": {"tool": "find", "schema": schema}}]
    assert "of a prompt with tools" in done.left_out[0]


def test_several_tools_are_each_held_against_their_schema(tmp_path: Path):
    other = {"type": "function", "function": {"name": "sell"}}
    done = imported(tmp_path, {"type": "is-valid-openai-tools-call"}, config={"tools": [TOOL, other]})

    [check] = checks(done)
    assert list(check) == ["all"]
    assert len(check["all"]) == 3


# Weights, thresholds, sets


A, B = {"type": "contains", "value": "a"}, {"type": "contains", "value": "b"}


@pytest.mark.parametrize(
    ("asserts", "settings", "written"),
    [
        ([{"type": "assert-set", "assert": [A, B]}], {}, [{"contains": "a"}, {"contains": "b"}]),
        ([{"type": "assert-set", "threshold": 0.5, "assert": [A, B]}], {},
         [{"any": [{"contains": "a"}, {"contains": "b"}]}]),
        ([A, B], {"threshold": 1}, [{"contains": "a"}, {"contains": "b"}]),
        ([A, B], {"threshold": 0.5}, [{"any": [{"contains": "a"}, {"contains": "b"}]}]),
        ([{**A, "weight": 3}, B], {}, [{"contains": "a"}, {"contains": "b"}]),
    ],
)  # fmt: skip
def test_scores_that_mean_all_or_any_are_carried_over(
    asserts: list[Any], settings: dict[str, Any], written: list[Any], tmp_path: Path
):
    done = imported(tmp_path, *asserts, **settings)

    assert (checks(done), done.left_out) == (written, [])


@pytest.mark.parametrize(
    ("asserts", "settings"),
    [
        ([A, B, {"type": "contains", "value": "c"}], {"threshold": 0.6}),
        ([{**A, "weight": 3}, B], {"threshold": 0.5}),
    ],
)
def test_a_score_that_means_neither_is_left_out_and_its_checks_do_not_vote(
    asserts: list[Any], settings: dict[str, Any], tmp_path: Path
):
    done = imported(tmp_path, *asserts, **settings)

    assert [check.get("required") for check in checks(done)] == [False] * len(asserts)
    assert ["threshold" in one for one in done.left_out] == [True]


# The small language of tables


@pytest.mark.parametrize(
    ("cell", "assertion"),
    [
        ("yes", {"type": "equals", "value": "yes"}),
        ("contains:a, b", {"type": "contains", "value": "a, b"}),
        ("not-icontains:a", {"type": "not-icontains", "value": "a"}),
        ("contains-any:a, b", {"type": "contains-any", "value": ["a", "b"]}),
        ("is-json", {"type": "is-json"}),
        ("levenshtein(2):abc", {"type": "levenshtein", "value": "abc", "threshold": 2}),
        ("latency(900)", {"type": "latency", "threshold": 900}),
        ("fn: output.length", {"type": "javascript", "value": "output.length"}),
        ("grade: is kind", {"type": "llm-rubric", "value": " is kind"}),
        ("python:file://x.py", {"type": "python", "value": "file://x.py"}),
        ("file://x.py", {"type": "python", "value": "x.py"}),
        ("unknown:thing", {"type": "equals", "value": "unknown:thing"}),
    ],
)
def test_a_cell_of_a_table_is_an_assertion(cell: str, assertion: dict[str, Any]):
    assert assertion_of(cell, (*CHECKS, *WITHOUT_A_CHECK)) == assertion
