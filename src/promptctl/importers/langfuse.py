"""Langfuse prompts, as its public API gives them: one prompt, a list of them, or `{"data": […]}`.

By the rules of its SDKs: `{{name}}` is filled in once, spaces inside the braces do not count, a name that is not given
stays in the text as it is. A `placeholder` takes a list of messages.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptctl.errors import PromptctlError, raise_all
from promptctl.importers.chat_output import output_header, tool_files
from promptctl.importers.chat_params import PARAMETERS, chat_params, served, unserved
from promptctl.importers.foreign import Foreign, Key
from promptctl.importers.foreign_json import read_json
from promptctl.importers.imported import Files, ForeignRequest, Imported, ImportedPrompt, LeftOut, Note
from promptctl.importers.jinja_text import Hole, Piece, filled, is_role, message, names_for, prompt_id
from promptctl.importers.keys import Keys
from promptctl.importers.samples import message_samples

HARMLESS = {
    "id": "the server's own",
    "projectId": "the server's own",
    "createdAt": "Git says when",
    "updatedAt": "Git says when",
    "createdBy": "Git says who",
    "isActive": "labels say it",
    "resolutionGraph": "what was resolved is in the text",
    "commitMessage": "Git keeps messages of its own",
}
"""Keys that say nothing about what is sent."""

_REFERENCE = re.compile(r"@@@langfusePrompt:[^@]*@@@")
_NAME = re.compile(r"[^\W\d][\w.-]*\Z")


class Langfuse:
    """Imports prompts of Langfuse."""

    def recognises(self, path: str, text: str) -> bool:
        """By the keys of one prompt, alone, in a list or under `data`."""
        if not path.lower().endswith(".json"):
            return False
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return False
        found = list(_prompts(value))
        return bool(found) and all(_is_prompt(one) for _, one in found)

    def read(self, files: Files, path: str) -> Imported:
        """Every prompt of the file, the newest version of each."""
        document = read_json(files.text(path), path)
        readers = [_Reader(document, at) for at, one in _prompts(document.value) if _is_prompt(one)]
        if not readers:
            message = "there is no prompt in this file: each has a name, a prompt and labels or a version"
            fix = "export prompts one by one: GET /api/public/v2/prompts/NAME"
            raise document.error(message, (), slug="import-nothing", fix=fix)
        newest: dict[str, _Reader] = {}
        old: list[LeftOut] = []
        for reader in sorted(readers, key=lambda reader: reader.version):
            if before := newest.get(reader.id):
                said = f"version {before.version} of {before.name}"
                cure = f"version {reader.version} is imported; from now on Git keeps the versions"
                old.append(LeftOut(said, before.keys.place(), cure))
            newest[reader.id] = reader
        parts = [reader.read() for reader in newest.values()]
        models: dict[str, Any] = {}
        for part in parts:
            models.update(part.config.get("models", {}))
        return Imported(
            prompts=tuple(prompt for part in parts for prompt in part.prompts),
            left_out=(*old, *(one for part in parts for one in part.left_out)),
            config={"models": models} if models else {},
            notes=tuple(note for part in parts for note in part.notes),
        )


def _prompts(value: Any) -> Iterator[tuple[tuple[Key, ...], Any]]:
    """What could be prompts, with where each stands."""
    at: tuple[Key, ...] = ()
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value, at = value["data"], ("data",)
    if isinstance(value, list):
        yield from (((*at, index), one) for index, one in enumerate(value))
    else:
        yield at, value


def _is_prompt(value: Any) -> bool:
    keys = set(value) if isinstance(value, dict) else set()
    said = keys & {"labels", "version", "config", "type"}
    return {"name", "prompt"} <= keys and bool(said) and isinstance(value["prompt"], (str, list))


class _Reader:
    def __init__(self, document: Foreign, at: tuple[Key, ...]) -> None:
        self.keys = Keys(document, at)
        self.errors: list[PromptctlError] = self.keys.errors
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.name = self.keys.text("name") or ""
        self.id = prompt_id(self.name)
        self.version = int(self.keys.number("version") or 0)

    def read(self) -> Imported:
        keys = self.keys
        kind = keys.any("type") or ("text" if isinstance(keys.value.get("prompt"), str) else "chat")
        messages = self._messages()
        texts = [pieces for _, pieces in messages if not isinstance(pieces, Hole)]
        inserted = [pieces.name for _, pieces in messages if isinstance(pieces, Hole)]
        self.names = names_for(
            [piece.name for pieces in texts for piece in pieces if isinstance(piece, Hole)] + inserted
        )
        header, files = self._header(inserted)
        raise_all(self.errors)
        names = self.names

        def original(values: Mapping[str, Any]) -> ForeignRequest:
            sent: list[dict[str, Any]] = []
            for role, pieces in messages:
                if isinstance(pieces, Hole):
                    sent += values.get(names[pieces.name], [])
                else:
                    text = "".join(p if isinstance(p, str) else str(values[names[p.name]]) for p in pieces)
                    sent.append({"role": role, "content": text})
            return ForeignRequest(
                header.get("model"), tuple(sent), header.get("params", {}), self.tools, self.response_format
            )

        blocks = [
            f"{{% insert {names[pieces.name]} %}}\n"
            if isinstance(pieces, Hole)
            else message(role, filled(pieces, names))
            for role, pieces in messages
        ]
        prompt = ImportedPrompt(
            id=self.id,
            header=header,
            body=filled(texts[0], names) if kind == "text" and texts else "".join(blocks),
            original=original,
            place=keys.place("prompt"),
            files=files,
            samples=message_samples([n for n in names.values() if n not in self.lists], self.lists),
        )
        self.left_out += keys.left_out(HARMLESS)
        model = header.get("model")
        self.notes += unserved(model, keys.place("config", "model"))
        return Imported((prompt,), (), tuple(self.left_out), served(model), tuple(self.notes))

    def _messages(self) -> list[tuple[str, list[Piece] | Hole]]:
        """Each message as its role and text; a placeholder for messages as a hole."""
        value = self.keys.any("prompt")
        if isinstance(value, str):
            return [("user", self._pieces(value, "prompt"))]
        messages: list[tuple[str, list[Piece] | Hole]] = []
        for index, one in enumerate(self.keys.items("prompt")):
            kind = one.any("type")
            if kind == "placeholder":
                name = one.text("name")
                if name is None:
                    one.wrong("a placeholder needs a name")
                messages.append(("", Hole(name or "placeholder")))
                continue
            role, content = one.text("role") or "", one.text("content")
            if not is_role(role):
                one.wrong(f"{role!r} is no role that promptctl sends", "role", slug="import-unsupported")
            if content is None:
                one.wrong("a message needs a text as content", "content", slug="import-unsupported")
            messages.append((role, self._pieces(content or "", "prompt", index, "content")))
        if not messages:
            self.keys.wrong("the prompt has no message", "prompt", slug="import-nothing")
        return messages

    def _pieces(self, text: str, *at: Key) -> list[Piece]:
        """The text with a hole for each variable, scanned as the SDKs do."""
        if found := _REFERENCE.search(text):
            self.keys.wrong(
                f"{found[0]} takes in another prompt",
                *at,
                slug="import-unsupported",
                fix="export with the references resolved, or import that prompt and {% include %} a partial",
            )
        pieces: list[Piece] = []
        end = 0
        while (start := text.find("{{", end)) >= 0 and (close := text.find("}}", start)) >= 0:
            name = text[start + 2 : close].strip()
            if _NAME.match(name):
                pieces += [text[end:start], Hole(name)]
            else:
                said = f"{text[start : close + 2]} is no name that could be given: it stays in the text"
                self.notes.append(Note(said, self.keys.place(*at)))
                pieces.append(text[end : close + 2])
            end = close + 2
        return [*pieces, text[end:]]

    def _header(self, inserted: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
        keys = self.keys
        config = keys.mapping("config")
        model = config.text("model")
        known = {name: config.any(name) for name in config.value if name in PARAMETERS}
        params = chat_params(known, model, config.place, self.left_out, within="config")
        files: dict[str, str] = {}
        self.response_format, output = output_header(config, "response_format", self.id, files, self.left_out)
        self.tools, tools = tool_files(config, "tools", self.id, files)
        self.lists = [self.names[name] for name in inserted]
        if self.lists and len(self.lists) < len(self.names):
            said = "Langfuse fills variables inside the messages of a placeholder too; values are never filled in here"
            self.notes.append(Note(said, keys.place("prompt")))
        inputs: dict[str, Any] = {
            ours: {"type": "messages", "default": []} if ours in self.lists else "string"
            for ours in self.names.values()
        }
        meta = {"name": keys.any("name"), "version": keys.any("version")}
        meta |= {name: keys.any(name) for name in ("labels", "tags")}
        header: dict[str, Any] = {
            "model": model,
            "params": params,
            "inputs": inputs,
            "output": output,
            "tools": tools,
            "meta": {"langfuse": {name: value for name, value in meta.items() if value}},
        }
        keys.any("type")
        return {name: value for name, value in header.items() if value or name == "inputs"}, files
