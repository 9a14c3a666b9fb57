"""Asking one check about one output, the way a suite does."""

from typing import Any

from promptctl.core.case import Case
from promptctl.core.exchange import Output
from promptctl.core.verdict import Opinion
from promptctl.engine.check import Built, build
from promptctl.engine.grading import subject_of
from promptctl.errors import Place
from promptctl.store.checkspecs import parse_checks


def place_of(*keys: str | int) -> Place:
    """A place that says where in the data it is."""
    return Place(f"suite.yaml/{'/'.join(map(str, keys))}")


def built(check: Any) -> Built:
    """A check as it stands in a suite's list, ready to be asked."""
    [spec] = parse_checks([check], place_of, ("checks",))
    return build(spec)


def opinion_of(check: Any, output: str | Output, expected: Any = None) -> Opinion:
    """What `check` says of `output`."""
    if isinstance(expected, str):
        expected = {"text": expected}
    output = Output(text=output) if isinstance(output, str) else output
    return built(check).ask(subject_of(Case(id="case", expected=expected), output))


def says(check: Any, output: str | Output, expected: Any = None) -> str:
    """The status alone."""
    return opinion_of(check, output, expected).status
