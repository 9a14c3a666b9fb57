"""What an import writes: the files of its prompts and suites, and the tables of promptctl.toml that they need."""

import json
import re
from collections.abc import Mapping
from typing import Any

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.importers.imported import Imported, ImportedPrompt, ImportedSuite
from promptctl.store.case_files import case_file
from promptctl.store.case_forms import ordered, written_yaml
from promptctl.store.prompts import SUFFIX
from promptctl.store.suite_files import SUITE_FILE

SMALL = 20
"""Cases up to which a suite is one file."""

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def files_of(imported: Imported, prompts: str, evals: str) -> dict[str, str]:
    """The files by their path below the project root. `prompts` and `evals` are the project's folders.

    Raises:
        FileError: `import-exists`, two things of one id; `import-unwritable`, what YAML cannot carry.
    """
    _refuse_twins(imported)
    files: dict[str, str] = {}
    for prompt in imported.prompts:
        path = f"{prompts}/{prompt.id}{SUFFIX}"
        try:
            files[path] = _prompt_text(prompt, path)
        except PromptctlError as error:
            raise unwritable(f"prompt {prompt.id}", error, prompt.place) from error
        files.update({f"{prompts}/{name}": text for name, text in prompt.files.items()})
    for suite in imported.suites:
        try:
            files.update(_suite_files(suite, evals))
        except PromptctlError as error:
            raise unwritable(f"suite {suite.id}", error, suite.place) from error
    return files


def unwritable(what: str, error: PromptctlError, at: Place) -> FileError:
    """The refusal of something that would be no file promptctl reads."""
    return FileError(
        f"{what} would be no file that promptctl reads: {error.message} [{error.slug}]",
        slug="import-unwritable",
        at=at,
        fix="change the original there, or write this one by hand",
    )


def _refuse_twins(imported: Imported) -> None:
    """Raises for two prompts or two suites of one id, of which only the last would be written."""
    for things in (imported.prompts, imported.suites):
        seen: dict[str, Place] = {}
        for one in things:
            if one.id in seen:
                raise FileError(
                    f"two things here would be written as {one.id}; the first is at {seen[one.id]}",
                    slug="import-exists",
                    at=one.place,
                    fix="rename one of them in the original",
                )
            seen[one.id] = one.place


def _prompt_text(prompt: ImportedPrompt, path: str) -> str:
    # Always a header: a body may begin with what would be taken for one.
    header = {**({} if prompt.header else {"promptctl": 1}), **prompt.header}
    body = prompt.body if prompt.body.endswith("\n") else f"{prompt.body}\n"
    return f"---\n{written_yaml(header, path)}---\n{body}"


def _suite_files(suite: ImportedSuite, evals: str) -> dict[str, str]:
    settings = {**({"prompt": suite.prompt} if suite.prompt != suite.id else {}), **suite.settings}
    cases = [ordered(case) for case in suite.cases]
    whole = f"{evals}/{suite.id}.yaml"
    if len(cases) <= SMALL:
        return {whole: written_yaml({**settings, "cases": cases} if settings else cases, whole)}
    path = f"{evals}/{suite.id}/{SUITE_FILE}"
    files = {path: written_yaml({"promptctl": 1, **settings}, path)}
    for case in cases:
        name = case_file(evals, suite.id, case["id"])
        files[name] = written_yaml(case, name)
    return files


def as_toml(tables: Mapping[str, Any]) -> str:
    """Tables as lines of promptctl.toml: one line for each entry, mappings inside it inline."""
    blocks = []
    for table, entries in tables.items():
        lines = [f"[{_key(table)}]"]
        lines += [f"{_key(name)} = {_value(value)}" for name, value in entries.items()]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _key(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
