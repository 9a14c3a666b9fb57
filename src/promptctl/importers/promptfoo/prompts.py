"""The prompts of a configuration: written inline, in files, several in one file. Code that makes prompts is named."""

import csv
import io
import posixpath
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from promptctl.errors import FileError, Place
from promptctl.importers.foreign import in_words
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.imported import LeftOut
from promptctl.importers.promptfoo.config import Part, gathered
from promptctl.importers.promptfoo.js import as_json, read_json, trimmed
from promptctl.importers.promptfoo.sources import Sources, is_code, is_glob

TEXTS = (".txt", ".md", ".j2", ".json", ".jsonl", ".yaml", ".yml", ".csv")
"""Endings of files that promptfoo reads prompts from."""

STORES = ("langfuse://", "portkey://", "helicone://")

_KEYS = ("id", "label", "raw", "config", "display", "function", "prompt")
_PIECE = re.compile(r"^[^\S\n]*---[^\S\n]*$", re.MULTILINE)
# Tags, comments and the keys of messages.
_NO_WORDS = re.compile(r"\{%.*?%\}|\{#.*?#\}|\"role\"\s*:\s*\"\w*\"|\"content\"\s*:", re.DOTALL)
_PROGRAM = "write the text that the program makes as a prompt"


class RawPrompt(NamedTuple):
    """One prompt as promptfoo has it.

    `name` is for its id, `label` is what providers and tests call it by, `title` what a person called it. `raw` is the
    template's text, `config` what the prompt sets for its provider.
    """

    name: str
    label: str
    raw: str
    place: Place
    config: Part | None = None
    title: str = ""


class _Found(NamedTuple):
    """One prompt of a file: the line it starts at, its text, perhaps a label of its own."""

    line: int
    raw: str
    label: str = ""


class PromptReader:
    """Reads `prompts:`; `left_out` grows by what cannot be read."""

    def __init__(self, sources: Sources, left_out: list[LeftOut]) -> None:
        self.sources, self.left_out = sources, left_out

    def read(self, part: Part) -> list[RawPrompt]:
        """All prompts under `prompts:`, in order.

        Raises:
            PromptctlError: a file that is not there or cannot be read.
        """
        if isinstance(part.value, dict):  # {file: label}, as it once was
            found = [self._one(part.at(key), key, str(part.value[key])) for key in part.value]
        else:
            found = gathered(part.items(), self._entry)
        return [prompt for prompts in found for prompt in prompts]

    def _entry(self, item: Part) -> list[RawPrompt]:
        if isinstance(item.value, str):
            return self._one(item, item.value, "")
        if not isinstance(item.value, dict):
            raise item.wrong(f"a prompt must be a text or a mapping, found {in_words(item.value)}")
        entry = item.value
        for key in entry:
            if key not in _KEYS:
                cure = "promptfoo does not read it either"
                self.left_out.append(LeftOut(f"prompt.{key}", item.place(key), cure))
        raw = entry.get("raw") or entry.get("id")
        if "function" in entry or not isinstance(raw, str):
            return self._drop("a prompt without text", item.place(), "write `raw:`, or the prompt by hand")
        label = entry.get("label")
        config = item.at("config") if item.at("config").mapping("config") else None
        return self._one(item, raw, label if isinstance(label, str) else "", config)

    def _one(self, item: Part, raw: str, label: str, config: Part | None = None) -> list[RawPrompt]:
        if raw.startswith(STORES):
            cure = "export it from there, and import the file: `promptctl import FILE`"
            return self._drop(f"a prompt kept in {raw.partition(':')[0]} ({raw})", item.place(), cure)
        if raw.startswith(("exec:", "python:", "golang:")) or (_may_be_path(raw) and is_code(raw)):
            return self._drop(f"a prompt made by a program ({raw})", item.place(), _PROGRAM)
        if _may_be_path(raw):
            if paths := self._paths(raw):
                return [prompt for path in paths for prompt in self._file(path, item, label, config)]
            if raw.startswith("file://"):
                fix = "import the folder that holds them, or mend the pattern"
                raise FileError(f"no file fits {raw}", slug="no-such-file", at=item.place(), fix=fix)
        return [RawPrompt(label or _slug(raw), label or raw, raw, item.place(), config, label)]

    def _paths(self, raw: str) -> list[str]:
        if is_glob(raw):
            return self.sources.matching(raw)
        return [self.sources.path(raw)] if self.sources.exists(raw) else []

    def _file(self, path: str, item: Part, label: str, config: Part | None) -> Iterator[RawPrompt]:
        stem, ending = posixpath.splitext(posixpath.basename(path))
        if is_code(path):
            yield from self._drop(f"a prompt made by a program ({path})", item.place(), _PROGRAM)
            return
        if ending not in TEXTS:
            cure = f"put it into a file that promptfoo reads ({', '.join(TEXTS)})"
            yield from self._drop(f"a prompt in the file {path}", item.place(), cure)
            return
        text = self.sources.top().text(path)
        if ending == ".json" and "file://" in text and _is_json(text):
            yield from self._drop("a prompt in JSON that names a file", Place(path), "put its text there")
            return
        found = list(_prompts_in(text, path, ending))
        for number, one in enumerate(found, 1):
            title = one.label or label
            name = title if one.label else (label or stem) + (f"-{number}" if len(found) > 1 else "")
            # A .txt file has no say in the provider's settings, in promptfoo either.
            settings = config if ending != ".txt" else None
            place = Place(path, one.line)
            yield RawPrompt(name, f"{title or path}: {one.raw}", one.raw, place, settings, title)

    def _drop(self, what: str, place: Place, instead: str) -> list[RawPrompt]:
        self.left_out.append(LeftOut(what, place, instead))
        return []


