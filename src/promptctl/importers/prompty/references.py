"""`${env:…}` and `${file:…}` in the front matter of a Prompty file, put in before anything else is read."""

import posixpath
import re
from typing import Any

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.importers.foreign import Foreign
from promptctl.importers.foreign_json import read_json
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.imported import Files, LeftOut

REFERENCE = re.compile(r"\$\{(env|file):([^}]*)\}\Z", re.IGNORECASE)
CONNECTIONS = ("connection", "configuration")
"""Keys that hold addresses and keys; they are never read further."""


class References:
    """Puts references in. A file is read only from the folder of the prompt; a variable is never read at all.

    `errors` and `left_out` grow by what could not be put in.
    """

    def __init__(
        self, files: Files, document: Foreign, errors: list[PromptctlError], left_out: list[LeftOut]
    ) -> None:
        self._files, self._document = files, document
        self.errors, self.left_out = errors, left_out

    def put_in(self) -> Any:
        """The data of the document, with its references put in."""
        return self._value(self._document.value, ())

    def _value(self, value: Any, at: tuple[str | int, ...]) -> Any:
        if at and at[-1] in CONNECTIONS:
            return value
        if isinstance(value, dict):
            return {key: self._value(item, (*at, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, (*at, index)) for index, item in enumerate(value)]
        found = REFERENCE.match(value) if isinstance(value, str) else None
        if found is None:
            return value
        place = self._document.place(*at)
        if found[1].lower() == "file":
            return self._file(found[2], place)
        name, _, default = found[2].partition(":")
        cure = f"{default!r} is taken: write another value here" if default else "write the value here"
        said = f"{'.'.join(map(str, at))} from the variable {name}"
        self.left_out.append(LeftOut(said, place, cure))
        return default or None

    def _file(self, name: str, place: Place) -> Any:
        folder = posixpath.dirname(self._document.path)
        path = posixpath.normpath(posixpath.join(folder, name))
        inside = not path.startswith("..") and (not folder or path.startswith(f"{folder}/"))
        if name.startswith(("/", "\\")) or not inside:
            message = f"{name!r} lies outside the folder of this file"
            fix = "Prompty refuses it too: move the file into the folder"
            self.errors.append(FileError(message, slug="outside-import", at=place, fix=fix))
            return None
        try:
            text = self._files.text(path)
            if path.endswith(".json"):
                return read_json(text, path).value
            return read_yaml(text, path, yes_no=True).value if path.endswith((".yml", ".yaml")) else text
        except PromptctlError as error:
            if error.slug == "no-such-file":
                error.at = place
            self.errors.append(error)
            return None
