"""GitHub Models prompt files (`*.prompt.yml`): messages, parameters, test data and evaluators.

By the rules of `gh models`: a placeholder is `{{name}}` without spaces, every key of a row of `testData` is put in for
it, and one that a row does not have stays in the text as it is.
"""

import re
from collections.abc import Mapping
from typing import Any

from promptctl.errors import PromptctlError, raise_all
from promptctl.importers.chat_output import schema_file
from promptctl.importers.chat_params import chat_params, served, unserved
from promptctl.importers.foreign import Foreign, Spot
from promptctl.importers.foreign_json import read_json
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.github_models.suites import SuiteReader
from promptctl.importers.imported import (
    Files,
    ForeignRequest,
    Imported,
    ImportedPrompt,
    LeftOut,
    Note,
)
from promptctl.importers.jinja_text import Hole, Piece, filled, message, names_for, prompt_id
from promptctl.importers.keys import Keys
from promptctl.importers.samples import text_samples

SUFFIXES = (".prompt.yml", ".prompt.yaml", ".yml", ".yaml")

_PLACEHOLDER = re.compile(r"\{\{([^\s{}](?:[^{}\n]*[^\s{}])?)\}\}")
_SPACED = re.compile(r"\{\{(?:[ \t]+([\w.-]+)[ \t]*|([\w.-]+)[ \t]+)\}\}")
_NAME = re.compile(r"[\w.-]+\Z")
_TOP_KEY = re.compile(r"^([A-Za-z]\w*)[ \t]*:", re.MULTILINE)
_ROLES = ("system", "user", "assistant")
_FORMATS = ("text", "json_object", "json_schema")


class GithubModels:
    """Imports GitHub Models prompt files."""

    def recognises(self, path: str, text: str) -> bool:
        """By its name, or by messages beside a model, parameters, test data or evaluators."""
        if not path.lower().endswith((".yml", ".yaml")):
            return False
        keys = set(_TOP_KEY.findall(text))
        others = {"model", "modelParameters", "testData", "evaluators", "responseFormat"}
        return "messages" in keys and bool(keys & others) and "prompts" not in keys

    def read(self, files: Files, path: str) -> Imported:
        """The prompt, and a suite where there is test data."""
        document = read_yaml(files.text(path), path)
        return _Reader(Keys(document), path).read()


