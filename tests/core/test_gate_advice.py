"""Variants are compared without a gate: nothing that a suite asks for stops them, and errors stay errors."""

import pytest

from promptctl.core.case import Gate
from promptctl.core.comparison import compare
from promptctl.core.gate import advise
from promptctl.core.ruling import exit_code
from tests.builders import a_pair

STRICT = Gate(min_pass_rate=0.99, on_undecided="fail", margin=0.001)


def test_a_worse_variant_is_advice():
    worse = compare([a_pair("p", "f", case=str(n), severity="blocker") for n in range(9)])

    ruling = advise(worse, STRICT, "B: 9 → 0 of 9 pass")

    assert (ruling.status, ruling.rule, ruling.word) == ("undecided", "compared", "ADVISORY")
    assert ruling.message == "B: 9 → 0 of 9 pass"
    assert exit_code([(ruling, STRICT)], strict=True) == 0


@pytest.mark.parametrize(("letters", "rule"), [("e", "errors"), ("u", "unscored")])
def test_what_was_not_answered_is_incomplete(letters: str, rule: str):
    lost = compare([a_pair("p", letters, case=str(n)) for n in range(3)])

    ruling = advise(lost, STRICT, "B")

    assert (ruling.status, ruling.rule) == ("incomplete", rule)
    assert exit_code([(ruling, STRICT)], strict=False) == 3


def test_an_interrupted_comparison_says_so():
    ruling = advise(compare([a_pair()]), STRICT, "B", interrupted=True)

    assert (ruling.rule, exit_code([(ruling, STRICT)], strict=False)) == ("interrupted", 130)
