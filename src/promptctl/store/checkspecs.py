"""Reading checks as people write them: a name, a name with one argument, a name with keywords, nested.

Arguments are not understood here, for that takes the check: a name with keywords `name`, `required` or `extract`
gives the other keywords as `args`; anything else behind a name is kept whole as `args={"": value}`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from promptctl.core.case import CheckSpec, Extract
from promptctl.core.record import replace
from promptctl.core.words import did_you_mean
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.places import Key, in_words

COMMON = ("name", "required", "extract")
GROUPS = ("not", "any", "all")
MAX_DEPTH = 10
RESERVED = "finished"  # the check that every case carries without saying so

# The keys of `extract`, with the words that each may be; none where it is free.
_EXTRACT: dict[str, tuple[str, ...]] = {
    "regex": (),
    "group": (),
    "take": ("first", "last"),
    "json": (),
    "block": (),
    "line": ("first", "last"),
    "otherwise": ("fail", "whole", "unscored"),
}

Keys = tuple[Key, ...]


def parse_checks(
    value: Any, place_of: Callable[..., Place], keys: Iterable[Key] = ()
) -> tuple[CheckSpec, ...]:
    """The checks of a list in a suite or case.

    Args:
        value: The list as plain data; None is an empty one.
        place_of: Gives the place of what stands at some keys, as `Document.place` does.
        keys: Where the list stands.

    Returns:
        One spec a check, in order. A check without a name of its own is called after its kind: `contains`,
        `contains-2`; names are unique.

    Raises:
        FileError, Several: `bad-check`, `bad-check-arguments`, `unknown-key` (inside `extract`),
            `duplicate-check-name`.
    """
    reader = _Reader(place_of)
    specs = reader.listed(value, tuple(keys), depth=0) if value is not None else []
    reader.name_all(specs)
    raise_all(reader.errors)
    return tuple(specs)


class _Reader:
    def __init__(self, place_of: Callable[..., Place]) -> None:
        self.place_of = place_of
        self.errors: list[PromptctlError] = []

    def wrong(self, message: str, keys: Keys, slug: str = "bad-check", fix: str | None = None) -> None:
        fix = fix or "`promptctl checks` lists all checks, `promptctl checks NAME` shows one written out"
        self.errors.append(FileError(message, slug=slug, at=self.place_of(*keys), fix=fix))

    def listed(self, value: Any, keys: Keys, depth: int) -> list[CheckSpec]:
        if not isinstance(value, list):
            self.wrong(f"checks are a list, found {in_words(value)}", keys, fix="begin each check with `- `")
            return []
        specs = [self.one(item, (*keys, index), depth) for index, item in enumerate(value)]
        return [spec for spec in specs if spec is not None]

    def one(self, item: Any, keys: Keys, depth: int) -> CheckSpec | None:
        if depth > MAX_DEPTH:
            self.wrong(f"checks are nested more than {MAX_DEPTH} deep", keys, fix="write them side by side")
            return None
        if isinstance(item, str) and item:
            item = {item: None}
        if not isinstance(item, dict):
            self.wrong(
                f"a check is a name or a mapping, found {in_words(item)}",
                keys,
                fix='write `- contains: "text"`',
            )
            return None
        kinds = [key for key in item if key not in COMMON]
        if len(kinds) != 1 or not isinstance(kinds[0], str):
            found = f"found {' and '.join(map(str, kinds))}" if kinds else "found none"
            self.wrong(f"a check has one name, {found}", keys, fix="begin each check with a `- ` of its own")
            return None
        common = {key: (item[key], (*keys, key)) for key in COMMON if key in item}
        if kinds[0] in GROUPS:
            return self._group(kinds[0], item[kinds[0]], common, keys, depth)
        return self._plain(kinds[0], item[kinds[0]], common, keys)

    def _plain(self, kind: str, value: Any, common: dict[str, Any], keys: Keys) -> CheckSpec:
        args: dict[str, Any] = {} if value is None else {"": value}
        if isinstance(value, dict):
            # In a JSON Schema `required` is a list of names: an argument, not a word about the check.
            own = [
                key
                for key in COMMON
                if key in value and not (key == "required" and isinstance(value[key], list))
            ]
            for key in own:
                if key in common:
                    self.wrong(f"`{key}` is written twice", (*keys, kind, key), fix="leave one out")
                common[key] = (value[key], (*keys, kind, key))
            if own:
                args = {key: argument for key, argument in value.items() if key not in own}
        return self._spec(kind, common, keys, args=args)

    def _group(
        self, kind: str, value: Any, common: dict[str, Any], keys: Keys, depth: int
    ) -> CheckSpec | None:
        inner = (*keys, kind)
        if kind == "not":
            part = self.one(value, inner, depth + 1)
            parts = [] if part is None else [part]
        else:
            parts = self.listed(value, inner, depth + 1)
            if value == []:
                self.wrong(
                    f"`{kind}: []` names no check", inner, fix=f"write `{kind}: [{{contains: ...}}, ...]`"
                )
        for part in parts:
            if not part.required:
                self.wrong(
                    f"`required` belongs to the whole, not to a part of `{kind}`",
                    inner,
                    slug="bad-check-arguments",
                    fix=f"write it beside `{kind}:`",
                )
        named = tuple(replace(part, name=part.name or part.kind) for part in parts)
        return self._spec(kind, common, keys, parts=named)

    def _spec(self, kind: str, common: dict[str, Any], keys: Keys, **more: Any) -> CheckSpec:
        """`name` is empty where none is written."""
        name, required, extract = "", True, None
        if "name" in common:
            name = self._name(*common["name"])
        if "required" in common:
            required, at = common["required"]
            if not isinstance(required, bool):
                found = in_words(required)
                self.wrong(f"`required` must be true or false, found {found}", at, slug="bad-check-arguments")
                required = True
        if "extract" in common:
            extract = self._extract(*common["extract"])
        place = self.place_of(*keys)
        return CheckSpec(kind=kind, name=name, required=required, extract=extract, place=place, **more)

    def _name(self, value: Any, keys: Keys) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > 120 or not value.isprintable():
            self.wrong(
                "`name` must be one line of text, 120 characters at most", keys, slug="bad-check-arguments"
            )
            return ""
        if value == RESERVED or value.startswith(f"{RESERVED} (turn "):
            self.wrong(
                f'"{value}" is the name of a check that every case has', keys, slug="duplicate-check-name"
            )
        return value

    def _extract(self, value: Any, keys: Keys) -> Extract | None:
        slug = "bad-check-arguments"
        if not isinstance(value, dict):
            fix = "write `extract: {regex: ...}`, `{json: /a/b}`, `{block: json}` or `{line: last}`"
            self.wrong(f"`extract` must be a mapping, found {in_words(value)}", keys, slug, fix)
            return None
        before = len(self.errors)
        for key, entry in value.items():
            if key not in _EXTRACT:
                fix = f"{did_you_mean(str(key), _EXTRACT)}extract takes {', '.join(_EXTRACT)}"
                self.wrong(f'key "{key}" is unknown in extract', (*keys, key), "unknown-key", fix)
                continue
            words = _EXTRACT[key]
            if words and entry not in words:
                self.wrong(f"`{key}` is one of {', '.join(words)}, not {in_words(entry)}", (*keys, key), slug)
            elif key == "group" and type(entry) not in (int, str):
                self.wrong(f"`group` is a number or a name, not {in_words(entry)}", (*keys, key), slug)
            elif key != "group" and not isinstance(entry, str):
                self.wrong(f"`{key}` must be text, found {in_words(entry)}", (*keys, key), slug)
        return msgspec.convert(value, Extract) if len(self.errors) == before else None

    def name_all(self, specs: list[CheckSpec]) -> None:
        """Names the nameless, in place, after making sure that written names are unique."""
        taken: dict[str, CheckSpec] = {}
        for spec in specs:
            if spec.name and spec.name in taken:
                message = f'the name "{spec.name}" is taken by the check at {taken[spec.name].place}'
                self.errors.append(
                    FileError(message, slug="duplicate-check-name", at=spec.place, fix="give it another name")
                )
            elif spec.name:
                taken[spec.name] = spec
        for index, spec in enumerate(specs):
            if not spec.name:
                number, name = 1, spec.kind
                while name in taken:
                    number += 1
                    name = f"{spec.kind}-{number}"
                taken[name] = specs[index] = replace(spec, name=name)
