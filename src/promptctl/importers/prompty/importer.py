"""Prompty files (`*.prompty`), of the first and the second version, by the rules of its Python runtime."""

import re
from collections.abc import Mapping
from typing import Any

from promptctl.errors import Place, PromptctlError, raise_all
from promptctl.importers.chat_output import schema_file, tool_paths
from promptctl.importers.chat_params import served
from promptctl.importers.foreign import Foreign, Spot
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.front_matter import split_front_matter
from promptctl.importers.imported import (
    Files,
    ForeignRequest,
    Imported,
    ImportedPrompt,
    ImportedSuite,
    LeftOut,
    Note,
)
from promptctl.importers.jinja_text import names_for, prompt_id
from promptctl.importers.keys import Keys
from promptctl.importers.prompty.model import Model
from promptctl.importers.prompty.original import original_messages
from promptctl.importers.prompty.references import References
from promptctl.importers.prompty.schema import Inputs, kinds_of, read_inputs, read_tools, schema_of
from promptctl.importers.prompty.text import Body, mustache_names, read_body, read_mustache
from promptctl.importers.samples import schema_of_fields, typed_samples

HARMLESS = {
    "kind": "it is a prompt",
    "strict": "values can never make a role marker here",
    "slots": "the runtime's own",
}
"""Keys that say nothing about what is sent."""

_ONE_VALUE = re.compile(r"\s*\{\{\s*(\w+)\s*\}\}\s*\Z")
_META = ("name", "displayName", "version", "authors", "tags", "metadata", "id")


class Prompty:
    """Imports Prompty files."""

    def recognises(self, path: str, text: str) -> bool:
        """By its name."""
        return path.lower().endswith(".prompty")

    def read(self, files: Files, path: str) -> Imported:
        """The prompt, and a watched case where the file brings sample values."""
        parts = split_front_matter(files.text(path), path)
        document = (
            Foreign(None, path, Spot(1, 1))
            if parts.yaml is None
            else read_yaml(parts.yaml, path, first_line=parts.first_line, yes_no=True)
        )
        return _Reader(files, document).read(parts.body, parts.body_line)


