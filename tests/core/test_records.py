"""What records of a case, a verdict and a configuration say of themselves."""

import msgspec
import pytest

from promptctl.core import ports
from promptctl.core.case import CheckSpec, Extract
from promptctl.core.config import Config
from promptctl.core.exchange import Output
from promptctl.core.record import Record, Shown, replace
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored
from promptctl.errors import Place
from tests.builders import a_case, a_check, a_suite


def test_a_check_means_the_same_wherever_it_stands():
    check = a_check("contains", value="x")

    assert replace(check, place=Place("a.yaml", 3)).meaning() == check.meaning()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "equals"},
        {"args": {"value": "y"}},
        {"required": False},
        {"extract": Extract(line="last")},
        {"parts": (a_check("is_json"),)},
    ],
)
def test_everything_else_changes_what_a_check_means(change: dict[str, object]):
    check = CheckSpec(kind="contains", name="contains", args={"value": "x"})

    assert replace(check, **change).meaning() != check.meaning()


def test_the_inputs_of_a_case_are_apart_from_what_it_asks():
    case = a_case(vars={"ticket": "Where?"}, input="x", contexts=({"id": "a", "text": "t"},))

    assert case.inputs() == {
        "vars": {"ticket": "Where?"},
        "input": "x",
        "contexts": ({"id": "a", "text": "t"},),
    }
    assert case.meaning() == a_case().meaning()
    assert case.meaning() == a_case(severity="blocker").meaning()
    assert case.meaning() != a_case(watch=True).meaning()


@pytest.mark.parametrize(
    ("facts", "ids"),
    [
        ({}, ()),
        ({"source": {"kind": "log"}}, ()),
        ({"source": {"feedback": []}}, ()),
        ({"source": {"feedback": [{"score": -1}]}}, ("case",)),
        ({"source": {"feedback": [{"score": -1}], "trace": "tr_9"}}, ("tr_9",)),
        ({"source": {"feedback": [{"score": -1}], "trace": "tr_9"}, "group": "feedback-7"}, ("feedback-7",)),
    ],
)
def test_a_case_knows_the_feedback_it_answers(facts: dict[str, object], ids: tuple[str, ...]):
    assert a_case(**facts).feedback_ids == ids


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("where", ["seconds", "cost", "tool_calls", "contexts"])
def test_an_output_cannot_hold_a_number_that_no_file_can_keep(where: str, number: float):
    value = number if where in ("seconds", "cost") else ({"a": [{"b": number}]},)

    with pytest.raises(ValueError, match="not finite"):
        Output(text="a", **{where: value})


def test_a_suite_finds_its_cases_by_id():
    suite = a_suite(a_case("a"), a_case("b"))

    assert suite.case("b") == a_case("b")
    assert suite.case("c") is None
    assert list(suite.by_id()) == ["a", "b"]


def test_an_opinion_is_made_by_its_verb():
    assert passes() == Opinion(status="pass")
    assert fails("no date", 0.2) == Opinion(status="fail", reason="no date", score=0.2)
    assert unscored("no JSON") == Opinion(status="unscored", reason="no JSON")


def test_a_rule_without_an_answer_is_a_bug_of_its_author():
    class Silent(Rule):
        """Says nothing."""

    with pytest.raises(NotImplementedError, match="Silent"):
        Silent()(Subject(text="", output=Output(text="")))
    assert Example(args=1, output="", status="pass").note == ""


def test_records_refuse_what_they_do_not_know_and_results_tolerate_it():
    class Kept(Record):
        name: str

    class Seen(Shown):
        name: str

    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"name": "a", "more": 1}, Kept)
    assert msgspec.convert({"name": "a", "more": 1}, Seen) == Seen(name="a")
    with pytest.raises(AttributeError):
        Kept(name="a").name = "b"  # type: ignore[misc]


def test_an_empty_configuration_is_the_documented_one():
    config = Config()

    assert (config.project.prompts, config.project.evals, config.project.default_branch) == (
        "prompts",
        "evals",
        "main",
    )
    assert (config.project.model, config.project.currency) == ("nearest-example", "USD")
    assert (config.gate.margin, config.gate.on_undecided, config.gate.on_untested) == (0.05, "pass", "warn")
    assert (config.gate.max_errors, config.budget.max_calls, config.report.language) == (0, 2000, "en")


def test_the_engine_asks_the_world_through_three_protocols():
    assert {"Provider", "AnswerStore", "Progress"} <= set(vars(ports))
