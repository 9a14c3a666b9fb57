"""The gate on a whole run: the worst suite decides, and the exit code follows."""

from itertools import product
from typing import Any

import pytest

from promptctl.core.case import Gate
from promptctl.core.ruling import Ruling, exit_code, worst

STATUSES = ("fail", "incomplete", "undecided", "pass")
PAIRS = list(product(STATUSES, STATUSES))


def ruling(status: Any, rule: str = "rule") -> Ruling:
    return Ruling(status=status, rule=rule, message="a sentence")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_run_is_as_bad_as_its_worst_suite(first: Any, second: Any):
    assert worst([first, second]) == min(first, second, key=STATUSES.index)


def test_a_run_without_a_suite_passes():
    assert worst([]) == "pass"
    assert exit_code([], strict=True) == 0


CODES = {"fail": 1, "incomplete": 3, "pass": 0}


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize(
    ("on_undecided", "strict"), [("pass", False), ("pass", True), ("fail", False), ("fail", True)]
)
def test_the_exit_code_follows_the_worst_suite(first: Any, second: Any, on_undecided: Any, strict: bool):
    gate = Gate(on_undecided=on_undecided)
    undecided = 1 if on_undecided == "fail" else 3 if strict else 0

    code = exit_code([(ruling(first), gate), (ruling(second), gate)], strict=strict)

    assert code == {**CODES, "undecided": undecided}[worst([first, second])]


def test_each_undecided_suite_counts_by_its_own_gate():
    lenient, demanding = Gate(), Gate(on_undecided="fail")

    assert exit_code([(ruling("undecided"), lenient), (ruling("pass"), demanding)], strict=False) == 0
    assert exit_code([(ruling("undecided"), demanding), (ruling("pass"), lenient)], strict=False) == 1


def test_an_interrupted_run_ends_with_130():
    stopped = ruling("incomplete", "interrupted")

    assert exit_code([(ruling("fail"), Gate()), (stopped, Gate())], strict=True) == 130


@pytest.mark.parametrize(
    ("status", "rule_", "expected"),
    [
        ("pass", "nothing-changed", "PASS"),
        ("fail", "broken-exceeds-fixed", "FAIL"),
        ("incomplete", "errors", "INCOMPLETE"),
        ("undecided", "no-break-found", "NO BREAK FOUND"),
        ("undecided", "trade-off", "UNDECIDED"),
        ("undecided", "near-floor", "UNDECIDED"),
        ("undecided", "advisory-only", "ADVISORY"),
        ("undecided", "no-base", "NO BASE"),
        ("undecided", "a-rule-of-tomorrow", "UNDECIDED"),
        ("incomplete", "no-base", "INCOMPLETE"),
    ],
)
def test_the_decision_begins_with_its_word(status: str, rule_: str, expected: str):
    assert Ruling(status=status, rule=rule_, message="").word == expected


def test_breaks_that_were_not_redrawn_are_not_called_no_break_found():
    found = Ruling(status="undecided", rule="no-break-found", message="", unconfirmed=True)

    assert found.word == "UNDECIDED"
