"""Templates of one tree that another process parses, compiles and renders. Only their texts are read here."""

import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from promptctl.core.message import Message
from promptctl.core.prompt import InputSpec
from promptctl.errors import PromptctlError, PromptError
from promptctl.store.rendering import wire
from promptctl.store.rendering.renderer import Need, Renderer, Ticket, shared
from promptctl.templating.closure import FileFacts
from promptctl.templating.templates import Asked, Flags, Pending, Templates


class IsolatedTemplates(Templates):
    """As `Templates`, with the dangerous half of the work in the process of a `Renderer`.

    Raises:
        PromptctlError: further, wherever a template is looked at: `template-too-slow`, `template-too-large`,
            `no-renderer`.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        folder: str = "prompts",
        memory: dict[str, FileFacts] | None = None,
        renderer: Renderer | None = None,
    ) -> None:
        super().__init__(files, folder, memory)
        self._renderer = renderer or shared()
        self._tree = self._renderer.tree()
        self._needs: dict[str, tuple[Need, ...]] = {}
        self._prompts: dict[tuple[Any, ...], tuple[int, Need, Mapping[str, InputSpec]]] = {}
        weakref.finalize(self, self._renderer.forget, self._tree)

    def meaning(self, name: str, flags: Flags | None = None) -> str:
        """What a file says, as a digest: equal for texts that differ only in comments."""
        return str(self._ask("meaning", name, dict(flags or {})))

    def begin(
        self, asked: Asked, inputs: Mapping[str, InputSpec], values: Mapping[str, Any], *, strict: bool
    ) -> Pending:
        """Begins to render a prompt for plain values; what is returned waits for the messages, or raises."""
        key, need = self._prompt(asked, inputs, strict=strict)
        try:
            more = wire.body(key, wire.written_values(values))
        except (TypeError, ValueError, RecursionError) as error:
            raise PromptError(
                f"the values cannot be written as JSON: {error}",
                slug="wrong-input-type",
                fix="give texts, numbers, lists and mappings",
            ) from error
        needs = (*self._reached(asked.name), need)
        ticket = Ticket("render", self._tree, more, needs, self.shown(asked.name))
        self._renderer.submit(ticket)
        return partial(self._messages, ticket)

    def _messages(self, ticket: Ticket) -> tuple[Message, ...]:
        return wire.read_messages(self._renderer.wait(ticket))

    def _read(self, name: str) -> FileFacts:
        return wire.read_facts(self._ask("facts", name))

    def _ask(self, kind: str, name: str, *more: Any) -> Any:
        needs = (self._itself(), self._file(name))
        ticket = Ticket(kind, self._tree, wire.body(name, *more), needs, self.shown(name))
        self._renderer.submit(ticket)
        return self._renderer.wait(ticket)

    def _prompt(self, asked: Asked, inputs: Mapping[str, InputSpec], *, strict: bool) -> tuple[int, Need]:
        """The number of a prompt that is rendered in one way, and what tells it to the process."""
        way = (asked.name, asked.allow_empty, tuple(sorted(asked.flags.items())), id(inputs), strict)
        if way not in self._prompts:
            key = len(self._prompts)
            written = wire.written_prompt(asked, inputs, strict=strict)
            # The inputs are kept, so that no others get their id.
            self._prompts[way] = (key, self._told(f"prompt {key}", "prompt", key, written), inputs)
        return self._prompts[way][:2]

    def _reached(self, name: str) -> tuple[Need, ...]:
        """The texts that a rendering may look at: for a computed name that is any file."""
        if name not in self._needs:
            closure = self.closure(name)
            names = self._files if closure.dynamic else closure.names
            needed = (self._itself(), self._names(), *map(self._file, names))
            self._needs[name] = needed
        return self._needs[name]

    def _itself(self) -> Need:
        return self._told("tree", "tree", self.folder)

    def _names(self) -> Need:
        return Need("names", lambda: wire.line([None, "names", self._tree, list(self._files)]))

    def _file(self, name: str) -> Need:
        return Need(f"file {name}", partial(self._written_file, name))

    def _written_file(self, name: str) -> bytes:
        text, refused = None, None
        try:
            text = self._files[name]
        except PromptctlError as error:  # a link, or no UTF-8: whoever includes it says so
            refused = wire.written_error(error)
        return wire.line([None, "file", self._tree, name, text, refused])

    def _told(self, key: str, kind: str, *more: Any) -> Need:
        return Need(key, lambda: wire.line([None, kind, self._tree, *more]))