class _Reader:
    def __init__(self, files: Files, document: Foreign) -> None:
        self.path = document.path
        self.id = prompt_id(self.path, ".prompty")
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.errors: list[PromptctlError] = []
        self.files: dict[str, str] = {}
        value = References(files, document, self.errors, self.left_out).put_in()
        self.keys = Keys(Foreign(value, self.path, document.spot), errors=self.errors)
        raise_all(self.errors)

    def read(self, text: str, line: int) -> Imported:
        keys = self.keys
        model = Model(keys, self.id, self.files, self.left_out, self.notes)
        inputs = read_inputs(keys, "inputs" if "inputs" in keys else "inputSchema", self.left_out)
        self._root_sample(inputs)
        mustache = self._engine() == "mustache"
        response_format, output = self._outputs(model)
        tools = read_tools(keys, self.left_out)
        if model.tools is not None and not tools:
            tools = read_tools(model.tools, self.left_out)
        description = keys.text("description")
        meta = {name: keys.any(name) for name in _META if keys.any(name)}
        raise_all(self.errors)
        body = self._body(text, line, inputs, model, mustache=mustache)
        header: dict[str, Any] = {
            "description": description,
            "model": model.name,
            "params": model.params,
            "inputs": inputs.header,
            "output": output,
            "tools": tool_paths(tools, self.id, self.files),
            "jinja": {"trim_blocks": False, "lstrip_blocks": False} if body.blocks else {},
            "allow_empty": any(_may_be_empty(section.text, inputs.header) for section in body.sections),
            "meta": meta,
        }
        kinds = kinds_of(inputs.header)

        def original(values: Mapping[str, Any]) -> ForeignRequest:
            given = {**inputs.defaults, **values}
            messages = original_messages(text, kinds, given, mustache=mustache)
            return ForeignRequest(model.name, messages, model.params, tuple(tools), response_format)

        inside = {
            name: schema_of_fields(body.looks.fields.get(name, ()), looped=kind == "list")
            for name, kind in kinds.items()
        }
        prompt = ImportedPrompt(
            id=self.id,
            header={name: value for name, value in header.items() if value or name == "inputs"},
            body=body.template,
            original=original,
            place=Place(self.path, line),
            files=self.files,
            samples=typed_samples(inputs.header, inside),
        )
        suites = self._suites(inputs)
        self.left_out += keys.left_out(HARMLESS)
        return Imported((prompt,), suites, tuple(self.left_out), served(model.name), tuple(self.notes))

    def _body(self, text: str, line: int, inputs: Inputs, model: Model, *, mustache: bool) -> Body:
        if mustache:
            used = mustache_names(text)
            body = read_mustache(text, self.path, line, names_for(used))
            found = dict.fromkeys(used, line)
        else:
            body = read_body(text, self.path, line, kinds_of(inputs.header), old=model.old)
            found = {name: line + at - 1 for name, at in body.looks.names.items()}
        for name, at in found.items():
            if name not in inputs.header:
                looped = name in body.looks.looped
                fields = body.looks.fields.get(name)
                inputs.header[name] = "list" if looped else "object" if fields else "string"
                said = f"{name!r} is used and not declared: it is required here, and empty there where it is missing"
                self.notes.append(Note(said, Place(self.path, at)))
        return body

    def _suites(self, inputs: Inputs) -> tuple[ImportedSuite, ...]:
        """A watched case of the sample values, where they are enough for one."""
        place = self.keys.place("sample" if "sample" in self.keys else "inputs")
        required = {name for name, spec in inputs.header.items() if not _is_optional(spec)}
        values = {name: value for name, value in inputs.samples.items() if name in inputs.header}
        if not values or not required <= set(values):
            cure = f"a case needs values for {', '.join(sorted(required))}"
            self.left_out += [LeftOut(f"the sample of {name}", place, cure) for name in inputs.samples]
            return ()
        said = "the sample values became a case that is watched: it decides nothing until it has a check"
        self.notes.append(Note(said, place))
        case = {"id": "sample", "vars": values, "watch": True}
        return (ImportedSuite(self.id, self.id, (case,), place),)

    def _root_sample(self, inputs: Inputs) -> None:
        """`sample:` of the first version, values for several inputs at once, which declares them too."""
        sample = self.keys.any("sample")
        kinds: dict[type, str] = {list: "list", dict: "object"}
        for name, value in sample.items() if isinstance(sample, dict) else ():
            if name.isidentifier():
                inputs.samples[name] = value
                inputs.header.setdefault(name, kinds.get(type(value), "string"))
            else:
                cure = "no template can use this name"
                self.left_out.append(
                    LeftOut(f"the sample of {name!r}", self.keys.place("sample", name), cure)
                )

    def _engine(self) -> str:
        keys = self.keys
        value = keys.any("template")
        if value is None or isinstance(value, str):
            engine = value or "jinja2"
        else:
            own = keys.mapping("template")
            form, parser = own.any("format") or own.any("type") or "jinja2", own.any("parser")
            if isinstance(form, dict):
                form = keys.below("template", "format").text("kind") or "jinja2"
            engine = str(form)
            named = parser.get("kind") if isinstance(parser, dict) else parser
            if named not in (None, "prompty"):
                own.wrong(f"the parser {named!r} is not known", "parser", slug="import-unsupported")
        if engine not in ("jinja2", "mustache"):
            message = f"templates of {engine!r} cannot be carried over"
            keys.wrong(message, "template", slug="import-unsupported", fix="jinja2 and mustache can")
        return engine

    def _outputs(self, model: Model) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """What goes out as the response format, and the header's words for it."""
        name = "outputs" if "outputs" in self.keys else "outputSchema"
        if not self.keys.any(name):
            return model.response_format, model.output
        schema = {**schema_of(self.keys, name), "additionalProperties": False}
        return schema_file(schema, "structured_output", True, self.id, self.files)


def _may_be_empty(text: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a message can have no text, which Prompty sends all the same."""
    only = _ONE_VALUE.match(text)
    return not text.strip() or bool(only and _is_optional(inputs.get(only[1])))


def _is_optional(spec: Any) -> bool:
    return isinstance(spec, dict) and ("default" in spec or bool(spec.get("optional")))
