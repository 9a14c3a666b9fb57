"""The JSON files that a prompt's header names: the schema of its answer, the tools that it offers.

They are sent as they stand, so they are read strictly. Whether a schema is a valid one needs a library that an
application should not pay for: the engine looks at that (`engine.schemas`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from promptctl.core.prompt import Header
from promptctl.core.words import did_you_mean
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.documents import read_json
from promptctl.store.fields import Fields
from promptctl.store.headers import WIRE_NAME
from promptctl.store.places import Document, Key, in_words

PlaceOf = Callable[..., Place]
"""Where an entry of the header stands, by its keys."""

_TOOL = '{"type": "function", "function": {"name": "…", "description": "…", "parameters": {…}}}'
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class NamedFiles(NamedTuple):
    """What the files say that a header names."""

    schema: dict[str, Any] | None = None
    tools: tuple[dict[str, Any], ...] = ()


def read_named_files(header: Header, files: Mapping[str, str], folder: str, place: PlaceOf) -> NamedFiles:
    """The schema and the tools of a prompt.

    Args:
        header: Names the files.
        files: Path relative to the prompt folder → text.
        folder: The prompt folder as a user would type it.
        place: Asked only for a mistake.

    Raises:
        FileError, Several: every file that is not there, is refused, or does not say what it must.
    """
    reader = _Reader(files, folder, place)
    schema = None
    if header.output and header.output.schema is not None:
        document = reader.document(header.output.schema, "output", "schema")
        schema = document.value if document else None
    tools = tuple(reader.tools(header.tools))
    raise_all(reader.errors)
    return NamedFiles(schema, tools)


class _Reader:
    """Reads file after file, gathering what is wrong."""

    def __init__(self, files: Mapping[str, str], folder: str, place: PlaceOf) -> None:
        self._files, self._folder, self._place = files, folder, place
        self.errors: list[PromptctlError] = []

    def document(self, name: str, *keys: Key) -> Document | None:
        """A JSON object without references to other documents; None where something is wrong with it."""
        path = f"{self._folder}/{name}"
        try:
            document = read_json(self._text(name, *keys), path)
        except PromptctlError as error:
            self.errors.append(error)
            return None
        if not isinstance(document.value, dict):
            message = f"this file must hold a JSON object, found {in_words(document.value)}"
            self.errors.append(document.error(message, slug="wrong-type", fix='write {"type": …}'))
            return None
        for where, reference in foreign_references(document.value):
            self.errors.append(
                document.error(
                    f"{where[-1]} {reference!r} is in another document, which is never fetched",
                    *where,
                    slug="foreign-reference",
                    fix='copy it into this file under "$defs", and write "#/$defs/NAME"',
                )
            )
        return document

    def tools(self, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """The tools, each of a name of its own."""
        seen: dict[str, str] = {}
        for index, file in enumerate(names):
            document = self.document(file, "tools", index)
            if document is None:
                continue
            name = self._tool(document)
            if name in seen:
                twice = f"two tools are named {name!r}, in {seen[name]} and {file}"
                self.errors.append(
                    FileError(
                        f"{file} is named twice" if seen[name] == file else twice,
                        slug="duplicate-tool",
                        at=self._place("tools", index),
                        fix="take it out" if seen[name] == file else "rename one of them, or take it out",
                    )
                )
            elif name:
                seen[name] = file
            yield document.value

    def _text(self, name: str, *keys: Key) -> str:
        if name not in self._files:
            known = [file for file in self._files if file.endswith(".json")]
            raise FileError(
                f"{self._folder}/{name} is not there",
                slug="no-such-file",
                at=self._place(*keys),
                fix=f"{did_you_mean(name, known)}names are relative to {self._folder}/",
            )
        try:
            return self._files[name]
        except FileError as error:
            if error.slug == "not-utf8":
                raise
            # A link or a file of another repository has no content to point into: the header named it.
            raise FileError(error.message, slug=error.slug, at=self._place(*keys), fix=error.fix) from error

    def _tool(self, document: Document) -> str:
        """The name of the tool; empty where it has none that can be sent."""
        if "function" not in document.value and "name" in document.value:
            self.errors.append(
                document.error("this is the inside of a tool", slug="bad-tool", fix=f"wrap it: {_TOOL}")
            )
            return ""
        fields = Fields(document, errors=self.errors)
        fields.choice("type", ("function",))
        function = fields.section("function")
        if "function" not in fields:
            fields.mistake("function is missing", slug="bad-tool", fix=f"write {_TOOL}")
            return ""
        if not isinstance(document.value["function"], dict):
            return ""
        name = function.string("name")
        function.string("description", "")
        function.mapping("parameters", {})
        function.boolean("strict", False)
        fields.collect_unknown()
        if name and not WIRE_NAME.match(name):
            fix = "use at most 64 letters a-z, digits, _ and -"
            function.mistake(f"{name!r} cannot name a tool", "name", slug="bad-tool", fix=fix)
        return name


def foreign_references(value: Any, keys: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], str]]:
    """Every reference in a schema that leads out of it, with where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _REFERENCES and isinstance(inner, str) and not inner.startswith("#"):
                yield (*keys, name), inner
            yield from foreign_references(inner, (*keys, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from foreign_references(inner, (*keys, index))
