"""A suite's cases as they are written, each with its place: for commands that write them anew."""

from typing import Any, NamedTuple

from promptctl.core.case import Case, CheckSpec
from promptctl.errors import FileError, PromptctlError, raise_all
from promptctl.store.case_checks import read_checks
from promptctl.store.case_forms import case_yaml, exact, folded, ordered
from promptctl.store.case_slots import Slot, slots_inside, slots_outside
from promptctl.store.cases import read_case
from promptctl.store.documents import Document, read_yaml
from promptctl.store.fields import Fields
from promptctl.store.suites import Suites
from promptctl.store.trees import Tree
from promptctl.store.yaml_spans import yaml_spans


class Written(NamedTuple):
    """One case: `value` is the mapping in its file, in canonical order and with its id, also where that is computed."""

    case: Case
    value: dict[str, Any]
    slot: Slot

    @property
    def id(self) -> str:
        """The case's id, written or computed."""
        return self.case.id


class WrittenSuite(NamedTuple):
    """The cases of a suite in the order of its files, and what its settings file or one file says."""

    suite: str
    cases: tuple[Written, ...]
    document: Document | None


def read_written(suites: Suites, suite_id: str, *, twice: bool = False) -> WrittenSuite:
    """The cases of a suite. A case that needs a written id and has none is no mistake here: it has one now.

    Args:
        twice: A case may stand in two files if it says the same in both, as after a crash between writing the new
            ones and removing the old ones; the first counts.

    Raises:
        PromptctlError: every other mistake in its cases, and two cases with one id.
    """
    suites.require(suite_id)
    files = suites.files(suite_id)
    errors: list[PromptctlError] = list(_refused(suites, suite_id))
    main = files.whole or files.settings
    document = read_yaml(suites.tree.text(main), main) if main else None
    slots = slots_inside(document) if document and files.whole else []
    if document and files.whole and not isinstance(document.value, list):
        Fields(document, errors=errors).sequence("cases", [])  # anything else holds no cases to write anew
    slots += slots_outside(suites.tree, files, errors)
    settings = document if document and isinstance(document.value, dict) else Document({}, suite_id)
    checks = read_checks(Fields(settings, errors=errors))
    found = [written for slot in slots if (written := _written(slot, checks, errors))]
    first: dict[str, Written] = {}
    for one in found:
        other = first.setdefault(folded(one.id), one)
        if other is not one and not (twice and exact(one.value) == exact(other.value)):
            errors.append(_duplicate(one, other))
    raise_all(errors)
    return WrittenSuite(suite_id, tuple(first.values()), document)


def source_of(tree: Tree, one: Written) -> str:
    """The case as it stands in its file, comments included, without the margin that it has there.

    A line of JSON is given as YAML: it is the same, and can be read.
    """
    if one.slot.line is not None:
        return case_yaml(one.value)
    text = tree.text(one.slot.path).replace("\r", "\n")
    spans = yaml_spans(text)
    span = spans.at(one.slot.keys) if spans else None
    if not one.slot.keys or span is None:
        return text
    start = text.rfind("\n", 0, span.start) + 1
    behind = text[span.end :].partition("\n")[0]
    commented = behind.lstrip().startswith("#") and text[span.end - 1] != "\n"
    end = span.end + (len(behind) if commented else 0)
    lines = (" " * (span.start - start) + text[span.start : end]).split("\n")
    return "\n".join(line.removeprefix(" " * (span.start - start)) for line in lines).rstrip("\n") + "\n"


def _written(slot: Slot, checks: tuple[CheckSpec, ...], errors: list[PromptctlError]) -> Written | None:
    mistakes: list[PromptctlError] = []
    fields = Fields(slot.document, slot.keys, errors=mistakes)
    case = read_case(fields, checks)
    fields.collect_unknown()
    errors += [error for error in mistakes if error.slug != "id-needed"]
    if not isinstance(slot.value, dict):
        return None
    return Written(case, ordered({**slot.value, "id": case.id}), slot)


def _duplicate(one: Written, other: Written) -> FileError:
    return FileError(
        f"the ids {other.id!r} ({other.slot.place}) and {one.id!r} are the same, or one name to some disk",
        slug="duplicate-id",
        at=one.slot.place,
        fix="give one of them another id"
        if one.case.written_id
        else "give the cases ids: their inputs are equal",
    )


def _refused(suites: Suites, suite_id: str) -> list[PromptctlError]:
    """Links and the like among the suite's files: what is not read would be left behind."""
    folders = [f"{folder}/{suite_id}" for folder in suites.folders]
    errors = []
    for path in suites.tree.refused:
        if any(path == f"{folder}.yaml" or path.startswith(f"{folder}/") for folder in folders):
            try:
                suites.tree.bytes(path)
            except PromptctlError as error:
                errors.append(error)
    return errors
