"""Every place of a suite's files that holds a case, before anyone understands what stands there."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from unicodedata import normalize

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.documents import Document, Key, in_words, read_json_lines, read_yaml
from promptctl.store.suite_files import SuiteFiles
from promptctl.store.trees import Tree


class Slot(NamedTuple):
    """One mapping that should be a case. `keys` lead to it in its document; `line` counts from 1 in a .jsonl file."""

    document: Document
    keys: tuple[Key, ...] = ()
    line: int | None = None

    @property
    def path(self) -> str:
        """The file, relative to the project root."""
        return self.document.path

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.document.place(*self.keys)

    @property
    def value(self) -> Any:
        """What stands there."""
        value = self.document.value
        for key in self.keys:
            value = value[key]
        return value


def slots_outside(tree: Tree, files: SuiteFiles, errors: list[PromptctlError]) -> Iterator[Slot]:
    """The cases of a suite that stand in case files and .jsonl files; what cannot be one goes to `errors`.

    A case file without an `id` gets the file's name for one.
    """
    for path in files.cases:
        if document := _case_file(tree, path, errors):
            yield Slot(document)
    for path in files.bulk:
        try:
            lines = read_json_lines(tree.bytes(path), path)
        except PromptctlError as error:
            errors.extend(error.each())
            continue
        for line in lines:
            if isinstance(line.value, dict):
                yield Slot(line.document, line=line.line)
            else:
                errors.append(no_case(line.document))
    for path in files.lists:
        try:
            document = _list_alone(read_yaml(tree.text(path), path), files.whole or files.settings or "")
        except PromptctlError as error:
            errors.extend(error.each())
            continue
        yield from slots_inside(document)


def slots_inside(document: Document) -> list[Slot]:
    """The cases of a suite that is one file: a list, or a mapping with `cases`."""
    value = document.value
    if isinstance(value, list):
        return [Slot(document, (index,)) for index in range(len(value))]
    listed = value.get("cases") if isinstance(value, dict) else None
    return [
        Slot(document, ("cases", index)) for index in range(len(listed if isinstance(listed, list) else ()))
    ]


def no_case(document: Document) -> FileError:
    """The error for something else where a case should stand."""
    return document.error(
        f"a case is a mapping, found {in_words(document.value)}",
        slug="wrong-type",
        fix="write one case: `vars: {…}`, `expected: …`, `checks: […]`",
    )


def _list_alone(document: Document, main: str) -> Document:
    """The list of cases in a file that can say no more than that: `main` has the suite's settings."""
    value = document.value
    if isinstance(value, dict):
        for key in value.keys() - {"cases"}:
            raise document.error(
                f"the settings of this suite stand in {main}",
                key,
                slug="suite-twice",
                fix="keep nothing here but the list of cases",
            )
        value = value.get("cases")
    if not isinstance(value, list):
        fix = "write one case a line, each behind `- `"
        raise document.error(
            f"a list of cases goes here, found {in_words(value)}", slug="wrong-type", fix=fix
        )
    return document


def _case_file(tree: Tree, path: str, errors: list[PromptctlError]) -> Document | None:
    try:
        document = read_yaml(tree.text(path), path)
    except PromptctlError as error:
        errors.extend(error.each())
        return None
    if not isinstance(document.value, dict):
        errors.append(no_case(document))
        return None
    # Some disks of macOS give the same name in another form: an accent behind its letter.
    name = normalize("NFC", path.rpartition("/")[2].removesuffix(".yaml"))
    written = document.value.setdefault("id", name)
    if isinstance(written, str) and normalize("NFC", written) != name:
        errors.append(
            document.error(
                f"the file is named {name!r}, the case in it {written!r}",
                "id",
                slug="case-misnamed",
                fix=f"rename the file to {written}.yaml, or the case to {name}",
            )
        )
    return document
