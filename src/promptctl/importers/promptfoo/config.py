"""A configuration of promptfoo: read with places, `$ref`s followed, every key either taken, or named."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from promptctl.core.words import nearest
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.importers.foreign import Foreign, Key, in_words
from promptctl.importers.foreign_json import read_json
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.imported import LeftOut

TAKEN = (
    "description",
    "prompts",
    "providers",
    "targets",
    "tests",
    "defaultTest",
    "scenarios",
    "evaluateOptions",
)
"""Keys that become something here."""

SILENT = (
    "$schema",
    "assertionTemplates",
    "outputPath",
    "sharing",
    "commandLineOptions",
    "writeLatestResults",
)
"""Keys about how promptfoo is run and shown, and templates, which are read where they are named."""

ELSEWHERE = {
    "derivedMetrics": "compute it from the counts of each check: `promptctl test --json FILE`",
    "env": "set the variables where promptctl runs; keys are read from the environment or from .env",
    "extensions": "prepare what they do before `promptctl test`",
    "nunjucksFilters": "put what they do into the values of the cases",
    "tags": "write `tags:` in the cases",
    "metadata": "write `meta:` in the header of a prompt",
    "tracing": "promptctl records no traces",
    "redteam": "promptctl does no red teaming",
    "assertScoringFunction": "promptctl counts which checks pass: write a `python` check",
}
"""Keys without an equal, with what to do instead."""

MAX_REFERENCES = 1000

T = TypeVar("T")


class Part:
    """A value in a foreign file, and where it and its parts stand."""

    def __init__(self, document: Foreign, value: Any, keys: tuple[Key, ...] = ()) -> None:
        self.document, self.value, self.keys = document, value, keys

    def place(self, *keys: Key) -> Place:
        """Where something below this value stands."""
        return self.document.place(*self.keys, *keys)

    def at(self, key: Key) -> "Part":
        """The value at a key of this mapping or list; None where there is none."""
        value = None
        if isinstance(self.value, dict):
            value = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int):
            value = self.value[key]
        return Part(self.document, value, (*self.keys, key))

    def items(self) -> list["Part"]:
        """The items of this list; a single value is a list of one."""
        if isinstance(self.value, list):
            return [self.at(index) for index in range(len(self.value))]
        return [] if self.value is None else [self]

    def mapping(self, what: str) -> Mapping[str, Any]:
        """This value, which must be a mapping; nothing is an empty one.

        Raises:
            FileError: it is something else.
        """
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.wrong(f"{what} must be a mapping, found {in_words(self.value)}")
        return self.value

    def wrong(self, message: str) -> FileError:
        """An error at this value."""
        fix = "mend it, or take it out, and import again"
        return FileError(message, slug="wrong-type", at=self.place(), fix=fix)


def read_config(text: str, path: str) -> Part:
    """A configuration in YAML or JSON, with what `$ref: "#/…"` names in the place of the reference.

    Raises:
        FileError: it cannot be read, is no mapping, or refers to what is not there.
    """
    document = (read_json if path.endswith(".json") else read_yaml)(text, path)
    whole = Part(document, document.value)
    whole.mapping("a configuration")
    return Part(document, _Resolver(whole).resolved(document.value, ()))


def named_keys(config: Part, known: Mapping[str, str], taken: tuple[str, ...], what: str) -> list[LeftOut]:
    """The keys of a mapping that become nothing: known ones with their cure, others as what they may be."""
    found = []
    for key in config.mapping(what):
        if key in taken:
            continue
        if key in known:
            found.append(LeftOut(key, config.place(key), known[key]))
            continue
        close = nearest(key, (*taken, *known))
        hint = f"did you mean {close}? " if close else ""
        found.append(
            LeftOut(
                f"the unknown key {key} in {what}",
                config.place(key),
                f"{hint}promptfoo ignores it in silence",
            )
        )
    return found


def gathered(parts: Sequence[Part], read: Callable[[Part], T]) -> list[T]:
    """What `read` makes of each part; the mistakes of all of them are raised together."""
    found: list[T] = []
    errors: list[PromptctlError] = []
    for part in parts:
        try:
            found.append(read(part))
        except PromptctlError as error:
            if error.slug == "too-large":
                raise
            errors += error.each()
    raise_all(errors)
    return found


class _Resolver:
    def __init__(self, whole: Part) -> None:
        self.whole, self.count = whole, 0

    def resolved(self, value: Any, keys: tuple[Key, ...]) -> Any:
        if isinstance(value, list):
            return [self.resolved(item, (*keys, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        # Parameters of tools and schemas have references of their own, which stay.
        inner = {
            key: item
            if key in ("parameters", "schema", "input_schema")
            else self.resolved(item, (*keys, key))
            for key, item in value.items()
            if key != "$ref"
        }
        reference = value.get("$ref")
        if not isinstance(reference, str) or (keys and keys[-1] == "value"):
            return {**inner, "$ref": reference} if "$ref" in value else inner
        target = self._target(reference, keys)
        return {**target, **inner} if isinstance(target, dict) else target

    def _target(self, reference: str, keys: tuple[Key, ...]) -> Any:
        self.count += 1
        if not reference.startswith("#/") or self.count > MAX_REFERENCES:
            raise self._wrong(
                f"$ref {reference} cannot be followed", keys, "copy what it names to this place"
            )
        found = self.whole.value
        for step in reference[2:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise self._wrong(f"$ref {reference} leads to nothing", keys, "mend the reference")
        return self.resolved(found, keys)

    def _wrong(self, message: str, keys: tuple[Key, ...], fix: str) -> PromptctlError:
        return FileError(message, slug="import-reference", at=self.whole.place(*keys, "$ref"), fix=fix)
