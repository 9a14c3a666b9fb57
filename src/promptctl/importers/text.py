"""Plain texts with placeholders: `{name}` as in Python's format strings, or `{{ name }}`.

Which of the two is meant is guessed only where the text leaves no doubt. A whole text is one user message.
"""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.importers.imported import Files, ForeignRequest, Imported, ImportedPrompt, Note
from promptctl.importers.jinja_text import Hole, Piece, filled, names_for, prompt_id
from promptctl.importers.samples import text_samples

SUFFIXES = (".prompt.txt", ".prompt.md", ".txt", ".text", ".md", ".markdown", ".tmpl", ".mustache")

_DOUBLE = re.compile(r"\{\{[ \t]*([\w.-]+)[ \t]*\}\}")
_SINGLE = re.compile(r"(?<!\{)\{([^\W\d]\w*)\}(?!\})")
# `{name!r}`, `{price:>8}`, `{user.name}`, `{0}`: fields of a format string that are no plain names.
_ODD_SINGLE = re.compile(r"(?<![{\w^}])\{[\w.\[\]]*(?:![rsa])?(?::[^{}\n]*)?\}(?!\})")
_GLUED = re.compile(r"[\w\\^}]\{[^{}]*\}")
_OTHER_DOUBLE = re.compile(r"\{\{[^{}]*\}\}")
_TRIPLE = re.compile(r"\{\{\{.*?\}\}\}")
_NAME = re.compile(r"[^\W\d]\w*\Z")


class _Plain:
    """What the three importers share."""

    def recognises(self, path: str, text: str) -> bool:
        """By its name: a plain text."""
        name = path.rpartition("/")[2].lower()
        return "\0" not in text and bool(text.strip()) and (name.endswith(SUFFIXES) or "." not in name)


class FString(_Plain):
    """Imports texts with `{name}`, as Python's `str.format` and LangChain fill them in."""

    def read(self, files: Files, path: str) -> Imported:
        """One prompt of one user message."""
        return _Text(files.text(path), path).fstring()


class Mustache(_Plain):
    """Imports texts with `{{ name }}`."""

    def read(self, files: Files, path: str) -> Imported:
        """One prompt of one user message."""
        return _Text(files.text(path), path).mustache()


class Text(_Plain):
    """Imports a text whose placeholders leave no doubt what they are."""

    def read(self, files: Files, path: str) -> Imported:
        """One prompt of one user message."""
        return _Text(files.text(path), path).guessed()


