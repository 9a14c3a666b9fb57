"""Changing a few values of a YAML file that a person wrote: comments, order and every other byte stay.

An edit is a guess from where things stand, so each is read back: unless the file then says exactly the old value
with the change, and has all its comments, it is refused and the line is named.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from promptctl.errors import FileError, PromptctlError
from promptctl.store.case_forms import case_yaml, indented
from promptctl.store.documents import read_yaml
from promptctl.store.places import Key, decode, shortened
from promptctl.store.yaml_documents import written_float
from promptctl.store.yaml_spans import Entry, Span, yaml_comments, yaml_spans

REMOVED: Any = object()
"""Instead of a value: the key is taken out."""

_PLAIN = re.compile(r"[^\W\d_][\w-]*(?: [\w-]+)*\Z|\d+(?: [^\W\d_][\w-]*)+\Z")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class YamlPage:
    """A YAML file with changes gathered for it.

    Raises:
        FileError: the file cannot be read.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self.name = data, name
        self.text = decode(data, name).replace("\r", "\n")
        self._document = read_yaml(self.text, name)
        self.value = self._document.value
        self._spans = yaml_spans(self.text)
        self._comments = yaml_comments(self.text)
        self._splices: list[tuple[int, int, str]] = []
        self._hints: list[tuple[tuple[Key, ...], str]] = []

    def put(self, keys: Sequence[Key], changes: Mapping[str, Any], order: Sequence[str] = ()) -> None:
        """Changes entries of the mapping at `keys`; `REMOVED` takes one out. New ones stand where `order` says."""
        mapping = self._spans.at(keys) if self._spans else None
        found = _reach(self.value, keys)
        stays = [key for key in found if changes.get(key) is not REMOVED]
        for key, value in changes.items():
            if key not in found if value is REMOVED else key in found and _same(found[key], value):
                continue
            self._hint(keys, key, value)
            if mapping is None:
                self._splices.append((len(self.text), len(self.text), self._joint + case_yaml({key: value})))
            elif value is REMOVED:
                self._remove(mapping, key)
            elif key in found:
                self._replace(mapping, key, value)
            else:
                before = (
                    [name for name in order[: order.index(key)] if name in stays] if key in order else stays
                )
                self._insert(mapping, key, value, before[-1] if before else None)

    def append(self, keys: Sequence[Key], items: Sequence[Any], order: Sequence[str] = ()) -> None:
        """Adds items to the list at `keys`, which is made where it is absent or empty."""
        listed = self._spans.at(keys) if self._spans else None
        if listed is not None and listed.items:
            last = listed.items[-1].end
            if listed.flow:
                self._splices.append((last, last, "".join(f", {flow_yaml(item)}" for item in items)))
            else:
                self._below(last, indented(case_yaml(list(items)), " " * self._column(listed.start)))
        elif keys:
            self.put(keys[:-1], {str(keys[-1]): list(items)}, order)
        else:
            start, end = (listed.start, listed.end) if listed else (len(self.text), len(self.text))
            self._splices.append((start, end, ("" if listed else self._joint) + case_yaml(list(items))))
        self._hints.append((tuple(keys), shortened(f"add - {flow_yaml(items[0])}", 120)))

    def finish(self, wanted: Any, *, keep_comments: bool = True) -> bytes:
        """The file with all changes.

        Args:
            wanted: What the file must say then; an empty mapping is nothing.
            keep_comments: Refuse to lose one.

        Raises:
            FileError: `cannot-edit`: it would say something else, or lose a comment.
        """
        try:
            after = self._spliced()
            text = decode(after, self.name).replace("\r", "\n")
            found = read_yaml(text, self.name).value
            if _same(found or {}, wanted or {}) and (
                not keep_comments or _texts(yaml_comments(text)) == _texts(self._comments)
            ):
                return after
        except PromptctlError:
            pass
        (keys, hint), *_ = self._hints or [((), "what is to change")]
        raise FileError(
            "this place cannot be changed without changing more than it",
            slug="cannot-edit",
            at=self._document.place(*keys),
            fix=f"edit it by hand: {hint}",
        )

    @property
    def _joint(self) -> str:
        return "" if not self.text or self.text.endswith("\n") else "\n"

    def _hint(self, keys: Sequence[Key], key: str, value: Any) -> None:
        hint = f"take {key} out" if value is REMOVED else shortened(f"write {key}: {flow_yaml(value)}", 120)
        found = _reach(self.value, keys)
        self._hints.append(((*keys, key) if key in found else tuple(keys), hint))

    def _insert(self, mapping: Span, key: str, value: Any, before: str | None) -> None:
        entries = mapping.entries or {}
        if mapping.flow:
            text = f"{_flow_key(key)}: {flow_yaml(value)}"
            if before is not None:
                end = entries[before].value.end
                self._splices.append((end, end, f", {text}"))
            else:
                start = min((entry.start for entry in entries.values()), default=mapping.start + 1)
                self._splices.append((start, start, f"{text}, " if entries else text))
            return
        column = self._column(mapping.start)
        lines = indented(case_yaml({key: value}), " " * column)
        if before is not None:
            self._below(entries[before].value.end, lines)
        else:
            self._splices.append((mapping.start, mapping.start, lines[column:] + " " * column))

    def _replace(self, mapping: Span, key: str, value: Any) -> None:
        entry = (mapping.entries or {})[key]
        start, end = entry.value.start, entry.value.end
        gap = " " if start == end else ""  # `key:` with nothing behind it
        if mapping.flow:
            self._splices.append((start, end, gap + flow_yaml(value)))
            return
        lines = indented(case_yaml({key: value}), " " * self._column(mapping.start)).lstrip(" ")
        name = case_yaml({key: None}).removesuffix("null\n")
        if "\n" not in self.text[entry.start : end] and (self._followed(end) or lines.count("\n") == 1):
            one_line = lines.removeprefix(name).removesuffix("\n")
            new = one_line if lines.count("\n") == 1 and lines.startswith(name) else flow_yaml(value)
            self._splices.append((start, end, gap + new))
        else:
            whole = self.text[end - 1 : end] == "\n" or end == len(self.text)
            self._splices.append((entry.start, end, lines if whole else lines.removesuffix("\n")))

    def _remove(self, mapping: Span, key: str) -> None:
        entries = sorted((mapping.entries or {}).items(), key=lambda item: item[1].start)
        index = next(i for i, (name, _) in enumerate(entries) if name == key)
        entry: Entry = entries[index][1]
        start, end = entry.start, entry.value.end
        line_start = self.text.rfind("\n", 0, start) + 1
        if not mapping.flow and not self.text[line_start:start].strip():
            self._splices.append((line_start, self._line_after(end), ""))
        elif index + 1 < len(entries):
            self._splices.append((start, entries[index + 1][1].start, ""))
        else:
            self._splices.append((entries[index - 1][1].value.end if index else start, end, ""))

    def _below(self, end: int, lines: str) -> None:
        """Puts whole lines below the one that what ends at `end` ends on."""
        at = self._line_after(end)
        self._splices.append((at, at, lines if self.text[at - 1 : at] == "\n" else f"\n{lines}"))

    def _line_after(self, end: int) -> int:
        if self.text[end - 1 : end] == "\n":  # behind a text in block style
            return end
        found = self.text.find("\n", end)
        return len(self.text) if found == -1 else found + 1

    def _followed(self, end: int) -> bool:
        """Whether a comment stands on the same line."""
        return bool(self.text[end : self._line_after(end)].strip())

    def _column(self, start: int) -> int:
        return start - self.text.rfind("\n", 0, start) - 1

    def _spliced(self) -> bytes:
        """The bytes with all splices made; offsets are those of the text, where CRLF is one character."""
        raw = self._data.decode("utf-8")
        body = raw.removeprefix("\ufeff")
        folded = [found.start() - count for count, found in enumerate(re.finditer("\r\n", body))]
        line_end, before = "\r\n" if folded else "\n", len(raw) - len(body)

        def offset(at: int) -> int:
            return before + at + bisect_left(folded, at)

        pieces, done = [raw[:before]], 0
        for start, end, new in sorted(self._splices, key=lambda splice: splice[:2]):
            pieces += [raw[offset(done) : offset(max(start, done))], new.replace("\n", line_end)]
            done = max(end, done)
        return "".join([*pieces, raw[offset(done) :]]).encode("utf-8")


