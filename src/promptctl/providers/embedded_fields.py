"""`pick-fields`: every key of the prompt's JSON schema, filled from the last input, else null."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptctl.core.message import Message
from promptctl.core.similarity import fold
from promptctl.providers import embedded_schema
from promptctl.providers.embedded_spans import Span, dates, emails, links, matching, mentions, numbers

_LONGEST_INPUT = 20_000  # characters; fields are looked up in the part before that
_MOST_NUMBERS = 200
_DEEPEST = 5
_DENIED = re.compile(
    r"(?:\b(?:no|not|without|never|skip|don['’]t|isn['’]t)\b[\w\s'’]{0,16}|[不无没别免]\w{0,3})$",
    re.IGNORECASE,
)


def answer(messages: Sequence[Message], response_format: Mapping[str, Any] | None) -> str:
    """JSON text with one value per key, or a sentence that says what is missing."""
    properties, text = embedded_schema.find(messages, response_format)
    if properties is None:
        return "[pick-fields] The prompt has no JSON schema and no list of fields to fill."
    if not text.strip():
        return "[pick-fields] There is no input to fill the fields from."
    return json.dumps(Picker(text[:_LONGEST_INPUT]).fill(properties), ensure_ascii=False)


class Picker:
    """One input, and which of its characters a field has already taken: an order number is no quantity."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.taken: list[Span] = []

    def fill(self, properties: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
        """A value for every key, in the schema's order; the fields that are surest choose first."""
        values: dict[str, Any] = dict.fromkeys(properties)
        for name in sorted(properties, key=lambda name: _sureness(properties[name])):
            schema = properties[name]
            if isinstance(schema, Mapping):
                values[name] = self._value(name, schema, depth)
        return values

    def _value(self, name: str, schema: Mapping[str, Any], depth: int) -> Any:
        kinds = _kinds(schema)
        if "object" in kinds and isinstance(schema.get("properties"), Mapping):
            return self.fill(schema["properties"], depth + 1) if depth < _DEEPEST else None
        if "array" in kinds:
            items = schema.get("items")
            return [value for _, value in self._spans(items)] if isinstance(items, Mapping) else []
        if "boolean" in kinds:
            return self._stated(name, schema)
        if kinds & {"integer", "number"} and not _choices(schema):
            return self._number(name, schema, whole="number" not in kinds)
        for span, value in self._spans(schema):
            if not self._overlaps(span):
                self.taken.append(span)
                return value
        plain = not _choices(schema) and not schema.get("pattern") and not schema.get("format")
        return self._labelled(name, schema) if plain else None

    def _spans(self, schema: Mapping[str, Any]) -> list[tuple[Span, Any]]:
        """What in the input matches the enum, pattern or format, in the input's order, each value once."""
        choices = _choices(schema)
        pattern, form = schema.get("pattern"), schema.get("format")
        found: Iterable[tuple[Span, Any]] = ()
        if choices:
            hits = [(span, value) for value, words in choices for span in self._all_mentions(words)]
            # The earliest, and of two that start alike the longer one.
            found = sorted(hits, key=lambda hit: (hit[0][0], -hit[0][1]))
        elif isinstance(pattern, str):
            found = matching(self.text, pattern)
        elif form in ("date", "date-time"):
            found = dates(self.text)
        elif form in ("uri", "url"):
            found = links(self.text)
        elif form == "email":
            found = emails(self.text)
        distinct: dict[str, tuple[Span, Any]] = {}
        for span, value in found:
            distinct.setdefault(str(value), (span, value))
        return list(distinct.values())

    def _number(self, name: str, schema: Mapping[str, Any], *, whole: bool) -> int | float | None:
        """The free number nearest to a word that announces it; the first one if the schema lists no words."""
        free = [(span, value) for span, value in numbers(self.text) if not self._overlaps(span)]
        free = [hit for hit in free if not whole or isinstance(hit[1], int)][:_MOST_NUMBERS]
        cues = self._all_mentions(_words(name, schema))[:_MOST_NUMBERS]
        if not free or (_listed(schema.get("description")) and not cues):
            return None
        span, value = min(free, key=lambda hit: min((_gap(hit[0], cue) for cue in cues), default=0))
        self.taken.append(span)
        return value

    def _stated(self, name: str, schema: Mapping[str, Any]) -> bool | None:
        """True where a word of the key or its description is said, false where it is denied, else None."""
        cues = self._all_mentions(_words(name, schema))
        if not cues:
            return None
        start = cues[0][0]
        return not _DENIED.search(self.text[max(0, start - 24) : start])

    def _labelled(self, name: str, schema: Mapping[str, Any]) -> str | None:
        """What the input writes behind the key: `Name: Ada Lin`, `收件人：林`."""
        for word in _words(name, schema):
            key = rf"(?im)(?:^|[\s,;，；。]){re.escape(word)}[ \t]?[:：][ \t]*([^\n,;，；。]+)"
            match = re.search(key, self.text)
            if match and match[1].strip():
                return match[1].strip()
        return None

    def _all_mentions(self, words: Iterable[str]) -> list[Span]:
        return sorted(span for word in words for span in mentions(self.text, word))

    def _overlaps(self, span: Span) -> bool:
        return any(start < span[1] and span[0] < end for start, end in self.taken)


def _sureness(schema: Any) -> int:
    """The order in which fields choose: patterns and formats, choices, numbers, the rest."""
    if not isinstance(schema, Mapping):
        return 4
    if schema.get("pattern") or schema.get("format"):
        return 0
    if _choices(schema):
        return 1
    return 2 if _kinds(schema) & {"integer", "number"} else 3


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kind = schema.get("type")
    return {str(one) for one in kind} if isinstance(kind, list) else {str(kind)}


def _choices(schema: Mapping[str, Any]) -> list[tuple[Any, list[str]]]:
    """The allowed values, each with the words that mean it.

    `{"const": "lamp", "description": "lamp, light, 灯"}` under `oneOf` or `anyOf` names further words.
    """
    values = schema.get("enum")
    allowed = values if isinstance(values, list) else []
    found = [(value, [str(value)]) for value in allowed if value is not None]
    for group in (schema.get("oneOf"), schema.get("anyOf")):
        for part in group if isinstance(group, list) else []:
            if isinstance(part, Mapping) and part.get("const") is not None:
                words = [str(part["const"]), *_listed(part.get("description"))]
                found.append((part["const"], words))
    return found


def _words(name: str, schema: Mapping[str, Any]) -> list[str]:
    """What may announce a field: its name, its title, and the words its description lists."""
    spaced = fold(re.sub(r"[_\-]+", " ", name))
    return [spaced, *_listed(schema.get("title")), *_listed(schema.get("description"))]


def _listed(text: Any) -> list[str]:
    parts = re.split(r"[,;，；、|]", text) if isinstance(text, str) else []
    return [part.strip() for part in parts if part.strip()]


def _gap(left: Span, right: Span) -> int:
    return max(0, left[0] - right[1], right[0] - left[1])
