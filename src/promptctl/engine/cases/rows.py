"""Rows of a table against the cases of a suite: which are new, which change one, which are equal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.core.case import Case, Suite
from promptctl.core.digest import canonical_json
from promptctl.core.prompt import InputSpec
from promptctl.engine.cases.foreign import refuse_code
from promptctl.engine.cases.soundness import case_mistakes, case_of
from promptctl.engine.load import Side
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.case_edits import Changes, applied
from promptctl.store.case_files import new_case_id
from promptctl.store.case_forms import exact, folded
from promptctl.store.written_cases import Written
from promptctl.store.yaml_edits import REMOVED

Inputs = Mapping[str, InputSpec]


class Row(NamedTuple):
    """One case as it comes in: its id if it has one, and what it says of a case with given values."""

    at: Place
    called: str
    id: Any
    changes: Callable[[Mapping[str, Any]], dict[str, Any]]


class Merged(NamedTuple):
    """What rows come to: new cases by place, changed ones with their changes, and how many are equal."""

    new: list[tuple[Place, dict[str, Any]]]
    changed: list[tuple[Written, Changes]]
    equal: int


def merge(
    side: Side,
    suite: Suite,
    written: Sequence[Written],
    rows: Sequence[Row],
    errors: list[PromptctlError],
) -> Merged:
    """What the rows come to. A row means the case of its id, or without one the case with its inputs.

    Args:
        written: The suite's cases.
        errors: What is wrong with other rows.

    Raises:
        PromptctlError, Several: every row that cannot be a case, with its place.
    """
    inputs = side.prompts.version(suite.prompt).inputs
    by_id = {folded(one.id): one for one in written}
    by_inputs: dict[str, Written] = {}
    for one in written:
        by_inputs.setdefault(_given(one.case, inputs), one)
    seen: dict[str, Row] = {}
    taken = {*by_id, *(folded(row.id) for row in rows if isinstance(row.id, str))}
    new: list[tuple[Place, dict[str, Any]]] = []
    changed: list[tuple[Written, Changes]] = []
    cases: list[Case] = []
    for row in rows:
        fresh = applied({}, row.changes({}))
        if row.id is None:
            key = _given(case_of({**fresh, "id": "x"}, suite, row.at, []), inputs)
            existing = by_inputs.get(key)
        else:
            key = folded(str(row.id))
            existing = by_id.get(key)
        if existing is not None:
            key = folded(existing.id)
        first = seen.setdefault(key, row)
        if first is not row:
            errors.append(_twice(row, first))
        elif existing is None:
            if row.id is None:
                fresh["id"] = _new_id(fresh, taken)
            cases += _read(row, fresh, {}, suite, inputs, errors)
            new.append((row.at, fresh))
        elif row.id not in (None, existing.id):
            errors.append(_other_spelling(row, existing))
        elif change := _difference(existing, row, inputs):
            after = applied(existing.value, change)
            cases += _read(row, after, existing.value, suite, inputs, errors)
            changed.append((existing, change))
    raise_all(sorted([*errors, *case_mistakes(side, suite, cases)], key=_line_of))
    return Merged(new, changed, len(rows) - len(new) - len(changed))


def _read(
    row: Row,
    value: Mapping[str, Any],
    before: Mapping[str, Any],
    suite: Suite,
    inputs: Inputs,
    errors: list[PromptctlError],
) -> list[Case]:
    """The case as it will be, alone; none where it cannot be read, which is said of its row."""
    mistakes: list[PromptctlError] = [*refuse_code(value, before, inputs, row.at)]
    case = case_of(value, suite, row.at, mistakes)
    for mistake in mistakes:
        mistake.message = f"{row.called}: {mistake.message}"
    errors += mistakes
    return [] if mistakes else [case]


def _line_of(error: PromptctlError) -> int:
    return error.at.line if isinstance(error.at, Place) else 0


def _difference(existing: Written, row: Row, inputs: Inputs) -> dict[str, Any]:
    """What a row changes in a case; with its id where that was computed, so that it stays the same case."""
    said = _as_given(row.changes(existing.value), existing.value, inputs)
    change = {
        key: value
        for key, value in said.items()
        if key != "id" and not _same(existing.value.get(key, REMOVED), value)
    }
    return {"id": existing.id, **change} if change and not existing.case.written_id else change


def _as_given(said: dict[str, Any], case: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    """What a row says with the one required input where the case has it: as `input`, or under its name in `vars`."""
    variables = case.get("vars", {})
    required = [name for name, spec in inputs.items() if spec.required]
    given, whole = said.get("vars"), said.get("input", REMOVED)
    if "input" in case and isinstance(given, dict) and whole is REMOVED:
        open_ = [name for name in required if name not in variables]
        if len(open_) == 1 and open_[0] in given:
            rest = {name: value for name, value in given.items() if name != open_[0]}
            return {**said, "input": given[open_[0]], "vars": rest or REMOVED}
    if "input" not in case and whole is not REMOVED and len(required) == 1 and required[0] in variables:
        before = given if isinstance(given, dict) else variables
        return {**said, "vars": {**before, required[0]: whole}, "input": REMOVED}
    return said


def _new_id(case: Mapping[str, Any], taken: set[str]) -> str:
    """An id that no case has; six hex digits alone are not enough for thousands of rows that begin alike."""
    values = case.get("vars")
    given = values if isinstance(values, dict) else {"input": case.get("input")}
    while folded(found := new_case_id(given)) in taken:
        pass
    taken.add(folded(found))
    return found


def _given(case: Case, inputs: Inputs) -> str:
    """Equal for cases that give the prompt the same, whether as `input` or under the input's name."""
    given = dict(case.inputs())
    open_ = [name for name, spec in inputs.items() if spec.required and name not in case.vars]
    if case.input is not None and len(open_) == 1:
        given |= {"vars": {**case.vars, open_[0]: case.input}, "input": None}
    return canonical_json(given)


def _same(one: Any, other: Any) -> bool:
    if one is REMOVED or other is REMOVED:
        return one is other
    return exact(one) == exact(other)


def _twice(row: Row, first: Row) -> FileError:
    if row.id is None:
        message = f"{row.called} gives the prompt the same as {first.called}"
        return FileError(
            message, slug="duplicate-row", at=row.at, fix="keep one of the two, or give both an id"
        )
    message = f"{row.called} has the id {row.id!r}, which {first.called} has already"
    return FileError(
        message, slug="duplicate-row", at=row.at, fix="give one of them another id, or remove it"
    )


def _other_spelling(row: Row, existing: Written) -> FileError:
    return FileError(
        f"{row.called} has the id {row.id!r}, and the suite has {existing.id!r}",
        slug="duplicate-id",
        at=row.at,
        fix="write the id as the suite has it, or another one",
    )
