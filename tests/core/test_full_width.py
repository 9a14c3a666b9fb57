"""Full-width signs and letters: which half-width form they stand for, and what to write instead."""

import pytest

from promptctl.core.full_width import DASHES, HALF, half, instead, narrow, option, signs, structural


def test_every_full_width_sign_of_ascii_has_its_half_width_form_and_letters_and_digits_stay():
    wide = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F))

    narrowed = half(wide)

    assert [sign for sign in narrowed if not sign.isascii()] == [sign for sign in wide if sign.isalnum()]
    assert [sign for sign in narrowed if sign.isascii()] == [
        chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum()
    ]


def test_quotes_brackets_and_the_space_of_a_chinese_keyboard_have_their_forms_too():
    assert half("“a”、‘b’　【c】") == "\"a\",'b' [c]"


def test_signs_are_told_once_in_the_order_of_the_text():
    assert signs("问：a，b，c：d") == ["：", "，"]
    assert signs("plain: text") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("键：甲，乙", ["："]),
        ("｛a：1，b：2｝", ["｛", "：", "，", "｝"]),
        ("［a，b］", ["［", "，", "］"]),
        ("plain", []),
    ],
)
def test_only_the_first_sign_and_what_belongs_to_it_would_give_a_structure(text: str, found: list[str]):
    assert structural(text) == found


@pytest.mark.parametrize(
    ("text", "meant"), [("ｇｐｔ－４", "gpt-4"), ("１２", "12"), ("gpt-4", None), ("名", None)]
)
def test_a_name_in_wide_letters_is_read_as_it_was_meant(text: str, meant: str | None):
    assert narrow(text) == meant


def test_what_to_write_names_both_forms_and_a_space_by_its_name():
    assert (
        instead(["：", "　"])
        == "write : instead of ：, a plain space instead of the full-width space (U+3000)"
    )
    assert instead(["：", "，"], {**HALF, "：": "=", "，": ";"}) == "write = instead of ：, ; instead of ，"


@pytest.mark.parametrize("dash", DASHES)
def test_an_option_is_recognised_behind_any_dash(dash: str):
    assert option(f"{dash}quiet") == "--quiet"
    assert option(f"{dash}{dash}max-calls") == "--max-calls"
    assert option(f"{dash}q") == "-q"


@pytest.mark.parametrize("word", ["--quiet", "-q", "—", "quiet", "—5"])
def test_what_is_an_option_already_or_none_at_all_stays(word: str):
    assert option(word) is None
