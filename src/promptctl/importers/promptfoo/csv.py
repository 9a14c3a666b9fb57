"""Tests in CSV files: a column for each variable, and `__expected` columns in promptfoo's own small language."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from promptctl.core.words import nearest
from promptctl.errors import FileError, Place

DEFAULT_THRESHOLDS = (
    *(
        "answer-relevance",
        "classifier",
        "context-faithfulness",
        "context-recall",
        "context-relevance",
        "cost",
    ),
    *("latency", "levenshtein", "perplexity-score", "perplexity", "rouge-n", "similar", "starts-with"),
)
"""Types that have a threshold in a CSV file even where none is written: 0.75, and 0.8 for `similar`."""

SPECIAL = ("__prefix", "__suffix", "__description", "__providerOutput", "__metric", "__threshold")

_LISTS = ("contains-all", "contains-any", "icontains-all", "icontains-any")
_CODE = (("javascript:", "javascript"), ("fn:", "javascript"), ("eval:", "javascript"))
_JUDGED = (("grade:", "llm-rubric"), ("llm-rubric:", "llm-rubric"))


def rows_of(text: str, path: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by column, each with its line.

    Raises:
        FileError: a row with more or fewer fields than there are columns, a quote that never ends.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    line = 1
    fix = "put fields that hold commas, quotes or line breaks in double quotes, and double the quotes in them"
    try:
        for row in reader:
            if row and not columns:
                columns = row
            elif row:
                if len(row) != len(columns):
                    message = f"this row has {len(row)} fields, and there are {len(columns)} columns"
                    raise FileError(message, slug="bad-csv", at=Place(path, line), fix=fix)
                yield line, dict(zip(columns, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileError(f"this is no CSV: {error}", slug="bad-csv", at=Place(path, line), fix=fix) from None


def test_of(row: Mapping[str, str], known: tuple[str, ...]) -> dict[str, Any]:
    """One row as a test. `known` are promptfoo's assertion types."""
    values: dict[str, str] = {}
    asserts: list[dict[str, Any]] = []
    limits: dict[int, float] = {}
    metadata: dict[str, Any] = {}
    options: dict[str, str] = {}
    found: dict[str, Any] = {}
    for column, cell in row.items():
        if column.startswith("__expected"):
            if cell.strip():
                asserts.append(assertion_of(cell.strip(), known))
        elif column in ("__prefix", "__suffix"):
            options[column[2:]] = cell
        elif column in ("__description", "__providerOutput", "__metric"):
            if cell:
                found[column[2:]] = cell
        elif column == "__threshold":
            if threshold := _number(cell):
                found["threshold"] = threshold
        elif column.startswith("__metadata:"):
            _put_metadata(metadata, column.removeprefix("__metadata:"), cell)
        elif column.startswith("__config:"):
            which, limit = re.search(r"__expected(\d*):threshold\Z", column), _number(cell)
            if which and limit is not None:
                limits[int(which[1] or 1) - 1] = limit
        elif column != "__metadata":
            values[column] = cell
    metric = found.pop("metric", None)
    for index, assertion in enumerate(asserts):
        if metric:
            assertion["metric"] = metric
        if index in limits:
            assertion["threshold"] = limits[index]
    parts = {"vars": values, "assert": asserts, "options": options, "metadata": metadata, **found}
    return {key: value for key, value in parts.items() if value or key == "vars"}


def assertion_of(cell: str, known: tuple[str, ...]) -> dict[str, Any]:
    """What one `__expected` cell asks for: `type(threshold):value`, code, a rubric; anything else is `equals`."""
    for prefix, kind in _CODE:
        if cell.startswith(prefix):
            return {"type": kind, "value": cell.removeprefix(prefix).strip()}
    for prefix, kind in _JUDGED:
        if cell.startswith(prefix):
            return {"type": kind, "value": cell.removeprefix(prefix)}
    if cell.startswith("python:"):
        return {"type": "python", "value": cell.removeprefix("python:").strip()}
    if cell.startswith("file://"):
        path = cell.removeprefix("file://")
        for endings, kind in (((".py",), "python"), ((".js", ".ts"), "javascript")):
            if path.endswith(endings) or any(f"{ending}:" in path for ending in endings):
                return {"type": kind, "value": path.strip()}
    found = _assertion(known).match(cell)
    if found is None:
        return {"type": "equals", "value": cell}
    inverse, kind, threshold, value = found.groups()
    made: dict[str, Any] = {"type": f"{inverse or ''}{kind}"}
    if value is not None:
        made["value"] = [part.strip() for part in value.split(",")] if kind in _LISTS else value
    if kind in DEFAULT_THRESHOLDS:
        usual = 0.8 if kind == "similar" else 0.75
        made["threshold"] = float(threshold) if threshold is not None else usual
    return made


@cache
def _assertion(known: tuple[str, ...]) -> re.Pattern[str]:
    kinds = "|".join(map(re.escape, known))
    return re.compile(rf"(not-)?({kinds})(?:\((\d+(?:\.\d+)?)\))?(?::([\s\S]*))?\Z")


def doubtful_columns(row: Mapping[str, str]) -> list[tuple[str, str]]:
    """Columns that look like special ones and are variables: `_expected`. Each with what was probably meant."""
    found = []
    for column in row:
        if (
            column.startswith("_")
            and not column.startswith("__")
            and f"_{column}".startswith((*SPECIAL, "__expected"))
        ):
            found.append((column, f"_{column}"))
        elif column.startswith("__") and not column.startswith(
            ("__expected", "__metadata", "__config", *SPECIAL)
        ):
            found.append((column, nearest(column, (*SPECIAL, "__expected")) or "a name without __"))
    return found


def _put_metadata(metadata: dict[str, Any], key: str, cell: str) -> None:
    if not cell.strip():
        return
    if key.endswith("[]"):
        metadata[key[:-2]] = [part.strip().replace("\\,", ",") for part in re.split(r"(?<!\\),", cell)]
    else:
        metadata[key] = cell


def _number(cell: str) -> float | None:
    found = re.match(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)", cell)
    number = float(found[0]) if found else math.nan
    return None if math.isnan(number) else number
