"""`--explain` on drawing flips again: why a flip is confirmed, contradicted or left open, each for its own reason."""

from typing import Any

import pytest

from promptctl.core.findings import Redraws
from promptctl.core.record import replace
from promptctl.core.run import Pair
from promptctl.reporters.terminal import Style, render
from tests.builders import a_pair, a_table, cases
from tests.reporters.results import a_result, a_suite_result

REDRAWS = Redraws(each=3, asked=20)
CACHED = replace(REDRAWS, unconfirmed=3, compared=12, identical=12, cached=True)
ALIKE = "a provider that always answers alike"
BY_THEMSELVES = "confirm a flip by themselves"


def step(*pairs: Pair, **facts: Any) -> str:
    """The step about drawing again."""
    style = Style(explain=True, brief=True, columns=100_000)
    text = render(a_result(a_suite_result(list(pairs), **facts)), style)
    return text.partition("drawing flips again")[2].partition("\n     confirmed broken")[0] + "\n"


def test_a_cache_is_not_said_to_keep_flips_from_being_drawn_again():
    text = step(*a_table(40), *cases(2, "p+pp", "f+ff"), a_pair("p", "f+e", case="late"), redraws=CACHED)

    assert "3 not confirmed\n" in text
    assert "2 of these were redrawn, and a cache confirms nothing" in text
    assert "1 of these could not be drawn again to the end" in text


def test_flips_that_were_spared_on_purpose_are_told_from_those_that_could_not_be_drawn():
    text = step(*a_table(90, broken=60, confirmed=False), redraws=replace(REDRAWS, unconfirmed=60, spared=59))

    assert (
        "59 of these were not drawn again, because first draws decide already (docs/gate.md, Drawing again)"
        in text
    )
    assert "1 of these could not be drawn again" in text


@pytest.mark.parametrize(
    ("compared", "identical", "said"),
    [(9, 9, "too few to tell whether a cache answers"), (10, 9, "so no cache is seen")],
)
def test_few_redraws_tell_nothing_about_a_cache(compared: int, identical: int, said: str):
    text = step(*a_table(40), redraws=replace(REDRAWS, compared=compared, identical=identical))

    assert said in text


@pytest.mark.parametrize("redraws", [None, replace(REDRAWS, confirmed=1)])
@pytest.mark.parametrize(("letters", "said"), [(1, ALIKE), (3, BY_THEMSELVES)])
def test_what_confirmed_a_flip_without_a_redraw_is_said(redraws: Redraws | None, letters: int, said: str):
    flip = a_pair("p" * letters, "f" * letters, case="late", final=True)

    text = step(*cases(9, "p" * letters, "p" * letters), flip, redraws=redraws)

    assert [one for one in (ALIKE, BY_THEMSELVES) if one in text] == [said]


@pytest.mark.parametrize("redraws", [None, REDRAWS])
def test_flips_among_mixed_first_draws_are_no_flips_that_nobody_saw(redraws: Redraws | None):
    text = step(*cases(9, "ppp", "ppp"), a_pair("ppp", "fpf", case="mixed"), redraws=redraws)

    assert "flips whose first draws disagree, so that they are flaky without another draw: 1" in text
    assert "no case flipped" not in text


def test_where_nothing_flipped_that_is_said():
    assert "no case flipped" in step(*a_table(9))
