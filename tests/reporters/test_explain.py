"""`--explain`: the arithmetic of a decision, from the record alone. Every number in it is the one that decided."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from promptctl.core.case import Gate
from promptctl.core.exchange import Failure
from promptctl.core.findings import Drift, Looks, Redraws
from promptctl.core.record import replace
from promptctl.core.result import SuiteResult, YardstickRecord
from promptctl.core.ruling import WORDS, Ruling
from promptctl.core.run import Pair, Standing
from promptctl.core.stats import holm, tango_z
from promptctl.reporters.terminal import Style, render
from promptctl.reporters.terminal_rules import rules_of
from promptctl.reporters.terminal_sums import decimal
from tests.builders import a_pair, a_table, cases
from tests.reporters.results import a_result, a_suite_result

ROOT = Path(__file__).parents[2]
EXPLAINED = Style(explain=True, brief=True, columns=100_000)
Made = tuple[SuiteResult, Ruling]


def explained(*suites: Made, style: Style = EXPLAINED, **facts: Any) -> str:
    return render(a_result(*suites, **facts), style)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def found(pattern: str, text: str) -> list[float]:
    """The numbers that the groups of the pattern match; the pattern must match once."""
    matched = re.findall(pattern.replace("§", r"(−?[0-9.]+(?:e-?\d+)?)"), text)
    assert len(matched) == 1, f"{pattern}: {matched}"
    return [number(one) for one in (matched[0] if isinstance(matched[0], tuple) else matched)]


# Every rule


def a_spent_pair() -> Pair:
    pair = a_pair("p", "e", case="late")
    spent = Failure(kind="budget", message="not asked: the calls are spent")
    return replace(pair, head=(replace(pair.head[0], failure=spent),))


REMOVED = YardstickRecord(case="must-pay", what="removed", because="it is gone", blocker=True)
STOPPED = Ruling(
    status="incomplete", rule="interrupted", message="interrupted before all cases were answered"
)
TAKEN_OUT = Ruling(status="fail", rule="blocker-removed", message="1 blocker removed or weakened")


def as_ruled(made: Made, ruling: Ruling, **facts: Any) -> Made:
    """The suite as if that ruling had been its own: what the builders cannot bring about."""
    said = {"status": ruling.status, "rule": ruling.rule, "message": ruling.message, "word": ruling.word}
    return replace(made[0], **said, **facts), ruling


ODD = {"severity": "blocker", "final": True}
DECIDED: dict[str, Callable[[], Made]] = {
    "a interrupted": lambda: as_ruled(a_suite_result(a_table(5)), STOPPED),
    "b blocker-broken": lambda: a_suite_result([*a_table(9), a_pair("p", "f", **ODD)]),
    "b blocker-new-fail": lambda: a_suite_result(
        [*a_table(9), a_pair("", "f", standing=Standing.NEW, **ODD)]
    ),
    "b blocker-removed": lambda: as_ruled(a_suite_result(a_table(9)), TAKEN_OUT, yardstick=(REMOVED,)),
    "c budget": lambda: a_suite_result([*a_table(9), a_spent_pair()]),
    "c errors": lambda: a_suite_result([*a_table(9), a_pair("p", "e")]),
    "c unscored": lambda: a_suite_result([*a_table(9), *cases(3, "p", "u")]),
    "d blocker-broken": lambda: a_suite_result(
        [*a_table(9), a_pair("p", "f+e", severity="blocker")], gate=Gate(max_errors=1)
    ),
    "d blocker-new-fail": lambda: a_suite_result(
        [*a_table(9), a_pair("", "f+e", standing=Standing.NEW, severity="blocker")], gate=Gate(max_errors=1)
    ),
    "d broken-exceeds-fixed": lambda: a_suite_result(a_table(40, broken=2, fixed=1)),
    "d worse-overall": lambda: a_suite_result(a_table(40, broken=7, confirmed=False)),
    "d below-floor": lambda: a_suite_result(cases(10, "f", "f"), gate=Gate(min_pass_rate=0.9)),
    "e nothing-changed": lambda: a_suite_result(cases(5, unchanged=True)),
    "e no-worse-than-margin": lambda: a_suite_result(a_table(60)),
    "f no-base": lambda: a_suite_result(cases(5, "", "p"), has_base=False),
    "f advisory-only": lambda: a_suite_result(cases(5, "a", "a")),
    "f near-floor": lambda: a_suite_result(
        [*cases(8, "p", "p"), *cases(2, "f", "f")], gate=Gate(min_pass_rate=0.9)
    ),
    "f trade-off": lambda: a_suite_result(a_table(40, broken=1, fixed=1)),
    "f no-break-found": lambda: a_suite_result(a_table(10)),
}


@pytest.mark.parametrize("rule", DECIDED)
def test_the_rules_are_walked_up_to_the_one_that_decided(rule: str):
    letter, slug = rule.split()
    made = DECIDED[rule]()

    lines = explained(made, complete=slug != "interrupted").splitlines()

    walked = [line.strip() for line in lines if re.match(r" +(→ )?[a-f]  [a-z-]+ (applies|does)", line)]
    assert walked[-1].startswith(f"→ {letter}  {slug} applies: ")
    rules = [f"{one.letter}  {one.slug} " for one in rules_of(made[0])]
    order = [
        one for one in rules if one not in ("d  blocker-broken ", "d  blocker-new-fail ")
    ]  # only as the last
    assert [line.partition("does not apply, because ")[0] for line in walked[:-1]] == order[: len(walked) - 1]
    assert lines[-1].endswith(f"[{slug}]")


def test_every_rule_that_the_gate_knows_is_explained():
    core = ROOT / "src/promptctl/core"
    source = "".join((core / f"{name}.py").read_text("utf-8") for name in ("gate", "ruling", "undecided"))
    known = {*re.findall(r'(?:rule=|fail\(|incompletely\()\s*"([a-z-]+)"', source), *WORDS}

    assert known - {"compared"} == {rule.split()[1] for rule in DECIDED}


def test_a_near_floor_without_a_base_comes_before_having_no_base():
    pairs = [*cases(8, "", "p"), *cases(2, "", "f")]

    text = explained(a_suite_result(pairs, has_base=False, gate=Gate(min_pass_rate=0.9)), base=None)

    assert "→ f  near-floor applies: head's rate 80 % does not reach the floor 90 %" in text
    assert "8 of 10 pass: 80 %" in text


def test_fixes_that_do_not_count_do_not_contradict_the_rule():
    pairs = [*a_table(39, broken=1), *cases(1, "f", "p", name="fixed", final=True, edited=True)]

    text = explained(a_suite_result(pairs))

    assert "1 confirmed broken is more than 0 confirmed fixed, apart from 1 by inputs or checks" in text


def test_a_rule_of_a_later_version_is_shown_as_it_is():
    later = Ruling(status="fail", rule="judge-unreliable", message="a judge missed its canaries")

    assert "→ judge-unreliable" in explained(as_ruled(a_suite_result(a_table(9)), later))


# The numbers are those that decided


@given(
    st.integers(0, 8), st.integers(0, 8), st.integers(1, 90), st.integers(0, 2), st.sampled_from([0.02, 0.1])
)
@settings(max_examples=40, deadline=None)
def test_the_numbers_of_a_paired_table_are_those_of_the_record(
    broken: int, fixed: int, same: int, missing: int, margin: float
):
    n = broken + fixed + same
    pairs = [*a_table(n, broken=broken, fixed=fixed, confirmed=False), *cases(missing, "p", "e")]

    made = a_suite_result(pairs, gate=Gate(margin=margin, max_errors=9))
    text, suite = explained(made), made[0]

    evidence, test = suite.evidence, suite.test
    assert evidence
    assert test
    assert evidence.bound is not None
    assert f"n = {n}\n" in text
    bound, z = found(r"the bound = §: .+ z = §", text)
    assert bound == pytest.approx(evidence.bound, abs=6e-5)
    assert z == pytest.approx(1.6449, abs=1e-4)
    all_n, b = n + missing, broken + missing
    at_margin = found(r"−margin = \S+: .+ q = §, ", text)[0]
    pocket = (fixed - b + all_n * margin) / (all_n * (2 * at_margin - margin * (1 + margin))) ** 0.5
    assert pocket == pytest.approx(tango_z(b, fixed, all_n, margin=margin), rel=0.02)
    if broken + fixed:
        at_least, exactly, p = found(r"\) / 2 = § − § / 2 = §", text)
        assert p == pytest.approx(at_least - exactly / 2, abs=2e-4)
        assert p == pytest.approx(test.p_worse, abs=6e-5)
    assert f"p = {decimal(evidence.p_adjusted or 0)}" in text
    if suite.detectable is not None and suite.detectable < 1:
        assert found(rf" / {n}\) = §\n", text)[0] == pytest.approx(suite.detectable, abs=6e-5)
    if suite.settle.cases is not None:
        assert f"rounded up {suite.settle.cases}" in text
    if suite.settle.samples is not None:
        assert f"rounded up {suite.settle.samples}" in text


@given(
    st.lists(
        st.sampled_from(["ppp ppp", "ppf pff", "ppp ppf", "fff fpp", "ppp fff"]), min_size=2, max_size=16
    )
)
@settings(max_examples=40, deadline=None)
def test_the_numbers_of_averaged_draws_are_those_of_the_record(drawn: list[str]):
    pairs = [a_pair(*one.split(), case=f"c{number:03}") for number, one in enumerate(drawn)]

    made = a_suite_result(pairs)
    text, suite = explained(made), made[0]

    assert suite.evidence
    assert suite.test
    n, total, squares, padded = found(r"n = §, sum of d = §, sum of d² = §, N = n \+ 2 = §", text)
    mean, t, error = found(r"bound = mean − t × se = § − § × §,", text)
    assert (n, padded) == (len(drawn), len(drawn) + 2)
    assert mean == pytest.approx(total / padded, abs=1e-4)
    assert error == pytest.approx((((squares + 2) / padded - mean * mean) / padded) ** 0.5, abs=1e-4)
    assert max(-1.0, mean - t * error) == pytest.approx(suite.evidence.bound, abs=2e-3)
    patterns, low, p = found(r"= § patterns § have a sum .+: p = §", text)
    assert low / patterns == pytest.approx(p, abs=6e-5) == pytest.approx(suite.test.p_worse, abs=6e-5)
    if suite.settle.cases is not None:
        assert f"rounded up {suite.settle.cases}" in text


def test_the_numbers_of_groups_are_those_of_the_record():
    pairs = [a_pair("p", "f" if n < 4 else "p", case=f"c{n:02}", group=f"g{n % 12}") for n in range(60)]

    made = a_suite_result(pairs)
    text, evidence = explained(made), made[0].evidence

    assert evidence is not None
    mean, t, error = found(r"bound = mean − t × se = § − § × §,", text)
    assert "60 cases in G = 12 groups" in text
    assert t == pytest.approx(1.7959, abs=1e-4)  # Student t, 11 degrees
    assert mean == pytest.approx(-4 / (60 * (1 + 2 / 12)), abs=6e-5)
    assert mean - t * error == pytest.approx(evidence.bound, abs=3e-4)


def test_too_few_groups_are_never_a_pass():
    pairs = [a_pair("p", "p", case=f"c{n:03}", group=f"g{n % 5}") for n in range(300)]

    text = explained(a_suite_result(pairs))

    assert "no-worse-than-margin does not apply, because 5 groups hold no bound: it takes 8" in text


def test_holm_is_told_from_the_p_values_of_all_suites():
    made = [a_suite_result(a_table(60, broken=b, confirmed=False), suite=f"s{b}") for b in (3, 1, 4)]
    adjusted = holm([suite.test.p_worse for suite, _ in made if suite.test])
    suites = [
        (replace(suite, evidence=replace(suite.evidence, p_adjusted=p, suites=3)), ruling)
        for (suite, ruling), p in zip(made, adjusted, strict=True)
    ]

    text = explained(*suites)

    assert "this p is number 1 from below, so × 3 = 0.0938" in text  # 2^-4 / 2 × 3
    assert "this p is number 2 from below, so × 2 = 0.1250" in text  # 2^-3 / 2 × 2
    assert [f"p after Holm = {decimal(p)}" in text for p in adjusted] == [True] * 3


def test_the_floor_shows_the_upper_end_that_decided():
    made = a_suite_result([*cases(5, "p", "p"), *cases(25, "f", "f")], gate=Gate(min_pass_rate=0.5))

    text = explained(made)

    assert made[0].evidence is not None
    assert f"z = 1.6449: {decimal(made[0].evidence.floor_upper or 0)}" in text
    assert "is below 0.5000" in text


def test_what_was_left_out_is_counted_with_the_reason():
    pairs = [
        *a_table(20),
        *cases(2, "p", "p", name="info", severity="info", standing=Standing.LISTED),
        *cases(3, "", "p", name="new", standing=Standing.NEW),
        *cases(1, "a", "a", name="watch", standing=Standing.WATCHED),
        *cases(4, "a", "a", name="style"),
        *cases(1, "p", "u", name="unscored"),
        a_pair("p", "f", case="meant", accepted="a new policy", final=True),
    ]

    text = explained(a_suite_result(pairs))

    left = [int(count) for count in re.findall(r"^ +− (\d+) ", text, re.M)]
    assert sorted(left) == [1, 1, 1, 2, 3, 4]
    assert "32 cases in the suite" in text
    assert "n = 20\n" in text
    assert "do not add up" not in text


def test_redraws_drift_and_looks_are_told_with_their_bounds():
    pairs = [*a_table(60), a_pair("p+ppp", "f+fff", case="late"), *cases(3, "p", "f+p", name="vip")]
    made = a_suite_result(
        pairs,
        redraws=Redraws(
            each=4, asked=64, confirmed=1, contradicted=3, compared=12, identical=12, cached=True
        ),
        drift=Drift(by="canary", drawn=20, changed=7, usual=0.08, p=0.00056, redrawn=True),
        looks=Looks(looks=5, look=2, z=3.1, boundary=2.8881, asked=120, planned=300, stopped=True),
    )

    text = explained(made)

    assert "N = 64 cases asked in the run: k = 4 draws of each side must agree" in text
    assert "flips: 1 confirmed, 3 contradicted (flaky), 0 not confirmed" in text
    assert "any of n = 64: at most n × 4^−k = 0.2500" in text
    assert (
        "12 of 12 redraws at a temperature above 0 (100 %) repeat their first draw word for word, so a cache"
        in text
    )
    assert "X ~ Bin(20, 0.0800), the share that changes anyway: P(X ≥ 7) = 0.00056; drift: below 0.01" in text
    assert "look 2 of 5 at 120 of 300 cases" in text
    assert "3.1000 ≥ 2.8881; the rest was not asked" in text
    assert "late (not confirmed)" in text
    assert "vip-000 (contradicted)" in text


# The run, old files, strangers' files


@pytest.mark.parametrize(
    ("code", "said"),
    [(0, "without --strict and on_undecided: fail"), (1, "and on_undecided: fail"), (3, "under --strict")],
)
def test_the_exit_code_is_explained(code: int, said: str):
    result = a_result(a_suite_result(a_table(10)))
    ended = replace(result, decision=replace(result.decision, exit_code=code))

    line = next(line for line in render(ended, EXPLAINED).splitlines() if "exit code" in line)

    assert line.strip().startswith(f"exit code {code}: undecided")
    assert line.endswith(said)


def test_a_file_of_an_earlier_version_is_explained_as_far_as_it_goes():
    text = explained(a_suite_result(a_table(40, broken=2), evidence=None, redraws=None))

    assert "this file was written by an earlier version" in text
    assert "→ d  broken-exceeds-fixed applies" in text


@pytest.mark.parametrize("n", [0, -3, 10**400])
def test_numbers_that_contradict_each_other_are_said_to(n: int):
    text = explained(a_suite_result(a_table(40, broken=2), n=n))

    assert "the record's numbers do not fit together" in text
    assert text.splitlines()[-1].startswith("FAIL")


@pytest.mark.parametrize("rule", DECIDED)
@pytest.mark.parametrize("columns", [88, 40])
def test_no_line_is_wider_than_the_page(rule: str, columns: int):
    suite, ruling = DECIDED[rule]()
    wide = (replace(suite, suite="支持/退款回复" * 12, message="退款" * 60), ruling)

    lines = explained(wide, style=Style(explain=True, brief=True, columns=columns)).splitlines()

    assert [line for line in lines[:-1] if wcswidth(line) > columns] == []


def test_a_place_in_the_docs_is_a_heading_there():
    pages = (ROOT / "docs/gate.md").read_text("utf-8")
    source = (ROOT / "src/promptctl/reporters/terminal_explain.py").read_text("utf-8")

    named = set(re.findall(r"docs/gate\.md, ([A-Z][a-z ]+)", source))

    assert {name for name in named if f"\n## {name}\n" not in pages} == set()
    assert len(named) >= 5


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (a_table(40, broken=7, confirmed=False), "worse-overall applies: p = 0.0039 ≤ 0.02"),
        (
            a_table(40, broken=3, fixed=3, confirmed=False),
            "worse-overall does not apply, because p = 0.5000 > 0.02",
        ),
    ],
)
def test_a_chance_is_held_against_its_limit_by_a_sign(pairs: list[Pair], said: str):
    assert said in explained(a_suite_result(pairs))


def test_a_tiny_chance_is_never_nothing():
    text = explained(a_suite_result(a_table(60, broken=60, confirmed=False)))

    assert "worse-overall applies: p = 4.3e−19 ≤ 0.02" in text
    assert "P(X ≥ 60) − P(X = 60) / 2 = 8.7e−19 − 8.7e−19 / 2 = 4.3e−19" in text


def test_a_new_blocker_that_is_meant_is_called_accepted():
    meant = a_pair(
        "", "f", case="n1", standing=Standing.NEW, severity="blocker", accepted="a new policy", final=True
    )

    text = explained(a_suite_result([*a_table(60), meant]))

    assert "blocker-new-fail does not apply, because n1 new and failing, and that is accepted" in text


# What so many cases can see


def test_what_can_be_seen_of_averaged_draws_is_told_from_their_variance():
    pairs = [*cases(30, "ppp", "ppp", name="same"), *cases(4, "ppf", "pff")]

    text = explained(a_suite_result(pairs))

    assert "share of cases that differ" not in text
    square, found_square = found(
        r"V, the mean of d² over averaged first draws = §\n.+√\(V / n\) = .+ × √\(§ / 34\)", text
    )
    assert square == found_square == pytest.approx(4 / 9 / 34, abs=6e-5)


def test_what_can_be_seen_of_groups_is_told_from_their_standard_error():
    pairs = [a_pair("p", "f" if n < 4 else "p", case=f"c{n:02}", group=f"g{n % 12}") for n in range(60)]

    text = explained(a_suite_result(pairs))

    assert "share of cases that differ" not in text
    error = found(r"se = §\n", text)[0]
    assert found(r"as its groups show it, n × se² = §\n", text)[0] == pytest.approx(
        60 * error * error, rel=0.02
    )


# Numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.05, "0.0500"),
        (-0.0333, "−0.0333"),
        (0.00001, "0.000010"),
        (0.00056, "0.00056"),
        (0.99999, "0.99999"),
        (1e-17, "0.0000"),
        (1.0, "1.0000"),
        (1e-11, "1e−11"),
    ],
)
def test_a_number_never_rounds_to_nothing_or_to_all(value: float, shown: str):
    assert decimal(value) == shown
