from promptctl.api.cases import Known
from promptctl.cli.case_text import check_words, draws_shown, first_words, tally
from promptctl.core.case import CheckSpec, Turn
from tests.builders import a_case, a_check, a_trial


def known(first: str, redrawn: str = "") -> Known:
    trials = [a_trial(letter, sample=n) for n, letter in enumerate(first)]
    trials += [a_trial(letter, sample=1000 + n, role="confirm") for n, letter in enumerate(redrawn)]
    return Known("m", tuple(trials), ())


def test_redraws_are_counted_apart_from_first_draws():
    assert tally(known("ppf", "pf")) == "draws      3 of 5 passed under m: first draws 2 of 3, redraws 1 of 2"
    assert tally(known("pf")) == "draws      1 of 2 passed under m"
    assert tally(known("")) == "draws      none stored for it under m"


def test_of_many_draws_the_first_are_listed_and_all_counted():
    shown = draws_shown(known("p" * 25))

    assert len(shown.splitlines()) == 2 + 20 + 1
    assert shown.endswith("\n… and 5 more")


def test_checks_are_shown_as_they_would_be_written():
    inner = a_check("contains", **{"": "30 days"})
    group = CheckSpec(
        kind="any", name="any", parts=(inner, CheckSpec(kind="not", name="not", parts=(inner,)))
    )

    assert check_words(a_check("is_json")) == "is_json"
    assert check_words(a_check("regex", pattern="^a", flags=["x"])) == 'regex: {pattern: "^a", flags: [x]}'
    assert check_words(group) == "any: [{contains: 30 days}, {not: {contains: 30 days}}]"


def test_a_case_is_told_by_why_it_is_there_or_by_the_first_text_that_it_gives():
    assert first_words(a_case(why="a complaint", input="x")) == "a complaint"
    assert first_words(a_case(vars={"n": 3, "text": "hello"})) == "hello"
    assert first_words(a_case(turns=(Turn(say="hi"), Turn(say="there")))) == "hi"
    assert first_words(a_case(vars={"n": 3})) == "3"
    assert first_words(a_case()) == ""
