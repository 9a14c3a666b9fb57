"""Foreign text on a terminal: shown, never obeyed."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from promptctl.reporters.safe import fit, pad, terminal_line, terminal_text, width
from tests.reporters.nasty import ACTED_ON, ANY, NASTY


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_nothing_of_the_corpus_acts_on_a_terminal(text: str):
    assert not ACTED_ON.search(terminal_text(text))
    assert not re.search("[\n\t]", terminal_line(text))


@given(ANY)
def test_no_text_holds_what_a_terminal_acts_on(text: str):
    shown = terminal_text(text)

    assert not ACTED_ON.search(shown)
    assert shown.count("\n") == text.count("\n")
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(st.characters())
def test_a_character_is_shown_as_it_is_or_written_out(character: str):
    shown = terminal_text(character)

    if shown == character:
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
    else:
        assert re.fullmatch(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}", shown)


@given(ANY)
def test_making_harmless_twice_changes_nothing_more(text: str):
    assert terminal_text(terminal_text(text)) == terminal_text(text)
    assert terminal_line(terminal_line(text)) == terminal_line(text)


@pytest.mark.parametrize("text", ["plain", "退款 é 👍 ñ", "a\n\tb", "naïve “quotes” — → −", "שלום עולם"])
def test_text_of_any_language_stays_as_it_is(text: str):
    assert terminal_text(text) == text


def test_what_was_there_can_still_be_read():
    assert terminal_text("\x1b[31m\u202e\ud800\U000e0041") == r"\x1b[31m\u202e\ud800\U000e0041"
    assert terminal_line("a\r\n\n b\tc") == "a  b c"


@pytest.mark.timeout(30)
def test_a_line_of_two_megabytes_does_not_hang():
    assert len(terminal_text(NASTY["long line"] + "\x1b")) == 2_000_004


# Columns


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("退款", 4), ("é", 1), ("e\u0301", 1), ("", 0), ("👍", 2)]
)
def test_width_is_in_columns(text: str, columns: int):
    assert width(text) == columns


@given(ANY, st.integers(1, 100))
def test_what_is_fitted_fits_and_keeps_its_beginning(text: str, columns: int):
    line = terminal_line(text)

    fitted = fit(line, columns)

    assert wcswidth(fitted) <= columns
    if fitted != line:
        assert fitted.endswith("…")
        assert line.startswith(fitted[:-1])
    else:
        assert width(line) <= columns


@given(ANY, st.integers(0, 100))
def test_what_is_padded_is_at_least_as_wide_as_asked(text: str, columns: int):
    line = terminal_line(text)

    assert pad(line, columns).rstrip(" ") == line.rstrip(" ")
    assert width(pad(line, columns)) >= columns


def test_a_cut_never_splits_a_wide_character():
    assert fit("退款退款", 5) == "退款…"
    assert fit("退款退款", 4) == "退…"
    assert fit("退款退款", 8) == "退款退款"
