"""Checks of tables: comma-separated values, and the tables of Markdown."""

import csv
import io
import re
from collections.abc import Iterator

from promptctl.checks.json_text import without_blocks
from promptctl.checks.text import listed, normalised, shown
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes
from promptctl.core.words import plural

_PIPE = re.compile(r"(?<!\\)\|")
_RULE_CELL = re.compile(r":?-+:?\Z")
_MAX_CELL = 131_072

Rows = list[list[str]]


class Tabular(Rule):
    """What the checks of this file share: how many columns and rows a table has. The first row is its header."""

    SHORT = "columns"
    FAMILY = "structure"

    columns: int | tuple[str, ...] | None = None
    min_rows: int = 1
    max_rows: int | None = None

    def __post_init__(self) -> None:
        if self.columns == () or (isinstance(self.columns, int) and self.columns < 1):
            raise ValueError("a table has at least one column")
        if isinstance(self.columns, tuple) and not all(normalised(name) for name in self.columns):
            raise ValueError("a column needs a name")
        if self.min_rows < 0 or (self.max_rows is not None and self.max_rows < self.min_rows):
            raise ValueError("`min_rows` is 0 or more, and `max_rows` no less than it")

    def misfit(self, rows: Rows) -> str | None:
        """Why a table, header first, is not as asked; None where it is."""
        header, *body = rows
        for number, row in enumerate(body, 1):
            if len(row) != len(header):
                return f"row {number} has {plural(len(row), 'cell')}, its header {len(header)}"
        if isinstance(self.columns, int) and len(header) != self.columns:
            return f"{plural(len(header), 'column')}, {self.columns} wanted"
        if isinstance(self.columns, tuple):
            named = [normalised(cell) for cell in header]
            if named != [normalised(name) for name in self.columns]:
                return f"the columns are {listed(header, 'and')}, not {listed(self.columns, 'and')}"
        if len(body) < self.min_rows:
            return f"{plural(len(body), 'row')} below the header, at least {self.min_rows} wanted"
        if self.max_rows is not None and len(body) > self.max_rows:
            return f"{plural(len(body), 'row')} below the header, at most {self.max_rows} allowed"
        return None


class IsCsv(Tabular):
    """The whole output is comma-separated values: every row has as many cells as the header.

    RFC 4180: a cell with a comma, a quote or a line break stands in quotes, and a quote in it is doubled. `delimiter`
    is another character, such as ";" or "\\t". The first row is the header. `columns` is how many there are, or their
    names in order, compared apart from case, width and white space; without it, at least two are wanted, because every
    line of prose is one cell. `min_rows` (1 unless you say otherwise) and `max_rows` count the rows below the header.
    Blank lines are read over. An empty output fails; so does a cell of more than 131,072 characters.
    """

    EXAMPLES = (
        Example(args=None, output='name,note\nAda,"a, b"\nBob,\n', status="pass"),
        Example(args=None, output="name,note\nAda,a,b\n", status="fail"),
        Example(args=["name", "age"], output="Name,Age\nAda,36", status="pass"),
        Example(args={"columns": 2, "delimiter": ";"}, output="品名；价格\n梨；3", status="fail"),
        Example(args={"columns": ["品名", "价格"], "max_rows": 1}, output="品名,价格\n梨,3\n", status="pass"),
        Example(args=None, output="I cannot do that.", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    delimiter: str = ","

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ValueError("`delimiter` is one character, and neither a quote nor a line break")
        Tabular.__post_init__(self)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where all rows are alike, and as many as asked."""
        try:
            reader = csv.reader(io.StringIO(subject.text, newline=""), delimiter=self.delimiter, strict=True)
            rows = [row for row in reader if row]
        except csv.Error as error:
            return fails(f"not CSV: {error}")
        # The csv module's own limit belongs to the whole process, and reading case files raises it.
        if any(len(cell) > _MAX_CELL for row in rows for cell in row):
            return fails(f"not CSV: field larger than field limit ({_MAX_CELL})")
        if not rows:
            return fails("the output is empty")
        if self.columns is None and len(rows[0]) < 2:
            return fails(f"{shown(rows[0][0])} is one cell, and no header of several")
        problem = self.misfit(rows)
        return (
            passes(f"{plural(len(rows) - 1, 'row')} of {len(rows[0])}") if problem is None else fails(problem)
        )


class Table(Tabular):
    """The output has a Markdown table, as asked.

    A header, a line of dashes below it (|---|---|), and the rows up to the first line without a pipe. Every row needs
    as many cells as the header. `columns`, `min_rows` and `max_rows` mean what they mean in `is_csv`. Of several
    tables one has to fit. A pipe in a cell is written \\|. Tables in code blocks are not seen. An empty output fails.
    """

    EXAMPLES = (
        Example(args=2, output="Prices:\n\n| item | price |\n|---|--:|\n| pear | 3 |\n", status="pass"),
        Example(args=["品名", "价格"], output="品名 | 价格\n--- | ---\n梨 | 3", status="pass"),
        Example(args={"min_rows": 2}, output="| a | b |\n|---|---|\n| 1 | 2 |", status="fail"),
        Example(args=None, output="| a | b |\n|---|---|\n| 1 |", status="fail"),
        Example(args=None, output="a pear costs 3", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    def __call__(self, subject: Subject) -> Opinion:
        """Pass with the first table that fits."""
        first = ""
        for rows in markdown_tables(subject.text):
            problem = self.misfit(rows)
            if problem is None:
                return passes(f"a table with {plural(len(rows) - 1, 'row')} of {len(rows[0])}")
            first = first or problem
        return fails(first or "no Markdown table in the output")


def markdown_tables(text: str) -> Iterator[Rows]:
    """The tables of a Markdown text, in order, each with its header first."""
    lines = without_blocks(text).split("\n")
    number = 0
    while number < len(lines) - 1:
        header, dashes = _cells(lines[number]), _cells(lines[number + 1])
        number += 1
        if (
            "|" not in lines[number - 1]
            or len(dashes) != len(header)
            or not all(map(_RULE_CELL.match, dashes))
        ):
            continue
        rows = [header]
        number += 1
        while number < len(lines) and "|" in lines[number]:
            rows.append(_cells(lines[number]))
            number += 1
        yield rows


def _cells(line: str) -> list[str]:
    line = line.strip().removeprefix("|")
    parts = _PIPE.split(line)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [part.strip().replace("\\|", "|") for part in parts]
