"""The report on a terminal: what broke first, the decision last, nothing wider than 88 columns, nothing obeyed."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from promptctl.core.case import Gate
from promptctl.core.record import replace
from promptctl.core.result import DecisionRecord, Reason, Result, Untested
from promptctl.core.ruling import WORDS
from promptctl.core.run import Pair, Standing
from promptctl.reporters.terminal import Style, render
from tests.builders import a_pair, a_table, cases
from tests.reporters.nasty import ACTED_ON, ANY, NASTY
from tests.reporters.results import a_result, a_suite_result, saying

COLOUR = re.compile(r"\x1b\[(?:1|2|0|31|32|33)m")
LAST = re.compile(r"(PASS|NO BREAK FOUND|UNDECIDED|ADVISORY|NO BASE|FAIL|INCOMPLETE)  .+  \[[a-z0-9-]+\]")


def report(*suites: Any, style: Style = Style(), **facts: Any) -> str:  # noqa: B008 - a tuple
    return render(a_result(*suites, **facts), style)


def a_break(case: str = "late-refund", **facts: Any) -> Pair:
    pair = a_pair("p", "f", case=case, **{"final": True, "tags": ("refund",), **facts})
    return saying(pair, base="Refunds arrive within 14 days.", head="Refunds arrive soon.")


# Whole pages


def test_a_change_that_is_better():
    pairs = [*a_table(58, fixed=4), *cases(2, "f", "f"), *cases(4, "p", "p", name="same", unchanged=True)]

    assert (
        report(a_suite_result(pairs))
        == """\
comparing  main@3f9a2c1 → working tree (2 prompt files changed)
affected   support/reply  (text) through prompts/_policy.j2

support/reply   qwen-plus   64 cases: 60 affected, 4 unchanged
  FIXED 4
    fixed-000   contains   fail → pass
    fixed-001   contains   fail → pass
    fixed-002   contains   fail → pass
    fixed-003   contains   fail → pass
  still failing 2   (-v lists them)
  prompt   100 → 90 characters a request (−10 %); answers 4 → 4 characters

  58 → 62 of 64 pass, +6.2 points [+1.9, +13.2]; 4 confirmed fixed, 0 broken
  60 calls, 60 reused, 4 saved as equal, 900 + 300 tokens, $0.012
     detects −8 points at 80 %
PASS  better: 4 cases fixed, none broken, no worse than 5 points  [no-worse-than-margin]
"""
    )


def test_a_change_that_is_stopped():
    pairs = [*a_table(50), a_break(), a_break("must-pay", severity="blocker", tags=())]

    assert (
        report(a_suite_result(pairs))
        == """\
comparing  main@3f9a2c1 → working tree (2 prompt files changed)
affected   support/reply  (text) through prompts/_policy.j2

support/reply   qwen-plus   52 cases: 52 affected, 0 unchanged
  BROKEN 2
    must-pay   blocker   contains   pass → fail
      ticket   When is it paid?
      reason   fail
      base     Refunds arrive [-within 14 days-].
      head     Refunds arrive {+soon+}.
      changed  prompts/_policy.j2:7   Refunds arrive [-within 14 days-]{+soon+}.
    late-refund   contains   pass → fail   tags refund
      ticket   When is it paid?
      reason   fail
      base     Refunds arrive [-within 14 days-].
      head     Refunds arrive {+soon+}.
  prompt   100 → 90 characters a request (−10 %); answers 5 → 5 characters

  52 → 50 of 52 pass, −3.8 points [−11.0, +1.3]; 2 confirmed broken, 0 fixed
  60 calls, 60 reused, 4 saved as equal, 900 + 300 tokens, $0.012
     detects −7 points at 80 %
  look closer   promptctl test support/reply --case must-pay -v
  meant so?     promptctl cases accept must-pay --because '…'
FAIL  support/reply: 1 blocker broken  [blocker-broken]
"""
    )


def test_head_alone():
    pairs = [*cases(2, "", "p"), saying(a_pair("", "f", case="late"), base="", head="Within 30 days.")]

    assert (
        report(a_suite_result(pairs, has_base=False), base=None, affected=())
        == """\
scoring    working tree, without a base

support/reply   qwen-plus   3 cases
  FAILING 1
    late   contains   fail
      ticket   When is it paid?
      reason   fail
      output   Within 30 days.
  PASSING 2   (-v lists them)
  prompt   90 characters a request; answers 8 characters

  2 of 3 pass (21 % to 94 %)
  60 calls, 60 reused, 4 saved as equal, 900 + 300 tokens, $0.012
