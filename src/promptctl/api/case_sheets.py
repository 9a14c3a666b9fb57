"""Cases out to a spreadsheet and back in: new rows are new cases, changed rows edit theirs, nothing is deleted."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from promptctl.api.cases import target_suite
from promptctl.api.project import Project
from promptctl.core.case import Suite
from promptctl.engine.cases.rows import Inputs, Merged, Row, merge
from promptctl.engine.cases.soundness import changed_suite
from promptctl.engine.load import Side
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.case_cells import (
    VAR,
    cells_of,
    changes_of,
    columns_of,
    decoded,
    kind_of,
    known_columns,
    unescaped,
)
from promptctl.store.case_edits import by_file, with_cases, with_changes, with_lines
from promptctl.store.case_files import case_file
from promptctl.store.case_forms import ordered, refuse_file_name, written_yaml
from promptctl.store.case_packing import lines_of
from promptctl.store.case_slots import no_case
from promptctl.store.documents import read_json_lines
from promptctl.store.rewrites import Rewrite, apply
from promptctl.store.sheets import Sheet, read_sheet, unknown_column, written_sheet
from promptctl.store.written_cases import read_written
from promptctl.store.yaml_edits import REMOVED


class Exported(NamedTuple):
    """Cases as the text of a file."""

    text: str
    cases: int


class Imported(NamedTuple):
    """What an import does, or would do. `written` are the files; `encoding` is what a sheet was read as."""

    suite: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    equal: int
    written: tuple[str, ...]
    encoding: str = "utf-8"


def export_cases(project: Project, suite_id: str, *, as_csv: bool) -> Exported:
    """The cases of a suite, sorted by id, as CSV for spreadsheets or as JSON lines.

    Raises:
        PromptctlError: no such suite, or mistakes in its files.
    """
    side = project.worktree()
    cases = sorted(read_written(side.suites, suite_id).cases, key=lambda one: one.id)
    if not as_csv:
        return Exported(lines_of(cases), len(cases))
    inputs = _inputs(side, side.suites.suite(suite_id).prompt)
    values = [one.value for one in cases]
    columns = columns_of(values, inputs)
    variables = [column for column in columns if column.startswith(VAR)]
    rows = (cells_of(value, variables, inputs) for value in values)
    return Exported(written_sheet(columns, rows), len(cases))


def import_sheet(
    project: Project,
    name: str,
    data: bytes,
    path: str,
    *,
    separator: str = ",",
    encoding: str | None = None,
    write: bool = True,
) -> Imported:
    """Takes the rows of a CSV file as cases of a suite, or of a prompt's suite: all of them, or none.

    Columns are those of `export_cases`, or inputs of the prompt by their names; a suite's cases are found by id, or
    where a row has none by what they give the prompt.

    Raises:
        PromptctlError, Several: every row that cannot be a case, with its place. Nothing is written then.
    """
    side = project.worktree()
    suite = target_suite(side, name)
    inputs = _inputs(side, suite.prompt)
    sheet = read_sheet(data, path, separator=separator, encoding=encoding)
    columns = _meanings(sheet, inputs)
    rows, errors = _sheet_rows(sheet, columns, inputs)
    done = _import(project, side, suite, rows, errors, write)
    return done._replace(encoding=sheet.encoding)


def import_lines(project: Project, name: str, data: bytes, path: str, *, write: bool = True) -> Imported:
    """Takes the lines of a .jsonl file as cases, each whole: what a line does not say, its case loses.

    Raises:
        PromptctlError, Several: every line that cannot be a case. Nothing is written then.
    """
    side = project.worktree()
    suite = target_suite(side, name)
    rows: list[Row] = []
    errors: list[PromptctlError] = []
    for line in read_json_lines(data, path):
        if isinstance(line.value, dict):
            rows.append(Row(line.place, f"line {line.line}", line.value.get("id"), _whole(line.value)))
        else:
            errors.append(no_case(line.document))
    return _import(project, side, suite, rows, errors, write)


def _whole(value: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda existing: {**dict.fromkeys(existing, REMOVED), **value}


def _inputs(side: Side, prompt: str) -> Inputs:
    """The prompt's inputs, which say what a column's cells are."""
    side.prompts.require(prompt)
    return side.prompts.version(prompt).inputs


def _meanings(sheet: Sheet, inputs: Inputs) -> dict[str, str]:
    """What each column holds: a key of a case, a part of one, or an input as `var.NAME`."""
    known = known_columns()
    found: dict[str, str] = {}
    errors: list[PromptctlError] = []
    for column in sheet.columns:
        meaning = column if column in known or column.startswith(VAR) else f"{VAR}{column}"
        if meaning.removeprefix(VAR) not in inputs and meaning != column:
            errors.append(unknown_column(sheet.path, column, [*known, *inputs]))
        if meaning in found.values():
            fix = f"keep one of `{column}` and `{meaning}`"
            errors.append(
                FileError(f"two columns hold {meaning}", slug="bad-csv", at=Place(sheet.path), fix=fix)
            )
        found[column] = meaning
    for name, spec in inputs.items():
        filled = {"vars", f"{VAR}{name}", "input"} & set(found.values())
        if name in known and name in found and spec.required and not filled:
            errors.append(
                FileError(
                    f"the column {name!r} may be the case's own or the prompt's input of that name",
                    slug="ambiguous-column",
                    at=Place(sheet.path),
                    fix=f"call the input's column {VAR}{name}",
                )
            )
    raise_all(errors)
    return found


def _sheet_rows(
    sheet: Sheet, columns: Mapping[str, str], inputs: Inputs
) -> tuple[list[Row], list[PromptctlError]]:
    errors: list[PromptctlError] = []
    rows = []
    for row in sheet.rows:
        at = sheet.place(row)
        cells: dict[str, Any] = {}
        faults = []
        for column, cell in row.cells.items():
            meaning, text = columns[column], unescaped(cell)
            try:
                cells[meaning] = decoded(text, kind_of(meaning, inputs)) if text else REMOVED
            except ValueError as error:
                faults.append(_bad_cell(at, f"row {row.number}, {column}: {error}"))
        try:
            changes_of(cells, {})
        except ValueError as error:
            faults.append(_bad_cell(at, f"row {row.number}: {error}"))
        given = cells.get("id", REMOVED)
        if not faults:
            case_id = None if given is REMOVED else given
            rows.append(Row(at, f"row {row.number}", case_id, partial(changes_of, cells)))
        errors += faults
    return rows, errors


def _bad_cell(at: Place, message: str) -> FileError:
    fix = "write it as `promptctl cases export SUITE --csv -` shows it"
    return FileError(message, slug="bad-cell", at=at, fix=fix)


def _import(
    project: Project,
    side: Side,
    suite: Suite,
    rows: Sequence[Row],
    errors: list[PromptctlError],
    write: bool,
) -> Imported:
    written = read_written(side.suites, suite.id).cases if suite.id in side.suites.ids else ()
    merged = merge(side, suite, written, rows, errors)
    changes, before = _files(side, suite, merged)
    if changes:
        changed_suite(side, suite.id, changes)
    if write and changes:
        apply(project.root, Rewrite(before, changes))
    return Imported(
        suite.id,
        tuple(case["id"] for _, case in merged.new),
        tuple(one.id for one, _ in merged.changed),
        merged.equal,
        tuple(changes),
    )


def _files(side: Side, suite: Suite, merged: Merged) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files as they will be, and as they are, by path."""
    changes: dict[str, bytes] = {}
    for path, edits in by_file((one.slot, change) for one, change in merged.changed).items():
        changes[path] = with_changes(side.tree.bytes(path), path, edits)
    before = {path: side.tree.bytes(path) for path in changes}
    home = side.suites.home(suite.id)
    files = home.files(suite.id)
    # New cases go where the suite's cases are: its one file, its only .jsonl file, or files of their own.
    shared = files.whole or (files.bulk[0] if len(files.bulk) == 1 and not files.cases else None)
    if merged.new and shared is not None:
        data = changes.get(shared) or before.setdefault(shared, side.tree.bytes(shared))
        new = [case for _, case in merged.new]
        changes[shared] = (
            with_cases(data, shared, new) if shared == files.whole else with_lines(data, new, shared)
        )
    elif merged.new:
        errors: list[PromptctlError] = []
        for at, case in merged.new:
            path = case_file(home.folder, suite.id, case["id"])
            try:
                refuse_file_name(case["id"], at)
                changes[path] = written_yaml(ordered(case), path).encode()
            except FileError as error:
                errors.append(error)
        raise_all(errors)
    return changes, before
