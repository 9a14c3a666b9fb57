"""Whether cases that are to be written would be right: read, their checks built, rendered. Nothing is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from promptctl.core.case import Case, Suite
from promptctl.core.record import replace
from promptctl.engine.check_files import files_of
from promptctl.engine.grader import Grader
from promptctl.engine.load import Side
from promptctl.engine.one_side import OneSide
from promptctl.engine.output_check import with_output_check
from promptctl.errors import Place, PromptctlError
from promptctl.store.cases import read_case
from promptctl.store.fields import Fields
from promptctl.store.overlay import Overlay
from promptctl.store.places import Document, Spot


def grader_of(side: Side, suite: Suite) -> Grader:
    """What judges a suite's outputs at a revision.

    Raises:
        PromptctlError: every check that cannot be asked.
    """
    return Grader(with_output_check(suite, side.prompts), files_of(side))


def case_of(value: Mapping[str, Any], suite: Suite, place: Place, errors: list[PromptctlError]) -> Case:
    """The case that a mapping means in a suite. Its mistakes go to `errors`, at `place`."""
    mark = (place.line, place.column)
    fields = Fields(Document(dict(value), place.path, Spot(mark, mark)), errors=errors)
    case = read_case(fields, suite.checks, finished=suite.finished)
    fields.collect_unknown()
    return case


def case_mistakes(side: Side, suite: Suite, cases: Sequence[Case]) -> list[PromptctlError]:
    """What is wrong with the checks of these cases, and with what those that are asked give the prompt."""
    errors: list[PromptctlError] = []
    try:
        grader_of(side, replace(suite, cases=tuple(cases)))
        one = OneSide(side, side, suite.prompt)
    except PromptctlError as error:
        return list(error.each())
    for case in cases:
        if case.asked:
            try:
                one.of_case(suite, case)
            except PromptctlError as error:
                errors.extend(error.each())
    return errors


def changed_suite(side: Side, suite_id: str, changes: Mapping[str, bytes | None]) -> Suite:
    """A suite as it would be with these files.

    Raises:
        PromptctlError: it could not be read.
    """
    return side.suites.in_tree(Overlay(side.tree, changes)).suite(suite_id)
