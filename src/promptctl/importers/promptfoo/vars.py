"""The variables of a test: lists that make several tests, files read, variables inside variables filled in."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from promptctl.errors import PromptctlError
from promptctl.importers.promptfoo.js import Unclear, as_json, as_text, trimmed
from promptctl.importers.promptfoo.sources import DATA, Sources, is_code

ROUNDS = 5
"""How often promptfoo looks for variables inside variables."""

MAX_COMBINATIONS = 10_000
MAX_LENGTH = 5_000_000

_NAMED = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_BINARY = (
    ".pdf",
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".bmp",
    ".webp",
    ".svg",
    ".mp4",
    ".webm",
    ".ogg",
    ".mov",
    ".mp3",
    ".wav",
)
_SPECIAL = re.compile(r"\$[$&`']")


class _File(NamedTuple):
    """A file of the imported folder that a value is read from."""

    path: str


def combinations(values: Mapping[str, Any], sources: Sources, *, expand: bool) -> Iterator[dict[str, Any]]:
    """One set of values for each combination of the items of lists of texts and of the files that globs name.

    Raises:
        Unclear: a glob that fits nothing, where promptfoo stops; or too many combinations.
    """
    found: list[dict[str, Any]] = [{}]
    for name, value in values.items():
        options = [value]
        if expand and isinstance(value, str) and value.startswith("file://"):
            options = [_File(path) for path in sources.matching(value)]
            if not options:
                raise Unclear(f"{value}, which fits no file")
        elif expand and isinstance(value, list) and value and isinstance(value[0], str):
            options = value
        if len(found) * len(options) > MAX_COMBINATIONS:
            raise Unclear(f"more than {MAX_COMBINATIONS} combinations of values")
        found = [{**one, name: option} for one in found for option in options]
    return iter(found)


def resolved(values: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    """Values as promptfoo gives them to a template: files read, the last line break gone, variables filled in.

    Raises:
        Unclear: a value that is made by code or read from a picture.
    """
    found = {name: _loaded(value, sources) for name, value in values.items()}
    found = {
        name: value.removesuffix("\n") if isinstance(value, str) else value for name, value in found.items()
    }
    for _ in range(ROUNDS):
        changed = False
        for name, value in found.items():
            named = _NAMED.search(value) if isinstance(value, str) else None
            if named is None or named[1] not in found:
                continue
            other = found[named[1]]
            found[name] = value.replace(named[0], _replacement(as_text(other), value, named), 1)
            if len(found[name]) > MAX_LENGTH:
                raise Unclear(f"a value of more than {MAX_LENGTH:,} characters, made of other values")
            changed = True
        if not changed:
            break
    return found


def _loaded(value: Any, sources: Sources) -> Any:
    if isinstance(value, str) and value.startswith("package:"):
        raise Unclear(f"a value that is made by code ({value})")
    if isinstance(value, str) and value.startswith("file://"):
        value = _File(sources.path(value))
    if not isinstance(value, _File):
        return value
    path = value.path
    if is_code(path):
        raise Unclear(f"a value that is made by code ({path})")
    if path.lower().endswith(_BINARY):
        raise Unclear(f"a value read from a picture, a recording or a PDF ({path})")
    top = sources.top()
    try:
        return as_json(top.document(path).value) if path.endswith(DATA[1:]) else trimmed(top.text(path))
    except PromptctlError as error:
        raise Unclear(f"{path}: {error.message}") from None


def _replacement(text: str, whole: str, named: re.Match[str]) -> str:
    """What `String.replace` puts in: `$$`, `$&` and their kin have a meaning of their own."""
    meanings = {"$$": "$", "$&": named[0], "$`": whole[: named.start()], "$'": whole[named.end() :]}
    return _SPECIAL.sub(lambda found: meanings[found[0]], text)
