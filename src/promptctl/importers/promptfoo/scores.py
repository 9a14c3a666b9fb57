"""Weights, thresholds and sets of assertions: carried over where they only say "all of these" or "any of these"."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from promptctl.importers.imported import LeftOut
from promptctl.importers.promptfoo.assertions import Context, check_of
from promptctl.importers.promptfoo.checks import Check
from promptctl.importers.promptfoo.config import Part
from promptctl.importers.promptfoo.js import Unclear, is_finite
from promptctl.importers.promptfoo.not_carried import NotCarried
from promptctl.importers.promptfoo.nunjucks import parse
from promptctl.importers.promptfoo.render import render

KEYS = (
    "type",
    "value",
    "threshold",
    "weight",
    "metric",
    "config",
    "provider",
    "rubricPrompt",
    "assert",
    "transform",
)
SET_KEYS = ("type", "assert", "threshold", "weight", "metric", "config")
GRADED = ("tool-call-f1",)
"""Types whose score is more than pass or fail."""


class Graded(NamedTuple):
    """One assertion: its check, or None where it has none; what it weighs; whether its score is 0 or 1."""

    check: Check | None
    weight: float
    binary: bool = True


class Found(NamedTuple):
    """The checks of a test, and what of its assertions was left out."""

    checks: list[Check]
    left_out: list[LeftOut]
    differences: list[LeftOut]


def checks_of(asserts: Sequence[Part], threshold: Any, context: Context) -> Found:
    """All assertions of a test as checks. `threshold` is the test's own."""
    found = Found([], [], [])
    graded = [_graded(part, context, found) for part in asserts]
    if threshold is None:
        checks = [check for one in graded for check in one]
    else:
        place = asserts[0].place() if asserts else None
        flat = [one for group in graded for one in group]
        what = "the threshold of a test"
        checks = _by_threshold(flat, threshold, what, found, place) if place else []
    found.checks.extend(check for one in checks if (check := _settled(one)) is not None)
    return found


def _settled(one: Graded) -> Check | None:
    if one.check is None:
        return None
    # A check of weight 0 never fails a test in promptfoo.
    return {**one.check, "required": False} if one.weight == 0 else one.check


def _graded(part: Part, context: Context, found: Found) -> list[Graded]:
    assertion = part.mapping("an assertion")
    if assertion.get("type") == "assert-set":
        return _set(part, context, found)
    for key in assertion:
        if key not in KEYS:
            found.left_out.append(LeftOut(f"assert.{key}", part.place(key), "promptctl does not read it"))
    written_weight = assertion.get("weight", 1)
    weight = float(written_weight) if is_finite(written_weight) else 1.0
    binary = str(assertion.get("type")).removeprefix("not-") not in GRADED
    try:
        written = check_of(assertion, context)
    except NotCarried as error:
        found.left_out.append(LeftOut(error.what, part.place(), error.instead))
        return [Graded(None, weight, binary)]
    found.differences.extend(LeftOut(what, part.place(), cure) for what, cure in written.differences)
    return [Graded(_named(written.check, assertion.get("metric"), context), weight, binary)]


def _set(part: Part, context: Context, found: Found) -> list[Graded]:
    """The assertions of a set: all of them count, or what its threshold says."""
    values = part.mapping("an assertion")
    for key in values:
        if key not in SET_KEYS:
            found.left_out.append(LeftOut(f"assert-set.{key}", part.place(key), "promptctl does not read it"))
    inner = [one for item in part.at("assert").items() for one in _graded(item, context, found)]
    threshold = values.get("threshold")
    if threshold is None:
        return inner
    return _by_threshold(inner, threshold, "the threshold of an assert-set", found, part.place("threshold"))


def _by_threshold(inner: list[Graded], threshold: Any, what: str, found: Found, place: Any) -> list[Graded]:
    """What a threshold of the weighted mean asks for, where that is all or any of its parts."""
    weights = [Fraction(str(one.weight)) for one in inner]
    total, least = sum(weights), min((weight for weight in weights if weight > 0), default=Fraction(0))
    asked = Fraction(str(threshold)) if is_finite(threshold) else None
    counted = [one for one in inner if one.weight > 0]
    free = [one for one in inner if one.weight == 0]
    plain = asked is not None and total > 0 and all(one.binary and one.weight >= 0 for one in inner)
    if asked is not None and plain and 1 - least / total < asked <= 1:
        return inner
    if asked is not None and plain and 0 < asked <= least / total and all(one.check for one in counted):
        parts = [_bare(one.check) for one in counted if one.check]
        return [Graded({"any": parts} if len(parts) > 1 else parts[0], 1.0), *free]
    cure = "the checks are kept without a vote: say with `required:`, `all:` and `any:` which must hold"
    found.left_out.append(LeftOut(f"{what} ({threshold}), which weighs them", place, cure))
    return [one._replace(weight=0.0) for one in inner]


def _bare(check: Check) -> Check:
    return {key: value for key, value in check.items() if key != "name"}


def _named(check: Check, metric: Any, context: Context) -> Check:
    """The check under its metric's name."""
    if not isinstance(metric, str) or not metric:
        return check
    try:
        name = render(parse(metric), context.values)
    except Unclear:
        name = metric
    name = "".join(character for character in " ".join(name.split()) if character.isprintable())[:100]
    return {**check, "name": name if name != "finished" else "finished metric"} if name else check


def unique_names(checks: Sequence[Mapping[str, Any]], taken: set[str]) -> list[Check]:
    """The checks with `-2`, `-3` … behind names that occur again; `taken` grows."""
    made = []
    for check in checks:
        name, number = check.get("name"), 1
        while name is not None and name in taken:
            number += 1
            name = f"{check['name']}-{number}"
        if name is not None:
            taken.add(name)
        made.append({**check, **({} if name is None else {"name": name})})
    return made
