"""The numbers behind a decision: which method, what is counted, what could be seen, what would settle it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.case import Gate
from promptctl.core.evidence import Difference, Evidence, Rate, weigh
from promptctl.core.run import Pair, Standing
from promptctl.core.stats import (
    clustered_pseudo_obs,
    detectable_change,
    graded_pseudo_obs,
    mcnemar_midp,
    sign_flip,
    tango_interval,
)
from tests.builders import a_pair, a_table, cases, shown


def evidence(pairs: list[Pair], gate: Gate | None = None, **options: bool) -> Evidence:
    return shown(pairs, gate, **options)[1]


# One draw a side


def test_one_draw_a_side_is_a_paired_table():
    found = evidence(a_table(100, broken=3, fixed=6))

    tango = tango_interval(3, 6, 100)
    assert (found.n, found.broken, found.fixed) == (100, 3, 6)
    assert (found.base, found.head) == (Rate(94, 100), Rate(97, 100))
    assert found.difference == Difference(tango.low, 0.03, tango.high, "tango")
    assert found.bound == tango.low
    assert found.test == "mcnemar-midp"
    assert found.p_worse == mcnemar_midp(3, 6, side="worse")
    assert found.p_better == mcnemar_midp(3, 6, side="better")
    assert found.detectable == detectable_change(100, 0.09)


def test_cases_with_equal_requests_count_as_no_difference():
    changed = evidence(a_table(100, broken=2))
    half = evidence([*a_table(50, broken=2), *cases(50, "", "", name="same", unchanged=True)])

    assert (half.n, half.difference, half.p_worse) == (100, changed.difference, changed.p_worse)
    assert half.head == Rate(48, 50)  # only what was scored


def test_new_listed_and_watched_cases_are_in_no_number():
    table = a_table(40, broken=1, fixed=2)
    authors = [
        *cases(30, "f", "p", name="new", standing=Standing.NEW),
        *cases(30, "p", "f", name="info", standing=Standing.LISTED),
        *cases(5, "a", "a", name="watch", standing=Standing.WATCHED),
        *cases(5, "a", "a", name="advisory"),
    ]

    assert evidence([*table, *authors]) == evidence(table)


def test_an_accepted_break_is_in_no_number():
    assert evidence([*a_table(40), *cases(3, "p", "f", accepted="meant")]) == evidence(a_table(40))


@pytest.mark.parametrize(("base", "head"), [("p", "u"), ("u", "p"), ("u", "u"), ("e", "p"), ("p", "e")])
def test_a_pair_without_an_outcome_counts_as_broken_in_the_bound_and_nowhere_else(base: str, head: str):
    complete, gap = evidence(a_table(60)), evidence([*a_table(60), *cases(2, base, head)])

    assert gap.bound == tango_interval(2, 0, 62).low
    assert (gap.n, gap.broken, gap.p_worse) == (complete.n, complete.broken, complete.p_worse)
    assert gap.difference == complete.difference


def test_a_new_case_without_an_outcome_is_no_gap():
    gap = cases(2, "p", "u", standing=Standing.NEW)

    assert evidence([*a_table(60), *gap]).bound == evidence(a_table(60)).bound


def test_flips_are_redrawn_only_if_each_is_confirmed():
    assert evidence(a_table(20)).redrawn
    assert evidence(a_table(20, broken=1, fixed=1)).redrawn
    assert not evidence([*a_table(20, broken=1), *cases(1, "f", "p")]).redrawn


# Nothing to compare


def test_without_a_base_there_are_rates_and_no_comparison():
    found = evidence([*cases(7, "", "p"), *cases(3, "", "f")], has_base=False)

    assert (found.n, found.base, found.head) == (10, Rate(0, 0), Rate(7, 10))
    assert (found.difference, found.bound, found.p_worse, found.test) == (None, None, None, "none")


def test_without_a_counted_case_there_is_no_bound():
    found = evidence(cases(3, "a", "a"))

    assert (found.n, found.bound, found.p_better, found.detectable) == (0, None, None, None)


# Several draws a side


def test_several_draws_a_side_are_averaged():
    pairs = [*cases(20, "ppp", "ppp"), *cases(2, "ppf", "pff"), *cases(1, "fff", "ppp")]
    differences = [0.0] * 20 + [-1 / 3] * 2 + [1.0]

    found = evidence(pairs)

    graded = graded_pseudo_obs(differences)
    assert found.difference == pytest.approx((graded.low, graded.estimate, graded.high, "graded-pseudo-obs"))
    assert (found.test, found.p_worse) == ("sign-flip", sign_flip(differences).worse)
    assert (found.broken, found.fixed) == (2, 1)


def test_several_draws_that_all_agree_are_weighed_the_same_way():
    """Otherwise one mixed case would change the method for all of them."""
    found = evidence(cases(30, "ppp", "ppp"))

    assert found.difference is not None
    assert found.difference.method == "graded-pseudo-obs"


def test_a_gap_among_several_draws_counts_as_wholly_broken():
    pairs = cases(30, "pp", "pp")

    found = evidence([*pairs, *cases(1, "pp", "pu")])

    assert found.bound == graded_pseudo_obs([0.0] * 30 + [-1.0]).low


def test_redraws_enter_no_average():
    """They would shrink a diffuse loss towards zero."""
    plain, redrawn = a_table(50, broken=4), a_table(46)
    redrawn += [a_pair("p+ff", "f+pp", case=f"broken-{n:03}", final=True) for n in range(4)]

    assert evidence(redrawn) == evidence(plain)


# Clusters


def test_cases_that_stand_together_are_weighed_by_cluster():
    pairs = [*a_table(20), *cases(3, "p", "f", name="a", group="x"), *cases(2, "f", "p", name="b", group="y")]

    found = evidence(pairs)

    sums, sizes = [-3.0, 2.0] + [0.0] * 20, [3, 2] + [1] * 20
    clustered = clustered_pseudo_obs(sums, sizes)
    assert found.difference == pytest.approx(
        (clustered.low, clustered.estimate, clustered.high, "clustered-pseudo-obs")
    )
    assert (found.test, found.p_worse) == ("sign-flip", sign_flip(sums).worse)
    assert (found.n, found.broken, found.fixed) == (25, 3, 2)


def test_a_gap_counts_as_broken_in_its_own_group():
    pairs = cases(4, group="x") + a_table(20)

    grouped = evidence([*pairs, *cases(1, "p", "u", group="x")])
    alone = evidence([*pairs, *cases(1, "p", "u")])

    assert grouped.bound == pytest.approx(clustered_pseudo_obs([-1.0] + [0.0] * 20, [5] + [1] * 20).low)
    assert alone.bound == pytest.approx(clustered_pseudo_obs([0.0] * 21 + [-1.0], [4] + [1] * 21).low)


def test_a_group_with_one_case_is_no_cluster():
    pairs = [a_pair(case=f"c{n}", group=f"g{n}") for n in range(30)]

    assert evidence(pairs).difference == evidence(a_table(30)).difference


@pytest.mark.parametrize(("clusters", "too_few"), [(2, True), (7, True), (8, False)])
def test_fewer_than_eight_clusters_hold_no_bound(clusters: int, too_few: bool):
    pairs = [pair for n in range(clusters) for pair in cases(3, name=f"g{n}", group=f"g{n}")]

    assert evidence(pairs).clusters_too_few is too_few


# What would settle it


def test_a_suite_that_clears_the_margin_has_nothing_to_settle():
    found = evidence(a_table(100))

    assert (found.settle_samples, found.settle_cases) == (None, None)


def test_without_any_flip_only_more_cases_settle_it():
    found = evidence(a_table(24))

    assert (found.settle_samples, found.settle_cases) == (None, 52)
    assert evidence(a_table(52)).bound > -0.05
    assert evidence(a_table(51)).bound <= -0.05


def test_a_wider_margin_needs_fewer_cases():
    assert evidence(a_table(20), Gate(margin=0.1)).settle_cases == 25


def test_more_samples_or_more_cases_settle_a_noisy_suite():
    found = evidence(a_table(60, broken=3, fixed=3))

    assert found.settle_samples is not None
    assert found.settle_samples > 1
    assert found.settle_cases is not None
    assert found.settle_cases > 60


def test_a_loss_beyond_the_margin_is_settled_by_nothing():
    found = evidence(a_table(40, broken=12))

    assert (found.settle_samples, found.settle_cases) == (None, None)


def test_cases_that_agree_with_themselves_are_not_helped_by_more_samples():
    """Four draws a side: cases differ from one another, never from themselves."""
    found = evidence([*cases(20, "pppp", "pppp"), *cases(2, "pppp", "ffff"), *cases(2, "ffff", "pppp")])

    assert found.settle_samples is None
    assert found.settle_cases is not None


def test_cases_that_contradict_themselves_are_helped_by_more_samples():
    found = evidence([*cases(30, "pppp", "pppp"), *cases(6, "ppff", "pfpf"), *cases(6, "pppf", "fppp")])

    assert found.settle_samples is None or found.settle_samples > 4


# For any suite

LETTERS = st.text("pfuea", max_size=3)


@st.composite
def suites(draw: st.DrawFn) -> list[Pair]:
    rows = draw(st.lists(st.tuples(LETTERS, LETTERS, st.sampled_from("xy "), st.booleans()), max_size=15))
    return [
        a_pair(base, head, case=f"c{n}", group=group.strip() or None, unchanged=unchanged)
        for n, (base, head, group, unchanged) in enumerate(rows)
    ]


@given(suites(), st.booleans())
def test_every_number_is_finite_and_in_its_range(pairs: list[Pair], has_base: bool):
    comparison, found = shown(pairs, has_base=has_base)

    assert 0 <= found.head.passed <= found.head.scored <= found.n
    assert found.n == len(comparison.counted)
    for number in (found.p_worse, found.p_better, found.detectable):
        assert number is None or 0 <= number <= 1
    if found.difference is not None and found.bound is not None:
        low, estimate, high, _ = found.difference
        assert -1 <= low <= estimate <= high <= 1
        assert low > -0.2 or found.bound <= -0.2, "a gap must never help to clear a margin"
        assert all(map(math.isfinite, (low, estimate, high, found.bound)))


@given(st.integers(1, 60), st.integers(0, 20), st.integers(0, 20))
def test_one_more_break_never_raises_the_bound(stable: int, broken: int, fixed: int):
    n = stable + broken + fixed + 1
    before, after = (evidence(a_table(n, broken=broken + more, fixed=fixed)) for more in (0, 1))

    assert before.bound is not None
    assert after.bound is not None
    assert after.bound <= before.bound
    assert after.p_worse <= before.p_worse


def test_the_same_comparison_gives_the_same_numbers():
    comparison, found = shown(a_table(30, broken=2, fixed=1))

    assert weigh(comparison, Gate()) == found
