"""Tags and checks by themselves: what counts, what is left out, and in which order the rows stand."""

from random import Random
from typing import Any

import pytest

from promptctl.core import stats
from promptctl.core.exploratory import exploratory
from promptctl.core.findings import Exploratory
from promptctl.core.result import CaseResult, TrialRecord
from promptctl.core.verdict import Verdict
from tests.builders import OUTCOMES

STATES = {"pp": "pass", "pf": "broken", "fp": "fixed", "ff": "still_failing"}


def a_draw(letter: str, checks: dict[str, str], *, role: str = "first") -> TrialRecord:
    verdicts = tuple(
        Verdict(check=name, status=OUTCOMES[status])  # type: ignore[arg-type]
        for name, statuses in checks.items()
        for status in statuses
    )
    return TrialRecord(sample=0, role=role, source="asked", outcome=OUTCOMES[letter], verdicts=verdicts)


def a_result(
    case: str, base: str = "p", head: str = "p", *, tags: tuple[str, ...] = (), **facts: Any
) -> CaseResult:
    """A counted case; letters are first draws, and behind a `+` redraws, of which each has the check `c` alone."""
    sides = {}
    for side, letters in (("base", base), ("head", head)):
        first, _, again = letters.partition("+")
        sides[side] = (
            *(a_draw(letter, {"c": letter}) for letter in first),
            *(a_draw(letter, {"c": letter}, role="confirm") for letter in again),
        )
    given = {"state": STATES.get(base[:1] + head[:1], "flaky"), "severity": "normal", "counted": True}
    return CaseResult(case=case, tags=tags, **{**sides, **given, **facts})


def with_checks(case: str, base: dict[str, str], head: dict[str, str], **facts: Any) -> CaseResult:
    """A counted case of one draw a side, its verdicts by check."""
    sides = {"base": (a_draw("p", base),), "head": (a_draw("p", head),)}
    return CaseResult(case=case, **{"state": "pass", "severity": "normal", "counted": True, **sides, **facts})


def rows(kind: str, *cases: CaseResult) -> list[Exploratory]:
    return [row for row in exploratory(cases) if row.kind == kind]


def counted(kind: str, *cases: CaseResult) -> dict[str, tuple[int, int, int]]:
    return {row.name: (row.n, row.broken, row.fixed) for row in rows(kind, *cases)}


def test_nothing_counted_has_no_rows():
    assert exploratory([]) == ()
    assert exploratory([a_result("a", tags=("x",), counted=False)] * 3) == ()


def test_a_tag_counts_its_cases_and_their_flips():
    cases = [
        a_result("a", "p", "f", tags=("refund", "long")),
        a_result("b", "p", "p", tags=("refund",)),
        a_result("c", "f", "p", tags=("refund", "long")),
        a_result("d", "p", "f", tags=("alone",)),
    ]

    assert counted("tag", *cases) == {"refund": (3, 1, 1), "long": (2, 1, 1)}


def test_a_tag_of_a_single_case_has_no_row_and_a_check_of_one_has():
    assert [(row.kind, row.name) for row in exploratory([a_result("a", tags=("x", "x"))])] == [("check", "c")]


def test_a_flip_that_was_contradicted_is_one_of_the_first_draws_all_the_same():
    flaky = a_result("a", "p+p", "f+pp", tags=("x",), state="flaky")

    assert counted("tag", flaky, a_result("b", tags=("x",))) == {"x": (2, 1, 0)}
    assert counted("check", flaky) == {"c": (1, 1, 0)}


@pytest.mark.parametrize(
    ("base", "head", "flip"),
    [("ppf", "ffp", (1, 1, 0)), ("pf", "ff", (1, 0, 0)), ("fff", "ppu", (1, 0, 1)), ("pp", "uu", None)],
)
def test_most_of_the_scored_first_draws_speak_for_a_side_and_a_draw_even_is_no_flip(
    base: str, head: str, flip: tuple[int, int, int] | None
):
    found = counted("check", a_result("a", base, head))

    assert found.get("c") == flip


