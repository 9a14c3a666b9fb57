"""Writing one new case: a file of its own, or a further item at the end of a suite's one file. Never overwrites."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from promptctl.core.case import Case
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.cases import computed_id
from promptctl.store.documents import read_yaml
from promptctl.store.files import read_bytes, write_atomically
from promptctl.store.places import decode
from promptctl.store.suite_files import CASES
from promptctl.store.suites import Suites

_BREAKS = re.compile("[\x85\u2028\u2029]")


class NewCasePlace(NamedTuple):
    """Where a suite's next case goes. `whole` is the suite's one file, None where cases are files of their own."""

    root: Path
    folder: str
    suite: str
    whole: str | None


def place_for_case(root: Path, suites: Suites, suite_id: str) -> NewCasePlace:
    """Where a new case of a suite goes; known before anything is asked for it.

    Raises:
        FileError: `cannot-append`, the suite is one file that does not end with its cases.
    """
    whole = suites.files(suite_id).whole
    if whole is not None:
        _appended(read_bytes(root / whole), whole, {"id": "x", "expected": {"text": "y"}})
    return NewCasePlace(root, suites.folder, suite_id, whole)


def new_case_id(values: Mapping[str, Any]) -> str:
    """A slug of the first text among the inputs, in any script, and six random hex digits."""
    slug = computed_id(Case(id="", vars=dict(values))).rpartition("-")[0]
    return f"{slug}-{secrets.token_hex(3)}"


def save_case(place: NewCasePlace, case: Mapping[str, Any]) -> str:
    """Writes a case, `id` first, and gives the file as the user would type it.

    Raises:
        PromptctlError: `cannot-write`; `case-exists`; `cannot-append`, the file would not mean the same with the case
            behind it; `cannot-save`, a value that YAML cannot carry. Nothing is changed then.
    """
    if place.whole is not None:
        path = place.root / place.whole
        write_atomically(path, _appended(read_bytes(path), place.whole, case))
        return place.whole
    name = f"{place.folder}/{place.suite}/{CASES}/{case['id']}.yaml"
    path = place.root / name
    if path.exists():
        raise FileError("this case is there already", slug="case-exists", at=Place(name), fix="run it again")
    write_atomically(path, _written(case, name))
    return name


def case_yaml(case: Any) -> str:
    """A case as a person would write it: block texts, no wrapped lines, characters of any script as they are."""
    return yaml.dump(case, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000, indent=2)


def _appended(data: bytes, name: str, case: Mapping[str, Any]) -> bytes:
    """A suite file with one more case at its end: all that was there stays, byte for byte.

    Raises:
        FileError: `cannot-append`, the file would say something else then; `cannot-save`.
    """
    text = decode(data, name)
    document = read_yaml(text, name)
    value: Any = document.value or []
    inside = isinstance(value, dict)
    cases = value.get("cases") if inside else value
    wanted: Any = None
    if isinstance(cases, list):
        wanted = {**value, "cases": [*cases, case]} if inside else [*cases, case]
    indent = _indent(text, document.place(*(["cases"] if inside else []), 0)) if cases else ""
    item = "".join(indent + line for line in _written([dict(case)], name).splitlines(keepends=True))
    joint = "" if not text or text.endswith("\n") else "\n"
    after = data + (joint + item).replace("\n", "\r\n" if b"\r\n" in data else "\n").encode()
    try:
        if wanted is not None and read_yaml(decode(after, name), name).value == wanted:
            return after
    except PromptctlError:
        pass
    raise FileError(
        "a case at the end of this file would not become one of its cases",
        slug="cannot-append",
        at=Place(name),
        fix="let the list of cases be the last thing in the file, one `- ` a case; or add the case by hand",
    )


def _indent(text: str, first: Place) -> str:
    """The spaces before the dash of the list's first item."""
    line = text.removeprefix("\ufeff").split("\n")[first.line - 1][: first.column - 1]
    return " " * max(line.rfind("-"), 0)


def _written(case: Any, name: str) -> str:
    """`case` as YAML that reads back as it is."""
    text = case_yaml(case)
    try:
        if read_yaml(text, name).value == case:
            return text
    except PromptctlError:
        pass
    raise FileError(
        "these inputs or this answer cannot be written as YAML",
        slug="cannot-save",
        at=Place(name),
        fix="add the case to a .jsonl file of the suite by hand",
    )


class _Dumper(yaml.SafeDumper):
    """Block style for texts of several lines; no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)  # lists below their key, two spaces in


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    # PyYAML breaks lines at these too, and indents what follows: only escaped do they come back.
    style = '"' if _BREAKS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
