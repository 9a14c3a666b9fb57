"""What differs between two versions of a prompt, in the words that an author uses: model, text, a partial."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from promptctl.core.prompt import PromptVersion
from promptctl.store.prompts import SUFFIX
from promptctl.templating.header import split_header

Kind = Literal[
    "created", "deleted", "renamed", "broken", "mended", "merged", "cut_off",
    "setting", "input", "header", "text", "partial", "schema", "tool",
]  # fmt: skip
"""`broken`: it cannot be read from here on; `mended`: it can again; `cut_off`: what was before is not known."""

_LONGEST = 40
_SIGNS = {"added": "+", "removed": "−", "changed": ""}


class Change(NamedTuple):
    """One thing that differs.

    `name` is the setting's, the input's or the file's (relative to the prompt folder); `how` is for inputs and
    files: added, removed or changed. `before` and `after` are values of a setting, ids of a rename; for what is
    broken, `name` is the slug of the error and `after` its place.
    """

    kind: Kind
    name: str = ""
    how: Literal["", "added", "removed", "changed"] = ""
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        match self.kind:
            case "setting":
                return f"{self.name.removeprefix('params.')} {_value(self.before)} → {_value(self.after)}"
            case "renamed":
                return f"renamed from {self.before}" if self.before else f"renamed to {self.after}"
            case "broken":
                return f"cannot be read: [{self.name}] at {self.after}"
            case "mended":
                return "can be read again"
            case "merged":
                return "merge"
            case "cut_off":
                return "oldest in this shallow clone"
            case "header":
                return self.name
            case "input" | "partial" | "schema" | "tool":
                return f"{self.kind} {_SIGNS[self.how]}{self.name}"
            case _:
                return self.kind


def changes_between(before: PromptVersion, after: PromptVersion) -> tuple[Change, ...]:
    """Everything by which two versions differ; nothing where their digests are equal."""
    return tuple(_changes(before, after)) if before.digest != after.digest else ()


def setting_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The settings that differ, by dotted names, in their order. One that came or went whole is told by its kind."""
    before, after = ({**side, "params": side.get("params", {})} for side in (before, after))
    whole = {
        name for name in {*before, *after} if _is_mapping(before.get(name)) != _is_mapping(after.get(name))
    }
    old, new = (
        _flat({name: _kind(value) if name in whole else value for name, value in side.items()})
        for side in (before, after)
    )
    return tuple(
        Change("setting", name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _changes(before: PromptVersion, after: PromptVersion) -> Iterator[Change]:
    if before.id != after.id:
        yield Change("renamed", before=before.id, after=after.id)
    told = [*_settings(before, after), *_inputs(before, after), *_words(before, after)]
    files = list(_files(before, after))
    yield from told
    old, new = _parts(before), _parts(after)
    if old.header != new.header and not told and not any(map(_is_named, files)):
        yield Change("header", "header")
    if old.body != new.body:
        yield Change("text")
    yield from files


def _settings(before: PromptVersion, after: PromptVersion) -> Iterator[Change]:
    for change in setting_changes(before.header.settings(), after.header.settings()):
        # That a tool came or went is told of its file.
        if change.name != "tools" or set(change.before or ()) == set(change.after or ()):
            yield change


def _inputs(before: PromptVersion, after: PromptVersion) -> Iterator[Change]:
    for name in dict.fromkeys([*before.inputs, *after.inputs]):
        if before.inputs.get(name) != after.inputs.get(name):
            yield Change("input", name, _how(name, before.inputs, after.inputs))


def _words(before: PromptVersion, after: PromptVersion) -> Iterator[Change]:
    """What the header says to people alone."""
    if before.header.description != after.header.description:
        yield Change("header", "description")
    if before.header.meta != after.header.meta:
        yield Change("header", "meta")


def _files(before: PromptVersion, after: PromptVersion) -> Iterator[Change]:
    own = {before.id + SUFFIX, after.id + SUFFIX}
    for name in sorted({*before.closure, *after.closure} - own):
        if before.closure.get(name) != after.closure.get(name):
            yield Change(_kind_of(name, before, after), name, _how(name, before.closure, after.closure))


def _is_named(change: Change) -> bool:
    """Whether the header came to name a file, or names it no longer."""
    return change.kind in ("schema", "tool") and change.how != "changed"


def _kind_of(name: str, *versions: PromptVersion) -> Kind:
    if any(name in version.header.tools for version in versions):
        return "tool"
    outputs = [version.header.output for version in versions]
    return "schema" if any(output and output.schema == name for output in outputs) else "partial"


def _how(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Literal["added", "removed", "changed"]:
    return "added" if name not in before else "removed" if name not in after else "changed"


def _parts(version: PromptVersion) -> Any:
    return split_header(version.closure[version.id + SUFFIX], version.path)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _kind(value: Any) -> Any:
    """`output` by its format, `response_format` by its type."""
    named = value.get("format", value.get("type")) if isinstance(value, Mapping) else None
    return value if named is None else named


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names, in their order."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat.update(_flat(value, f"{prefix}{name}."))
        elif not isinstance(value, Mapping):
            flat[prefix + name] = value
    return flat


def _value(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
