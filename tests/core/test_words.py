"""Numbers and names as people read them, and none that flatters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.words import cases_named, did_you_mean, nearest, percent, plural, points, signed_points


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (1000, "1000 cases")]
)
def test_one_is_singular(count: int, text: str):
    assert plural(count, "case") == text


def test_cases_are_counted_by_what_they_are():
    assert cases_named(["a"]) == "1 case"
    assert cases_named(["a", "b"], "blocker") == "2 blockers"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.05, "5"),
        (0.0713, "7.1"),
        (0.0, "0"),
        (1.0, "100"),
        (-0.005, "-0.5"),
        (-0.05, "-5"),
        (-0.00001, "0"),
        (0.1, "10"),
    ],
)
def test_points_are_hundredths(fraction: float, text: str):
    assert points(fraction) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.094, "+9.4"),
        (-0.0333, "−3.3"),
        (0.0, "0.0"),
        (-0.0, "0.0"),
        (0.00001, "0.0"),
        (-0.00001, "0.0"),
        (1.0, "+100.0"),
    ],
)
def test_a_change_always_shows_its_sign(fraction: float, text: str):
    assert signed_points(fraction) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.999, "99.9 %"),
        (0.9999, "99.99 %"),
        (0.001, "0.1 %"),
        (1 / 3, "33 %"),
        (0.995, "99.5 %"),
    ],
)
def test_a_rate_reads_as_it_is(rate: float, text: str):
    assert percent(rate) == text


@given(st.floats(0, 1))
def test_a_rate_is_never_0_or_100_percent_unless_it_is(rate: float):
    shown = float(percent(rate).removesuffix(" %"))

    assert (shown == 0) == (rate == 0)
    assert (shown == 100) == (rate == 1) or rate > 1 - 1e-12
    assert abs(shown - rate * 100) <= 0.51


@given(st.floats(-1, 1))
def test_points_and_signed_points_are_the_same_number(fraction: float):
    assert re.fullmatch(r"-?\d+(\.\d)?", points(fraction))
    assert float(points(fraction)) == pytest.approx(
        float(signed_points(fraction).replace("−", "-")), abs=1e-9
    )


def test_the_nearest_name_is_offered_and_no_far_one():
    known = ["contains", "contains_any", "is_json"]

    assert nearest("contain", known) == "contains"
    assert did_you_mean("contain", known) == 'did you mean "contains"? '
    assert did_you_mean("退款", known) == ""
    assert nearest("x", []) is None
