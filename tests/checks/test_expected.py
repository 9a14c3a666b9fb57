"""Comparing the output with the case's expected answer: texts, numbers, labels, sets."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.checks.expected import items, labels_in
from promptctl.checks.numbers import last_number
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, says


def matches(how: str, output: str, expected: object, **more: object) -> str:
    return says({"matches_expected": {"as": how, **more}}, output, expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", "42"),
        ("The answer is 42.", "42"),
        ("between 3 and 5", "5"),
        ("1,234,567.89 yuan", "1234567.89"),
        ("1,23", "23"),
        ("12\u202f345", "12345"),
        ("1'000", "1000"),
        ("-5", "-5"),
        ("−5 °C", "-5"),
        ("it is -$1,200.50 in total", "-1200.50"),
        ("3-5", "5"),
        ("3–5 days", "5"),
        ("5天-7天", "7"),
        ("温度是-5度", "-5"),
        ("x=-.5", "-0.5"),
        ("6e3", "6000"),
        ("1.5e-3.", "0.0015"),
        ("2e", "2"),
        ("5kg", "5"),
        ("the 3rd", "3"),
        ("１２３４.5", "1234.5"),
        ("共3，400人", "400"),
        ("３万元", "30000"),
        ("1.2亿", "120000000"),
        ("10²", "10"),
        ("٤٢", "42"),
        ("**7**", "7"),
        (r"\boxed{8}", "8"),
        ("#### 9", "9"),
        ("0.10", "0.1"),
    ],
)
def test_the_last_number_of_a_text_is_read_as_people_write_it(text: str, value: str):
    number = last_number(text)

    assert number is not None
    assert number.value == Decimal(value)


@pytest.mark.parametrize("text", ["", "none", "GPT-4", "A4", "v1.2.3", "1.2.3", "十二", "½", "١.٢.٣"])
def test_what_only_looks_like_a_number_is_none(text: str):
    assert last_number(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**15), max_value=10**15))
def test_a_number_in_a_sentence_comes_back_as_it_was(number: Decimal):
    for written in (f"{number}", f"{number:,}", f"about {number:f} yuan."):
        found = last_number(written)
        assert found is not None
        assert found.value == number


@pytest.mark.parametrize(
    ("output", "expected", "tolerance", "status"),
    [
        ("12%", "12%", 0, "pass"),
        ("12.4%", "12%", 0.5, "pass"),  # percentage points
        ("12%", "0.12", 0, "pass"),
        ("0.12", "12%", 0, "pass"),
        ("12", "12%", 0, "fail"),
        ("12%", "12", 0, "fail"),
        ("100000000000000000001", "100000000000000000000", 0, "fail"),  # equal as floats
        ("2.50", "2.5", 0, "pass"),
        ("3.3", "3.2", 0.1, "pass"),  # 0.0999… as floats, or 0.1000…
        ("none", "3", 1, "fail"),
    ],
)
def test_numbers_are_compared_exactly(output: str, expected: str, tolerance: float, status: str):
    assert matches("number", output, expected, tolerance=tolerance) == status


@pytest.mark.parametrize("written", ["{}", "-{}", "{}%", "{}万", "{}e999", "0.{}"])
def test_a_number_of_millions_of_digits_is_another_number_and_no_error(written: str):
    output = written.format("9" * 1_500_000)

    assert matches("number", output, "5") == "fail"
    assert matches("number", output, "5%") == "fail"
    assert says({"number_close": {"to": 5, "relative": 0.1}}, output) == "fail"


def test_a_json_number_is_an_expected_number():
    assert matches("number", "it is 42", {"json": 42}) == "pass"


@pytest.mark.parametrize("how", ["text", "normalised", "number", "label", "set"])
def test_without_an_expected_answer_the_check_breaks(how: str):
    with pytest.raises(ValueError, match="expected"):
        opinion_of({"matches_expected": how}, "anything")


@pytest.mark.parametrize(
    ("how", "expected"),
    [("number", "soon"), ("set", ","), ("text", {"json": {"a": 1}}), ("label", {"json": ["a"]})],
)
def test_an_expected_answer_that_does_not_fit_breaks_the_check(how: str, expected: object):
    with pytest.raises(ValueError, match="expected"):
        opinion_of({"matches_expected": how}, "anything", expected)


@pytest.mark.parametrize(
    "args",
    [
        {"as": "text", "tolerance": 1},
        {"as": "number", "tolerance": -1},
        {"as": "text", "labels": ["a", "b"]},
        {"as": "label", "labels": ["a"]},
        {"as": "label", "labels": ["a", "A."]},
        {"as": "numbr"},
    ],
    ids=str,
)
def test_arguments_that_do_not_belong_together_are_refused(args: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"matches_expected": args})


@pytest.mark.parametrize(
    "bound", [{}, {"tolerance": 0}, {"tolerance": -1}, {"relative": float("inf")}], ids=str
)
def test_close_needs_a_bound_that_can_be_missed(bound: dict[str, float]):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"number_close": {"to": 3, **bound}})


def test_a_bound_written_with_a_closing_zero_is_still_a_number():
    assert says({"number_close": {"to": "3.0", "tolerance": "0.10"}}, "3.1") == "pass"


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ("退款", "pass"),
        ("退款。", "pass"),
        ("类别：退款", "pass"),
        ("不退款", "fail"),
        ("退款还是物流", "fail"),
        ("其他", "fail"),
        ("", "fail"),
    ],
)
def test_a_label_counts_when_it_is_the_only_one_there(output: str, status: str):
    assert matches("label", output, {"label": "退款"}, labels=["退款", "不退款", "物流"]) == status


def test_labels_of_scripts_with_spaces_are_whole_words():
    assert labels_in("Not nonspam, but SPAM!", ("spam", "ham")) == ["spam"]
    assert labels_in("very positive", ("positive", "very positive", "negative")) == ["very positive"]


def test_an_expected_label_outside_the_labels_breaks_the_check():
    with pytest.raises(ValueError, match="not one of `labels`"):
        opinion_of({"matches_expected": {"as": "label", "labels": ["a", "b"]}}, "a", {"label": "c"})


def test_without_labels_only_the_label_itself_will_do():
    assert matches("label", "Refund.", {"label": "refund"}) == "pass"
    assert matches("label", "It is a refund.", {"label": "refund"}) == "fail"


@pytest.mark.parametrize(
    "text",
    [
        "red, green",
        "Green\nred\n",
        "- red\n- green",
        "1. green\n2) red",
        "红",
        '["red", "green"]',
        "red；green",
        "[red, green",
    ],
)
def test_items_come_from_any_kind_of_list(text: str):
    found = set(items(text))

    assert found in ({"red", "green"}, {"红"}, {"[red", "green"})


def test_a_set_says_what_is_missing_and_what_is_too_much():
    opinion = opinion_of({"matches_expected": "set"}, "red, blue", "red, green")

    assert opinion.reason == 'without "green", with "blue" besides'


def test_a_json_list_is_an_expected_set():
    assert matches("set", "绿、红", {"json": ["红", "绿"]}) == "pass"


def test_text_that_differs_only_in_what_is_easily_overlooked_is_told_so():
    opinion = opinion_of("matches_expected", "yes", "Yes.")

    assert "only case, width, white space or final punctuation differs" in opinion.reason
