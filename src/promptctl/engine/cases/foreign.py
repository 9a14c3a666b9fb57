"""What cases from a spreadsheet may not do: run code, or name a file. Only a reviewed file of the project may."""

from collections.abc import Iterator, Mapping
from typing import Any

from promptctl.core.prompt import InputSpec
from promptctl.engine.images import names_file
from promptctl.errors import FileError, Place
from promptctl.registry import find
from promptctl.store.case_forms import exact
from promptctl.store.checkspecs import COMMON, GROUPS

_CHECKS = ("checks", "checks_all", "turns")
_FILES = ("file", "files")


def refuse_code(
    case: Mapping[str, Any], before: Mapping[str, Any], inputs: Mapping[str, InputSpec], at: Place
) -> list[FileError]:
    """The checks of `case` that run code or read a file, and the pictures it names, unless they were there `before`."""
    errors = []
    for key in _CHECKS:
        if key in case and exact(case[key]) != exact(before.get(key)):
            errors += [_refused(what, at) for what in _of_checks(case[key], key)]
    variables, known = case.get("vars"), before.get("vars")
    for name, value in variables.items() if isinstance(variables, dict) else ():
        if names_file(inputs.get(name), value) and not (isinstance(known, dict) and known.get(name) == value):
            errors.append(_refused(f"the input {name!r} names the file {value!r}", at))
    return errors


def _of_checks(value: Any, key: str) -> Iterator[str]:
    if key == "turns":
        turns = value if isinstance(value, list) else []
        for turn in turns:
            if isinstance(turn, dict):
                yield from _of_checks(turn.get("checks"), "checks")
        return
    for item in value if isinstance(value, list) else ():
        yield from _of_check(item)


def _of_check(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        item = {item: None}
    for kind, argument in item.items() if isinstance(item, dict) else ():
        if kind in COMMON:
            continue
        if kind in GROUPS:
            for part in argument if isinstance(argument, list) else [argument]:
                yield from _of_check(part)
        elif getattr(find("checks", kind), "FAMILY", None) == "own":
            yield f"the check {kind!r} runs code"
        elif isinstance(argument, dict) and any(name in argument for name in _FILES):
            yield f"the check {kind!r} reads a file"


def _refused(what: str, at: Place) -> FileError:
    return FileError(
        f"{what}, and a row of a table must not say so",
        slug="code-in-import",
        at=at,
        fix="leave it out here, and write it into the case's file by hand",
    )
