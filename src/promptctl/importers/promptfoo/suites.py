"""The suite of one prompt: shared checks to the top, ids from what tells the cases apart, each question once."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from promptctl.core.digest import digest
from promptctl.importers.imported import Note
from promptctl.importers.promptfoo.cases import Case
from promptctl.importers.promptfoo.checks import Check
from promptctl.importers.promptfoo.original_tests import Test
from promptctl.importers.promptfoo.scores import unique_names


def suite_of(cases: Sequence[Case], notes: list[Note]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The settings of a suite and its written cases. Checks that all cases share are the suite's; `notes` grows."""
    everywhere = cases[0].shared if cases and all(case.shared == cases[0].shared for case in cases) else []
    settings: dict[str, Any] = {}
    taken: set[str] = set()
    if everywhere:
        settings["checks"] = [short(check) for check in unique_names(everywhere, taken)]
    if any(_wants_another_end(check) for case in cases for check in (*case.shared, *case.own)):
        settings["finished"] = False
    told_by = _telling([case.values for case in cases])
    written: dict[str, dict[str, Any]] = {}
    silent: list[Test] = []
    for case in cases:
        own = case.own if everywhere else [*case.shared, *case.own]
        watched = not own and not everywhere
        if watched and not case.test.default and not case.test.asserts:
            silent.append(case.test)
        elif watched:
            said = (
                f"no assertion of {case.test.named} could be carried over: it is watched, and decides nothing"
            )
            notes.append(Note(said, case.test.place))
        checks = [short(check) for check in unique_names(own, set(taken))]
        _add(written, _written(case, told_by, checks, watched=watched), case.test, notes)
    if silent:
        counted = "1 test" if len(silent) == 1 else f"{len(silent)} tests"
        notes.append(
            Note(f"{counted} without assertions: always passed there, watched here", silent[0].place)
        )
    return settings, list(written.values())


def _written(case: Case, told_by: str, checks: list[Any], *, watched: bool) -> dict[str, Any]:
    test = case.test
    one: dict[str, Any] = {"id": _id(test.description or str(case.values.get(told_by, "")), case.values)}
    if tags := _tags(test.metadata):
        one["tags"] = tags
    if test.description:
        one["why"] = test.description
    one["vars"] = case.values
    if checks:
        one["checks"] = checks
    if watched:
        one["watch"] = True
    return one


def _add(written: dict[str, dict[str, Any]], one: dict[str, Any], test: Test, notes: list[Note]) -> None:
    """Puts a case among the others: under another id where it asks something else, once where it asks the same."""
    number, name = 1, one["id"]
    while name in written:
        if _question(written[name]) == _question(one):
            notes.append(Note(f"{test.named} asks what an earlier one asks: it is written once", test.place))
            return
        number += 1
        name = f"{one['id']}-{number}"
    written[name] = {**one, "id": name}


def _question(case: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in case.items() if key not in ("id", "why", "tags")}


def _telling(values: Sequence[Mapping[str, Any]]) -> str:
    """The variable whose texts tell the cases apart best."""
    texts: dict[str, set[str]] = {}
    for one in values:
        for name, value in one.items():
            if isinstance(value, str) and value[:1] not in ("{", "["):
                texts.setdefault(name, set()).add(value)
    return max(texts, key=lambda name: len(texts[name]), default="")


def _id(told: str, values: Mapping[str, Any]) -> str:
    """An id that stays the same as long as the values do."""
    words = re.sub(r"[\W_]+", "-", told.lower()).strip("-") or "case"
    return f"{words[:40].strip('-')}-{digest('case', values).removeprefix('case:')[:6]}"


def _tags(metadata: Mapping[str, Any]) -> list[str]:
    """Metadata as tags: those under `tags` as they are, others with their key."""
    found: list[str] = []
    for key, value in metadata.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, (str, int, float)) and str(item).strip():
                found.append(str(item) if key == "tags" else f"{key}:{item}")
    return list(dict.fromkeys(found))


def _wants_another_end(check: Check) -> bool:
    """Whether a check can only pass where an answer did not end by itself."""
    inner = check.get("not")
    return check.get("finish_reason", "stop") != "stop" or (
        isinstance(inner, dict) and "finish_reason" in inner
    )


def short(check: Check) -> Any:
    """A check as a person writes it: a name alone where there is nothing more to say."""
    made = dict(check)
    for key in ("any", "all"):
        if key in made:
            made[key] = [short(part) if isinstance(part, dict) else part for part in made[key]]
    if isinstance(made.get("not"), dict):
        made["not"] = short(made["not"])
    return next(iter(made)) if len(made) == 1 and None in made.values() else made