NO BASE  2 of 3 pass; set gate.min_pass_rate or severity: blocker to gate  [no-base]
"""
    )


def test_a_run_that_is_incomplete():
    pairs = [*a_table(41), *cases(3, "p", "e")]

    assert (
        report(a_suite_result(pairs))
        == """\
comparing  main@3f9a2c1 → working tree (2 prompt files changed)
affected   support/reply  (text) through prompts/_policy.j2

support/reply   qwen-plus   44 cases: 44 affected, 0 unchanged
  ERRORS 3
    3 cases   timeout: no complete answer within 60 s
      pe-000  pe-001  pe-002
  prompt   100 → 90 characters a request (−10 %); answers 4 → 4 characters

  41 → 41 of 41 pass, 0.0 points [−6.2, +6.2]; 0 confirmed broken, 0 fixed; 3 errors
  60 calls, 60 reused, 4 saved as equal, 900 + 300 tokens, $0.012
     detects −11 points at 80 %
INCOMPLETE  41 of 44 cases answered, no complete answer within 60 s  [errors]
"""
    )


# Any result

WIDE = {"suite": "支持/退款回复" * 12, "vars": {"用户的工单内容很长": "退款什么时候到账？" * 30}}
SHAPES = {
    "better": [*a_table(100, fixed=6)],
    "stopped": [*a_table(50), a_break(), *cases(30, "p", "f", name="broken", final=True)],
    "not redrawn": a_table(40, broken=2, fixed=1, confirmed=False),
    "errors": [*a_table(40), *cases(30, "p", "e")],
    "unscored": [*a_table(10), *cases(30, "p", "u")],
    "flaky": [*a_table(20), *cases(40, "pfp", "ppf")],
    "listed": [
        *cases(30, "p", "f", name="info", standing=Standing.LISTED),
        *cases(30, "a", "a", name="watch", standing=Standing.WATCHED),
        *cases(30, "f", "f", name="new", standing=Standing.NEW),
    ],
    "accepted": [*a_table(60), a_break(accepted="a new policy that takes many words to explain " * 5)],
    "nothing counted": cases(3, "a", "a"),
    "unchanged": cases(30, "p", "p", unchanged=True),
    "long names": [
        a_break("退" * 120, tags=("标签" * 40,), severity="blocker"),
        *(a_pair("p", "e", case=f"{n}" * 120) for n in range(9)),
        *(a_pair("pf", "pf", case=f"{n}x" * 60) for n in range(9)),
    ],
}
STYLE_NAMES = ["plain", "verbose", "brief", "colour", "colour, verbose", "colour, explain"]
STYLES = [
    Style(),
    Style(verbose=True),
    Style(brief=True),
    Style(colour=True),
    Style(colour=True, verbose=True),
    Style(colour=True, explain=True),
]


@pytest.mark.parametrize("pairs", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("style", STYLES, ids=STYLE_NAMES)
def test_no_line_is_wider_than_88_columns(pairs: list[Pair], style: Style):
    lines = report(a_suite_result(pairs, **WIDE), a_suite_result(pairs), style=style).splitlines()

    for line in lines:
        if not line.startswith("  look closer"):  # a command that was cut could not be copied
            assert wcswidth(COLOUR.sub("", line)) <= 88, line


@pytest.mark.parametrize("pairs", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("style", STYLES, ids=STYLE_NAMES)
def test_the_last_line_is_the_decision(pairs: list[Pair], style: Style):
    text = report(a_suite_result(pairs, **WIDE), a_suite_result(pairs), style=style)

    assert text.endswith("\n")
    assert LAST.fullmatch(COLOUR.sub("", text.splitlines()[-1]))


@pytest.mark.parametrize("rule", sorted(WORDS))
def test_each_undecided_rule_has_its_word(rule: str):
    reason = Reason(rule=rule, message="a sentence", word=WORDS[rule])
    decision = DecisionRecord(status="undecided", exit_code=0, reasons=(reason,))

    assert report(decision=decision, affected=()).splitlines()[-1] == f"{WORDS[rule]}  a sentence  [{rule}]"


def test_a_run_that_affects_nothing_says_so_in_two_lines():
    text = report(affected=())

    assert text == (
        "comparing  main@3f9a2c1 → working tree\n"
        "PASS  nothing that has cases is affected by this change  [nothing-changed]\n"
    )


def test_brief_is_the_decision_alone():
    assert report(a_suite_result(a_table(60)), style=Style(brief=True)).count("\n") == 1


def test_a_prompt_without_cases_is_named():
    untested = (Untested(prompt="support/escalate", changed=("prompts/_policy.j2",)),)

    assert "support/escalate" in report(a_suite_result(a_table(60)), untested=untested)
    assert "NOT TESTED" in report(a_suite_result(a_table(60)), untested=untested)


def test_blockers_come_first_and_what_is_left_out_is_counted():
    pairs = [*cases(25, "p", "f", name="b", final=True), a_break("zz-must", severity="blocker"), *a_table(30)]

    lines = report(a_suite_result(pairs)).splitlines()

    listed = [line.split()[0] for line in lines if line.startswith("    ") and "pass → fail" in line]
    assert listed == ["zz-must", *(f"b-{n:03}" for n in range(19))]
    assert "    … and 6 more (-v lists them)" in lines


def test_verbose_lists_every_case_with_its_outputs():
    pairs = [*a_table(30, fixed=2), *cases(25, "f", "f", name="still")]

    text = report(a_suite_result(pairs), style=Style(verbose=True))

    assert all(pair.case in text for pair in pairs)


def test_an_unknown_price_is_unknown_and_not_free():
    calls = replace(a_result().calls, cost=None)

    assert "cost unknown" in report(a_suite_result(a_table(60)), calls=calls)
    assert "CNY 0.012" in report(
        a_suite_result(a_table(60)), calls=replace(calls, cost=0.0123, currency="CNY")
    )


def test_a_floor_and_a_margin_are_in_the_sentence():
    pairs = [*cases(8, "p", "p"), *cases(2, "f", "f")]

    text = report(a_suite_result(pairs, gate=Gate(min_pass_rate=0.9)))

    assert text.splitlines()[-1] == "UNDECIDED  8 of 10 pass, near the floor of 90 %  [near-floor]"


def test_a_result_file_without_some_counts_is_shown_all_the_same():
    suite, ruling = a_suite_result(a_table(60, fixed=4))

    text = report((replace(suite, counts={}), ruling))

    assert text.splitlines()[-1].startswith("PASS")


# Colours


def test_colour_adds_nothing_but_colour():
    suites = [a_suite_result(pairs) for pairs in SHAPES.values()]

    for suite in suites:
        assert COLOUR.sub("", report(suite, style=Style(colour=True))) == report(suite)
        assert not COLOUR.search(report(suite))


# Hostile text


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_what_a_model_says_is_inert(text: str):
    pairs = [
        *a_table(30),
        saying(a_break(), base="fine", head=text),
        saying(a_break("b"), base=text, head="x"),
    ]

    shown = report(a_suite_result(pairs, vars={"ticket": text}), style=Style(verbose=True))

    assert not ACTED_ON.search(shown)
    assert len(shown.splitlines()) == len(shown.split("\n")) - 1
    assert LAST.fullmatch(shown.splitlines()[-1])
    assert shown.splitlines()[-1].startswith("FAIL")
    assert not any(line.startswith(("PASS", "::", "##[")) for line in shown.splitlines())


def poisoned(value: Any, text: str) -> Any:
    """A result of which every free text is `text`."""
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [poisoned(item, text) for item in value]
    if isinstance(value, dict):
        kept = ("format", "status", "state", "by", "severity", "finish")
        return {key: item if key in kept else poisoned(item, text) for key, item in value.items()}
    return value


@given(text=ANY, style=st.sampled_from(STYLES), shape=st.sampled_from([*SHAPES]))
@settings(max_examples=60)
def test_a_result_file_of_a_stranger_is_inert_whatever_stands_in_it(text: str, style: Style, shape: str):
    pairs = SHAPES[shape]
    data = poisoned(msgspec.to_builtins(a_result(a_suite_result(pairs), a_suite_result(pairs, **WIDE))), text)

    shown = render(msgspec.convert(data, Result), style)

    assert not ACTED_ON.search(COLOUR.sub("", shown) if style.colour else shown)


def test_what_went_wrong_while_asking_is_in_the_calls_line():
    suite = a_suite_result(a_table(44, fixed=4))
    calls = replace(
        a_result(suite).calls,
        retried=12,
        possibly_paid_twice=3,
        rate_limited=5,
        paused_seconds=9.7,
        cost=None,
    )

    text = report(suite, calls=calls)

    assert (
        """
  60 calls, 60 reused, 4 saved as equal, 12 retried, 3 possibly paid twice
     5 refused for now (429), waited 10 s, 900 + 300 tokens, cost unknown
     detects −11 points at 80 %
"""
        in text
    )
