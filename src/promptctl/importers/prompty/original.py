"""What Prompty itself sends: the body rendered as one text, then split at its role markers. For the proof."""

import re
from collections.abc import Mapping
from typing import Any

from promptctl.importers.prompty.text import ESCAPES, MARKER, MUSTACHE
from promptctl.templating.foreign import render_foreign


def original_messages(
    body: str, kinds: Mapping[str, str], values: Mapping[str, Any], *, mustache: bool
) -> tuple[dict[str, Any], ...]:
    """The messages that Prompty would send: rendered as one text, then split at the markers of the template.

    Raises:
        ValueError: the template does not render.
    """
    marked = "\n".join(_signed(line) for line in body.split("\n"))
    stand_ins = {
        name: f"__PROMPTY_{index}_{name}__"
        for index, (name, kind) in enumerate(kinds.items())
        if kind in ("messages", "image")
    }
    given = {**values, **stand_ins}
    rendered = _rendered_mustache(marked, given) if mustache else render_foreign(marked, given)
    messages: list[dict[str, Any]] = []
    role, lines, blank_counts = "system", list[str](), False
    for line in [*rendered.split("\n"), _SIGN]:
        if not line.startswith(_SIGN):
            lines.append(line)
            continue
        if lines and (blank_counts or any(one.strip() for one in lines)):
            messages.append({"role": role, "content": "\n".join(lines).strip("\n")})
        role, lines, blank_counts = line.removeprefix(_SIGN), [], True
    return tuple(_expanded(messages, stand_ins, kinds, values))


_SIGN = "\0role "


def _signed(line: str) -> str:
    """A marker with a sign that no value can have, as Prompty signs its own."""
    found = MARKER.match(line.strip())
    return f"{_SIGN}{found['role'].lower()}" if found else line


def _rendered_mustache(text: str, values: Mapping[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        bare = found[1] or found[2]
        given = str(values.get(bare or found[3], ""))
        if not bare:
            for mark, escape in ESCAPES:
                given = given.replace(mark, escape)
        return given

    return MUSTACHE.sub(value, text)


def _expanded(
    messages: list[dict[str, Any]],
    stand_ins: Mapping[str, str],
    kinds: Mapping[str, str],
    values: Mapping[str, Any],
) -> list[dict[str, Any]]:
    expanded: list[dict[str, Any]] = []
    seen = False
    for one in messages:
        name = next((name for name, mark in stand_ins.items() if mark in one["content"]), None)
        if name is None:
            expanded.append(one)
            continue
        seen = True
        before, _, after = one["content"].partition(stand_ins[name])
        if before.strip():
            expanded.append({**one, "content": before.strip()})
        if kinds[name] == "messages":
            expanded += values.get(name) or []
        else:
            _attach(expanded, str(values.get(name, "")))
        if after.strip():
            expanded.append({**one, "content": after.strip()})
    if not seen:
        for name, kind in kinds.items():
            expanded += (values.get(name) or []) if kind == "messages" else []
    return expanded


def _attach(expanded: list[dict[str, Any]], url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    if expanded and expanded[-1]["role"] == "user":
        content = expanded[-1]["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        expanded[-1] = {**expanded[-1], "content": [*parts, part]}
    else:
        expanded.append({"role": "user", "content": [part]})
