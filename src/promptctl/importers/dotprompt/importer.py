"""Dotprompt files (`*.prompt`): front matter, a Handlebars template, partials in `_NAME.prompt` beside it."""

import posixpath
from collections.abc import Mapping
from typing import Any

from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.importers.chat_output import can_name, schema_file, tool_paths
from promptctl.importers.chat_params import PARAMETERS, chat_params, served, unserved
from promptctl.importers.dotprompt.messages import stretches, template_of
from promptctl.importers.dotprompt.original import original_messages
from promptctl.importers.dotprompt.picoschema import PicoReader
from promptctl.importers.dotprompt.template import Reader, Template
from promptctl.importers.foreign import Foreign, Spot
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.front_matter import split_front_matter
from promptctl.importers.imported import Files, ForeignRequest, Imported, ImportedPrompt, LeftOut, Note
from promptctl.importers.jinja_text import names_for, prompt_id
from promptctl.importers.keys import Keys
from promptctl.importers.samples import schema_of_fields, typed_samples

HARMLESS = {"raw": "the runtime's own"}
"""Keys that say nothing about what is sent."""

_TYPES = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
}
_META = ("name", "version", "variant")


class Dotprompt:
    """Imports Dotprompt files."""

    def recognises(self, path: str, text: str) -> bool:
        """By its name."""
        return path.lower().endswith(".prompt")

    def read(self, files: Files, path: str) -> Imported:
        """The prompt, with the partials that it takes in."""
        return _Reader(files, path).read()