def changed(value: Any, keys: Sequence[Key], changes: Mapping[str, Any]) -> Any:
    """A copy of plain data in which the mapping at `keys` has these changes."""
    if keys:
        key, rest = keys[0], keys[1:]
        if isinstance(value, list):
            return [changed(item, rest, changes) if i == key else item for i, item in enumerate(value)]
        return {**value, key: changed(value[key], rest, changes)}
    found = {**(value or {}), **changes}
    return {key: item for key, item in found.items() if item is not REMOVED}


def flow_yaml(value: Any) -> str:
    """A value on one line, as it can stand inside `{…}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow_key(key)}: {flow_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow_yaml, value)) + "]"
    if isinstance(value, str):
        return value if _PLAIN.match(value) and value.lower() not in _WORDS else _quoted(value)
    if isinstance(value, float):
        return written_float(value)
    return "…" if value is ... else json.dumps(value)


def _flow_key(key: str) -> str:
    return flow_yaml(key)


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _reach(value: Any, keys: Sequence[Key]) -> Any:
    for key in keys:
        value = value[key]
    return value if isinstance(value, dict) else {}


def _texts(comments: list[tuple[int, str]]) -> list[str]:
    return [text for _, text in comments]


def _same(one: Any, other: Any) -> bool:
    """Equal apart from the order of keys; 1, 1.0 and true differ."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
