"""Reading a mapping field by field: mistakes are gathered with their places, not raised at the first.

fields = Fields(read_yaml(text, path))
prompt = fields.string("prompt")                    # required
samples = fields.integer("samples", 1, low=1)       # optional, with its default
gate = fields.section("gate")                       # a mapping of its own; empty where absent
margin = gate.number("margin", 0.05, low=0, high=1)
fields.finish()                                     # unknown keys too; raises all mistakes at once
"""

import re
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from promptctl.core.full_width import instead, narrow, structural
from promptctl.core.words import did_you_mean
from promptctl.errors import Place, PromptctlError, raise_all
from promptctl.store.places import Document, Key, full_width_hint, in_words, shortened

T = TypeVar("T")
V = TypeVar("V")
REQUIRED: Any = object()
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")


class Fields:
    """The mapping at `keys` of a document. Asking for a field makes its name known; the others are mistakes.

    A getter without a default requires the field. After a mistake it gives a value of the right type, so that
    reading goes on; `finish` raises. Names that start with one of `free` (`x-`) are never unknown.
    """

    def __init__(
        self,
        document: Document,
        keys: Iterable[Key] = (),
        *,
        known: Iterable[str] = (),
        free: tuple[str, ...] = (),
        errors: list[PromptctlError] | None = None,
    ) -> None:
        self.document, self.keys = document, tuple(keys)
        self.errors: list[PromptctlError] = [] if errors is None else errors
        self._known, self._free = set(known), free
        self._sections: list[Fields] = []
        value = _reach(document.value, self.keys)
        if value is not None and not isinstance(value, dict):
            self._wrong("a mapping", value, self.keys)
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}

    def __contains__(self, name: str) -> bool:
        self._known.add(name)
        return name in self.value

    def any(self, name: str, default: Any = None) -> Any:
        """Whatever stands there."""
        self._known.add(name)
        return self.value.get(name, default)

    def string(self, name: str, default: T = REQUIRED) -> str | T:
        """Text."""
        return self._typed(name, default, str, "text", "")

    def boolean(self, name: str, default: T = REQUIRED) -> bool | T:
        """true or false."""
        return self._typed(name, default, bool, "true or false", False)

    def mapping(self, name: str, default: T = REQUIRED) -> dict[str, Any] | T:
        """A mapping of anything."""
        return self._typed(name, default, dict, "a mapping", {})

    def sequence(self, name: str, default: T = REQUIRED) -> list[Any] | T:
        """A list of anything."""
        return self._typed(name, default, list, "a list", [])

    def integer(
        self, name: str, default: T = REQUIRED, *, low: int | None = None, high: int | None = None
    ) -> int | T:
        """A whole number in [low, high]."""
        found = self._typed(name, default, int, "a whole number", low or 0)
        return self._within(name, found, low, high)

    def number(
        self, name: str, default: T = REQUIRED, *, low: float | None = None, high: float | None = None
    ) -> float | T:
        """A number in [low, high]. YAML's `0.10` is one too, though as a value of a case it stays text."""
        value = self.value.get(name)
        if isinstance(value, str) and _NUMBER.match(value) and self.document.is_bare(*self.keys, name):
            self._known.add(name)
            return self._within(name, float(value), low, high)
        found: float | T = self._typed(name, default, (int, float), "a number", low or 0.0)
        return self._within(name, found, low, high)

    def choice(self, name: str, options: Collection[T], default: T = REQUIRED) -> T:
        """One of `options`."""
        self._known.add(name)
        if name not in self.value:
            return next(iter(options)) if self._is_missing(name, default) else default
        value = self.value[name]
        for option in options:
            if option == value and type(option) is type(value):
                return option
        names = ", ".join(str(option) for option in options)
        hint = did_you_mean(value, map(str, options)) if isinstance(value, str) else ""
        self.mistake(
            f"{name} cannot be {in_words(value)}", name, slug="wrong-value", fix=f"{hint}one of: {names}"
        )
        return next(iter(options)) if default is REQUIRED else default

    def strings(self, name: str, default: T = REQUIRED) -> tuple[str, ...] | T:
        """A list of texts."""
        empty: list[Any] = []
        found = self._typed(name, default, list, "a list of texts", empty)
        if not isinstance(found, list):
            return found
        for index, item in enumerate(found):
            if not isinstance(item, str):
                self._wrong("text", item, (*self.keys, name, index))
        return tuple(item for item in found if isinstance(item, str))

    def section(self, name: str, *, free: tuple[str, ...] = ()) -> "Fields":
        """The mapping under `name`, as fields; without any where it is absent."""
        self._known.add(name)
        return self._nested((*self.keys, name), free)

    def sections(self, name: str, *, free: tuple[str, ...] = ()) -> dict[str, "Fields"]:
        """The mapping under `name`, each of whose values is a mapping."""
        found = self.mapping(name, {})
        return {key: self._nested((*self.keys, name, key), free, required=True) for key in found}

    def items(self, name: str, *, free: tuple[str, ...] = ()) -> tuple["Fields", ...]:
        """The list under `name`, each of whose items is a mapping."""
        found = self.sequence(name, [])
        return tuple(self._nested((*self.keys, name, i), free, required=True) for i in range(len(found)))

    def mistake(self, message: str, *keys: Key, slug: str, fix: str | None = None) -> None:
        """Records an error at `keys`, relative to this mapping."""
        self.errors.append(self.document.error(message, *self.keys, *keys, slug=slug, fix=fix))

    def finish(self) -> None:
        """Looks for unknown keys, here and in every section, and raises all mistakes in the file's order."""
        self.collect_unknown()
        raise_all(sorted(self.errors, key=_in_file_order))

    def collect_unknown(self) -> None:
        for name in self.value:
            if name not in self._known and not name.startswith(self._free or ("\0",)):
                hint = full_width_hint(name)
                fix = (
                    did_you_mean(name, self._known)
                    + _known_names(self._known)
                    + (f"; {hint}" if hint else "")
                )
                self.mistake(
                    f'the key "{shortened(name)}" is unknown here', name, slug="unknown-key", fix=fix
                )
        for section in self._sections:
            section.collect_unknown()

    def _nested(self, keys: tuple[Key, ...], free: tuple[str, ...], *, required: bool = False) -> "Fields":
        fields = Fields(self.document, keys, free=free, errors=self.errors)
        if required and _reach(self.document.value, keys) is None:
            self._wrong("a mapping", None, keys)
        self._sections.append(fields)
        return fields

    def _typed(self, name: str, default: T, kind: Any, expected: str, placeholder: V) -> V | T:
        self._known.add(name)
        if name not in self.value:
            return placeholder if self._is_missing(name, default) else default
        value: V = self.value[name]
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        if value is None and default is None:
            return default
        self._wrong(expected, value, (*self.keys, name))
        return placeholder if default is REQUIRED else default

    def _is_missing(self, name: str, default: Any) -> bool:
        if default is not REQUIRED:
            return False
        self.mistake(f"{name} is missing", slug="missing-field", fix=f"add {name}")
        return True

    def _within(self, name: str, found: T, low: float | None, high: float | None) -> T:
        if name not in self.value or not isinstance(found, (int, float)):
            return found
        if (low is not None and found < low) or (high is not None and found > high):
            said = _range(low, high)
            self.mistake(
                f"{name} is {found}, which is not {said}",
                name,
                slug="out-of-range",
                fix=f"write a number {said}",
            )
        return found

    def _wrong(self, expected: str, value: Any, keys: tuple[Key, ...]) -> None:
        what = str(keys[-1]) if keys and isinstance(keys[-1], str) else "this item" if keys else "the file"
        fix = f"write {expected}"
        if isinstance(value, str):
            wide = structural(value) if expected.startswith(("a mapping", "a list")) else []
            fix = f"{fix}; {instead(wide)}" if wide else _FIXES.get((expected, value.lower()), fix)
            if expected.endswith("number") and (plain := narrow(value)) and _NUMBER.match(plain):
                fix = f"write {plain} instead of {value}"
        if expected == "text" and isinstance(value, (int, float)) and not isinstance(value, bool):
            fix = f'put it in quotes: "{value}"'
        message = f"{what} must be {expected}, found {in_words(value)}"
        self.errors.append(self.document.error(message, *keys, slug="wrong-type", fix=fix))


_FIXES = {
    ("true or false", word): f"write {meaning}"
    for meaning, words in {"true": ("yes", "on", "true"), "false": ("no", "off", "false")}.items()
    for word in words
}


def _reach(value: Any, keys: tuple[Key, ...]) -> Any:
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _known_names(names: set[str]) -> str:
    return "known here: " + ", ".join(sorted(names)) if names else "remove it"


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"between {low} and {high}"


def _in_file_order(error: PromptctlError) -> tuple[str, int, int]:
    at = error.at
    return (at.path, at.line, at.column) if isinstance(at, Place) else (str(at or ""), 0, 0)
