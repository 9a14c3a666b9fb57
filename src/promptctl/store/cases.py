"""One case, from the mapping that a person wrote to a record."""

import re
from typing import Any

from promptctl.core.case import Case, CheckSpec, Quarantine
from promptctl.core.digest import digest
from promptctl.core.record import replace
from promptctl.errors import PromptctlError
from promptctl.store.checkspecs import parse_checks
from promptctl.store.config import read_date
from promptctl.store.fields import Fields
from promptctl.store.places import in_words

ID = re.compile(r"[\w.-]{1,120}\Z")
SEVERITIES = ("blocker", "normal", "info")
STATUSES = ("draft", "active", "quarantined", "retired")
LATER = {"messages": "conversations", "turns": "conversations", "checks_all": "conversations"}
REFERENCES = ("text", "json", "label")


def read_case(fields: Fields, suite_checks: tuple[CheckSpec, ...], *, finished: bool = True) -> Case:
    """A case with the suite's checks before its own. Mistakes are left in `fields.errors`."""
    for name, what in LATER.items():
        if name in fields:
            fields.any(name)
            fields.mistake(
                f"{what} cannot be used yet",
                name,
                slug="not-supported-yet",
                fix=f"take {name} out; give the inputs as vars",
            )
    written = fields.string("id", None)
    contexts = fields.sequence("contexts", [])
    expected = _expected(fields)
    watch = fields.boolean("watch", False)
    case = Case(
        id=written or "",
        written_id=written is not None,
        status=fields.choice("status", STATUSES, "active"),  # type: ignore[arg-type]
        severity=fields.choice("severity", SEVERITIES, "normal"),  # type: ignore[arg-type]
        tags=fields.strings("tags", ()),
        group=fields.string("group", None),
        why=fields.string("why", None),
        vars=fields.mapping("vars", {}),
        input=fields.any("input"),
        contexts=tuple(item for item in contexts if isinstance(item, dict)),
        relevant=fields.strings("relevant", ()),
        expected=expected,
        rejected=_rejected(fields),
        checks=_checks(fields, suite_checks, expected),
        watch=watch,
        finished=finished,
        source=fields.mapping("source", None),
        redacted=fields.strings("redacted", ()),
        quarantine=_quarantine(fields),
        place=fields.document.place(*fields.keys),
    )
    _judge_inputs(fields, contexts)
    case = _named(case)
    _require_sense(fields, case)
    return case


def computed_id(case: Case) -> str:
    """The id of a case that has none written: a slug of its first text and six hex digits of its values.

    Names of variables do not enter, so renaming one in template and cases keeps the case the same.
    """
    values = [*case.vars.values(), *([] if case.input is None else [case.input]), *case.contexts]
    code = digest("case", sorted(digest("value", value) for value in values)).removeprefix("case:")[:6]
    text = next((value for value in values if isinstance(value, str) and value.strip()), "case")
    words = re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:24].strip("-")
    return f"{words or 'case'}-{code}"


def _named(case: Case) -> Case:
    return case if case.written_id else replace(case, id=computed_id(case))


def _require_sense(fields: Fields, case: Case) -> None:
    if case.written_id and not ID.match(case.id):
        fields.mistake(
            f"{case.id!r} cannot be an id",
            "id",
            slug="bad-id",
            fix="use letters of any script, digits, '.', '_' and '-', at most 120",
        )
    must = {
        "a blocker": case.severity == "blocker",
        "a quarantined case": case.status == "quarantined",
        "a case from feedback": bool(case.source and case.source.get("feedback")),
    }
    for what, true in must.items():
        if true and not case.written_id:
            fields.mistake(
                f"{what} needs a written id",
                slug="id-needed",
                fix=f"add `id: {case.id}`: computed ids change with the inputs",
            )
    if not case.checks and case.expected is None and not case.watch:
        fields.mistake(
            "the case has neither checks nor expected nor watch, so it cannot fail",
            slug="case-cannot-fail",
            fix="add `expected: …` or a check, or `watch: true` to see its outputs side by side",
        )


def _judge_inputs(fields: Fields, contexts: list[Any]) -> None:
    for index, item in enumerate(contexts):
        if not isinstance(item, dict) or not {"id", "text"} <= set(item):
            fields.mistake(
                f"a context is {{id, text}}, found {in_words(item)}",
                "contexts",
                index,
                slug="wrong-type",
                fix='write {id: policy-4, text: "…"}',
            )


def _expected(fields: Fields) -> dict[str, Any] | None:
    return _reference(fields, "expected", REFERENCES)


def _rejected(fields: Fields) -> dict[str, Any] | None:
    return _reference(fields, "rejected", (*REFERENCES, "reason"))


def _reference(fields: Fields, name: str, known: tuple[str, ...]) -> dict[str, Any] | None:
    """An answer that people gave: a scalar is its text, a mapping says what it is."""
    value = fields.any(name)
    if value is None:
        return None
    if isinstance(value, dict):
        section = fields.section(name)
        for key in known:
            section.any(key)
        if not set(value) & set(REFERENCES):
            section.mistake(
                f"{name} says nothing", slug="wrong-type", fix=f"add one of: {', '.join(REFERENCES)}"
            )
        return {key: item if key == "json" else _text(item) for key, item in value.items()}
    if isinstance(value, list):
        fields.mistake(
            f"{name} must be a text or a mapping, found a list",
            name,
            slug="wrong-type",
            fix=f"write `{name}: {{json: […]}}` for a list",
        )
        return None
    return {"text": _text(value)}


def _text(value: Any) -> Any:
    """A scalar as the text it was written as; YAML makes numbers only of what reads the same when written back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _checks(
    fields: Fields, suite_checks: tuple[CheckSpec, ...], expected: dict[str, Any] | None
) -> tuple[CheckSpec, ...]:
    own = read_checks(fields)
    if own or suite_checks or not expected:
        return with_unique_names((*suite_checks, *own))
    return (_implied(fields, expected),)


def _implied(fields: Fields, expected: dict[str, Any]) -> CheckSpec:
    """What `expected` alone asks for."""
    place = fields.document.place(*fields.keys, "expected")
    if "json" in expected:
        return CheckSpec(kind="json_equals", name="json_equals", place=place)
    how = "label" if "label" in expected else "normalised"
    return CheckSpec(kind="matches_expected", name="matches_expected", args={"as": how}, place=place)


def read_checks(fields: Fields) -> tuple[CheckSpec, ...]:
    """The list under `checks`. Mistakes are left in `fields.errors`."""
    value = fields.sequence("checks", [])
    try:
        return parse_checks(value, fields.document.place, (*fields.keys, "checks"))
    except PromptctlError as error:
        fields.errors.extend(error.each())
        return ()


def with_unique_names(checks: tuple[CheckSpec, ...]) -> tuple[CheckSpec, ...]:
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


def _quarantine(fields: Fields) -> Quarantine | None:
    if fields.any("quarantine") is None:
        if fields.any("status") == "quarantined":
            fields.mistake(
                "a quarantined case needs a reason and an end",
                "status",
                slug="quarantine-without-end",
                fix='add `quarantine: {reason: "…", until: "2026-12-01"}`',
            )
        return None
    section = fields.section("quarantine")
    if "until" not in section:
        section.mistake(
            "a quarantine needs an end", slug="quarantine-without-end", fix='add until: "2026-12-01"'
        )
    since = section.string("since", None)
    return Quarantine(reason=section.string("reason"), until=read_date(section, "until") or "", since=since)
