"""The result file: what the contract promises is there, plain numbers, and strangers' files refused with a place."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.record import replace
from promptctl.core.result import FORMAT, Result, YardstickRecord
from promptctl.errors import FileError, Place
from promptctl.reporters.json import read, render
from tests.builders import a_pair, a_table, cases
from tests.reporters.nasty import ANY
from tests.reporters.results import a_result, a_suite_result, saying

FULL = a_result(
    a_suite_result(
        [
            *a_table(40, broken=2, fixed=3),
            a_pair("pf", "ff", case="mixed", tags=("refund",)),
            *cases(2, "p", "e"),
        ],
        yardstick=(YardstickRecord(case="old", what="removed", because="it is gone"),),
    ),
    a_suite_result(a_table(20), suite="support/triage"),
)

# The contract's example, with the type of each value: a tuple lists the types that are allowed.
NUMBER, MAYBE, RATE = (
    (int, float),
    (int, float, type(None)),
    {"passed": int, "scored": int, "low": float, "high": float},
)
TRIAL = {
    "sample": int,
    "role": str,
    "from": str,
    "outcome": str,
    "answer": {"text": str, "finish": str, "tool_calls": list},
    "failure": (dict, type(None)),
    "verdicts": [{"check": str, "status": str, "score": MAYBE, "reason": str, "by": str, "votes": bool}],
}
TALLY = {"pass": int, "fail": int, "unscored": int}
STATES = (
    "cases unchanged pass fixed broken still_failing flaky new_pass new_fail error unscored advisory watched "
    "not_asked removed"
)
CONTRACT: dict[str, Any] = {
    "format": str,
    "promptctl": str,
    "run": str,
    "started_at": str,
    "seconds": NUMBER,
    "complete": bool,
    "base": {"label": str, "commit": str},
    "head": {"label": str, "commit": type(None), "dirty": bool},
    "decision": {
        "status": str,
        "exit_code": int,
        "reasons": [{"rule": str, "message": str, "suite": str, "cases": list}],
    },
    "calls": {
        "prompt": {"sent": int, "reused": int, "saved_equal": int},
        "judge": {"sent": int, "reused": int},
        "confirm": {"sent": int},
        "retried": int,
        "possibly_paid_twice": int,
        "tokens": {"input": int, "output": int},
        "cost": MAYBE,
        "currency": str,
        "cost_unknown_models": list,
    },
    "untested": list,
    "suites": [
        {
            "suite": str,
            "prompt": str,
            "model": str,
            "status": str,
            "rule": str,
            "digest": {"base": str, "head": str, "suite": str},
            "n": int,
            "detectable": MAYBE,
            "settle": {"samples": (int, type(None)), "cases": (int, type(None))},
            "counts": dict.fromkeys(STATES.split(), int),
            "pass_rate": {"base": RATE, "head": RATE},
            "difference": {"estimate": float, "low": float, "high": float, "level": float, "method": str},
            "test": {"name": str, "broken": int, "fixed": int, "p_worse": float, "p_better": float},
            "checks": [{"check": str, "base": TALLY, "head": TALLY}],
            "results": [
                {
                    "case": str,
                    "state": str,
                    "severity": str,
                    "tags": list,
                    "confirmed": bool,
                    "base": [TRIAL],
                    "head": [TRIAL],
                }
            ],
        }
    ],
}


def mistakes(expected: Any, found: Any, path: str = "result") -> list[str]:
    """Where `found` is not of the shape `expected`. Further keys are allowed."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return [f"{path} is {found!r}"]
        return [
            wrong
            for key, inner in expected.items()
            for wrong in (
                mistakes(inner, found[key], f"{path}.{key}") if key in found else [f"{path}.{key} is missing"]
            )
        ]
    if isinstance(expected, list):
        if not isinstance(found, list) or not found:
            return [f"{path} is {found!r}"]
        return mistakes(expected[0], found[0], f"{path}[0]")
    # True is an int to Python, and not to JSON.
    right = isinstance(found, expected) and (not isinstance(found, bool) or expected is bool)
    return [] if right else [f"{path} is {found!r}"]


def test_the_text_is_that_of_the_whole_record_though_it_is_made_case_by_case():
    data = msgspec.to_builtins(FULL)

    assert render(FULL) == json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"


def test_every_key_of_the_contract_is_there_with_its_type():
    assert mistakes(CONTRACT, json.loads(render(FULL))) == []


def test_the_check_of_the_contract_can_fail():
    data = json.loads(render(FULL))
    del data["calls"]["confirm"]
    data["suites"][0]["n"] = True
    data["suites"][0]["results"][0]["base"] = []

    assert mistakes(CONTRACT, data) == [
        "result.calls.confirm is missing",
        "result.suites[0].n is True",
        "result.suites[0].results[0].base is []",
    ]


