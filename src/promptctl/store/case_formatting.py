"""The canonical form of each file of a suite: permanent ids, keys in order, block texts, lines sorted by id.

A page that a person laid out, a suite's one file or a case file with comments, only gets the ids that it lacks.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from promptctl.store.case_edits import with_changes
from promptctl.store.case_forms import ORDER, written_yaml
from promptctl.store.case_packing import lines_of
from promptctl.store.documents import decode
from promptctl.store.suites import Suites
from promptctl.store.written_cases import Written, read_written
from promptctl.store.yaml_edits import YamlPage
from promptctl.store.yaml_spans import yaml_comments


class Formatted(NamedTuple):
    """One file of a suite in its canonical form. `ids` counts the ids that were written into it.

    `commented` is a case file whose keys would stand otherwise, were there not comments that would move with none.
    """

    path: str
    before: bytes
    after: bytes
    ids: int = 0
    commented: bool = False

    @property
    def changes(self) -> bool:
        """Whether the file is not canonical yet."""
        return self.before != self.after


def formatted(suites: Suites, suite_id: str, wanted: Callable[[str], bool]) -> list[Formatted]:
    """The files of a suite that hold cases and are `wanted`, by path, each as it should be.

    Raises:
        PromptctlError: a mistake in its files.
    """
    cases = read_written(suites, suite_id).cases
    files = suites.files(suite_id)
    inside: dict[str, list[Written]] = {path: [] for path in files.bulk}
    for one in cases:
        inside.setdefault(one.slot.path, []).append(one)
    found = []
    for path, ones in sorted(inside.items()):
        if wanted(path):
            data = suites.tree.bytes(path)
            listed = path in (files.whole, *files.lists)
            make = _with_ids if listed else _bulk if path in files.bulk else _case
            found.append(make(path, data, ones))
    return found


def _with_ids(path: str, data: bytes, cases: Iterable[Written]) -> Formatted:
    missing = [one for one in cases if not one.case.written_id]
    if not missing:
        return Formatted(path, data, data)
    after = with_changes(data, path, [(one.slot, {"id": one.id}) for one in missing])
    return Formatted(path, data, after, len(missing))


def _case(path: str, data: bytes, cases: list[Written]) -> Formatted:
    [one] = cases
    text = decode(data, path)
    canonical = written_yaml(one.value, path)
    if text == canonical:
        return Formatted(path, data, data)
    page = YamlPage(data, path)
    named = "id" in (page.value or {})
    if not yaml_comments(page.text):
        return Formatted(path, data, _like(data, canonical), int(not named))
    if named:
        return Formatted(path, data, data, commented=True)
    page.put((), {"id": one.id}, ORDER)
    return Formatted(path, data, page.finish({**page.value, "id": one.id}), 1)


def _bulk(path: str, data: bytes, cases: list[Written]) -> Formatted:
    text = lines_of(cases)
    unnamed = sum(not one.case.written_id for one in cases)
    return Formatted(path, data, data if decode(data, path) == text else _like(data, text), unnamed)


def _like(data: bytes, text: str) -> bytes:
    """The text with the line ends that the file has."""
    return text.replace("\n", "\r\n" if b"\r\n" in data else "\n").encode()
