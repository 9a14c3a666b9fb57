"""Reading a foreign mapping key by key. What no one asks for ends up among what was left out, by name and place."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from promptctl.errors import Place, PromptctlError
from promptctl.importers.foreign import Foreign, Key, in_words
from promptctl.importers.imported import LeftOut

V = TypeVar("V")


class Keys:
    """The mapping at `at` of a document. Asking for a key makes it known.

    A getter gives None (or the empty value) where the key is absent, null, or of the wrong type; the last is an
    error, gathered in `errors`. `left_out` names every key that nobody asked for.
    """

    def __init__(
        self, document: Foreign, at: Iterable[Key] = (), *, errors: list[PromptctlError] | None = None
    ) -> None:
        self.document, self.at = document, tuple(at)
        self.errors: list[PromptctlError] = [] if errors is None else errors
        self._known: set[str] = set()
        self._inner: dict[tuple[Key, ...], Keys] = {}
        value = _reach(document.value, self.at)
        if value is not None and not isinstance(value, dict):
            self.wrong(f"{self._name()} must be a mapping, found {in_words(value)}")
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def any(self, name: str) -> Any:
        """Whatever stands there."""
        self._known.add(name)
        return self.value.get(name)

    def text(self, name: str) -> str | None:
        """Text."""
        return self._typed(name, str, "text")

    def boolean(self, name: str) -> bool | None:
        """true or false."""
        return self._typed(name, bool, "true or false")

    def number(self, name: str) -> int | float | None:
        """A number."""
        value = self.any(name)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        self.wrong(f"{name} must be a number, found {in_words(value)}", name)
        return None

    def listed(self, name: str) -> list[Any]:
        """A list of anything."""
        return self._typed(name, list, "a list") or []

    def mapping(self, name: str) -> "Keys":
        """The mapping under `name`; empty where it is absent."""
        self._known.add(name)
        return self.below(name)

    def items(self, name: str) -> list["Keys"]:
        """The list under `name`, each of whose items is a mapping."""
        return [self.below(name, index) for index in range(len(self.listed(name)))]

    def below(self, *keys: Key) -> "Keys":
        """The mapping at some keys of this one, which are not made known by that."""
        if keys not in self._inner:
            self._inner[keys] = Keys(self.document, (*self.at, *keys), errors=self.errors)
        return self._inner[keys]

    def place(self, *keys: Key) -> Place:
        """Where something of this mapping stands."""
        return self.document.place(*self.at, *keys)

    def wrong(self, message: str, *keys: Key, slug: str = "wrong-type", fix: str | None = None) -> None:
        """Records an error at `keys`."""
        fix = fix or "mend it, or take it out, and import again"
        self.errors.append(self.document.error(message, (*self.at, *keys), slug=slug, fix=fix))

    def left_out(self, harmless: Mapping[str, str] = {}, *, instead: str = "") -> list[LeftOut]:
        """Every key that nobody asked for, here and below, but for the `harmless` ones (name → why)."""
        found = []
        for name in self.value:
            if name not in self._known and name not in harmless:
                cure = instead or "nothing in promptctl reads it"
                found.append(LeftOut(self._name(name), self.place(name), cure))
        for inner in self._inner.values():
            found += inner.left_out(harmless, instead=instead)
        return found

    def _typed(self, name: str, kind: type[V], expected: str) -> V | None:
        value = self.any(name)
        if value is None or isinstance(value, kind):
            return value
        self.wrong(f"{name} must be {expected}, found {in_words(value)}", name)
        return None

    def _name(self, *keys: Key) -> str:
        """`model.options.topK`, `tools[0].name`."""
        name = ""
        for key in (*self.at, *keys):
            name += f"[{key}]" if isinstance(key, int) else f".{key}" if name else key
        return name or "the file"


def _reach(value: Any, at: tuple[Key, ...]) -> Any:
    for key in at:
        if isinstance(value, dict):
            value = value.get(str(key))
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value
