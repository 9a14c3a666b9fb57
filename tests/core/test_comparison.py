"""What changed from base to head: a state per case, one table, and what was taken out of the yardstick."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.comparison import (
    STATES,
    Comparison,
    cluster_sizes,
    compare,
)
from promptctl.core.record import replace
from promptctl.core.run import Pair, Standing
from promptctl.core.yardstick import weakened_because, yardstick_changes
from tests.builders import OUTCOMES, a_case, a_check, a_pair, a_run, a_suite


def change(base: str, head: str, **facts: object):
    has_base = facts.pop("has_base", True)
    return compare([a_pair(base, head, **facts)], has_base=bool(has_base)).case("case")


# One case


@pytest.mark.parametrize(
    ("base", "head", "state", "counted"),
    [
        ("p", "p", "pass", True),
        ("p", "f", "broken", True),
        ("f", "p", "fixed", True),
        ("f", "f", "still_failing", True),
        ("u", "p", "unscored", False),
        ("p", "u", "unscored", False),
        ("e", "p", "error", False),
        ("p", "e", "error", False),
        ("u", "e", "error", False),
        ("a", "a", "advisory", False),
        ("p", "a", "advisory", False),
        ("a", "p", "advisory", False),
        ("a", "f", "advisory", False),
        ("", "p", "not_asked", False),
        ("p", "", "not_asked", False),
        ("", "", "not_asked", False),
    ],
)
def test_the_state_of_a_case_that_decides(base: str, head: str, state: str, counted: bool):
    found = change(base, head)

    assert (found.state, found.counted) == (state, counted)


@pytest.mark.parametrize(
    ("base", "head", "state"),
    [
        ("p", "p", "new_pass"),
        ("f", "p", "new_pass"),
        ("u", "p", "new_pass"),
        ("a", "p", "new_pass"),
        ("p", "f", "new_fail"),
        ("", "f", "new_fail"),
        ("p", "u", "unscored"),
        ("p", "e", "error"),
        ("e", "p", "error"),
        ("p", "a", "advisory"),
        ("p", "", "not_asked"),
    ],
)
def test_a_new_case_goes_by_head_and_is_never_counted(base: str, head: str, state: str):
    found = change(base, head, standing=Standing.NEW)

    assert (found.state, found.counted) == (state, False)


def test_a_new_case_with_equal_requests_is_new_not_unchanged():
    assert change("p", "p", standing=Standing.NEW, unchanged=True).state == "new_pass"


@pytest.mark.parametrize("letters", ["p", "f", "u", ""])
def test_equal_requests_are_unchanged_and_count_as_no_difference(letters: str):
    found = compare([a_pair(letters, letters, unchanged=True)])

    assert (found.case("case").state, found.case("case").counted) == ("unchanged", True)
    assert (found.differences, found.broken, found.fixed) == ((0.0,), 0, 0)
    assert found.all_equal


def test_a_judge_that_contradicts_itself_on_equal_requests_breaks_nothing():
    found = compare([a_pair("p", "f", unchanged=True)])

    assert (found.broken, found.differences) == (0, (0.0,))


@pytest.mark.parametrize(("base", "head"), [("p", "f"), ("f", "p"), ("p", "u")])
def test_a_listed_case_has_no_say(base: str, head: str):
    found = change(base, head, standing=Standing.LISTED)

    assert (found.state, found.counted) == ("advisory", False)


@pytest.mark.parametrize(
    ("base", "head", "state"), [("a", "a", "watched"), ("", "", "watched"), ("e", "a", "error")]
)
def test_a_watched_case_is_shown_only_but_its_errors_are_kept(base: str, head: str, state: str):
    found = change(base, head, standing=Standing.WATCHED)

    assert (found.state, found.counted) == (state, False)


def test_an_accepted_break_is_shown_and_not_counted():
    found = change("p", "f", accepted="new policy")

    assert (found.state, found.counted) == ("broken", False)


@pytest.mark.parametrize(
    ("head", "state", "counted"),
    [
        ("p", "new_pass", True),
        ("f", "new_fail", True),
        ("u", "unscored", False),
        ("e", "error", False),
        ("a", "advisory", False),
        ("", "not_asked", False),
    ],
)
def test_without_a_base_head_alone_is_scored(head: str, state: str, counted: bool):
    found = change("", head, has_base=False)

    assert (found.state, found.counted) == (state, counted)


def test_differences_are_head_minus_base():
    found = compare([a_pair("p", "f", case="a"), a_pair("f", "p", case="b"), a_pair("ppf", "fff", case="c")])

    assert found.differences == (-1.0, 1.0, pytest.approx(-2 / 3))


def test_without_a_base_nothing_is_broken_or_fixed():
    found = compare([a_pair("", "p"), a_pair("", "f", case="other")], has_base=False)

    assert (found.differences, found.broken, found.fixed) == ((0.0, 0.0), 0, 0)


# Several draws


def test_one_loud_case_cannot_hide_a_quiet_loss():
    run = a_run(base={"loud": "fff", "quiet": "ppp"}, head={"loud": "ppp", "quiet": "fff"})

    found = compare(run)

    assert [found.case(name).state for name in ("loud", "quiet")] == ["fixed", "broken"]


@pytest.mark.parametrize(("base", "head"), [("ppf", "ppp"), ("ppp", "pff"), ("pf", "pf"), ("ppf", "ffp")])
def test_mixed_draws_within_a_side_make_a_case_flaky(base: str, head: str):
    assert change(base, head).state == "flaky"


@pytest.mark.parametrize(
    ("base", "head", "broken", "fixed"),
    [
        ("ppf", "pff", 1, 0),
        ("pff", "ppf", 0, 1),
        ("pf", "ff", 0, 0),
        ("pp", "pf", 0, 0),
        ("ppp", "ppf", 0, 0),
    ],
)
def test_a_flip_of_several_draws_goes_by_the_side_means(base: str, head: str, broken: int, fixed: int):
    found = compare([a_pair(base, head)])

    assert (found.broken, found.fixed) == (broken, fixed)


def test_rates_and_differences_are_over_first_draws():
    found = change("ppf+fff", "pff+ppp")

    assert (found.base, found.head) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_only_a_flip_listens_to_redraws():
    """Elsewhere they would make a lottery of it: one more draw until it passes."""
    assert change("p+fff", "p+f").state == "pass"
    assert change("f+ppp", "f").state == "still_failing"
    assert change("p+e", "p").state == "pass"


@pytest.mark.parametrize(
    ("base", "head", "state", "confirmed", "contradicted"),
    [
        ("p", "f", "broken", False, None),
        ("p+p", "f+ff", "broken", False, None),
        ("p+pp", "f+ff", "broken", True, None),
        ("f+ff", "p+pp", "fixed", True, None),
        ("p", "f+p", "flaky", False, "head"),
        ("p+f", "f+f", "flaky", False, "base"),
        ("p", "f+e", "broken", False, None),
        ("p+u", "f+f", "broken", False, None),
        ("ppp", "fff", "broken", True, None),
        ("pp+p", "ff+f", "broken", True, None),
    ],
)
def test_three_agreeing_draws_a_side_confirm_a_flip_and_one_contradicts_it(
    base: str, head: str, state: str, confirmed: bool, contradicted: str | None
):
    [found] = compare([a_pair(base, head)], each=3).changes

    assert (found.state, found.confirmed, found.contradicted) == (state, confirmed, contradicted)
    assert found.counted


def test_redraws_out_of_a_cache_confirm_nothing():
    [found] = compare([a_pair("p+pp", "f+ff")], each=3, cached=True).changes

    assert (found.state, found.confirmed, found.only_draw) == ("broken", False, True)


def test_an_error_on_the_way_leaves_a_flip_unfinished():
    assert change("p", "f+e").unfinished
    assert not change("p", "f").unfinished
    assert change("p", "f").only_draw


@pytest.mark.parametrize(
    ("base", "head", "final", "confirmed"),
    [("p", "f", True, True), ("f", "p", True, True), ("p", "f", False, False), ("p", "p", True, False)],
)
def test_a_final_flip_is_confirmed_by_its_first_draw(base: str, head: str, final: bool, confirmed: bool):
    assert change(base, head, final=final).confirmed is confirmed


# Many cases

PAIRS = st.builds(
    a_pair,
    st.text("pfuea", max_size=3),
    st.text("pfuea", max_size=3),
    standing=st.sampled_from(list(Standing)),
    unchanged=st.booleans(),
    final=st.booleans(),
    accepted=st.none() | st.just("meant"),
)


def numbered(pairs: list[Pair]) -> list[Pair]:
    return [replace(pair, case=f"c{number:02}") for number, pair in enumerate(pairs)]


@given(st.lists(PAIRS, max_size=12), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_cases_and_draws_does_not_matter(
    pairs: list[Pair], has_base: bool, chance: random.Random
):
    pairs = numbered(pairs)
    expected = compare(pairs, has_base=has_base)
    chance.shuffle(pairs)
    turned = [replace(pair, base=pair.base[::-1], head=pair.head[::-1]) for pair in pairs]

    found = compare(turned, has_base=has_base)

    assert [(c.case, c.state, c.counted, c.base, c.head) for c in found.changes] == [
        (c.case, c.state, c.counted, c.base, c.head) for c in expected.changes
    ]


@given(st.lists(PAIRS, max_size=12), st.booleans())
def test_every_case_is_in_exactly_one_state_and_an_error_never_vanishes(pairs: list[Pair], has_base: bool):
    found = compare(numbered(pairs), has_base=has_base)
    counts = found.counts()

    assert sum(counts[state] for state in STATES) == counts["cases"] == len(pairs)
    asked = {"base", "head"} if has_base else {"head"}
    for one in found.changes:
        failed = any(
            trial.outcome == "error"
            for side in asked
            for trial in getattr(one.pair, side)
            if trial.role == "first"
        )
        if failed:
            assert one.state == "error"
            assert not one.counted


@given(st.lists(PAIRS, max_size=12))
def test_differences_stay_between_minus_one_and_one(pairs: list[Pair]):
    found = compare(numbered(pairs))

    assert len(found.differences) == len(found.counted)
    assert all(-1 <= difference <= 1 for difference in found.differences)
    assert found.broken + found.fixed <= len(found.counted)


def test_a_case_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="nobody"):
        compare([]).case("nobody")


def test_all_equal_needs_a_base_and_every_case():
    pair = a_pair(unchanged=True)

    assert compare([pair]).all_equal
    assert not compare([pair], has_base=False).all_equal
    assert not compare([pair, a_pair(case="other")]).all_equal


def test_cases_of_one_group_are_one_cluster_and_a_name_is_no_group():
    changes = compare(
        [a_pair(case="a", group="x"), a_pair(case="b"), a_pair(case="c", group="x"), a_pair(case="x")]
    ).changes

    assert sorted(cluster_sizes(changes).values()) == [[0, 2], [1], [3]]


def test_removed_cases_are_counted_beside_the_others():
    taken = yardstick_changes(a_suite(a_case("a"), a_case("b")), a_suite(a_case("b")), accepted={})

    found = Comparison(changes=(), yardstick=tuple(taken))

    assert (found.counts()["cases"], found.counts()["removed"]) == (0, 1)


# The yardstick


def taken_out(before, after, **accepted: str):
    head = None if after is None else a_suite(*after)
    meant = {("case", what): because for what, because in accepted.items()}
    return [
        (found.what, found.blocker, found.accepted)
        for found in yardstick_changes(a_suite(before), head, accepted=meant)
    ]


@pytest.mark.parametrize("severity", ["blocker", "normal"])
def test_a_case_that_is_gone_is_removed(severity):
    case = a_case(severity=severity)

    assert taken_out(case, []) == [("removed", severity == "blocker", None)]
    assert taken_out(case, None) == [("removed", severity == "blocker", None)]


@pytest.mark.parametrize("status", ["retired", "quarantined", "draft"])
def test_a_case_that_is_set_aside_is_listed(status):
    assert taken_out(a_case(severity="blocker"), [a_case(severity="blocker", status=status)]) == [
        (status, True, None)
    ]
    assert taken_out(a_case(), [a_case(status=status)]) == [(status, False, None)]


@pytest.mark.parametrize("status", ["retired", "quarantined", "draft"])
def test_a_case_that_was_set_aside_on_base_cannot_be_taken_out(status):
    assert taken_out(a_case(status=status), []) == []


@pytest.mark.parametrize(
    "after",
    [
        {"severity": "normal"},
        {"severity": "info"},
        {"expected": {"text": "other"}},
        {"expected": None},
        {"checks": ()},
        {"checks": (a_check("contains", value="y"),)},
        {"checks": (a_check("contains", value="x", required=False),)},
        {"watch": True},
        {"finished": False},
    ],
)
def test_a_blocker_that_asks_less_is_weakened_and_a_normal_case_may_change(after):
    facts = {"severity": "blocker", "expected": {"text": "14 days"}}

    assert taken_out(a_case(**facts), [a_case(**{**facts, **after})]) == [("weakened", True, None)]
    normal = {**facts, "severity": "normal"}
    silenced = [("weakened", False, None)] if after.get("watch") else []
    assert taken_out(a_case(**normal), [a_case(**{**normal, **after, "severity": "normal"})]) == silenced


def test_a_counted_case_that_has_no_vote_any_more_is_listed():
    assert taken_out(a_case(), [a_case(severity="info")]) == [("weakened", False, None)]
    assert taken_out(a_case(severity="info"), [a_case(watch=True)]) == []


@pytest.mark.parametrize(
    "after",
    [
        {},
        {"checks": (a_check("contains", value="x"), a_check("max_words", most=9))},
        {"checks": (a_check("contains", name="renamed", value="x"),)},
        {"tags": ("new",), "why": "a reason", "vars": {"ticket": "other"}},
    ],
)
def test_a_blocker_that_asks_the_same_or_more_is_not_weakened(after):
    facts = {"severity": "blocker"}

    assert taken_out(a_case(**facts), [a_case(**{**facts, **after})]) == []


def test_an_optional_check_may_go():
    before = a_case(severity="blocker", checks=(a_check("max_words", required=False, most=9),))

    assert weakened_because(before, a_case(severity="blocker", checks=())) is None


def test_a_check_that_the_prompt_itself_asked_may_go_with_the_prompts_schema():
    implied = replace(a_check("json_schema", schema={}), implied=True)

    assert (
        weakened_because(a_case(severity="blocker", checks=(implied,)), a_case(severity="blocker", checks=()))
        is None
    )


def test_what_is_meant_so_carries_its_reason():
    blocker = a_case(severity="blocker")

    assert taken_out(blocker, [], removed="moved") == [("removed", True, "moved")]
    assert taken_out(blocker, [a_case(severity="info")], weakened="too strict") == [
        ("weakened", True, "too strict")
    ]
    assert taken_out(blocker, [a_case(severity="blocker", status="retired")], weakened="old") == [
        ("retired", True, "old")
    ]
    assert taken_out(blocker, [], weakened="another thing") == [("removed", True, None)]


def test_letters_of_the_builders_are_all_outcomes():
    assert sorted(OUTCOMES.values()) == ["advisory", "error", "fail", "pass", "unscored"]
