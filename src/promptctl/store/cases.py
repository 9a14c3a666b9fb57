"""One case, from the mapping that a person wrote to a record."""

import re
import unicodedata
from itertools import takewhile
from typing import Any

from promptctl.core.case import Case, CheckSpec, Quarantine
from promptctl.core.digest import digest
from promptctl.core.record import replace
from promptctl.store.case_checks import checks_of_case
from promptctl.store.config import read_date
from promptctl.store.conversations import read_messages, read_turns
from promptctl.store.fields import Fields
from promptctl.store.places import in_words

SEVERITIES = ("blocker", "normal", "info")
STATUSES = ("draft", "active", "quarantined", "retired")
REFERENCES = ("text", "json", "label")

_NONE: dict[str, Any] = {}  # one for all the cases that give no vars; records are never changed

_ID = re.compile(r"[\w.-]{1,120}\Z")
_WORD = re.compile(r"[^\W_]+")
_BEHIND_LETTER = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f]+")
# Marks that change nothing one can see: with them, two ids would look the same.
_UNSEEN = re.compile("[\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def read_case(fields: Fields, suite_checks: tuple[CheckSpec, ...], *, finished: bool = True) -> Case:
    """A case with the suite's checks before its own. Mistakes are left in `fields.errors`."""
    written = fields.string("id", None)
    contexts = fields.sequence("contexts", [])
    expected = _expected(fields)
    turns = read_turns(fields)
    checks, checks_all = checks_of_case(fields, suite_checks, expected, turns)
    watch = fields.boolean("watch", False)
    case = Case(
        id=written or "",
        written_id=written is not None,
        status=fields.choice("status", STATUSES, "active"),  # type: ignore[arg-type]
        severity=fields.choice("severity", SEVERITIES, "normal"),  # type: ignore[arg-type]
        tags=fields.strings("tags", ()),
        group=fields.string("group", None),
        why=fields.string("why", None),
        vars=fields.mapping("vars", _NONE),
        input=fields.any("input"),
        messages=read_messages(fields),
        turns=turns,
        contexts=tuple(item for item in contexts if isinstance(item, dict)),
        relevant=fields.strings("relevant", ()),
        expected=expected,
        rejected=_rejected(fields),
        checks=checks,
        checks_all=checks_all,
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
    said = [turn.say for turn in case.turns] or [message["content"] for message in case.messages]
    values = [*case.vars.values(), *([] if case.input is None else [case.input]), *case.contexts]
    spoken = [said if case.turns else case.messages] if said else []  # one value, for its order matters
    code = digest("case", sorted(digest("value", value) for value in (*values, *spoken)))
    code = code.removeprefix("case:")[:6]
    text = next((value for value in (*said, *values) if isinstance(value, str) and value.strip()), "case")
    text = unicodedata.normalize("NFC", text.lower())
    words = (text[word.start() : word.end()] for word in _WORD.finditer(_without_marks(text)))
    return f"{'-'.join(words)[:24].strip('-') or 'case'}-{code}"


def _without_marks(text: str) -> str:
    """The text with an `x` for every mark that belongs to a letter: `\\w` takes vowels of Hindi and Thai for signs."""

    def letters(found: re.Match[str]) -> str:
        marks = "".join(takewhile(_is_mark, found[0]))
        return "x" * len(marks) + found[0][len(marks) :]

    return _BEHIND_LETTER.sub(letters, text)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc") and not _UNSEEN.match(character)


def _named(case: Case) -> Case:
    return case if case.written_id else replace(case, id=computed_id(case))


def _require_sense(fields: Fields, case: Case) -> None:
    if case.written_id and not _ID.match(_without_marks(case.id)):
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
                fix=f"add `id: {case.id}`, or `promptctl cases fmt` does: a computed id changes with the inputs",
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
