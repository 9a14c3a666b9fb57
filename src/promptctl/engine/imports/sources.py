"""From what a user named to what is in it: files and folders, recognised and read."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from promptctl.core.words import plural
from promptctl.engine.imports.folder import Folder
from promptctl.engine.imports.recognise import PLAIN, importer, looks_like, recognised, unknown
from promptctl.errors import PromptctlError
from promptctl.importers.imported import Imported

# What a folder is searched for; other files have to be named.
_LOOKED_AT = (".yml", ".yaml", ".json", ".prompt", ".prompty")


class Source(NamedTuple):
    """One file that was read: its format, what is in it, and the files it took in besides itself.

    `path` is as the user would type it.
    """

    path: str
    format: str
    imported: Imported
    folder: Folder
    taken_in: frozenset[str] = frozenset()


class Found(NamedTuple):
    """Everything that was named: what could be read, what was refused, and what is in no known format."""

    sources: tuple[Source, ...]
    refused: tuple[PromptctlError, ...]
    passed_over: tuple[str, ...]


def read_all(paths: Sequence[str], as_format: str | None) -> Found:
    """Reads every file and folder that was named.

    Raises:
        PromptctlError: a path that is not there, or a format that is not known.
    """
    if as_format is not None:
        importer(as_format)
    reader = _Reader(as_format)
    for path in paths:
        if Path(path).is_dir():
            reader.folder(path)
        else:
            reader.file(path)
    return Found(tuple(reader.sources), tuple(reader.refused), tuple(reader.passed_over))


class _Reader:
    def __init__(self, as_format: str | None) -> None:
        self.as_format = as_format
        self.sources: list[Source] = []
        self.refused: list[PromptctlError] = []
        self.passed_over: list[str] = []

    def file(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        shown = f"{parent}/" if parent or path.startswith("/") else ""
        folder = Folder(Path(shown or "."), shown)
        try:
            text = folder.text(name)
            chosen = self.as_format or recognised(name, text)
            if chosen is None and (looks_like(name, text) or not importer(PLAIN[0]).recognises(name, text)):
                raise unknown(name, text)
            self.sources.append(_read(folder, name, chosen or PLAIN[0]))
        except PromptctlError as error:
            self.refused += folder.error(error).each()

    def folder(self, path: str) -> None:
        shown = f"{path.rstrip('/')}/" if path.rstrip("/") not in ("", ".") else ""
        folder = Folder(Path(path), shown)
        found: list[Source] = []
        for name in folder.paths():
            try:
                chosen = self._format(folder, name)
                if chosen is None:
                    self.passed_over.append(f"{shown}{name}")
                else:
                    found.append(_read(folder, name, chosen))
            except PromptctlError as error:
                self.refused += folder.error(error).each()
        # A partial, or a file of test cases, belongs to what names it.
        taken_in = {name for source in found for name in source.taken_in}
        self.sources += [source for source in found if source.path.removeprefix(shown) not in taken_in]

    def _format(self, folder: Folder, name: str) -> str | None:
        if self.as_format is not None:
            fits = importer(self.as_format).recognises(name, folder.text(name))
            return self.as_format if fits else None
        if not name.lower().endswith(_LOOKED_AT):
            return None
        return recognised(name, folder.text(name))


def _read(folder: Folder, name: str, chosen: str) -> Source:
    folder.read.clear()
    imported = importer(chosen).read(folder, name)
    if not imported.prompts and not imported.suites:
        raise PromptctlError(
            f"nothing of this file could be imported; {plural(len(imported.left_out), 'thing')} was left out",
            slug="import-nothing",
            at=f"{folder.shown}{name}",
            fix="; ".join(f"{one.what}: {one.instead}" for one in imported.left_out[:3]) or None,
        )
    path = f"{folder.shown}{name}"
    return Source(path, chosen, imported, folder, frozenset(folder.read - {os.path.normpath(name)}))
