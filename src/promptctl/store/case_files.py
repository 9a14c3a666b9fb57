"""Writing one new case: a file of its own, or a further item at the end of a suite's one file. Never overwrites."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from promptctl.core.case import Case
from promptctl.errors import FileError, Place
from promptctl.store.case_edits import with_cases
from promptctl.store.case_forms import ordered, refuse_file_name, written_yaml
from promptctl.store.cases import computed_id
from promptctl.store.files import read_bytes, write_atomically
from promptctl.store.suite_files import CASES
from promptctl.store.suites import Suites


class NewCasePlace(NamedTuple):
    """Where a suite's next case goes. `whole` is the suite's one file, None where cases are files of their own."""

    root: Path
    folder: str
    suite: str
    whole: str | None

    @property
    def beside(self) -> str:
        """The folder that the case will stand in, relative to the root."""
        return f"{self.folder}/{self.suite}/{CASES}" if self.whole is None else self.whole.rpartition("/")[0]


def place_for_case(root: Path, suites: Suites, suite_id: str) -> NewCasePlace:
    """Where a new case of a suite goes; known before anything is asked for it.

    Raises:
        FileError: `cannot-edit`, the suite is one file whose list of cases cannot get longer.
    """
    whole = suites.files(suite_id).whole
    if whole is not None:
        with_cases(read_bytes(root / whole), whole, [{"id": "new-case", "input": "…"}])
    return NewCasePlace(root, suites.folder, suite_id, whole)


def new_case_id(values: Mapping[str, Any]) -> str:
    """A slug of the first text among the inputs, in any script, and six random hex digits."""
    slug = computed_id(Case(id="", vars=dict(values))).rpartition("-")[0]
    return f"{slug}-{secrets.token_hex(3)}"


def save_case(place: NewCasePlace, case: Mapping[str, Any]) -> str:
    """Writes a case, `id` first, and gives the file as the user would type it.

    Raises:
        PromptctlError: `cannot-write`; `case-exists`; `cannot-edit`, the file would not mean the same with one case
            more; `cannot-save`, a value that YAML cannot carry. Nothing is changed then.
    """
    if place.whole is not None:
        path = place.root / place.whole
        write_atomically(path, with_cases(read_bytes(path), place.whole, [case]))
        return place.whole
    name = case_file(place.folder, place.suite, case["id"])
    refuse_file_name(case["id"], Place(name))
    path = place.root / name
    if path.exists():
        fix = "give the new case another id"
        raise FileError("this case is there already", slug="case-exists", at=Place(name), fix=fix)
    write_atomically(path, written_yaml(ordered(case), name))
    return name


def case_file(folder: str, suite_id: str, case_id: str) -> str:
    """The file of a case that has one, relative to the project root."""
    return f"{folder}/{suite_id}/{CASES}/{case_id}.yaml"
