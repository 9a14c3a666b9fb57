"""The conversation of a case: the messages so far, or the turns that the model's own replies continue."""

from typing import Any

from promptctl.core.case import Turn
from promptctl.core.message import ROLES
from promptctl.store.case_checks import read_checks
from promptctl.store.fields import Fields
from promptctl.store.places import in_words

ROUTES = ("messages", "turns", "input")
"""The ways to say what a user says: a case takes one of them."""


def read_messages(fields: Fields) -> tuple[dict[str, Any], ...]:
    """The list under `messages`, each as the protocol writes it. Mistakes are left in `fields.errors`."""
    _refuse_empty(fields, "messages", 'write `messages: [{role: user, content: "…"}]`')
    _refuse_two(fields)
    items = fields.items("messages")
    written = zip(items, fields.any("messages") if items else (), strict=True)
    return tuple(_message(item) for item, value in written if isinstance(value, dict))


def read_turns(fields: Fields) -> tuple[Turn, ...]:
    """The list under `turns`: a text, or `{say, checks}`. Mistakes are left in `fields.errors`."""
    _refuse_empty(fields, "turns", 'write `turns: ["…", {say: "…", checks: […]}]`')
    found = fields.sequence("turns", [])
    return tuple(_turn(fields, index, item) for index, item in enumerate(found))


def _refuse_empty(fields: Fields, name: str, fix: str) -> None:
    if fields.any(name) == []:
        fields.mistake(f"there is nothing in {name}", name, slug="wrong-value", fix=fix)


def _refuse_two(fields: Fields) -> None:
    given = [name for name in ROUTES if name in fields]
    for other in given[1:]:
        fields.mistake(
            f"what the user says is given twice, as {given[0]} and as {other}",
            other,
            slug="given-twice",
            fix=f"keep {given[0]} or {other}; `vars` beside it is for the prompt's other inputs",
        )


def _turn(fields: Fields, index: int, item: Any) -> Turn:
    if not isinstance(item, dict):
        return Turn(say=_said(fields, item, "turns", index))
    section = Fields(fields.document, (*fields.keys, "turns", index), errors=fields.errors)
    at = ("say",) if "say" in section else ()
    turn = Turn(say=_said(section, section.any("say"), *at), checks=read_checks(section))
    section.collect_unknown()
    return turn


def _said(fields: Fields, value: Any, *at: str | int) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)  # the YAML reader makes a number only of what reads the same when written back
    if isinstance(value, str) and value.strip():
        return value
    found = "nothing" if value in (None, "") else in_words(value)
    fix = 'write what the user says: "…" or {say: "…", checks: […]}'
    fields.mistake(f"a turn is what the user says, found {found}", *at, slug="wrong-type", fix=fix)
    return ""


def _message(fields: Fields) -> dict[str, Any]:
    role = fields.choice("role", ROLES)
    calls = _tool_calls(fields) if "tool_calls" in fields else []
    message = {"role": role, "content": _content(fields, needed=not calls)}
    if calls:
        message["tool_calls"] = calls
    answers = fields.string("tool_call_id", None)
    if answers is not None:
        message["tool_call_id"] = answers
    for name, owner in (("tool_calls", "assistant"), ("tool_call_id", "tool")):
        if name in fields and role != owner:
            fields.mistake(
                f"{name} belongs to a message of role {owner}, not {role}",
                name,
                slug="wrong-place",
                fix=f"take it out, or write `role: {owner}`",
            )
    return message


def _content(fields: Fields, *, needed: bool) -> Any:
    """Text, or a list of typed parts. Only a message that calls tools may say nothing."""
    value = fields.any("content")
    if isinstance(value, list) and value:
        for index in range(len(value)):
            _part(fields, index)
        return value
    if isinstance(value, str) and (value.strip() or not needed):
        return value
    if value is None and not needed:
        return ""
    if value is None and "content" not in fields:
        fields.mistake("content is missing", slug="missing-field", fix='add content: "…"')
    else:
        found = "nothing" if value in (None, "", []) else in_words(value)
        fix = 'write "…", or parts: [{type: text, text: "…"}]'
        fields.mistake(
            f"content is text or a list of parts, found {found}", "content", slug="wrong-type", fix=fix
        )
    return ""


def _part(fields: Fields, index: int) -> None:
    """A part as the protocol writes it: `{type: text, text}` or `{type: image_url, image_url: {url, detail}}`."""
    part = Fields(fields.document, (*fields.keys, "content", index), errors=fields.errors)
    part.choice("type", ("text", "image_url"))
    if part.any("type") == "text":
        part.string("text")
    elif part.any("type") == "image_url":
        image = part.section("image_url")
        if isinstance(part.any("image_url", {}), dict):
            image.string("url")
            image.string("detail", None)
    else:
        return  # what else belongs there is not known
    part.collect_unknown()


def _tool_calls(fields: Fields) -> list[Any]:
    """Calls as the protocol writes them: `{id, type: function, function: {name, arguments}}`."""
    for call in fields.items("tool_calls"):
        call.string("id")
        call.choice("type", ("function",))
        function = call.section("function")
        function.string("name")
        function.string("arguments")
    value = fields.any("tool_calls")
    return value if isinstance(value, list) else []