def test_a_case_without_an_outcome_on_a_side_is_in_no_row():
    alone = a_result("a", "", "p", tags=("x",), state="new_pass")
    lost = a_result("b", "p", "e", tags=("x",), state="error")

    assert exploratory([alone, lost]) == ()


def test_a_check_is_compared_where_it_ran_and_was_scored_on_both_sides():
    cases = [
        with_checks("a", {"c": "p", "only_base": "p"}, {"c": "f", "only_head": "f"}),
        with_checks("b", {"c": "p"}, {"c": "u"}),
        with_checks("d", {"c": "f"}, {"c": "p"}),
    ]

    assert counted("check", *cases) == {"c": (2, 1, 1)}


def test_a_check_of_every_reply_fails_with_one_of_them_and_is_unscored_with_one_of_them():
    cases = [
        with_checks("a", {"c": "ppp"}, {"c": "puf"}),
        with_checks("b", {"c": "ppp"}, {"c": "pup"}),
    ]

    assert counted("check", *cases) == {"c": (1, 1, 0)}


@pytest.mark.parametrize(("base", "head"), [("", "p"), ("p", ""), ("p", "f")])
def test_equal_requests_are_no_flip_on_whichever_side_their_draws_stand(base: str, head: str):
    same = a_result("a", base, head, tags=("x",), state="unchanged")

    found = exploratory([same, same])

    assert [(row.kind, row.name, row.n, row.broken, row.fixed, row.p) for row in found] == [
        ("tag", "x", 2, 0, 0, 1.0),
        ("check", "c", 2, 0, 0, 1.0),
    ]


def test_the_most_telling_row_comes_first_and_equal_ones_by_flips_size_and_name():
    def tagged(tag: str, base: str, head: str, count: int) -> list[CaseResult]:
        return [a_result(f"{tag}{base}{head}{n}", base, head, tags=(tag,)) for n in range(count)]

    cases = [
        *tagged("quiet", "p", "p", 9),
        *tagged("calm", "p", "p", 9),
        *tagged("even", "p", "f", 2),
        *tagged("even", "f", "p", 2),
        *tagged("small", "p", "p", 2),
        *tagged("worse", "p", "f", 8),
        *tagged("better", "f", "p", 6),
    ]
    Random(3).shuffle(cases)

    names = [row.name for row in rows("tag", *cases)]

    assert names == ["worse", "better", "even", "calm", "quiet", "small"]


def test_tags_come_before_checks_and_each_kind_is_corrected_for_its_own_rows():
    cases = [a_result(f"{n}", "p", "f", tags=(f"t{n % 3}",)) for n in range(12)]
    found = exploratory(cases)

    assert [row.kind for row in found] == ["tag", "tag", "tag", "check"]
    four, twelve = (stats.mcnemar_midp(k, 0, side="two-sided") for k in (4, 12))
    assert {row.p for row in found[:3]} == {four}
    assert {row.adjusted for row in found[:3]} == {four}  # three equal p-values stay as they are
    assert (found[3].p, found[3].adjusted) == (twelve, twelve)


def test_p_is_raised_for_the_rows_that_tell_nothing():
    cases = [a_result(f"{n}", "p", "f", tags=("loud",)) for n in range(6)]
    cases += [a_result(f"q{n}", tags=(f"quiet{n // 2}",)) for n in range(8)]

    loud = rows("tag", *cases)[0]

    assert loud.adjusted == pytest.approx(5 * loud.p)


def test_the_order_of_the_cases_does_not_matter():
    chance = Random(4)
    cases = [
        a_result(f"{n}", chance.choice("pf"), chance.choice("pf"), tags=tuple(chance.sample("abcd", 2)))
        for n in range(30)
    ]

    assert exploratory(cases) == exploratory(chance.sample(cases, 30))
