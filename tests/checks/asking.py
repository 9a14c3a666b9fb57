"""Asking one check about one output, the way a suite does."""

from collections.abc import Mapping
from typing import Any

import msgspec

from promptctl.core.case import Case
from promptctl.core.exchange import Output
from promptctl.core.rule import Example
from promptctl.core.verdict import Opinion
from promptctl.engine.check import Built, build
from promptctl.engine.check_files import CheckFiles
from promptctl.engine.grading import subject_of
from promptctl.errors import Place
from promptctl.store.checkspecs import parse_checks
from promptctl.store.trees import Picture


def place_of(*keys: str | int) -> Place:
    """A place that says where in the data it is."""
    return Place(f"suite.yaml/{'/'.join(map(str, keys))}")


def tree_of(files: Mapping[str, str | bytes]) -> CheckFiles:
    """The files of a project that has no others."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return CheckFiles(Picture("the project", contents, {}, {}), "evals")


def built(check: Any, files: Mapping[str, str | bytes] | None = None) -> Built:
    """A check as it stands in a suite's list, ready to be asked."""
    [spec] = parse_checks([check], place_of, ("checks",))
    return build(spec, tree_of(files or {}))


def opinion_of(
    check: Any, output: str | Output, expected: Any = None, files: Mapping[str, str | bytes] | None = None
) -> Opinion:
    """What `check` says of `output`."""
    if isinstance(expected, str):
        expected = {"text": expected}
    output = Output(text=output) if isinstance(output, str) else output
    return built(check, files).ask(subject_of(Case(id="case", expected=expected), output))


def says(
    check: Any, output: str | Output, expected: Any = None, files: Mapping[str, str | bytes] | None = None
) -> str:
    """The status alone."""
    return opinion_of(check, output, expected, files).status


def answer_of(example: Example, text: str | None = None) -> Output:
    """The answer of an example on a check's page, with another text where one is given."""
    return msgspec.convert({"text": example.output if text is None else text, **example.answer}, Output)
