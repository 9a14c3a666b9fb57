"""Patterns and schemas are tried in a process of their own: what takes too long is an error and does no harm."""

import json
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptctl.checks.examiner import Examiner
from promptctl.checks.pattern import compiled, search
from promptctl.checks.schema import BadSchema, schema_of
from promptctl.processes.child import Limits

MEMORY = 150 * 1024**2
ENDLESS = {
    "do": "search",
    "pattern": "(x+x+)+y",
    "flags": "",
    "text": "x" * 5000,
    "take": "first",
    "full": False,
}


@pytest.fixture(scope="module")
def hasty() -> Iterator[Examiner]:
    one = Examiner(Limits(MEMORY, file=16 * 1024**2, files=64), seconds=0.3)
    yield one
    one.close()


def compiling(pattern: str) -> dict[str, Any]:
    return {"do": "compile", "pattern": pattern, "flags": ""}


def fitting(schema: Any, value: Any) -> dict[str, Any]:
    return {"do": "fit", "schema": json.dumps(schema), "value": value}


@pytest.mark.parametrize(
    "question",
    [
        ENDLESS,
        {**ENDLESS, "pattern": "(?:x+x+)+y", "full": True},
        {**ENDLESS, "take": "last"},
        compiling("(?i)" + r"[\x00-\U0010ffff]" * 400),
        fitting({"pattern": "(x+x+)+y"}, "x" * 5000),
        fitting({"patternProperties": {"(x+x+)+y": {}}}, {"x" * 5000: 1}),
        fitting({"additionalProperties": False, "patternProperties": {"(x+x+)+y": {}}}, {"x" * 5000: 1}),
        fitting({"items": {"allOf": [{"items": {"not": {"type": "null"}}}] * 60}}, [[1] * 5000] * 20),
    ],
)
def test_what_takes_too_long_is_a_time_out_and_the_next_question_is_answered(
    question: dict[str, Any], hasty: Examiner
):
    with pytest.raises(TimeoutError):
        hasty.ask(question)

    assert hasty.ask({**ENDLESS, "text": "xxy"}) == {
        "id": hasty.ask(compiling("a"))["id"] - 1,
        "found": ["xxy", "xx"],
    }


@pytest.mark.parametrize("pattern", ["(a{1000}){900}", "((a|b){1000}){900}", "(?:a?){1000}" * 700])
def test_a_pattern_that_would_fill_the_memory_is_refused_or_late(pattern: str, hasty: Examiner):
    try:
        said = hasty.ask(compiling(pattern))
    except (TimeoutError, ValueError) as error:
        said = {"refused": str(error)}

    assert said
    assert hasty.ask(compiling("a"))["groups"] == 0


def test_the_process_has_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch, hasty: Examiner):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    one = Examiner()
    one.ask(compiling("a"))
    pid = one._worker._child.pid if one._worker._child else 0

    environment = Path(f"/proc/{pid}/environ")
    assert not environment.exists() or environment.read_bytes() == b""
    assert os.getpgid(pid) == pid
    one.close()


PLAIN = st.text(alphabet=string.ascii_letters + " \n退款-\"'<>&;:,=~#@!%_/", min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(
    pattern=PLAIN,
    text=st.text(alphabet="ab 退款\n-", max_size=12),
    flags=st.sampled_from(["", "a", "m", "s", "ms"]),
)
def test_plain_text_is_found_as_re_finds_it_without_asking_anyone(pattern: str, text: str, flags: str):
    number = sum((getattr(re, flag.upper()) for flag in flags), re.RegexFlag(0))
    text = f"{text}{pattern}{text}"

    for full, wanted in (
        (False, re.search(pattern, text, number)),
        (True, re.fullmatch(pattern, text, number)),
    ):
        found = search(compiled(pattern, flags), text, full=full)
        assert (found and found.group()) == (wanted and wanted.group())


def test_groups_are_found_by_number_and_by_name():
    pattern = compiled(r"(?P<day>\d+)(st)? of (\w+)")

    match = search(pattern, "on 14 of May")

    assert match is not None
    assert [match.group(), match.group("day"), match.group(2), match.group(3)] == [
        "14 of May",
        "14",
        None,
        "May",
    ]
    assert (pattern.groups, pattern.groupindex) == (3, {"day": 1})


def test_a_check_that_was_late_three_times_is_not_asked_again():
    pattern = compiled("(z+z+)+y")

    for said in ["longer than 1 s$"] * 3 + ["not asked again"] * 50:
        with pytest.raises(TimeoutError, match=said):
            search(pattern, "z" * 5000)


def test_a_mistake_in_a_schema_says_where_it_lies():
    with pytest.raises(BadSchema) as caught:
        schema_of({"properties": {"a": {"type": "objekt"}}})

    assert caught.value.inside == ("properties", "a", "type")


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    )
)
def test_any_value_arrives_at_its_schema_as_it_is(value: Any):
    assert schema_of({"const": value}).problem(value) is None
    assert schema_of({"const": value}).problem([value, value]) is not None


def test_the_clock_does_not_run_while_libraries_are_loaded():
    program = """if True:
        import sys
        from promptctl.checks import examining

        class Clock:
            def __enter__(self): print("jsonschema" in sys.modules)
            def __exit__(self, *error): pass

        examining._answer({"do": "schema", "schema": '{"type": "string"}'}, Clock(), 1.0)
    """

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "True\n", run.stderr
