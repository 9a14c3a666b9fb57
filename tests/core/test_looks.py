"""Looking early: when, how strictly, and how often that is fooled."""

import json
from random import Random

import msgspec
import pytest

from promptctl.core import stats
from promptctl.core.looks import ALPHA, LOOKS, MIN_CASES, boundaries, look_at, look_sizes


def test_below_300_cases_there_is_no_look():
    assert look_sizes(MIN_CASES - 1) == look_sizes(0) == ()
    assert look_sizes(MIN_CASES) == (60, 120, 180, 240, 300)


@pytest.mark.parametrize("planned", [300, 301, 302, 303, 304, 999, 5_001])
def test_looks_are_equally_far_apart_up_to_one_case_and_the_last_sees_all(planned: int):
    sizes = look_sizes(planned)
    steps = [after - before for before, after in zip((0, *sizes), sizes, strict=False)]

    assert len(sizes) == LOOKS
    assert sizes[-1] == planned
    assert max(steps) - min(steps) <= 1


def test_the_boundaries_are_those_of_five_looks_and_fall():
    assert [round(z, 4) for z in boundaries()] == [4.2292, 2.8881, 2.2981, 1.9618, 1.7397]
    assert boundaries() == stats.obrien_fleming_boundaries(5, alpha=0.05)
    assert boundaries()[-1] > stats.normal_quantile(0.95)  # the last look pays for those before it


def test_a_look_says_what_it_saw():
    found = look_at(3, 4, 3, 300, planned=500, margin=0.05)

    assert found.z == stats.tango_z(4, 3, 300, margin=0.05)
    assert (found.look, found.looks, found.asked, found.planned) == (3, 5, 300, 500)
    assert found.boundary == boundaries()[2]
    assert found.stopped


def test_no_flip_at_all_is_not_enough_at_the_first_look_and_is_at_the_third():
    stopped = [
        look_at(k, 0, 0, n, planned=300, margin=0.05).stopped for k, n in enumerate(look_sizes(300), 1)
    ]

    # √(n·m / (1 - m)) is 1.78, 2.51, 3.08, 3.55, 3.97; the last look is none to stop at.
    assert stopped == [False, False, True, True, False]


def test_the_last_look_does_not_stop_but_says_whether_it_was_reached():
    reached, missed = (look_at(5, broken, 0, 300, planned=300, margin=0.05) for broken in (5, 9))

    assert reached.z >= reached.boundary
    assert missed.z < missed.boundary
    assert not reached.stopped
    assert not missed.stopped


def test_what_gets_worse_never_stops():
    assert not any(look_at(k, 60, 0, 60 * k, planned=300, margin=0.05).stopped for k in range(1, 6))


@pytest.mark.parametrize(("broken", "fixed", "stops"), [(0, 300, True), (300, 0, False), (0, 0, False)])
def test_a_table_that_rules_the_loss_out_still_has_a_finite_z(broken: int, fixed: int, stops: bool):
    found = look_at(3, broken, fixed, 300, planned=500, margin=0.0)
    ruled_out = look_at(3, broken, fixed, 300, planned=500, margin=1.0)

    assert found.stopped == stops
    assert ruled_out.z >= 0
    for one in (found, ruled_out):
        assert isinstance(json.loads(msgspec.json.encode(one))["z"], float)


def test_an_infinite_z_is_cut_to_a_number():
    assert stats.tango_z(0, 10, 10, margin=1.0) == float("inf")
    assert look_at(1, 0, 10, 10, planned=50, margin=1.0).z == 1_000_000.0


@pytest.mark.parametrize(
    ("look", "broken", "asked", "margin", "says"),
    [
        (0, 0, 60, 0.05, "look must"),
        (6, 0, 60, 0.05, "look must"),
        (1, 0, 301, 0.05, "do not fit into 300 planned"),
        (1, 61, 60, 0.05, "do not fit into 60 cases"),
        (1, 0, 0, 0.05, "at least one case"),
        (1, 0, 60, 1.5, "margin"),
    ],
)
def test_a_look_that_makes_no_sense_is_refused(look: int, broken: int, asked: int, margin: float, says: str):
    with pytest.raises(ValueError, match=says):
        look_at(look, broken, 0, asked, planned=300, margin=margin)


def passes(chance: Random, planned: int, broken: float, fixed: float, margin: float = 0.05) -> int | None:
    """The look at which a run of cases that flip at these rates passes; None if it never does."""
    found, asked = [0, 0], 0
    for look, size in enumerate(look_sizes(planned), start=1):
        flips = chance.choices([0, 1, None], [broken, fixed, 1 - broken - fixed], k=size - asked)
        found, asked = [found[side] + flips.count(side) for side in (0, 1)], size
        seen = look_at(look, *found, asked, planned=planned, margin=margin)
        if seen.z >= seen.boundary:
            return look
    return None


@pytest.mark.parametrize("planned", [300, 500])
@pytest.mark.parametrize("flips", [0.06, 0.10, 0.20])
def test_a_loss_of_just_the_margin_passes_no_more_often_than_planned(planned: int, flips: float):
    chance, runs = Random(planned), 1_500
    broken = (flips + 0.05) / 2

    passed = sum(passes(chance, planned, broken, flips - broken) is not None for _ in range(runs))

    assert passed / runs <= ALPHA + 3 * (ALPHA * (1 - ALPHA) / runs) ** 0.5


def test_an_edit_that_changes_nothing_mostly_ends_before_the_last_look():
    chance, runs = Random(1), 300
    ended = [passes(chance, 500, 0.04, 0.04) for _ in range(runs)]

    assert sum(look is not None for look in ended) >= 0.90 * runs  # .96 in the study of the rules
    assert sum(look is not None and look < LOOKS for look in ended) >= 0.75 * runs
