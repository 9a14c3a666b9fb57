"""The checks of a case: the suite's, its own, those of single turns, and what `expected` alone asks for."""

from typing import Any

from promptctl.core.case import CheckSpec, Turn
from promptctl.core.record import replace
from promptctl.errors import PromptctlError
from promptctl.store.checkspecs import parse_checks
from promptctl.store.fields import Fields

Checks = tuple[CheckSpec, ...]


def read_checks(fields: Fields, name: str = "checks") -> Checks:
    """The list of checks under `name`. Mistakes are left in `fields.errors`."""
    value = fields.sequence(name, [])
    try:
        return parse_checks(value, fields.document.place, (*fields.keys, name))
    except PromptctlError as error:
        fields.errors.extend(error.each())
        return ()


def checks_of_case(
    fields: Fields, suite_checks: Checks, expected: dict[str, Any] | None, turns: tuple[Turn, ...]
) -> tuple[Checks, Checks]:
    """What is asked of the last reply, the suite's checks first, and what is asked of every reply.

    A case without turns has one reply, which is the last: then all of them stand in the first list.
    """
    own, every = read_checks(fields), read_checks(fields, "checks_all")
    if not turns:
        own, every = (*own, *every), ()
    of_last = (*suite_checks, *own, *every, *(turns[-1].checks if turns else ()))
    if expected and not of_last:
        return (_implied(fields, expected),), every
    # Thousands of cases may have no checks of their own: they share the suite's.
    return with_unique_names((*suite_checks, *own)) if own else suite_checks, every


def _implied(fields: Fields, expected: dict[str, Any]) -> CheckSpec:
    """What `expected` alone asks for."""
    place = fields.document.place(*fields.keys, "expected")
    if "json" in expected:
        return CheckSpec(kind="json_equals", name="json_equals", place=place)
    how = "label" if "label" in expected else "normalised"
    return CheckSpec(kind="matches_expected", name="matches_expected", args={"as": how}, place=place)


def with_unique_names(checks: Checks) -> Checks:
    """The checks with `-2`, `-3` … behind names that occur again."""
    taken: set[str] = set()
    named = []
    for check in checks:
        name, number = check.name, 1
        while name in taken:
            number += 1
            name = f"{check.name}-{number}"
        taken.add(name)
        named.append(check if name == check.name else replace(check, name=name))
    return tuple(named)
