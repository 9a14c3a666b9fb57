"""What a variant costs and takes beside another: intervals against scipy, and what they do at the edges."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, quantile_test, ttest_rel

from promptctl.core.trade import mean_measure, median_measure

amounts = st.floats(0, 1e6, allow_nan=False, allow_infinity=False)
pairs = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=60)


def sides(count: int, seed: int) -> tuple[list[float], list[float]]:
    chance = random.Random(seed)
    base = [chance.lognormvariate(0, 1) for _ in range(count)]
    return base, [one * chance.lognormvariate(0.3, 0.5) for one in base]


@pytest.mark.parametrize("count", [2, 3, 10, 57])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.99])
def test_the_mean_difference_has_the_paired_t_interval_of_scipy(count: int, level: float):
    base, head = sides(count, count)

    found = mean_measure(base, head, level=level)

    wanted = ttest_rel(head, base).confidence_interval(level)
    assert [found.low, found.high] == pytest.approx([wanted.low, wanted.high], abs=1e-9)
    assert found.difference == pytest.approx(sum(head) / count - sum(base) / count)
    assert found.ratio == pytest.approx(sum(head) / sum(base))


@pytest.mark.parametrize("count", [5, 6, 7, 8, 20, 41, 100])
def test_the_median_difference_lies_between_the_order_statistics_that_scipy_takes(count: int):
    base, head = sides(count, count)

    found = median_measure(base, head, level=0.9)

    differences = [after - before for before, after in zip(base, head, strict=True)]
    wanted = quantile_test(differences, p=0.5).confidence_interval(0.9)
    assert (found.low, found.high) == (wanted.low, wanted.high)


@given(st.integers(5, 400), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_order_statistics_cover_at_least_the_level_and_no_narrower_ones_do(count: int, level: float):
    found = median_measure([0.0] * count, [float(n) for n in range(count)], level=level)
    if found.low is None:  # 0.95 of five
        assert 2 * 0.5**count > 1 - level
        return

    outside = round(found.low)  # so many differences lie below it

    assert 2 * binom.cdf(outside, count, 0.5) <= 1 - level + 1e-12
    assert 2 * binom.cdf(outside + 1, count, 0.5) > 1 - level or outside + 1 >= count / 2


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_below_five_cases_no_interval_of_a_median_covers_ninety_percent(count: int):
    found = median_measure([1.0] * count, [2.0] * count)

    assert (found.low, found.high, found.difference) == (None, None, 1.0)


def test_one_case_bounds_no_mean_and_equal_differences_leave_no_doubt():
    one, two = mean_measure([1.0], [3.0]), mean_measure([1.0, 2.0], [3.0, 4.0])

    assert (one.low, one.high) == (None, None)
    assert (two.low, two.difference, two.high) == (2.0, 2.0, 2.0)


def test_one_slow_call_moves_the_mean_and_not_the_median():
    base, head = [1.0] * 20, [*[1.2] * 19, 600.0]

    assert median_measure(base, head).difference == pytest.approx(0.2)
    assert mean_measure(base, head).difference > 30


def test_a_median_ratio_agrees_with_the_median_difference_where_the_sides_own_medians_do_not():
    base, head = [0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 1.0], [1.0, 0.1, 0.1, 1.0, 1.0, 1.0, 1.0]

    found = median_measure([*base, 0.1, 0.1], [*head, 0.1, 1.0])

    assert (found.base, found.head) == (0.1, 1.0)
    assert (found.difference, found.ratio) == (0.0, 1.0)


def test_nothing_has_no_multiple():
    assert mean_measure([0.0, 0.0], [1.0, 2.0]).ratio is None
    assert median_measure([0.0, 1.0], [1.0, 2.0]).ratio is None
    assert median_measure([5e-324], [1e6]).ratio is None


@given(pairs)
def test_an_interval_holds_its_estimate_and_does_not_depend_on_the_order(found: list[tuple[float, float]]):
    base, head = map(list, zip(*found, strict=True))
    again = list(map(list, zip(*sorted(found), strict=True)))

    for measure in (mean_measure, median_measure):
        one, other = measure(base, head), measure(*again)
        assert other == one
        if one.low is not None and one.high is not None:
            assert one.low <= one.difference <= one.high
            assert all(map(math.isfinite, (one.low, one.high)))


@pytest.mark.parametrize(
    ("base", "head", "level"), [([], [], 0.9), ([1.0], [1.0, 2.0], 0.9), ([1.0], [1.0], 1.0)]
)
def test_what_is_no_pair_or_no_level_is_refused(base: list[float], head: list[float], level: float):
    for measure in (mean_measure, median_measure):
        with pytest.raises(ValueError, match=r"pairs|level"):
            measure(base, head, level=level)