def allowed(label: str, references: Any) -> bool:
    """Whether `prompts:` of a provider or a test means the prompt with this label."""
    if not isinstance(references, list):
        return True
    return any(
        label == name or label.startswith(f"{name}:") or (name.endswith("*") and label.startswith(name[:-1]))
        for name in references
        if isinstance(name, str)
    )


def _prompts_in(text: str, path: str, ending: str) -> Iterator[_Found]:
    if ending == ".txt":
        yield from _pieces(text)
    elif ending == ".jsonl":
        yield from (_Found(number, line) for number, line in enumerate(text.split("\n"), 1) if line)
    elif ending == ".csv":
        yield from _table(text, path)
    elif ending in (".yaml", ".yml"):
        yield _Found(1, as_json(read_yaml(text, path).value))
    else:
        yield _Found(1, text)


def _pieces(text: str) -> Iterator[_Found]:
    """The texts between lines of `---`."""
    start = 0
    for end in [*_PIECE.finditer(text), None]:
        piece = text[start : end.start() if end else len(text)]
        if shown := trimmed(piece):
            yield _Found(text.count("\n", 0, start + piece.index(shown)) + 1, shown)
        start = end.end() if end else start


def _table(text: str, path: str) -> Iterator[_Found]:
    """The prompts of a CSV file: a column `prompt`, perhaps `label`; or one prompt a line."""
    if "," not in text:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        headed = bool(lines) and lines[0][1].strip().lower() == "prompt"
        yield from (_Found(number, line) for number, line in lines[headed:])
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if raw := trimmed(row.get("prompt") or ""):
                yield _Found(reader.line_num, raw, trimmed(row.get("label") or ""))
    except csv.Error as error:
        at = Place(path, reader.line_num)
        fix = "mend the quotes, and import again"
        raise FileError(f"this is no table: {error}", slug="bad-csv", at=at, fix=fix) from None


def _may_be_path(text: str) -> bool:
    """promptfoo's own guess whether a prompt is the name of a file."""
    if "\n" in text:
        return False
    endings = (*TEXTS, ".js", ".cjs", ".mjs", ".ts", ".py", ".sh", ".exe")
    return (
        text.startswith("file://")
        or any(token.endswith(endings) for token in text.split(":")[-2:])
        or "." in (text[-3:-2], text[-4:-3])
        or any(character in text for character in "*/\\")
    )


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except ValueError:
        return False
    return True


def _slug(text: str) -> str:
    """A few words of a text, for a name: those of variables too."""
    words = _NO_WORDS.sub(" ", text[:2000]).lower()
    return "-".join(re.findall(r"\w+", words)[:5])[:40].strip("-")