def test_a_failure_is_a_kind_and_a_sentence_and_has_no_answer():
    [case] = [case for case in json.loads(render(FULL))["suites"][0]["results"] if case["case"] == "pe-000"]

    assert case["state"] == "error"
    assert case["head"][0]["answer"] is None
    assert case["head"][0]["failure"] == {"kind": "timeout", "message": "no complete answer within 60 s"}


def test_without_a_base_what_compares_is_null():
    result = a_result(a_suite_result(cases(3, "", "p"), has_base=False), base=None, affected=())

    data = json.loads(render(result))

    suite = data["suites"][0]
    assert (data["base"], suite["difference"], suite["test"], suite["pass_rate"]["base"]) == (None,) * 4
    assert suite["digest"]["base"] is None
    assert suite["pass_rate"]["head"]["passed"] == 3


def test_the_counts_of_cases_add_up():
    for suite in json.loads(render(FULL))["suites"]:
        counts = {name: count for name, count in suite["counts"].items() if name not in ("cases", "removed")}
        assert sum(counts.values()) == suite["counts"]["cases"]


# There and back


def test_a_result_reads_back_as_it_was():
    assert read(render(FULL), "result.json") == FULL


@given(text=ANY)
def test_any_text_of_a_model_survives_and_the_file_is_ascii_on_one_line(text: str):
    result = a_result(a_suite_result([saying(a_pair("p", "f"), base=text, head=text)], vars={"ticket": text}))

    written = render(result)

    assert written.isascii()
    assert written.count("\n") == 1
    assert read(written, "result.json") == result


def test_the_same_result_is_the_same_text():
    assert render(FULL) == render(read(render(FULL), "f"))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_never_written(number: float):
    for bad in (replace(FULL, seconds=number), replace(FULL, calls=replace(FULL.calls, cost=number))):
        with pytest.raises(ValueError, match="JSON compliant"):
            render(bad)


def add_unknown_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [add_unknown_keys(item) for item in value]
    if isinstance(value, dict):
        return {key: add_unknown_keys(item) for key, item in value.items()} | {"of_tomorrow": [1]}
    return value


def test_keys_of_a_later_version_are_ignored():
    data = json.loads(render(FULL))
    more = {**add_unknown_keys({k: v for k, v in data.items() if k != "suites"}), "suites": data["suites"]}
    for suite in more["suites"]:
        suite["of_tomorrow"] = suite["digest"]["of_tomorrow"] = suite["results"][0]["of_tomorrow"] = {"a": 1}

    assert read(json.dumps(more), "result.json") == FULL


# What is no result


def refused(text: str) -> FileError:
    with pytest.raises(FileError) as caught:
        read(text, "result.json")
    assert caught.value.slug == "not-a-result"
    assert isinstance(caught.value.at, Place)
    assert caught.value.fix
    assert len(caught.value.message) <= 300
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "3",
        "{}",
        '{"format": null}',
        '{"format": {"a": 1}}',
        "[" * 100_000,
        "\x00",
        "NaN",
    ],
)
def test_what_is_no_result_is_refused(text: str):
    refused(text)


def test_a_later_format_is_named():
    assert "promptctl.result/2" in refused('{"format": "promptctl.result/2"}').message
    assert refused(json.dumps({"format": "x" * 500})).message.count("x") <= 60


def test_a_broken_file_has_line_and_column():
    assert str(refused('{\n"format": oops}').at) == "result.json:2:11"


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": "long"},
        {"seconds": None},
        {"complete": 1},
        {"decision": {"status": "great", "exit_code": 0}},
        {"decision": None},
        {"suites": [{}]},
        {"suites": {}},
        {"head": None},
        {"calls": {"cost": "free"}},
    ],
)
def test_a_value_of_the_wrong_type_is_refused(change: dict[str, Any]):
    refused(json.dumps({**json.loads(render(FULL)), **change}))


def test_a_missing_key_is_refused():
    data = json.loads(render(FULL))
    del data["decision"]

    assert "decision" in refused(json.dumps(data)).message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_other_json_is_refused_with_a_place(value: Any):
    refused(json.dumps(value))
    refused(json.dumps({"format": FORMAT, "suites": value}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused_when_it_is_read(number: str):
    text = render(FULL).replace('"seconds":12.5', f'"seconds":{number}')

    assert number in refused(text).message


def test_the_format_is_the_documented_one():
    assert json.loads(render(FULL))["format"] == FORMAT == "promptctl.result/1"
    assert msgspec.to_builtins(FULL)["format"] == Result.__struct_defaults__[0]