class _Text:
    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path
        if not text.strip():
            raise FileError(
                "this file is empty", slug="import-nothing", at=Place(path), fix="name another file"
            )

    def guessed(self) -> Imported:
        self._refuse_jinja()
        double, single = _DOUBLE.search(self.text), _SINGLE.search(self.text)
        if double and single:
            raise self._unclear(single.start())
        if double:
            return self.mustache()
        if not single and _ODD_SINGLE.search(self.text):
            raise_all(self._faults())
        if not single:
            self._refuse_odd_double()
            note = Note("there is no placeholder in this text: every case sends the same", Place(self.path))
            return self._imported([self.text], lambda values: self.text, (note,))
        # Braces of JSON or of LaTeX beside {name}: no format string, and perhaps no placeholder.
        if self._faults() or _GLUED.search(self.text):
            raise self._unclear(single.start())
        return self.fstring()

    def fstring(self) -> Imported:
        raise_all(self._faults())
        pieces: list[Piece] = []
        for text, name, _, _ in Formatter().parse(self.text):
            pieces += [text] if name is None else [text, Hole(name)]
        names = names_for(piece.name for piece in pieces if isinstance(piece, Hole))
        return self._imported(
            pieces, lambda values: self.text.format(**{name: values[ours] for name, ours in names.items()})
        )

    def mustache(self) -> Imported:
        self._refuse_jinja()
        self._refuse_odd_double()
        pieces: list[Piece] = []
        end = 0
        for found in _DOUBLE.finditer(self.text):
            pieces += [self.text[end : found.start()], Hole(found[1])]
            end = found.end()
        pieces.append(self.text[end:])
        names = names_for(piece.name for piece in pieces if isinstance(piece, Hole))
        return self._imported(
            pieces,
            lambda values: _DOUBLE.sub(lambda found: str(values[names[found[1]]]), self.text),
        )

    def _imported(self, pieces: list[Piece], render: Any, notes: tuple[Note, ...] = ()) -> Imported:
        names = names_for(piece.name for piece in pieces if isinstance(piece, Hole))

        def original(values: Mapping[str, Any]) -> ForeignRequest:
            return ForeignRequest(None, ({"role": "user", "content": render(values)},))

        if rule := re.search(r"^---[ \t]*$", self.text, re.MULTILINE):
            said = "--- is a part of this text; promptfoo begins another prompt there: import its configuration instead"
            notes = (*notes, Note(said, self._place(rule.start())))
        prompt = ImportedPrompt(
            id=prompt_id(self.path, *SUFFIXES),
            header={"inputs": dict.fromkeys(names.values(), "string")},
            body=filled(pieces, names),
            original=original,
            place=Place(self.path),
            samples=text_samples(names.values()) if names else (),
        )
        return Imported(prompts=(prompt,), notes=notes)

    def _faults(self) -> list[PromptctlError]:
        """Why the text is no format string of plain names; nothing where it is."""
        faults: list[PromptctlError] = []
        try:
            fields = list(Formatter().parse(self.text))
        except ValueError as error:
            return [self._fault(f"this is no format string: {str(error).lower()}", _lone_brace(self.text))]
        at = 0
        for _, name, spec, conversion in fields:
            if name is None:
                continue
            written = f"{{{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}"
            at = max(self.text.find(written, at), at)
            if conversion or spec:
                faults.append(self._fault(f"{written} formats its value", at))
            elif not _NAME.match(name):
                faults.append(self._fault(f"{written} is no plain name", at))
            at += len(written)
        return faults

    def _fault(self, message: str, at: int) -> FileError:
        return FileError(
            message,
            slug="import-unsupported",
            at=self._place(at),
            fix="write {name}, and {{ and }} for braces that stay; or is it --as mustache?",
        )

    def _refuse_jinja(self) -> None:
        found = re.search(r"\{%[-+ \w]", self.text)
        if found:
            raise FileError(
                "this looks like a Jinja template, which needs no import",
                slug="import-unsupported",
                at=self._place(found.start()),
                fix=f"copy it to prompts/{prompt_id(self.path, *SUFFIXES)}.prompt.j2, then `promptctl lint`",
            )

    def _refuse_odd_double(self) -> None:
        triples = [found.span() for found in _TRIPLE.finditer(self.text)]
        odd = [found for found in _OTHER_DOUBLE.finditer(self.text) if not _DOUBLE.fullmatch(found[0])]
        starts = sorted([start for start, _ in triples] + [found.start() for found in odd])
        raise_all(
            [
                FileError(
                    f"{self.text[start : start + 30].splitlines()[0]!r} is more than a name in braces",
                    slug="import-unsupported",
                    at=self._place(start),
                    fix="only {{ name }} can be imported: sections, helpers and filters have to be written by hand",
                )
                for start in starts
            ]
        )

    def _unclear(self, at: int) -> FileError:
        return FileError(
            "it is not clear whether {name} or {{ name }} is a placeholder here",
            slug="import-unclear",
            at=self._place(at),
            fix="say which: --as fstring, or --as mustache",
        )

    def _place(self, at: int) -> Place:
        before = self.text[:at]
        return Place(self.path, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _lone_brace(text: str) -> int:
    """Where the first brace stands that is neither doubled nor part of a pair."""
    opened: list[int] = []
    at = 0
    while at < len(text):
        mark = text[at]
        if mark in "{}" and not opened and text[at : at + 2] == mark * 2:
            at += 2
            continue
        if mark == "}" and not opened:
            return at
        if mark == "{":
            opened.append(at)
        elif mark == "}":
            opened.pop()
        at += 1
    return opened[0] if opened else 0
