"""Writing one new case: a file of its own, or a further item of a suite that is one list. Never overwrites."""

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
from promptctl.store.suites import CASES, Suites

_BREAKS = re.compile("[\x85\u2028\u2029]")
_MOVE = "move it to {folder}/{suite}/suite.yaml, beside which cases are files of their own, or add the case by hand"


class NewCasePlace(NamedTuple):
    """Where a suite's next case goes. `whole` is the suite's one file, None where cases are files of their own."""

    root: Path
    folder: str
    suite: str
    whole: str | None


def place_for_case(root: Path, suites: Suites, suite_id: str) -> NewCasePlace:
    """Where a new case of a suite goes; known before anything is asked for it.

    Raises:
        FileError: `cannot-append`, the suite is one file that is no list of cases.
    """
    whole = suites.files(suite_id).whole
    place = NewCasePlace(root, suites.folder, suite_id, whole)
    if whole is not None:
        _cases_in(place, decode(read_bytes(root / whole), whole))
    return place


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
        return _append(place, place.whole, case)
    name = f"{place.folder}/{place.suite}/{CASES}/{case['id']}.yaml"
    path = place.root / name
    if path.exists():
        raise FileError("this case is there already", slug="case-exists", at=Place(name), fix="run it again")
    write_atomically(path, _written(case, name))
    return name


def case_yaml(case: Any) -> str:
    """A case as a person would write it: block texts, no wrapped lines, characters of any script as they are."""
    return yaml.dump(case, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000, indent=2)


def _append(place: NewCasePlace, name: str, case: Mapping[str, Any]) -> str:
    path = place.root / name
    data = read_bytes(path)
    text = decode(data, name)
    before = _cases_in(place, text)
    newline = "\r\n" if b"\r\n" in data else "\n"
    indent = re.search(r"^( *)- ", text, re.MULTILINE)
    item = "".join(
        (indent[1] if indent else "") + line
        for line in _written([dict(case)], name).splitlines(keepends=True)
    )
    joint = "" if not text or text.endswith("\n") else "\n"
    after = data + (joint + item).replace("\n", newline).encode()
    try:
        same = read_yaml(decode(after, name), name).value == [*before, case]
    except PromptctlError:
        same = False
    if not same:
        raise _refusal(place, name, "a case at the end of this file would change what it says")
    write_atomically(path, after)
    return name


def _cases_in(place: NewCasePlace, text: str) -> list[Any]:
    name = str(place.whole)
    value = read_yaml(text, name).value
    if value is not None and not isinstance(value, list):
        raise _refusal(
            place, name, f"suite {place.suite} is one file with settings, and nothing is written into it"
        )
    return value or []


def _refusal(place: NewCasePlace, name: str, message: str) -> FileError:
    fix = _MOVE.format(folder=place.folder, suite=place.suite)
    return FileError(message, slug="cannot-append", at=Place(name), fix=fix)


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
