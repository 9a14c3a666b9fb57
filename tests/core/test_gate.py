"""The gate on one suite: each rule by its slug, and their order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.case import Gate
from promptctl.core.comparison import compare
from promptctl.core.exchange import Failure
from promptctl.core.gate import decide
from promptctl.core.record import replace
from promptctl.core.ruling import WORDS
from promptctl.core.run import Pair, Standing
from promptctl.core.stats import holm
from promptctl.core.yardstick import YardstickChange
from tests.builders import a_pair, a_table, a_trial, cases, ruled, shown

STRICT_FLOOR = Gate(min_pass_rate=0.9)


def rule(pairs: list[Pair], gate: Gate | None = None, **options: Any) -> tuple[str, str]:
    found = ruled(pairs, gate, **options)
    return found.status, found.rule


def blocker(base: str, head: str, **facts: Any) -> Pair:
    return a_pair(base, head, **{"case": "must", "severity": "blocker", **facts})


def gone(what: Any = "removed", *, severity: str = "blocker", accepted: str | None = None) -> YardstickChange:
    return YardstickChange(
        case="must", what=what, blocker=severity == "blocker", because="it is gone", accepted=accepted
    )


# a. Interrupted


def test_an_interrupted_run_says_so_before_anything_else():
    pairs = [*a_table(60), blocker("p", "f", final=True)]

    assert rule(pairs, said={"interrupted": True}) == ("incomplete", "interrupted")


# b. Blockers


@pytest.mark.parametrize("final", [True, False])
def test_a_broken_blocker_stops_the_change_also_on_the_only_draw_there_is(final: bool):
    found = ruled([*a_table(100, fixed=30), blocker("p", "f", final=final)])

    assert (found.status, found.rule, found.cases) == ("fail", "blocker-broken", ("must",))


def test_a_blocker_that_fails_on_both_sides_stops_nothing():
    assert rule([*a_table(100), blocker("f", "f")]) == ("pass", "no-worse-than-margin")


def test_a_new_blocker_must_pass():
    new = {"standing": Standing.NEW}

    found = ruled([*a_table(100), blocker("f", "f", **new)])

    assert (found.status, found.rule, found.cases) == ("fail", "blocker-new-fail", ("must",))
    assert rule([*a_table(100), blocker("f", "p", **new)]) == ("pass", "no-worse-than-margin")


@pytest.mark.parametrize("what", ["removed", "weakened", "retired", "quarantined", "draft"])
def test_a_blocker_taken_out_of_the_yardstick_stops_the_change(what: str):
    found = ruled(a_table(100), yardstick=[gone(what)])

    assert (found.status, found.rule, found.cases) == ("fail", "blocker-removed", ("must",))


def test_a_suite_whose_blockers_are_all_gone_stops_the_change():
    assert rule([], yardstick=[gone()]) == ("fail", "blocker-removed")


def test_a_normal_case_may_be_removed():
    assert rule(a_table(100), yardstick=[gone(severity="normal")]) == ("pass", "no-worse-than-margin")


@pytest.mark.parametrize("facts", [{"standing": Standing.LISTED}, {"standing": Standing.WATCHED}])
def test_a_quarantined_or_watched_blocker_stops_nothing(facts: dict[str, Any]):
    assert rule([*a_table(100), blocker("p", "f", **facts)]) == ("pass", "no-worse-than-margin")


def test_what_is_accepted_is_excused():
    meant = {"accepted": "new policy"}

    assert rule([*a_table(100), blocker("p", "f", **meant)])[0] == "pass"
    assert rule([*a_table(100), blocker("p", "f", standing=Standing.NEW, **meant)])[0] == "pass"
    assert rule([*a_table(100), *cases(9, "p", "f", final=True, **meant)])[0] == "pass"
    assert rule(a_table(100), yardstick=[gone(accepted="moved")])[0] == "pass"


def test_a_broken_blocker_stops_the_change_also_in_an_otherwise_incomplete_run():
    pairs = [*cases(30, "p", "e"), *cases(9, "p", "u"), blocker("p", "f", final=True)]

    assert rule(pairs) == ("fail", "blocker-broken")


# c. Incomplete


@pytest.mark.parametrize(
    ("errors", "allowed", "status"),
    [(0, 0, "pass"), (1, 0, "incomplete"), (2, 2, "pass"), (3, 2, "incomplete")],
)
def test_more_errors_than_allowed_are_incomplete(errors: int, allowed: int, status: str):
    pairs = [*a_table(300), *cases(errors, "p", "e")]

    found = ruled(pairs, Gate(max_errors=allowed))

    assert found.status == status
    assert (found.rule == "errors") == (status == "incomplete")
    assert len(found.cases) == (errors if status == "incomplete" else 0)


@pytest.mark.parametrize(
    "facts",
    [
        {"standing": Standing.COUNTED},
        {"standing": Standing.NEW},
        {"unchanged": True},
    ],
)
def test_an_error_of_a_case_that_decides_makes_the_run_incomplete(facts: dict[str, Any]):
    assert rule([*a_table(100), a_pair("p", "e", **facts)]) == ("incomplete", "errors")


@pytest.mark.parametrize("standing", [Standing.LISTED, Standing.WATCHED])
def test_an_error_of_a_case_without_a_say_is_counted_and_does_not_decide(standing: Standing):
    pairs = [*a_table(100), a_pair("p", "e", standing=standing)]

    assert compare(pairs).counts()["error"] == 1
    assert rule(pairs)[0] == "pass"


def test_errors_say_what_was_answered_and_why_the_rest_was_not():
    found = ruled([*a_table(41), *cases(19, "p", "e")])

    assert found.message == "41 of 60 cases answered, no complete answer within 60 s"


def test_a_check_that_broke_is_named():
    broken = replace(
        a_trial("u"), outcome="error", verdicts=(replace(a_trial("u").verdicts[0], reason="it has no end"),)
    )

    found = ruled([Pair(case="c", base=(a_trial("p"),), head=(broken,))])

    assert found.message.endswith("check contains: it has no end")


def test_an_error_without_a_cause_still_has_a_sentence():
    found = ruled([Pair(case="c", base=(a_trial("p"),), head=(replace(a_trial("p"), outcome="error"),))])

    assert found.message == "0 of 1 cases answered, the rest ended in errors"


def test_a_spent_budget_is_incomplete():
    spent = Failure(kind="budget", message="the budget of 9 calls is spent", sent=False)
    unpaid = replace(a_trial("e"), failure=spent, answer=None)

    pairs = [*a_table(100), Pair(case="c", base=(a_trial("p"),), head=(unpaid,))]

    assert rule(pairs) == ("incomplete", "budget")


@pytest.mark.parametrize(
    ("scored", "unscored", "incomplete"),
    [(18, 2, False), (17, 2, True), (1, 1, False), (0, 2, True), (200, 22, False), (200, 23, True)],
)
def test_more_than_a_tenth_and_at_least_two_unscored_pairs_are_incomplete(
    scored: int, unscored: int, incomplete: bool
):
    found = ruled([*a_table(scored), *cases(unscored, "p", "u")])

    assert (found.rule == "unscored") == incomplete
    assert (found.status == "incomplete") == incomplete


def test_new_cases_that_could_not_be_scored_stop_nothing():
    new = cases(50, "p", "u", standing=Standing.NEW)

    assert rule([*a_table(100), *new]) == ("pass", "no-worse-than-margin")


# d. Harm


@pytest.mark.parametrize(
    ("broken", "fixed", "harm"), [(1, 0, True), (3, 2, True), (2, 2, False), (1, 2, False)]
)
def test_more_confirmed_breaks_than_fixes_stop_the_change(broken: int, fixed: int, harm: bool):
    found = ruled(a_table(60, broken=broken, fixed=fixed))

    assert (found.rule == "broken-exceeds-fixed") == harm
    assert found.cases == tuple(f"broken-{n:03}" for n in range(broken)) or not harm


def test_new_cases_that_pass_cannot_outvote_a_break():
    authors = cases(50, "f", "p", final=True, standing=Standing.NEW)

    assert rule([*a_table(60, broken=1), *authors]) == ("fail", "broken-exceeds-fixed")


def test_unconfirmed_breaks_stop_the_change_only_together():
    assert rule(a_table(100, broken=4, confirmed=False))[0] == "undecided"
    assert rule(a_table(100, broken=5, confirmed=False)) == ("fail", "worse-overall")


def test_the_test_of_harm_is_adjusted_over_the_suites_of_a_run():
    comparison, evidence = shown(a_table(100, broken=5, confirmed=False))
    assert evidence.p_worse is not None
    alone, among_two = holm([evidence.p_worse])[0], holm([evidence.p_worse, 1.0])[0]

    assert decide(comparison, evidence, Gate(), p_worse=alone).rule == "worse-overall"
    assert decide(comparison, evidence, Gate(), p_worse=among_two).status == "undecided"


@pytest.mark.parametrize(
    ("passing", "rule_"), [(9, None), (8, "near-floor"), (7, "below-floor"), (1, "below-floor")]
)
def test_a_floor_that_head_clearly_misses_stops_the_change(passing: int, rule_: str | None):
    alone = [*cases(passing, "", "p"), *cases(10 - passing, "", "f")]
    compared = [*cases(passing, "p", "p"), *cases(10 - passing, "f", "f")]

    for found in (rule(alone, STRICT_FLOOR, has_base=False), rule(compared, STRICT_FLOOR)):
        assert (found[1] if found[1] in ("near-floor", "below-floor") else None) == rule_
        assert found[0] == ("fail" if rule_ == "below-floor" else "undecided")


def test_the_floor_holds_for_unchanged_cases_too():
    assert rule(cases(20, "f", "f", unchanged=True), Gate(min_pass_rate=0.5)) == ("fail", "below-floor")


# e. Pass


def test_nothing_changed_is_a_pass_however_small_the_suite():
    assert rule([a_pair(unchanged=True)]) == ("pass", "nothing-changed")
    assert rule([a_pair("", "", unchanged=True)]) == ("pass", "nothing-changed")


def test_new_cases_that_fail_on_equal_requests_are_named_and_stop_nothing():
    new = a_pair("f", "f", case="new", standing=Standing.NEW, unchanged=True)

    found = ruled([a_pair(unchanged=True), new])

    assert (found.status, found.rule) == ("pass", "nothing-changed")
    assert found.message.endswith("1 new case failing")


def test_a_change_is_cleared_by_the_margin_not_by_the_absence_of_breaks():
    assert rule(a_table(51)) == ("undecided", "no-break-found")
    assert rule(a_table(52)) == ("pass", "no-worse-than-margin")
    assert rule(a_table(25), Gate(margin=0.1)) == ("pass", "no-worse-than-margin")


def test_unscored_pairs_count_as_broken_in_the_bound():
    assert rule(a_table(60)) == ("pass", "no-worse-than-margin")
    assert rule([*a_table(60), *cases(2, "p", "u")]) == ("undecided", "no-break-found")


def test_errors_that_are_allowed_count_as_broken_in_the_bound():
    assert rule([*a_table(60), *cases(2, "p", "e")], Gate(max_errors=2)) == ("undecided", "no-break-found")


@pytest.mark.parametrize(("clusters", "status"), [(7, "undecided"), (60, "pass")])
def test_few_clusters_are_never_a_pass(clusters: int, status: str):
    pairs = [pair for n in range(clusters) for pair in cases(60, name=f"g{n}", group=f"g{n}")]

    found = ruled(pairs)

    assert found.status == status
    if status == "undecided":
        assert "too few groups" in found.message


def test_breaks_in_few_clusters_that_were_not_redrawn_are_given_no_bound():
    pairs = [pair for n in range(3) for pair in cases(20, name=f"g{n}", group=f"g{n}")]

    found = ruled([*pairs, *cases(1, "p", "f", name="b", group="g0")])

    assert (found.rule, found.word) == ("no-break-found", "UNDECIDED")
    assert found.message == "1 broken, 0 fixed, not redrawn; too few groups for a bound"


def test_several_draws_are_judged_by_their_means():
    pairs = [*cases(40, "ppp", "ppp"), *cases(7, "ppp", "fff")]

    assert rule(pairs) == ("fail", "worse-overall")
    assert rule(cases(60, "ppp", "ppp")) == ("pass", "no-worse-than-margin")


@pytest.mark.parametrize(
    ("broken", "fixed", "confirmed", "better"),
    [(0, 3, True, False), (0, 4, True, True), (0, 4, False, True), (2, 5, True, False), (1, 8, True, True)],
)
def test_better_is_claimed_only_where_it_is_earned(broken: int, fixed: int, confirmed: bool, better: bool):
    found = ruled(a_table(200, broken=broken, fixed=fixed, confirmed=confirmed))

    assert found.status == "pass"
    assert found.better is better
    assert found.message.startswith("better: ") is better
    assert ("not redrawn" in found.message) is not confirmed
    assert len(found.cases) == (fixed if better else 0)


def test_new_cases_that_pass_are_no_improvement():
    found = ruled([*a_table(100), *cases(20, "f", "p", final=True, standing=Standing.NEW)])

    assert (found.status, found.better) == ("pass", False)


# f. Undecided


def test_breaks_and_as_many_fixes_are_a_trade_off():
    found = ruled(a_table(60, broken=2, fixed=2))

    assert (found.status, found.rule, found.cases) == ("undecided", "trade-off", ("broken-000", "broken-001"))


def test_no_break_says_what_the_evidence_shows():
    assert ruled(a_table(24)).message == "none of 24 cases broke; shows no worse than 10.1 points"


def test_unconfirmed_flips_say_that_nothing_was_redrawn():
    found = ruled(a_table(40, broken=1, fixed=1, confirmed=False))

    assert found.rule == "no-break-found"
    assert "not redrawn" in found.message


def test_a_suite_in_which_only_an_accepted_break_counts_says_so():
    found = ruled(cases(2, "p", "f", accepted="new policy"))

    assert (found.status, found.rule) == ("undecided", "no-break-found")
    assert found.message == "2 accepted breaks, and nothing else is counted"


def test_a_flip_that_its_own_draws_contradict_is_no_break():
    found = ruled([*a_table(24), a_pair("ppf", "pff")])

    assert (found.status, found.rule) == ("undecided", "no-break-found")
    assert found.message.startswith("no break confirmed in 25")


def test_without_a_vote_the_run_is_advisory():
    assert rule(cases(9, "a", "a")) == ("undecided", "advisory-only")


def test_only_new_cases_are_nothing_to_compare():
    found = ruled([*cases(3, "", "p", standing=Standing.NEW), *cases(2, "p", "f", standing=Standing.NEW)])

    assert (found.status, found.rule) == ("undecided", "no-break-found")
    assert found.message.startswith("all of 5 cases new, 2 failing")


def test_without_a_base_the_rates_are_shown_and_nothing_is_claimed():
    found = ruled([*cases(7, "", "p"), *cases(3, "", "f")], has_base=False)

    assert (found.status, found.rule) == ("undecided", "no-base")
    assert found.message == "7 of 10 pass; set gate.min_pass_rate or severity: blocker to gate"


def test_without_a_base_a_failing_blocker_stops_the_run():
    found = ruled([*cases(7, "", "p"), blocker("", "f")], has_base=False)

    assert (found.status, found.rule) == ("fail", "blocker-new-fail")


def test_without_a_base_confirmed_failures_are_no_breaks():
    assert rule([*cases(1, "", "p"), *cases(9, "", "f", final=True)], has_base=False) == (
        "undecided",
        "no-base",
    )


RULES = {
    "fail": {"blocker-broken", "blocker-new-fail", "blocker-removed", "broken-exceeds-fixed"}
    | {"worse-overall", "below-floor"},
    "incomplete": {"interrupted", "errors", "budget", "unscored"},
    "pass": {"nothing-changed", "no-worse-than-margin"},
    "undecided": set(WORDS),
}


@given(
    st.lists(st.tuples(*[st.text("pfuea", max_size=2)] * 2, st.booleans(), st.sampled_from(list(Standing)))),
    st.booleans(),
    st.sampled_from([Gate(), STRICT_FLOOR, Gate(max_errors=99, margin=0.5)]),
)
def test_every_comparison_ends_in_one_known_rule_with_one_sentence(
    rows: list[tuple[str, str, bool, Standing]], has_base: bool, gate: Gate
):
    pairs = [
        a_pair(
            base if has_base else "",
            head,
            case=f"c{n}",
            final=final,
            standing=standing,
            group="g" if final else None,
        )
        for n, (base, head, final, standing) in enumerate(rows)
    ]

    found = ruled(pairs, gate, has_base=has_base)

    assert found.rule in RULES[found.status]
    assert found.message
    assert "\n" not in found.message
    assert set(found.cases) <= {pair.case for pair in pairs}
