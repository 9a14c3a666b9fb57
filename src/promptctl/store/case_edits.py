"""Changes to cases where they stand: a few values of a YAML file, whole lines of a .jsonl file, new cases behind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptctl.errors import FileError, Place
from promptctl.store.case_forms import ORDER, case_line, ordered, written_yaml
from promptctl.store.case_slots import Slot, slots_inside
from promptctl.store.documents import Document, read_json_lines
from promptctl.store.yaml_edits import REMOVED, YamlPage

Changes = Mapping[str, Any]
"""New values by key of a case; `REMOVED` takes a key out."""


def by_file(changes: Iterable[tuple[Slot, Changes]]) -> dict[str, list[tuple[Slot, Changes]]]:
    """The changes of each file, by its path."""
    found: dict[str, list[tuple[Slot, Changes]]] = defaultdict(list)
    for slot, change in changes:
        found[slot.path].append((slot, change))
    return dict(found)


def with_changes(data: bytes, path: str, changes: Sequence[tuple[Slot, Changes]]) -> bytes:
    """A file in which some cases have other values. A YAML file keeps every other byte, a .jsonl every other line.

    Raises:
        FileError: `cannot-edit`, with what to write by hand; `cannot-save`, a value that YAML cannot carry.
    """
    if path.endswith(".jsonl"):
        return _lines(data, path, {slot.line: (slot.value, change) for slot, change in changes})
    page = YamlPage(data, path)
    after: dict[tuple[Any, ...], Any] = {}
    for slot, change in changes:
        written_yaml({key: value for key, value in change.items() if value is not REMOVED}, path)
        page.put(slot.keys, change, ORDER)
        value = page.value
        for key in slot.keys:
            value = value[key]
        after[slot.keys] = applied(value, change)
    return page.finish(_replaced(page.value, after))


def with_cases(data: bytes, path: str, cases: Sequence[Mapping[str, Any]]) -> bytes:
    """A suite's one file with more cases at the end of its list: all that was there stays, byte for byte.

    Raises:
        FileError: `cannot-edit`, the file would say something else then; `cannot-save`.
    """
    page = YamlPage(data, path)
    keys = ("cases",) if isinstance(page.value, dict) else ()
    new = [ordered(case) for case in cases]
    written_yaml(new, path)
    listed = page.value["cases"] if keys and "cases" in page.value else None if keys else page.value
    if listed is not None and not isinstance(listed, list):
        raise FileError(
            "`cases` is no list, so it cannot get longer",
            slug="cannot-edit",
            at=Place(path),
            fix="write one case a line, each behind `- `",
        )
    page.append(keys, new)
    behind = [*(listed or []), *new]
    return page.finish({**page.value, "cases": behind} if keys else behind)


def with_lines(data: bytes, cases: Sequence[Mapping[str, Any]], path: str) -> bytes:
    """A .jsonl file with more cases, sorted by id; the lines that were there stay as they are.

    Raises:
        FileError: the file cannot be read.
    """
    lines = data.split(b"\n")
    kept = [(line.value.get("id", ""), lines[line.line - 1]) for line in read_json_lines(data, path)]
    kept += [(case["id"], case_line(case).encode()) for case in cases]
    return b"".join(line + b"\n" for _, line in sorted(kept, key=lambda one: str(one[0])))


def applied(case: Mapping[str, Any], change: Changes) -> dict[str, Any]:
    """The case with its changes."""
    return {key: value for key, value in {**case, **change}.items() if value is not REMOVED}


def _lines(data: bytes, path: str, changes: Mapping[int | None, tuple[Any, Changes]]) -> bytes:
    lines = data.split(b"\n")
    for number, (value, change) in changes.items():
        if number is None:
            raise AssertionError(path)
        end = b"\r" if lines[number - 1].endswith(b"\r") else b""
        lines[number - 1] = case_line(applied(value, change)).encode() + end
    return b"\n".join(lines)


def _replaced(value: Any, after: Mapping[tuple[Any, ...], Any]) -> Any:
    """The document's value with other cases at some places."""
    if () in after:
        return after[()]
    listed = value if isinstance(value, list) else value["cases"]
    cases = [
        after.get(slot.keys, case)
        for slot, case in zip(slots_inside(Document(value, "")), listed, strict=True)
    ]
    return cases if isinstance(value, list) else {**value, "cases": cases}