class _Reader:
    def __init__(self, files: Files, path: str) -> None:
        self._files, self.path = files, path
        self.id = prompt_id(path, ".prompt")
        text = files.text(path)
        parts = split_front_matter(text, path, comments=True)
        document = (
            Foreign(None, path, Spot(1, 1))
            if parts.yaml is None
            else read_yaml(parts.yaml, path, first_line=parts.first_line)
        )
        self.keys = Keys(document)
        self.errors: list[PromptctlError] = self.keys.errors
        # Without front matter the text is taken as it is, with it the ends are stripped.
        blank = len(parts.body) - len(parts.body.lstrip())
        self.source = text if parts.yaml is None else parts.body.strip()
        self.line = 1 if parts.yaml is None else parts.body_line + parts.body[:blank].count("\n")
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.files: dict[str, str] = {}

    def read(self) -> Imported:
        keys = self.keys
        model = keys.text("model")
        config = keys.mapping("config")
        known = {name: config.any(name) for name in config.value if name in PARAMETERS}
        params = chat_params(known, model, config.place, self.left_out, within="config")
        schema, defaults = self._input()
        output = self._output()
        tools = self._tools()
        template = self._template(schema, defaults)
        raise_all(self.errors)
        inputs = self._inputs(schema, defaults, template)
        history = next(iter(names_for(["history"], taken=inputs).values()))
        if template.uses_history:
            inputs[history] = {"type": "messages", "default": []}
        missing = [name for name, spec in inputs.items() if isinstance(spec, dict) and _is_optional(spec)]
        header: dict[str, Any] = {
            "description": keys.text("description"),
            "model": model,
            "params": params,
            "inputs": inputs,
            "output": output,
            "tools": tool_paths(tools, self.id, self.files),
            "meta": {name: keys.any(name) for name in _META if keys.any(name)},
        }
        header = {name: value for name, value in header.items() if value or name == "inputs"}

        def original(values: Mapping[str, Any]) -> ForeignRequest:
            given = {**defaults, **values}
            said = given.pop(history, None) if template.uses_history else None
            messages = original_messages(template.parts, given, said or [])
            return ForeignRequest(model, messages, params, tuple(tools), self.response_format)

        prompt = ImportedPrompt(
            id=self.id,
            header=header,
            body=template_of(template.parts, history, missing, self.files),
            original=original,
            place=Place(self.path, self.line),
            files=self.files,
            samples=typed_samples(inputs, _schemas(schema, template)),
        )
        self.notes += unserved(model, keys.place("model"))
        self.left_out += keys.left_out(HARMLESS, instead="it is for the application or the model's plugin")
        return Imported((prompt,), (), tuple(self.left_out), served(model), tuple(self.notes))

    def _template(self, schema: dict[str, Any], defaults: Mapping[str, Any]) -> Template:
        required = [*schema.get("required", ()), *defaults]
        reader = Reader(self.path, self.line, {**schema, "required": required}, self._partial)
        template = reader.read(self.source)
        if not reader.errors and not stretches(template.parts):
            fix = "write the prompt below the front matter"
            message = "there is no text in this file"
            self.errors.append(FileError(message, slug="import-nothing", at=Place(self.path), fix=fix))
        self.errors += reader.errors
        return template

    def _partial(self, name: str) -> tuple[str, str] | None:
        folder, _, last = name.rpartition("/")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), folder, f"_{last}.prompt"))
        if not self._files.matching(path):
            return None
        text = self._files.text(path)
        if text.startswith("---"):
            said = "this partial begins with front matter, which Dotprompt puts into the text"
            self.errors.append(
                FileError(said, slug="import-unsupported", at=Place(path), fix="take it out of the partial")
            )
        return text, path

    def _input(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The JSON Schema of the inputs, empty where there is none, and their defaults."""
        own = self.keys.mapping("input")
        value = own.any("schema")
        defaults = own.any("default")
        pico = PicoReader(self.keys)
        schema = pico.read(value, "input", "schema") or {}
        self._note_lists(pico)
        if schema.get("type", "object") != "object":
            own.wrong("the inputs must be an object", "schema", slug="import-unsupported")
        return schema, defaults if isinstance(defaults, dict) else {}

    def _output(self) -> dict[str, Any] | None:
        own = self.keys.mapping("output")
        kind = own.text("format")
        pico = PicoReader(self.keys)
        schema = pico.read(own.any("schema"), "output", "schema")
        self._note_lists(pico)
        self.response_format: dict[str, Any] | None = None
        if kind not in (None, "json", "text"):
            cure = "promptctl asks for text, JSON or a schema"
            self.left_out.append(LeftOut(f"output.format {kind}", own.place("format"), cure))
            return None
        if schema is not None and kind != "text":
            self.response_format, output = schema_file(schema, "output", None, self.id, self.files)
            return output
        if schema is not None:
            self.left_out.append(LeftOut("output.schema", own.place("schema"), "the format is text"))
        if kind == "json":
            self.response_format = {"type": "json_object"}
            return {"format": "json_object"}
        return None

    def _note_lists(self, pico: PicoReader) -> None:
        for at in pico.lists:
            said = "Picoschema writes a list as name(array); this is read as one"
            self.notes.append(Note(said, self.keys.place(*at)))

    def _tools(self) -> list[dict[str, Any]]:
        """Tools that the file defines; those it only names are the application's."""
        keys = self.keys
        for index, name in enumerate(keys.listed("tools")):
            cure = f"what it takes is not in the file: write tools/{self.id}/{name}.json"
            self.left_out.append(LeftOut(f"tool {name}", keys.place("tools", index), cure))
        tools = []
        for own in keys.items("toolDefs"):
            name, schema = own.text("name") or "", own.any("inputSchema")
            if not can_name(name):
                own.wrong(f"{name!r} cannot name a tool", "name", slug="import-unsupported")
            function: dict[str, Any] = {"name": name}
            if description := own.text("description"):
                function["description"] = description
            function["parameters"] = (
                schema if isinstance(schema, dict) else {"type": "object", "properties": {}}
            )
            own.any("outputSchema")  # it is never sent
            tools.append({"type": "function", "function": function})
        return tools

    def _inputs(
        self, schema: Mapping[str, Any], defaults: Mapping[str, Any], template: Template
    ) -> dict[str, Any]:
        """The header's inputs: declared ones, then those that the template uses besides."""
        inputs: dict[str, Any] = {}
        found = stretches(template.parts)
        alone = {name for one in found if one is not None for name in one.only_values}
        # Without the one value that is the whole prompt, nothing could be sent.
        required = {*(schema.get("required") or ()), *(alone if len(found) == 1 else ())}
        for name, inner in (schema.get("properties") or {}).items():
            described = inner if isinstance(inner, dict) else {}
            inputs[name] = self._input_spec(
                name, described, template, required=name in required, defaults=defaults
            )
        for name, at in template.unknown.items():
            needed = name in required or (not schema and name in alone)
            inputs[name] = self._input_spec(name, {}, template, required=needed, defaults=defaults)
            if schema:
                said = f"{name!r} is used and not in the schema: it is empty where no one gives it, as there"
                self.notes.append(Note(said, at))
        return inputs

    def _input_spec(
        self,
        name: str,
        described: Mapping[str, Any],
        template: Template,
        *,
        required: bool,
        defaults: Mapping[str, Any],
    ) -> Any:
        if name in template.images:
            said = f"{name!r} is sent as a picture; promptctl sends no other media"
            self.notes.append(Note(said, self.keys.place("input", "schema", name)))
            return "image" if required else {"type": "image", "optional": True}
        kind = described.get("type")
        kinds = [kind] if isinstance(kind, str) else [one for one in kind or () if one != "null"]
        foreign = kinds[0] if len(kinds) == 1 else template.kinds.get(name, "string")
        ours = _TYPES.get({"array": "array"}.get(foreign, foreign), "string")
        spec: dict[str, Any] = {"type": ours}
        menu = [one for one in described.get("enum") or () if one is not None]
        if menu and required:
            spec["enum"] = menu
        if described.get("description"):
            spec["description"] = str(described["description"])
        if name in defaults:
            spec["default"] = defaults[name]
        elif not required:
            spec |= {"default": ""} if ours == "string" else {"optional": True}
        return ours if set(spec) == {"type"} else spec


def _is_optional(spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("optional")) or spec.get("default") == ""


def _schemas(schema: Mapping[str, Any], template: Template) -> dict[str, Mapping[str, Any]]:
    """What is inside each input, for samples: what the schema says, and what the template asks for besides."""
    found: dict[str, Mapping[str, Any]] = {
        name: schema_of_fields(template.fields.get(name, ()), looped=kind == "array")
        for name, kind in template.kinds.items()
    }
    declared = schema.get("properties") or {}
    return {**found, **{name: inner for name, inner in declared.items() if isinstance(inner, dict)}}
