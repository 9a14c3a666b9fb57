"""What every check promises: its examples hold, `not` turns it round, no text breaks it, no size stalls it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptctl.core.rule import Example
from promptctl.core.verdict import Opinion
from promptctl.registry import find, names
from tests.checks.asking import answer_of, opinion_of

MEGABYTE = 1_000_000


def as_written(name: str, example: Example) -> Any:
    return name if example.args is None else {name: example.args}


def asked(check: Any, example: Example, text: str | None = None) -> Opinion:
    """What a check says of an example's answer, or of the same with another text."""
    return opinion_of(check, answer_of(example, text), example.expected, example.files)


def said(check: Any, example: Example) -> str:
    return asked(check, example).status


EXAMPLES = [(name, example) for name in names("checks") for example in find("checks", name).EXAMPLES]
# One of each way of asking, whatever the output.
ASKED = list({json.dumps([as_written(n, e), e.expected]): (n, e) for n, e in EXAMPLES}.values())


def shown(value: Any) -> str:
    return f"{value[0]}-{value[1].args}"[:60] if isinstance(value, tuple) else repr(value)[:40]


@pytest.mark.parametrize("line", EXAMPLES, ids=shown)
def test_the_page_of_a_check_tells_the_truth(line: tuple[str, Example]):
    name, example = line

    assert said(as_written(name, example), example) == example.status


@pytest.mark.parametrize("line", EXAMPLES, ids=shown)
def test_not_turns_every_example_round_and_leaves_unscored_alone(line: tuple[str, Example]):
    name, example = line
    if not find("checks", name).NEGATABLE:
        pytest.skip("refused at lint; see test_check.py")
    if isinstance(example.args, dict) and "extract" in example.args:
        pytest.skip("a part that is missing stays missing; see test_check.py")

    turned = {"pass": "fail", "fail": "pass", "unscored": "unscored"}[example.status]

    assert said({"not": as_written(name, example)}, example) == turned


@pytest.mark.parametrize("name", names("checks"))
def test_every_page_has_a_pass_a_fail_an_empty_output_and_another_script(name: str):
    examples = find("checks", name).EXAMPLES

    assert {"pass", "fail"} <= {example.status for example in examples}
    assert any(example.output == "" for example in examples)
    assert any(not example.output.isascii() for example in examples)


@pytest.mark.parametrize("name", names("checks"))
def test_every_check_says_what_it_is(name: str):
    kind = find("checks", name)

    assert kind.FAMILY
    assert kind.__doc__
    assert kind.__doc__.split("\n")[0].endswith(".")
    assert "empty" in kind.__doc__.lower()


@pytest.mark.parametrize("line", ASKED, ids=shown)
@settings(max_examples=40)
@given(output=st.text() | st.text(alphabet='{}[]",:0123456789.-%`\n 退，。万\\', max_size=80))
def test_no_text_breaks_a_check(line: tuple[str, Example], output: str):
    name, example = line

    opinion = asked(as_written(name, example), example, output)

    assert opinion.status in ("pass", "fail", "unscored")
    assert "\n" not in opinion.reason
    assert len(opinion.reason) < 2_000


PIECES = [
    "a",
    "[",
    '{"a":',
    '{"a":1,',
    "123,",
    "1,",
    ".",
    "A. ",
    "```\n",
    "`",
    "退款，",
    "\n",
    " ",
    '."',
    "- x\n",
]


@pytest.mark.timeout(120)  # 2 s for the slowest; what reads its input once per piece takes hours
@pytest.mark.parametrize("line", ASKED, ids=shown)
def test_no_check_hangs_over_a_megabyte(line: tuple[str, Example]):
    name, example = line
    for piece in PIECES:
        output = (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]

        opinion = asked(as_written(name, example), example, output)

        assert opinion.status in ("pass", "fail", "unscored")
        assert len(opinion.reason) < 2_000
