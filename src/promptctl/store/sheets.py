"""CSV as spreadsheets write it: read strictly, with the place of what is wrong; written so that they read it."""

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from promptctl.core.words import did_you_mean
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.places import MAX_BYTES, is_utf16, refuse_large

ENCODINGS = ("utf-8", "gb18030")
SEPARATORS = (",", ";", "\t")


class Row(NamedTuple):
    """One row below the header: its number as a spreadsheet shows it, the line it begins on, its cells by column."""

    number: int
    line: int
    cells: dict[str, str]


class Sheet(NamedTuple):
    """A table. `encoding` is what it was read as."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str

    def place(self, row: Row) -> Place:
        """Where a row begins."""
        return Place(self.path, row.line)


def read_sheet(data: bytes, path: str, *, separator: str = ",", encoding: str | None = None) -> Sheet:
    """The rows of a CSV file; empty ones are left out.

    Args:
        encoding: Instead of telling UTF-8 and GB18030 apart by content.

    Raises:
        FileError, Several: `bad-csv`, a quote without its end, no header, another separator, a row that is shorter or
            longer than the header; `not-utf8`.
    """
    text, used = _text(data, path, encoding)
    refuse_large(text, path, MAX_BYTES * 10)
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for record in reader:
            records.append((line, record))
            line = reader.line_num + 1
    except csv.Error as error:
        if records:
            _refuse_other_separator(records[0][1], separator, path)
        raise _bad(path, line, f"this is not valid CSV: {error}", _cure(str(error))) from None
    if not records or not any(cell.strip() for cell in records[0][1]):
        raise _bad(path, 1, "there is no header", "let the first row name the columns, such as `id,expected`")
    columns = [cell.strip() for cell in records[0][1]]
    _refuse_other_separator(columns, separator, path)
    errors: list[PromptctlError] = _header_faults(columns, path)
    rows = []
    for number, (line, record) in enumerate(records[1:], 2):
        if not any(record):
            continue
        if len(record) != len(columns):
            errors.append(_wrong_length(path, line, number, record, columns))
        elif any(cell.strip() for column, cell in zip(columns, record, strict=True) if not column):
            fix = "name the column in the header, or empty the cell"
            errors.append(_bad(path, line, f"row {number} has a cell below no name", fix))
        else:
            cells = zip(columns, record, strict=True)
            rows.append(Row(number, line, {column: cell for column, cell in cells if column}))
    raise_all(errors)
    return Sheet(path, tuple(filter(None, columns)), tuple(rows), used)


def written_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """A table as CSV with a byte order mark, by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([row.get(column, "") for column in columns])
    return "\ufeff" + out.getvalue()


def _text(data: bytes, path: str, encoding: str | None) -> tuple[str, str]:
    if is_utf16(data):
        raise FileError(
            "this file is UTF-16",
            slug="not-utf8",
            at=Place(path),
            fix="save it as “CSV UTF-8 (comma delimited)”",
        )
    if encoding in (None, "utf-8") or data.startswith(codecs.BOM_UTF8):
        try:
            return data.decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError as error:
            fault, line = error, data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("gb18030")
        if encoding == "gb18030" or _is_chinese(text):
            return text, "gb18030"
    except UnicodeDecodeError as error:
        fault, line = error, data.count(b"\n", 0, error.start) + 1
    raise FileError(
        f"byte 0x{data[fault.start]:02x} is neither UTF-8 nor GB18030",
        slug="not-utf8",
        at=Place(path, line),
        fix="save it as “CSV UTF-8 (comma delimited)”, or say --encoding gb18030 if it is that",
    )


def _is_chinese(text: str) -> bool:
    """Whether most of what is beyond ASCII is common Chinese: a Western text read as GB18030 is rare characters."""
    beyond = [character for character in text if not character.isascii()]
    common = sum(len(character.encode("gb2312", "ignore")) == 2 for character in beyond)
    return common * 10 > len(beyond) * 9


def _refuse_other_separator(columns: Sequence[str], separator: str, path: str) -> None:
    for other in SEPARATORS:
        if other != separator and len(columns) == 1 and other in columns[0]:
            name = "a tab" if other == "\t" else repr(other)
            typed = "$'\\t'" if other == "\t" else f"'{other}'"
            raise _bad(path, 1, f"the header has one column, and {name} in it", f"give --separator {typed}")


def _header_faults(columns: Sequence[str], path: str) -> list[PromptctlError]:
    seen: dict[str, int] = {}
    errors: list[PromptctlError] = []
    for number, column in enumerate(columns, 1):
        if column and column in seen:
            message = (
                f"the column {column!r} stands twice, as the {_nth(seen[column])} and the {_nth(number)}"
            )
            errors.append(_bad(path, 1, message, "rename one of them, or remove it"))
        seen.setdefault(column, number)
    return errors


def _wrong_length(path: str, line: int, number: int, record: list[str], columns: Sequence[str]) -> FileError:
    message = f"row {number} has {len(record)} cells, and the header has {len(columns)}"
    fix = (
        "is a comma in a text not in quotes?"
        if len(record) > len(columns)
        else "is a cell missing, or a quote?"
    )
    return _bad(path, line, message, fix)


def unknown_column(path: str, column: str, known: Iterable[str]) -> FileError:
    """The error for a column that means nothing."""
    names = list(known)
    return FileError(
        f"the column {column!r} is neither a key of a case nor an input of the prompt",
        slug="unknown-column",
        at=Place(path),
        fix=f"{did_you_mean(column, names)}inputs are columns of their own name or `var.NAME`; remove it otherwise",
    )


def _bad(path: str, line: int, message: str, fix: str) -> FileError:
    return FileError(message, slug="bad-csv", at=Place(path, line), fix=fix)


def _cure(error: str) -> str:
    if "unexpected end" in error:
        return 'a quote " is opened in this row and never closed; inside a cell it is written twice: ""'
    return 'a cell with a quote in it is in quotes, and the quote is written twice: "say ""hi"""'


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
