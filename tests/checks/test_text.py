"""Comparing, searching and counting in the output's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.checks.counts import lines, paragraphs, sentences, words
from promptctl.checks.pattern import compiled, search
from promptctl.checks.text import normalised, shown
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, place_of, says


@pytest.mark.parametrize(
    "check",
    [
        {"equals": ""},
        {"contains": ""},
        {"contains": {"value": " \n", "normalise": True}},
        {"contains": {"value": "!", "normalise": True}},
        {"contains_any": {"values": ["a", "。"], "normalise": True}},
        {"contains_all": {"values": ["a", " ?! "], "normalise": True}},
        {"starts_with": {"value": "...", "normalise": True}},
        {"ends_with": {"value": "!", "normalise": True}},
        {"ends_with": {"value": "！", "normalise": True}},
        {"contains_any": []},
        {"contains_any": ["a", ""]},
        {"contains_all": []},
        {"starts_with": ""},
        {"ends_with": ""},
        {"regex": ""},
        {"regex": "a*"},
        {"regex": "(?s).*"},
        {"regex": {"pattern": "[^x]*", "flags": "i"}},
        {"word_count": {}},
        {"word_count": {"min": 0}},
        {"word_count": {"min": 5, "max": 2}},
        {"word_count": {"exact": 5, "max": 7}},
        {"char_count": -1},
        "line_count",
    ],
    ids=str,
)
def test_arguments_that_make_no_sense_or_cannot_fail_are_refused(check: object):
    with pytest.raises(FileError) as caught:
        built(check)

    assert caught.value.slug == "bad-check-arguments"
    assert caught.value.at == place_of("checks", 0)


@pytest.mark.parametrize("check", [{"regex": "^$"}, {"regex": "^(?!.*30 days)"}, {"regex": r"\b"}], ids=str)
def test_a_pattern_of_width_zero_that_can_fail_is_allowed(check: object):
    built(check)


def test_normalising_forgives_case_width_white_space_and_final_punctuation():
    assert normalised("  ＲＥＦＵＮＤ\u3000 1 \n。 ") == "refund 1"
    assert normalised("Straße!") == normalised("STRASSE")


@pytest.mark.parametrize("text", ["?", "...", "。"])
def test_normalising_keeps_punctuation_that_is_all_there_is(text: str):
    assert normalised(text) == normalised(normalised(text)) != ""


@pytest.mark.parametrize(
    "check", [{"ends_with": "!"}, {"ends_with": {"value": "!", "ignore_case": True}}], ids=str
)
def test_punctuation_at_the_end_is_seen_where_nothing_is_normalised(check: object):
    assert says(check, "Great!") == "pass"
    assert says(check, "Great.") == "fail"


def test_punctuation_may_be_a_whole_answer():
    assert says({"one_of": {"values": ["?", "!"], "normalise": True}}, " ? ") == "pass"


def test_an_answer_of_only_a_question_mark_is_not_one_of_only_a_full_stop():
    assert says({"equals": {"value": "?", "normalise": True}}, ".") == "fail"


@given(st.text(), st.text(min_size=1))
def test_contains_agrees_with_python(text: str, value: str):
    assert says({"contains": {"value": value}}, text) == ("pass" if value in text else "fail")


def test_ignoring_case_leaves_white_space_alone():
    check = {"starts_with": {"value": "DEAR", "ignore_case": True}}

    assert says(check, "dear Ms Li") == "pass"
    assert says(check, " dear Ms Li") == "fail"


def test_numbers_in_a_list_of_texts_are_read_as_they_were_written():
    assert says({"contains_any": [14, "two weeks"]}, "in 14 days") == "pass"
    assert says({"equals": 0.5}, "0.5") == "pass"
    assert says({"equals": True}, "true") == "pass"


@pytest.mark.parametrize("text", ["x" * 1000, '"', "a\nb", "退" * 500])
def test_what_is_shown_of_a_text_is_one_short_line(text: str):
    assert "\n" not in shown(text)
    assert len(shown(text)) <= 66


# regex


def test_a_pattern_without_an_answer_in_time_breaks_the_check_and_decides_nothing():
    with pytest.raises(TimeoutError, match="took longer than 1 s"):
        opinion_of({"regex": r"(x+x+)+y"}, "x" * 5_000)


def test_a_text_too_long_for_patterns_breaks_the_check_and_decides_nothing():
    with pytest.raises(ValueError, match="1000000 at most"):
        opinion_of({"regex": "a"}, "a" * 1_000_001)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("foo{e}", "foo{e}", "foo{e}"),  # fuzzy matching in `regex`
        ("x{,2}y", "xxxy", "xxy"),
        ("a{}b", "a{}b", "a{}b"),
        ('"{d}"', '"{d}"', '"{d}"'),
        (r"[{}]+", "{}{", "{}{"),
        (r"\{i\}", "{i}", "{i}"),
        (r"\N{DIGIT ONE}{2}", "11", "11"),
        ("(?i)İ|x", "X", "X"),
        (r"[]a]+", "a]", "a]"),
    ],
)
def test_a_pattern_means_what_it_means_to_python(pattern: str, text: str, found: str):
    match = search(compiled(pattern), text)

    assert match is not None
    assert match.group() == found


@pytest.mark.parametrize("pattern", ["foo{e}", "x{i<=2}"])
def test_braces_are_never_read_as_permission_for_typing_errors(pattern: str):
    assert search(compiled(pattern), "fox ox") is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a**",
        r"\p{Han}",
        "(?R)",
        r"\K",
        "[[:alpha:]]",
        "[a--b]",
        "(((a{1000}){1000}){1000})",
        "a(?i)b",
        "x" * 10_001,
    ],
    ids=lambda pattern: pattern[:20],
)
def test_a_pattern_that_python_refuses_or_that_would_fill_the_memory_is_refused(pattern: str):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"regex": pattern})


def test_flags_are_letters():
    assert says({"regex": {"pattern": "^b.c$", "flags": "ims"}}, "a\nB\nC") == "pass"
    with pytest.raises(FileError, match='flag "z" is unknown'):
        built({"regex": {"pattern": "a", "flags": "z"}})


@given(st.text(alphabet="ab{}(),.*+?|\\[]0123^$", max_size=12))
def test_every_pattern_is_compiled_or_refused_in_one_sentence(pattern: str):
    try:
        compiled(pattern)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = ""

    assert "\n" not in sentence


# counts


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Hello", 1),
        ("Word   with    multiple     spaces", 4),
        ("Word\tWith\tTabs\tHere", 4),
        ("- item", 2),
        ("请稍候", 3),
        ("请稍候，谢谢！", 5),
        ("用 GPT-4 回答", 4),
        ("用GPT-4回答", 4),
        ("コーヒーを飲む", 7),
        ("안녕 하세요", 2),
        ("。。。", 0),
        ("𠀀𠀁", 2),
    ],
)
def test_words_are_counted_by_white_space_or_by_character(text: str, count: int):
    assert words(text) == count


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("a\n", 1), ("a\r\nb", 2), ("\n", 1), ("a\n\nb\n\n", 4)]
)
def test_a_line_break_at_the_end_begins_no_line(text: str, count: int):
    assert lines(text) == count


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("\n\n", 0), ("a\nb", 1), ("a\n \nb", 2), ("a\r\n\r\nb\n\n\n\nc", 3)]
)
def test_paragraphs_stand_between_blank_lines(text: str, count: int):
    assert paragraphs(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("No end", 1),
        ("One. Two! Three?", 3),
        ("Wait... what?!", 2),
        ("It costs 3.50 at example.com today.", 1),
        ("Dr. Li met J. Smith, e.g. at noon. They left.", 2),
        ("1. First item.\n2. Second item.", 2),
        ('He said "no." She agreed.', 2),
        ("Title\n\nOne sentence.", 2),
        ("您好！请问有什么可以帮您？谢谢。", 3),
        ("他说：“好。”然后走了。", 2),
        ("It takes 14. Then more.", 2),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, count: int):
    assert sentences(text) == count


def test_the_reason_of_a_count_says_what_was_found_and_what_was_wanted():
    opinion = opinion_of({"word_count": {"min": 2, "max": 4}}, "Hello")

    assert (opinion.status, opinion.reason, opinion.score) == ("fail", "1 word, 2 to 4 wanted", 1.0)
