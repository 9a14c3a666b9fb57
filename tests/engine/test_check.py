"""What a check as written means: arguments, `not`, `any`, `all`, `extract`, and the outcome of a trial."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.case import Case, CheckSpec
from promptctl.core.exchange import Finish, Output
from promptctl.core.verdict import Opinion, Subject, Verdict, VerdictStatus
from promptctl.engine.check import Built, all_of, any_of, build
from promptctl.engine.grading import Grade, finished_verdict, grade, outcome_of
from promptctl.errors import FileError
from promptctl.registry import find, names
from promptctl.store.checkspecs import parse_checks
from tests.checks.asking import built, opinion_of, place_of, says

STATUSES: tuple[VerdictStatus, ...] = ("pass", "fail", "unscored")


def saying(status: VerdictStatus) -> Callable[[Subject], Opinion]:
    return lambda subject: Opinion(status=status, reason=status)


def a_check(ask: Callable[[Subject], Opinion], *, name: str = "custom", required: bool = True) -> Built:
    return Built(spec=CheckSpec(kind="custom", name=name, required=required), ask=ask)


def graded(checks: list[Any], output: str | Output, **options: Any) -> Grade:
    output = Output(text=output) if isinstance(output, str) else output
    specs = parse_checks(checks, place_of, ("checks",))
    return grade([build(spec) for spec in specs], Case(id="case"), output, **options)


# building


def test_an_unknown_check_names_the_nearest_one_and_counts_them_all():
    with pytest.raises(FileError) as caught:
        built({"contain": "x"})

    error = caught.value
    assert error.message == 'check "contain" is unknown'
    assert error.slug == "unknown-check"
    assert error.at == place_of("checks", 0)
    assert error.fix == f'did you mean "contains"? `promptctl checks` lists all {len(names("checks"))}'


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({"contains": {"valeu": "x"}}, 'check "contains": has no argument "valeu"'),
        ("contains", 'check "contains": needs `value`'),
        ({"contains": ["x"]}, 'check "contains": `value` must be text, found a list'),
        ({"contains_any": "x"}, 'check "contains_any": `values` must be a list, found text'),
        ({"contains_any": [["x"]]}, 'check "contains_any": `values[0]` must be text, found a list'),
        ({"is_json": 3}, 'check "is_json": takes no single argument, found 3'),
        ({"word_count": "ten"}, 'check "word_count": `exact` must be a whole number, found text'),
        ({"word_count": {"min": 1.5}}, 'check "word_count": `min` must be a whole number, found a number'),
        (
            {"contains": {"value": "x", "ignore_case": "yes"}},
            "`ignore_case` must be true or false, found text",
        ),
        ({"matches_expected": "numbr"}, "`as` is one of text, normalised, number, label, set, not 'numbr'"),
        ({"json_schema": "object"}, 'check "json_schema": `schema` must be a mapping, found text'),
        ({"word_count": {}}, 'check "word_count": no number: write one, or `min`, or `max`, or both'),
    ],
)
def test_wrong_arguments_are_told_in_the_words_of_the_suite(check: object, message: str):
    with pytest.raises(FileError) as caught:
        built(check)

    error = caught.value
    assert error.slug == "bad-check-arguments"
    assert message in error.message
    assert error.at == place_of("checks", 0)
    assert error.fix is not None
    assert "`promptctl checks " in error.fix


@pytest.mark.parametrize(
    ("written", "meant"),
    [("valeu", "value"), ("requierd", "required"), ("nmae", "name"), ("extrcat", "extract")],
)
def test_a_misspelt_argument_is_told_the_nearest(written: str, meant: str):
    with pytest.raises(FileError) as caught:
        built({"contains": {written: "x"}})

    assert f'did you mean "{meant}"?' in (caught.value.fix or "")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"contains": "x"}, {"contains": {"value": "x"}}),
        ({"contains_any": ["x"]}, {"contains_any": {"values": ["x"]}}),
        ({"word_count": 3}, {"word_count": {"exact": 3}}),
        ({"matches_expected": "number"}, {"matches_expected": {"as": "number", "tolerance": 0}}),
        ({"json_schema": {"type": "object"}}, {"json_schema": {"schema": {"type": "object"}}}),
        ({"not": {"contains": "x"}}, {"not": {"contains": {"value": "x", "ignore_case": False}}}),
    ],
    ids=str,
)
def test_two_ways_of_writing_a_check_mean_the_same(short: object, long: object):
    assert built(short).spec.meaning() == built(long).spec.meaning()


# not, any, all


def test_not_has_no_meaning_for_some_checks_wherever_they_stand():
    for name in names("checks"):
        if find("checks", name).NEGATABLE:
            continue
        check = {"blocklist": {"blocklist": ["x"]}}.get(name, name)
        for nested in (check, {"any": [check, "is_json"]}, {"not": {"all": [check]}}):
            with pytest.raises(FileError, match="no meaning") as caught:
                built({"not": nested})
            assert caught.value.slug == "bad-check-arguments"


def test_twice_not_is_the_check_itself():
    assert says({"not": {"not": {"contains": "x"}}}, "x") == "pass"
    assert says({"not": {"not": {"contains": "x"}}}, "y") == "fail"


def test_the_reason_of_not_says_what_was_there():
    assert opinion_of({"not": {"contains": "30 days"}}, "30 days").reason == 'not: contains "30 days"'


@given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=5))
def test_any_and_all_weigh_their_parts_as_the_design_says(statuses: list[VerdictStatus]):
    asks = tuple(saying(status) for status in statuses)
    subject = Subject(text="", output=Output(text=""))

    any_one, every = any_of(asks, subject).status, all_of(asks, subject).status

    assert any_one == ("pass" if "pass" in statuses else "unscored" if "unscored" in statuses else "fail")
    assert every == ("fail" if "fail" in statuses else "unscored" if "unscored" in statuses else "pass")


def test_groups_nest():
    check = {"all": [{"any": ["is_json", {"contains": "a"}]}, {"not": {"contains": "b"}}]}

    assert says(check, "a") == "pass"
    assert says(check, "ab") == "fail"
    assert says(check, "{}") == "pass"


def test_a_failed_any_tells_all_reasons_and_a_failed_all_the_first():
    parts = [{"contains": "x"}, {"contains": "y"}]

    assert opinion_of({"any": parts}, "").reason == 'no "x" in the output; no "y" in the output'
    assert opinion_of({"all": parts}, "").reason == 'no "x" in the output'


# extract


@pytest.mark.parametrize(
    ("extract", "text", "part"),
    [
        ({"regex": "answer is (.*)"}, "the answer is 4\nthe answer is 5", "4"),
        ({"regex": "answer is (.*)", "take": "last"}, "the answer is 4\nthe answer is 5", "5"),
        ({"regex": r"(?s)the answer is (.*?)\.?$"}, "So the answer is (B).", "(B)"),
        ({"regex": r"\d+", "group": 0}, "a 12 b 3", "12"),
        ({"regex": r"(?P<n>\d+)", "group": "n"}, "a 12", "12"),
        ({"regex": r"(\d+) of (\d+)", "group": 2}, "3 of 4", "4"),
        ({"json": "/a/0"}, '{"a": ["x"]}', "x"),
        ({"json": "/a"}, '{"a": {"b": "退"}}', '{"b": "退"}'),
        ({"json": "/a"}, 'Here:\n```json\n{"a": null}\n```', "null"),
        ({"block": "python"}, "```sql\n1\n```\n```Python\n2\n```", "2\n"),
        ({"block": "any", "take": "last"}, "```sql\n1\n```\n```\n2\n```", "2\n"),
        ({"line": "first"}, "\n  a \nb\n", "a"),
        ({"line": "last"}, "a\n 退款 \n\n", "退款"),
    ],
)
def test_a_check_looks_only_at_the_part_that_extract_names(extract: dict[str, Any], text: str, part: str):
    assert says({"equals": {"value": part, "extract": extract}}, text) == "pass"


NOTHING = [
    {"regex": "answer is (.*)"},
    {"regex": "n(x)?"},
    {"json": "/a"},
    {"block": "json"},
    {"line": "first"},
]


@pytest.mark.parametrize("extract", NOTHING, ids=str)
@pytest.mark.parametrize(
    ("otherwise", "status"), [(None, "fail"), ("whole", "pass"), ("unscored", "unscored")]
)
def test_where_the_part_is_missing_otherwise_decides(
    extract: dict[str, str], otherwise: str | None, status: str
):
    extract = extract if otherwise is None else {**extract, "otherwise": otherwise}
    output = "" if "line" in extract else "no"

    assert says({"not": {"contains": {"value": "x", "extract": {**extract}}}}, output) == status
    assert says({"not": {"contains": "x"}, "extract": extract}, output) == status


def test_a_missing_part_is_no_proof_for_not_even_behind_any():
    missing = {"contains": {"value": "x", "extract": {"json": "/a"}}}

    assert says({"not": {"any": [missing, missing]}}, "no json") == "fail"
    assert says({"any": [missing, {"contains": "no"}]}, "no json") == "pass"


@pytest.mark.parametrize(
    "extract",
    [
        {},
        {"otherwise": "whole"},
        {"regex": "(a)", "line": "first"},
        {"regex": "a"},
        {"regex": "(a)", "group": 2},
        {"regex": "(a)", "group": "n"},
        {"regex": "("},
        {"json": "a"},
        {"json": "/a", "take": "last"},
        {"block": ""},
    ],
    ids=str,
)
def test_an_extract_that_cannot_work_is_refused(extract: dict[str, Any]):
    with pytest.raises(FileError, match="bad-check-arguments") as caught:
        built({"is_json": None, "extract": extract})

    assert "extract" in caught.value.message


def test_a_pattern_of_extract_has_a_time_limit():
    found = graded([{"not_empty": None, "extract": {"regex": "((x+x+)+y)"}}], "x" * 5_000)

    assert found.outcome == "error"
    assert "took longer than 1 s" in (found.error or "")


# grading


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ("pass", "pass"),
        ("pass fail unscored", "fail"),
        ("pass unscored", "unscored"),
        ("pass (fail)", "pass"),
        ("pass (unscored)", "pass"),
        ("(pass)", "advisory"),
        ("(fail)", "advisory"),
        ("", "advisory"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_the_outcome_follows_the_votes(verdicts: str, outcome: str, finished: bool):
    statuses: dict[str, VerdictStatus] = {status: status for status in STATUSES}
    given = [
        Verdict(check=f"c{index}", status=statuses[word.strip("()")], votes="(" not in word)
        for index, word in enumerate(verdicts.split())
    ]
    given = [Verdict(check="finished", status="pass"), *given] if finished else given

    assert outcome_of(given) == outcome


@pytest.mark.parametrize(
    ("finish", "tools", "reason"),
    [
        ("stop", False, None),
        ("tool_calls", True, None),
        ("tool_calls", False, "called a tool, and the prompt offers none"),
        ("length", False, "cut off at the token limit"),
        ("refusal", True, "the model refused"),
        ("content_filter", False, "the provider's content filter refused"),
    ],
)
def test_an_answer_that_did_not_finish_fails_and_says_why(finish: Finish, tools: bool, reason: str | None):
    verdict = finished_verdict(Output(text="", finish=finish), tools)

    assert (verdict.status, verdict.reason) == (("pass", "") if reason is None else ("fail", reason))


def test_an_unfinished_answer_fails_a_case_that_has_only_advisory_checks():
    cut = Output(text="ok", finish="length")
    advisory = [{"contains": {"value": "ok", "required": False}}]

    assert graded(advisory, cut).outcome == "fail"
    assert graded(advisory, "ok").outcome == "advisory"
    assert graded(advisory, cut, finished=False).outcome == "advisory"


def test_all_code_checks_are_asked_even_after_a_required_one_failed():
    found = graded([{"contains": "x"}, {"contains": "y"}, "is_json"], "y")

    assert [(verdict.check, verdict.status) for verdict in found.verdicts] == [
        ("finished", "pass"),
        ("contains", "fail"),
        ("contains-2", "pass"),
        ("is_json", "fail"),
    ]
    assert found.outcome == "fail"


def test_a_check_that_raises_makes_the_trial_an_error_even_beside_a_failed_one():
    def broken(subject: Subject) -> Opinion:
        raise KeyError("colour")

    found = grade(
        [a_check(broken, name="own"), a_check(saying("fail"))],
        Case(id="case"),
        Output(text="x"),
        finished=False,
    )

    assert found.outcome == "error"
    assert found.error == "check \"own\" broke: KeyError: 'colour'"
    assert [verdict.check for verdict in found.verdicts] == ["custom"]


@pytest.mark.parametrize("answer", [None, True, Opinion(status="pass", score=math.nan)], ids=str)
def test_what_is_no_opinion_makes_the_trial_an_error(answer: Any):
    found = grade([a_check(lambda subject: answer)], Case(id="case"), Output(text="x"))

    assert found.outcome == "error"


def test_a_check_sees_the_contexts_that_came_with_the_answer_before_those_of_the_case():
    seen: list[Any] = []

    def look(subject: Subject) -> Opinion:
        seen.append(subject.contexts)
        return Opinion(status="pass")

    case = Case(id="case", contexts=({"id": "case"},))
    grade([a_check(look)], case, Output(text="", contexts=({"id": "answer"},)))
    grade([a_check(look)], case, Output(text=""))

    assert seen == [({"id": "answer"},), ({"id": "case"},)]
