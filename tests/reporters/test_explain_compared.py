"""`--explain` of variants side by side: what they gain, cost and take, and nothing of a gate."""

import re
from typing import Any

import pytest

from promptctl.core.record import replace
from promptctl.core.result import DecisionRecord, Reason, SuiteResult
from promptctl.core.trade import mean_measure, median_measure
from promptctl.reporters.safe import width
from promptctl.reporters.terminal import Style, render
from tests.builders import a_pair
from tests.reporters.results import a_result, a_suite_result
from tests.reporters.test_terminal_variants import a_variant

COSTS = ([0.001, 0.002, 0.001, 0.003, 0.002], [0.002, 0.004, 0.004, 0.003, 0.005])
SECONDS = ([1.0, 2.0, 1.5, 1.0, 1.2], [2.5, 2.2, 9.0, 1.1, 1.9])


def explained(*suites: SuiteResult, code: int = 0, columns: int = 100_000) -> str:
    made = [
        replace(s, status="undecided", rule="compared", word="ADVISORY", message=f"{s.suite} it is")
        for s in suites
    ]
    reasons = [Reason(rule="compared", word="ADVISORY", message="2 models beside small; no gate decides")]
    reasons += [Reason(rule="compared", word="ADVISORY", message=s.message, suite=s.suite) for s in made]
    decision = DecisionRecord(status="undecided", exit_code=code, reasons=tuple(reasons))
    result = replace(a_result(a_suite_result([a_pair()])), suites=tuple(made), decision=decision)
    return render(result, Style(explain=True, brief=True, columns=columns))


def measured(**facts: Any) -> SuiteResult:
    return a_variant(cost=mean_measure(*COSTS), seconds=median_measure(*SECONDS), **facts)


def test_every_variant_is_named_and_nothing_of_a_gate_is_said():
    text = explained(measured(), measured(head="larger"))

    assert re.findall(r"^HOW THEY COMPARE   support/reply   (.+)$", text, re.M) == [
        "large beside small",
        "larger beside small",
    ]
    gate = r"Holm|harm|better\" is|does not apply|margin|redraw|confirmed|--strict|on_undecided|worst of"
    assert re.findall(gate, text) == []
    assert (
        text.count(
            "no gate decides where variants are compared: the exit code is 0 unless answers are missing"
        )
        == 2
    )


def test_the_interval_of_the_cost_can_be_computed_again():
    text = explained(measured())

    [row] = re.findall(
        r"90 % interval \[(\S+), (\S+)\] = difference ± t × s / √n = (\S+) ± (\S+) × (\S+),", text
    )
    low, high, difference, t, error = map(float, row)
    assert "mean of a side: 1.8 → 3.6; difference, the mean of head − base case by case: 1.8" in text
    assert t == pytest.approx(2.1318, abs=1e-4)  # Student t, 4 degrees
    assert (low, high) == (
        pytest.approx(difference - t * error, abs=1e-3),
        pytest.approx(difference + t * error, abs=1e-3),
    )


def test_the_interval_of_the_seconds_says_which_differences_it_lies_between():
    text = explained(measured())

    assert "median of a side: 1.2 → 2.2; difference, the median of head − base case by case: 0.7" in text
    assert "interval [0.1, 7.5]: the differences of the cases in order, without 0 at either end" in text
    assert "P(X ≤ 0) = 0.0313 ≤ 0.0500 for X ~ Bin(5, 1/2)" in text


def test_the_interval_of_passing_shows_its_z_at_both_ends():
    suite = measured()
    assert suite.trade
    assert suite.difference
    d, quality = suite.difference, suite.trade.quality
    assert quality
    found = replace(quality, cases=5, difference=d.estimate, low=d.low, high=d.high, method=d.method)

    text = explained(replace(suite, trade=replace(suite.trade, quality=found)))

    assert "as in docs/gate.md, is 1.6449 and −1.6449; here 1.6449 and −1.6449" in text


def test_averages_are_not_mistaken_for_a_wrong_sum():
    suite = measured()
    assert suite.evidence

    text = explained(replace(suite, evidence=replace(suite.evidence, samples=3)))

    assert "a case by the majority of its draws: 0.6000 → 0.6000" in text
    assert "difference = 0.1000 (+10.0 points) on average" in text
    assert "on average" not in explained(suite)


def test_what_is_not_known_or_costs_nothing_is_said():
    free = mean_measure([0.0, 0.0], [0.0, 0.0])

    text = explained(measured(), a_variant(cost=None, seconds=None, quality=None), a_variant(cost=free))

    assert text.count("nothing on either side") == 1
    assert "not known: a price is missing" in text
    assert "no case has a vote on both sides" in text


@pytest.mark.parametrize("cases", [-1, 0, 3, 10**9])
def test_a_number_of_cases_that_cannot_be_is_said_to_be_one(cases: int):
    suite = measured()
    assert suite.trade
    assert suite.trade.seconds
    suite = replace(suite, trade=replace(suite.trade, seconds=replace(suite.trade.seconds, cases=cases)))

    assert "the record's numbers do not fit together" in explained(suite)


def test_the_run_names_every_comparison_once():
    text = explained(measured(), measured(head="larger")).partition("THE RUN\n")[2]

    assert [line.strip() for line in text.splitlines()[:4]] == [
        "support/reply, large beside small: ADVISORY  [compared]",
        "support/reply, larger beside small: ADVISORY  [compared]",
        "exit code 0: no gate decides where variants are compared, and no answer is missing beyond what is allowed",
        "",
    ]


@pytest.mark.parametrize(
    ("code", "said"), [(3, "but answers are missing"), (130, "interrupted"), (1, "as recorded")]
)
def test_any_other_exit_code_has_its_reason(code: int, said: str):
    [line] = [
        line
        for line in explained(measured(), code=code).splitlines()
        if "exit code" in line and "unless" not in line
    ]

    assert line.endswith(said)


def test_a_setting_is_named_with_its_model():
    text = explained(replace(measured(head="temperature=0", base="own settings"), compare="params"))

    assert "HOW THEY COMPARE   support/reply   qwen-plus   temperature=0 beside own settings\n" in text
    assert "     support/reply, qwen-plus, temperature=0 beside own settings: ADVISORY  [compared]\n" in text


@pytest.mark.parametrize("columns", [88, 40])
def test_no_line_is_wider_than_the_page(columns: int):
    lines = explained(measured(base="小型" * 30, head="大型模型" * 30), columns=columns).splitlines()

    assert [line for line in lines[:-1] if width(line) > columns] == []


def test_a_file_without_a_trade_is_explained_all_the_same():
    text = explained(replace(measured(), trade=None, test=None, difference=None))

    assert "HOW THEY COMPARE   support/reply   qwen-plus" in text
