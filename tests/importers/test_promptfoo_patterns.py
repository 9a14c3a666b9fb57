"""Regular expressions of JavaScript: the same texts match, and what Python would read otherwise is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.patterns import python_pattern


@pytest.mark.parametrize(
    ("pattern", "matches", "refuses"),
    [
        (r"^\d+$", "42", "42\n"),
        (r"\d", "4", "٤"),
        (r"^\w+$", "word", "wörter"),
        (r"\s", "\u3000", "x"),
        (r"\d\s", "4\u3000", "4x"),
        (r"[\s\d]", "\u00a0", "x"),
        (r"(?<year>\d{4})-\k<year>", "2024-2024", "2024-2025"),
        (r"(['\"])x\1", "'x'", "'x\""),
        (r"[^]", "\n", ""),
        (r"[[]", "[", "]"),
        (r"a{,2}", "a{,2}", "aa"),
        (r"{", "{", "}"),
        (r"\/\-\@", "/-@", "x"),
        (r"\x41\u0042\cJ", "AB\n", "x"),
        (r"[a&&b]", "&", "c"),
        (r"[]|x", "x", "]"),
        (r"a\B", "ab", "a"),
        (r"(?<!a)b(?=c)", "bc", "abc"),
    ],
)
def test_a_pattern_matches_what_it_matches_in_javascript(pattern: str, matches: str, refuses: str):
    written, flags = python_pattern(pattern)
    compiled = re.compile(written, re.ASCII if flags else 0)

    assert (compiled.search(matches) is not None, compiled.search(refuses) is not None) == (True, False)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?i)yes", "JavaScript refuses"),
        ("(?#x)", "JavaScript refuses"),
        ("a**", "JavaScript refuses"),
        ("a++", "JavaScript refuses"),
        ("(?<=a)+", "JavaScript refuses"),
        (r"\b+", "JavaScript refuses"),
        ("[a", "JavaScript refuses"),
        ("(a", "Python does not take"),
        (r"(?<=a*)b", "Python does not take"),
        (r"(a|b)*\1", "a group that may have matched nothing"),
        (r"[\w\S]", "in a set"),
        (r"\8", "means different things"),
        ("a\\", "ends in a backslash"),
    ],
)
def test_a_pattern_that_means_something_else_is_refused(pattern: str, why: str):
    with pytest.raises(Unclear, match=re.escape(why)):
        python_pattern(pattern)


@given(st.text(st.sampled_from("ab01()[]{}|*+?.^$\\dswBk<>=!:-,&"), max_size=15))
def test_every_pattern_is_written_or_refused(pattern: str):
    try:
        written, flags = python_pattern(pattern)
    except Unclear:
        return
    re.compile(written, re.ASCII if flags else 0)
