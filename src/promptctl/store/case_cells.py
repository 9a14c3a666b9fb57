"""A case as the cells of a spreadsheet's row, and back: what a person can read and edit, and no value changed.

A cell is plain text wherever that reads back as the same value; elsewhere it is `json:` and JSON. What a spreadsheet
would take for a formula gets an apostrophe before it.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from promptctl.core.prompt import InputSpec
from promptctl.errors import FileError
from promptctl.store.case_forms import ORDER, exact
from promptctl.store.documents import read_json
from promptctl.store.yaml_edits import REMOVED

Kind = Literal["text", "list", "json"]

FORMULA = "=+-@\t\r\n'＝＋－＠"
MARK = "json:"
VAR = "var."

TEXTS = frozenset({"id", "status", "severity", "group", "why", "input", "expected", "rejected"})
LISTS = frozenset({"tags", "relevant", "redacted"})
PARTS: dict[str, tuple[str, ...]] = {
    "expected": ("text", "label", "json"),
    "rejected": ("text", "label", "json", "reason"),
}
"""Keys whose mapping has a column for each part, in this order."""

ALWAYS = ("id", "status", "severity", "tags", "why", "expected")
"""Columns that a sheet has even where no case says anything there: they invite to."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")


def kind_of(column: str, inputs: Mapping[str, InputSpec]) -> Kind:
    """How a column's cells are read."""
    if column.startswith(VAR):
        spec = inputs.get(column.removeprefix(VAR))
        return "text" if spec is None or spec.type in ("string", "image") else "json"
    key, _, part = column.partition(".")
    if part:
        return "json" if part == "json" else "text"
    return "text" if key in TEXTS else "list" if key in LISTS else "json"


def known_columns() -> list[str]:
    """Every column but those of inputs."""
    return [*ORDER, *(f"{key}.{part}" for key, parts in PARTS.items() for part in parts)]


def columns_of(cases: Sequence[Mapping[str, Any]], inputs: Mapping[str, InputSpec]) -> list[str]:
    """The columns that hold these cases: those that a person edits first, then the others in canonical order."""
    names = [name for name in (*inputs, *(name for case in cases for name in _vars(case))) if _heads(name)]
    order = [f"{VAR}{name}" for name in dict.fromkeys(names)]
    used = {column for case in cases for column in cells_of(case, order, inputs)}
    found = []
    for key in ORDER:
        if key in used or key in ALWAYS:
            found.append(key)
        found += [column for column in order if key == "vars" and column in used]
        found += [f"{key}.{part}" for part in PARTS.get(key, ()) if f"{key}.{part}" in used]
    return found


def cells_of(
    case: Mapping[str, Any], variables: Sequence[str], inputs: Mapping[str, InputSpec]
) -> dict[str, str]:
    """The cells of one case by column, escaped; `variables` are all columns of inputs, in order."""
    cells: dict[str, str] = {}
    for key, value in case.items():
        split = _split(key, value, variables)
        for column, part in split.items() if split is not None else [(key, value)]:
            cells[column] = escaped(_encoded(part, kind_of(column, inputs)))
    return cells


def _split(key: str, value: Any, variables: Sequence[str]) -> dict[str, Any] | None:
    """A mapping as a column for each part; None where that would lose something, such as the order of its keys."""
    if not isinstance(value, dict) or not value:
        return None
    columns = variables if key == "vars" else [f"{key}.{part}" for part in PARTS.get(key, ())]
    prefix = VAR if key == "vars" else f"{key}."
    split = {f"{prefix}{name}": part for name, part in value.items()}
    in_order = [column for column in columns if column in split]
    return split if in_order == list(split) else None


def _vars(case: Mapping[str, Any]) -> list[str]:
    value = case.get("vars")
    return list(value) if isinstance(value, dict) else []


def _heads(name: str) -> bool:
    """Whether a name stays what it is as the head of a column."""
    return bool(name) and name == name.strip() and name.isprintable()


def _encoded(value: Any, kind: Kind) -> str:
    plain: str | None = None
    if kind == "json":
        plain = json.dumps(value, ensure_ascii=False)
    elif kind == "list" and isinstance(value, list):
        plain = ", ".join(map(str, value))
    elif isinstance(value, str):
        plain = value
    if plain and not _CONTROL.search(plain):
        try:
            if exact(decoded(plain, kind)) == exact(value):
                return plain
        except ValueError:
            pass
    return MARK + json.dumps(value)


def decoded(cell: str, kind: Kind) -> Any:
    """The value of a cell that is not empty, already unescaped.

    Raises:
        ValueError: it is no JSON where JSON is due.
    """
    if cell.startswith(MARK):
        return _json(cell.removeprefix(MARK))
    if kind == "list":
        return [part.strip() for part in re.split("[,，]", cell) if part.strip()]
    if kind == "json":
        return _json(
            cell.lower() if cell.lower() in ("true", "false") else cell
        )  # as spreadsheets write them
    return cell.replace("\r\n", "\n")


def _json(text: str) -> Any:
    try:
        return read_json(text, "cell").value
    except FileError as error:
        raise ValueError(error.message) from None


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] and cell[0] in FORMULA else cell


def unescaped(cell: str) -> str:
    """What was escaped, and what a person wrote with an apostrophe to the same end."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in FORMULA else cell


def changes_of(cells: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says of a case: new values by key, `REMOVED` for keys that it has no value for.

    Args:
        cells: Decoded values by column, `REMOVED` for an empty cell. Keys without a column are left alone.
        existing: The case as it is; empty for a new one.

    Raises:
        ValueError: the whole of a mapping and a part of it are both given.
    """
    changes = {key: cells[key] for key in ORDER if key in cells and key not in ("vars", *PARTS)}
    given = {column.removeprefix(VAR): value for column, value in cells.items() if column.startswith(VAR)}
    if given or "vars" in cells:
        changes["vars"] = _vars_after(cells, given, existing.get("vars"))
    for key, parts in PARTS.items():
        columns = [f"{key}.{part}" for part in parts if f"{key}.{part}" in cells]
        if columns or key in cells:
            changes[key] = _whole_or_parts(key, cells, columns, existing.get(key))
    return changes


def _vars_after(cells: Mapping[str, Any], given: Mapping[str, Any], before: Any) -> Any:
    whole = cells.get("vars", REMOVED)
    if whole is not REMOVED:
        if any(value is not REMOVED for value in given.values()):
            raise ValueError("`vars` and the column of an input are both filled")
        return whole
    # Without a column `vars`, inputs that have no column of their own stay what they are.
    kept = before if isinstance(before, dict) and "vars" not in cells else {}
    order = dict.fromkeys([*(before if isinstance(before, dict) else ()), *given])
    after = {name: given.get(name, kept.get(name, REMOVED)) for name in order}
    return {name: value for name, value in after.items() if value is not REMOVED} or REMOVED


def _whole_or_parts(key: str, cells: Mapping[str, Any], columns: Iterable[str], before: Any) -> Any:
    whole = cells.get(key, REMOVED)
    parts = {name.removeprefix(f"{key}."): cells[name] for name in columns if cells[name] is not REMOVED}
    if whole is REMOVED:
        return parts or REMOVED
    if parts:
        raise ValueError(f"`{key}` and `{key}.{next(iter(parts))}` are both filled")
    # A person's column `expected` says the text, however the case has it written.
    if isinstance(before, dict) and list(before) in (["text"], ["label"]) and isinstance(whole, str):
        return {next(iter(before)): whole}
    return whole
