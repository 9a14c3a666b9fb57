"""Variants side by side on a terminal: aligned in every script, cut to the page, and inert whatever they are called."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptctl.core.findings import Measured, Trade
from promptctl.core.record import replace
from promptctl.core.result import PartRecord, SuiteResult
from promptctl.reporters.safe import terminal_line, width
from promptctl.reporters.terminal import Style, render
from tests.builders import a_pair
from tests.reporters.results import a_result, a_suite_result, saying

SECONDS = Measured(
    cases=6, centre="median", base=1.0, head=2.5, difference=1.5, low=1.0, high=6.0,
    level=0.9, method="sign-test", ratio=2.5,
)  # fmt: skip
COST = replace(
    SECONDS, centre="mean", base=0.001, head=0.003, difference=0.002, low=None, high=None, ratio=None
)


def a_variant(base: str = "small", head: str = "large", *, text: str = "text", **facts: Any) -> SuiteResult:
    """Five cases: one is better with the variant, one is worse."""
    letters = [("p", "p"), ("p", "p"), ("f", "f"), ("f", "p"), ("p", "f")]
    pairs = [a_pair(*sides, case=f"case-{number}") for number, sides in enumerate(letters)]
    suite, _ = a_suite_result([saying(pair, base=text, head=text) for pair in pairs])
    rates = suite.pass_rate
    quality = replace(SECONDS, centre="rate", base=0.6, head=0.6, difference=0.1, low=-0.3, high=0.3)
    trade = Trade(base=base, head=head, quality=quality if rates.base else None, cost=COST, seconds=SECONDS)
    return replace(suite, compare="models", trade=replace(trade, **facts))


def shown(*suites: SuiteResult, **style: Any) -> list[str]:
    result = replace(a_result(a_suite_result([a_pair()])), suites=suites)
    return render(result, Style(**style)).splitlines()


def test_columns_stand_below_each_other_in_every_script():
    lines = shown(a_variant("小型", "大型模型"), a_variant())

    rows = [line for line in lines if line.startswith(("    pass", "    cost", "    seconds"))]
    assert len({width(line[: line.index("+")]) for line in rows[:3]}) == 1
    assert rows[:3] == rows[3:]


@pytest.mark.parametrize("verbose", [False, True])
@given(st.text(max_size=200))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_no_name_and_no_answer_acts_on_the_terminal_or_leaves_the_page(verbose: bool, text: str):
    suite = a_variant(text, text, text=text)
    [case] = [case for case in suite.results if case.case == "case-3"]
    answer = case.head[0].answer
    assert answer is not None
    part = PartRecord(sample=0, source="asked", answer=answer, chosen=True, prompt=text)
    made = replace(case, head=(replace(case.head[0], parts=(part,)),))
    suite = replace(suite, suite=text, notes=(text,), results=(*suite.results[:3], made, *suite.results[4:]))

    for line in shown(suite, verbose=verbose):
        assert terminal_line(line) == line
        assert width(line) <= 88


def test_what_is_not_known_is_said_and_never_nothing():
    lines = shown(a_variant(cost=None, seconds=None))

    assert "    cost      not known: a price is missing" in lines
    assert "    seconds   not known" in lines


def test_a_measure_without_an_interval_says_how_few_cases_it_has():
    assert any("+2 (6 cases: too few for an interval)" in line for line in shown(a_variant()))


def test_a_result_file_without_a_trade_is_shown_all_the_same():
    suite = replace(a_variant(), trade=None, compare="something else", counts={}, results=())

    assert shown(suite)[0].startswith("comparing  variants on")


def test_brief_is_the_decision_alone():
    assert len(shown(a_variant(), brief=True)) == 1


def test_errors_are_named_by_their_cause():
    suite, _ = a_suite_result([a_pair("p", "e", case="lost"), a_pair(case="there")])

    lines = shown(replace(suite, compare="models", trade=Trade(base="small", head="large")))

    assert "    ERROR 1 case   timeout: no complete answer within 60 s" in lines


def test_counts_by_majority_and_points_on_average_are_told_apart():
    once = a_variant()
    assert once.evidence
    averaged = replace(once, evidence=replace(once.evidence, samples=3))

    def said(suite: SuiteResult) -> bool:
        [line] = [line for line in shown(suite) if line.strip().startswith("pass ")]
        return "by majority" in line and "points on average" in line

    assert (said(once), said(averaged)) == (False, True)
