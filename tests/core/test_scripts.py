"""One answer to which scripts have no spaces, wherever text is cut into words."""

import re

import pytest

from promptctl.checks.counts import words
from promptctl.core.scripts import UNSPACED
from promptctl.core.similarity import has_unspaced
from promptctl.core.worddiff import word_diff


@pytest.mark.parametrize("character", [*"退款々〇ひカーㄅｶ", "\U00020000", "\uf900"])
def test_a_character_of_such_a_script_is_one_for_every_reader(character: str):
    assert words(character * 3) == 3
    assert has_unspaced(character)
    assert [piece.text for piece in word_diff(character * 2, character)] == [character, character]


@pytest.mark.parametrize("character", [*"aé7。、・～ กДע", "한"])
def test_everything_else_is_not(character: str):
    assert not re.fullmatch(f"[{UNSPACED}]", character)
    assert words(f"{character}a") <= 1


def test_hangul_has_spaces_but_its_words_are_cut_alike():
    assert has_unspaced("환불")
    assert words("환불 해주세요") == 2
