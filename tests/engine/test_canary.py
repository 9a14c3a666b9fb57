"""Which of base's stored answers are looked at again after a week, and what their change says."""

import datetime
from pathlib import Path

import pytest

from promptctl.core.evidence import USUAL_FLIPS
from promptctl.core.exchange import Answered, Output, Source
from promptctl.engine.canary import (
    CANARIES,
    DRIFTED_BELOW,
    chosen,
    drifted,
    stale_cases,
    usual_flip_rate,
    young_draws,
)
from promptctl.engine.judging import CaseDraws
from tests.engine.drawn import CASES, Drawn

NOW = datetime.datetime.now(datetime.UTC)


def later(days: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=days)


def ids(cases: list[CaseDraws]) -> list[str]:
    return [case.planned.case.id for case in cases]


def stale(drawn: Drawn, days: float) -> list[str]:
    return ids(stale_cases(drawn.cases(), drawn.store, later(days)))


def test_answers_of_base_are_looked_at_again_after_a_week(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p")
    drawn.put("ada", "head", "p")

    assert stale(drawn, 6.9) == []
    assert stale(drawn, 7.1) == ["ada"]


@pytest.mark.parametrize("how", ["imported", "asked now", "not there", "deterministic", "unchanged", "new"])
def test_only_stored_answers_of_a_counted_case_that_differs_are_looked_at(tmp_path: Path, how: str):
    new, same = how == "new", how == "unchanged"
    drawn = Drawn(
        tmp_path,
        head=None if same else "Hello {{ name }}",
        every=same,
        before=CASES.replace("ada", "ann") if new else None,
        deterministic=how == "deterministic",
    )
    if how == "imported":
        drawn.store.put_imported([(drawn.sent("ada").digest, 0, Output(text="ok"))])
    elif how not in ("asked now", "not there"):
        drawn.put("ada", "base", "p")
    cases = drawn.cases()
    if how == "asked now":
        cases[0].base[0].take(Answered(answer=Output(text="ok"), source=Source.ASKED))

    assert stale_cases(cases, drawn.store, later(30)) == []


def test_a_time_that_cannot_be_read_is_no_age(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p")
    drawn.age(1)
    drawn.edit("at = 'long ago'")

    assert stale(drawn, 30) == []


def test_twenty_are_chosen_always_the_same_and_others_in_another_suite(tmp_path: Path):
    cases = "".join(
        f"- {{id: c{number}, input: I{number}, checks: [{{contains: ok}}]}}\n" for number in range(40)
    )
    found = list(Drawn(tmp_path, cases).cases())

    first = ids(chosen(found, "s1:a"))

    assert len(set(first)) == CANARIES == 20
    assert ids(chosen(found[::-1], "s1:a")) == first
    assert ids(chosen(found, "s1:b")) != first
    assert len(chosen(found[:3], "s1:a")) == 3


def samples(drawn: Drawn, days: float) -> list[int]:
    return [
        draw.sample
        for draw in young_draws([case.base[0] for case in drawn.cases()], drawn.store, later(days))
    ]


def test_a_canary_is_used_again_for_a_week_and_then_drawn_anew_beside_it(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p")
    assert samples(drawn, 0) == [2000, 2000]
    drawn.put("ada", "base", "p", start=2000)

    assert samples(drawn, 6.9) == [2000, 2000]
    assert samples(drawn, 7.1) == [2001, 2000]


def test_another_providers_canary_is_none(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p", start=2000)
    drawn.edit("base_url = 'elsewhere'")

    assert samples(drawn, 8) == [2000, 2000]


def usual(drawn: Drawn) -> float:
    return usual_flip_rate(drawn.suite, drawn.providers, drawn.store)


def test_the_usual_flip_rate_is_that_of_first_draws_beyond_the_first_on_both_sides(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p" + "p" * 9 + "f")  # 1 of 10
    drawn.put("bob", "head", "f" + "f" * 6 + "ppp")  # 3 of 9

    assert usual(drawn) == USUAL_FLIPS  # 19 are too few

    drawn.put("bob", "base", "pp")

    assert usual(drawn) == pytest.approx(4.5 / 21)


def test_a_rate_is_never_zero(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p" * 21)

    assert usual(drawn) == pytest.approx(0.5 / 21)


def test_redraws_canaries_and_draws_of_another_week_say_nothing_of_what_is_usual(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "p" * 21 + "f" * 5)
    drawn.put("ada", "base", "ffff", start=1000)
    drawn.put("ada", "base", "ffff", start=2000)
    drawn.age(8, where="sample < 21")

    assert usual(drawn) == pytest.approx(0.5 / 21)


def test_drift_is_as_many_changes_as_chance_hardly_brings():
    assert drifted(6, 20, USUAL_FLIPS) < DRIFTED_BELOW < drifted(4, 20, USUAL_FLIPS)
    assert drifted(0, 0, USUAL_FLIPS) == 1.0