class _Reader:
    def __init__(self, keys: Keys, path: str) -> None:
        self.keys, self.id = keys, prompt_id(path, *SUFFIXES)
        self.errors: list[PromptctlError] = keys.errors
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.files: dict[str, str] = {}

    def read(self) -> Imported:
        keys = self.keys
        self.row_names = {name for row in keys.items("testData") for name in row.value}
        messages = [self._message(one) for one in keys.items("messages")]
        if not messages and not self.errors:
            keys.wrong("a prompt needs messages", "messages", slug="import-nothing")
        self.names = names_for(self._holes(messages))
        header = self._header()
        raise_all(self.errors)
        params, wanted = header.get("params", {}), self.response_format

        def original(values: Mapping[str, Any]) -> ForeignRequest:
            filled_in = tuple(
                {"role": role, "content": _replaced(text, values, self.names)} for role, text, _ in messages
            )
            return ForeignRequest(header.get("model"), filled_in, params, (), wanted)

        body = "".join(message(role, filled(pieces, self.names)) for role, _, pieces in messages)
        suite = SuiteReader(keys, self.id, self.names, self.left_out, self.notes).read()
        raise_all(self.errors)
        if suite and any("" in case["vars"].values() for case in suite.cases):
            header["allow_empty"] = True
        prompt = ImportedPrompt(
            id=self.id,
            header=header,
            body=body,
            original=original,
            place=keys.place(),
            files=self.files,
            samples=text_samples(self.names.values()),
        )
        self.left_out += self.keys.left_out(instead="gh models does not read it either")
        return Imported(
            prompts=(prompt,),
            suites=(suite,) if suite else (),
            left_out=tuple(self.left_out),
            config=served(header.get("model")),
            notes=tuple(self.notes),
        )

    def _message(self, keys: Keys) -> tuple[str, str, list[Piece]]:
        role = (keys.text("role") or "").lower()
        content = keys.text("content") or ""
        if role not in _ROLES:
            keys.wrong(f"{role or 'nothing'!r} is no role here", "role", fix=f"write {', '.join(_ROLES)}")
        for found in _SPACED.finditer(content):
            said = f"{found[0]} has spaces in it, so it stays in the text as it is, as gh models leaves it"
            self.notes.append(Note(said, keys.place("content")))
        return role, content, self._pieces(content)

    def _pieces(self, text: str) -> list[Piece]:
        """The text with a hole for each placeholder: a key of the test data, or a plain name."""
        pieces: list[Piece] = []
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            if found[1] in self.row_names or _NAME.match(found[1]):
                pieces += [text[end : found.start()], Hole(found[1])]
                end = found.end()
        return [*pieces, text[end:]]

    def _holes(self, messages: list[tuple[str, str, list[Piece]]]) -> list[str]:
        return [piece.name for _, _, pieces in messages for piece in pieces if isinstance(piece, Hole)]

    def _header(self) -> dict[str, Any]:
        keys = self.keys
        model = keys.text("model")
        if name := keys.text("name"):
            meta: dict[str, Any] = {"name": name}
        else:
            meta = {}
        options = keys.mapping("modelParameters")
        known = {name: options.number(name) for name in ("maxTokens", "temperature", "topP")}
        params = chat_params(known, model, options.place, self.left_out, within="modelParameters")
        self.notes += unserved(model, keys.place("model"))
        output = self._output()
        header: dict[str, Any] = {
            "description": keys.text("description"),
            "model": model,
            "params": params,
            "inputs": dict.fromkeys(self.names.values(), "string"),
            "output": output,
            "meta": meta,
        }
        return {name: value for name, value in header.items() if value or name == "inputs"}

    def _output(self) -> dict[str, Any] | None:
        kind = self.keys.text("responseFormat")
        schema = self.keys.text("jsonSchema")
        self.response_format: dict[str, Any] | None = None
        if kind is None or kind == "text":
            if schema is not None:
                cure = "write responseFormat: json_schema to have it sent"
                self.left_out.append(LeftOut("jsonSchema", self.keys.place("jsonSchema"), cure))
            return None
        if kind not in _FORMATS:
            self.keys.wrong(
                f"{kind!r} is no response format", "responseFormat", fix=f"write {', '.join(_FORMATS)}"
            )
            return None
        if kind == "json_object":
            self.response_format = {"type": "json_object"}
            return {"format": "json_object"}
        return self._schema(schema)

    def _schema(self, text: str | None) -> dict[str, Any] | None:
        keys = self.keys
        if text is None:
            keys.wrong("responseFormat: json_schema needs a jsonSchema", "responseFormat")
            return None
        place = keys.place("jsonSchema")
        try:
            document = read_json(text, place.path)
        except PromptctlError as error:
            error.at = place
            self.errors.append(error)
            return None
        found = Keys(Foreign(document.value, place.path, Spot(place.line, place.column)), errors=self.errors)
        name, strict, schema = found.text("name"), found.boolean("strict"), found.any("schema")
        if not name or not isinstance(schema, dict):
            keys.wrong("jsonSchema must be JSON with a name and a schema", "jsonSchema")
            return None
        self.left_out += found.left_out(instead="an output has a name, a schema and strict")
        self.response_format, output = schema_file(schema, name, strict, self.id, self.files)
        return output


def _replaced(text: str, values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What `gh models` sends: one name after the other, each replaced everywhere; what a value brings in is kept."""
    marks: dict[str, str] = {}
    for number, (name, ours) in enumerate(names.items()):
        if ours in values:
            mark = f"\0{number}\0"
            marks[mark] = str(values[ours])
            text = text.replace(f"{{{{{name}}}}}", mark)
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text
