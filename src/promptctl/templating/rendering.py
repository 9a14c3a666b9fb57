"""Jinja at work on the templates of one tree: parsed, compiled, rendered to messages, in whichever process this is."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment

from promptctl.core.digest import digest
from promptctl.core.message import Message
from promptctl.core.prompt import InputSpec
from promptctl.errors import Place, PromptError
from promptctl.templating import faults, template_errors
from promptctl.templating.closure import FileFacts
from promptctl.templating.compiler import TooSlow, located
from promptctl.templating.environment import new_environment
from promptctl.templating.header import body_source, split_header
from promptctl.templating.inputs import bind
from promptctl.templating.limits import IMAGES_LIMIT, RENDERED_LIMIT
from promptctl.templating.marks import SHOWN
from promptctl.templating.roles import collecting
from promptctl.templating.syntax import facts, meaning
from promptctl.templating.templates import Asked, Flags


class Rendering:
    """The templates of one tree, each parsed and compiled once.

    Args:
        files: Path relative to the prompt folder → text with LF line ends.
        folder: The prompt folder as a user would type it, for places in messages.
    """

    def __init__(self, files: Mapping[str, str], folder: str) -> None:
        self._files, self._folder = files, folder
        self._environments: dict[tuple[tuple[str, bool], ...], Environment] = {}

    def facts(self, name: str) -> FileFacts:
        """What the syntax tree of one file says.

        Raises:
            PromptError: it does not parse or compile.
        """
        body = body_source(split_header(self._files[name], self._shown(name)))
        try:
            tree = self._environment().parse(body, name, self._shown(name))
            # Compiling finds what parsing does not: 200 nested blocks, unknown filters, bad assignments.
            self._environment().get_template(name)
            return facts(tree)
        except (Exception, TooSlow) as error:
            raise self._explain(name, error, {}) from error

    def meaning(self, name: str, flags: Flags) -> str:
        """The digest of a file's syntax tree: equal for texts that differ only in comments."""
        body = body_source(split_header(self._files[name], self._shown(name)))
        return digest("syntax", meaning(self._environment(flags).parse(body, name)))

    def filled(
        self, asked: Asked, inputs: Mapping[str, InputSpec], values: Mapping[str, Any], *, strict: bool
    ) -> tuple[Message, ...]:
        """The messages of a prompt for the plain values of a case. Raises as `bind` and `render`."""
        return self.render(asked, bind(inputs, values, strict=strict))

    def render(self, asked: Asked, variables: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages of a template under bound `variables` (see `inputs.bind`).

        Raises:
            PromptError: anything that rendering can raise, with file and line.
        """
        name = asked.name
        with collecting() as collector:
            try:
                with located():
                    text = self._environment(asked.flags).get_template(name).render(variables)
                if not collector.messages and not asked.has_roles:
                    collector.add("user", text)
                    text = ""
                outside = collector.marks.shown(text)
            except (Exception, TooSlow) as error:
                raise self._explain(name, error, variables) from error
        messages = collector.messages
        self._refuse_large(name, messages, len(text))
        if outside.strip():
            raise faults.text_outside(outside, self._place(name, self._line_of(name, outside)))
        self._refuse_empty(name, messages, asked.allow_empty)
        return tuple(messages)

    def _refuse_large(self, name: str, messages: Sequence[Message], outside: int) -> None:
        at = self._place(name, 1)
        if sum(len(message.text) for message in messages) + outside > RENDERED_LIMIT:
            raise faults.too_large(at, RENDERED_LIMIT)
        if sum(len(image.url) for message in messages for image in message.images) > IMAGES_LIMIT:
            raise faults.images_too_large(at, IMAGES_LIMIT)

    def _refuse_empty(self, name: str, messages: list[Message], allow_empty: bool) -> None:
        if not messages:
            raise PromptError(
                "the prompt renders no message at all",
                slug="no-message",
                at=self._place(name, 1),
                fix="make sure that at least one role block is reached",
            )
        for number, message in enumerate(messages, 1):
            if not message.content and not message.tool_calls and not allow_empty:
                raise PromptError(
                    f"message {number} ({message.role}) renders empty",
                    slug="empty-message",
                    at=self._place(name, 1),
                    fix="fill it, leave it out by a condition, or write `allow_empty: true` in the header",
                )

    def _environment(self, flags: Flags | None = None) -> Environment:
        key = tuple(sorted((flags or {}).items()))
        if key not in self._environments:
            self._environments[key] = new_environment(self._files, self._folder, flags)
        return self._environments[key]

    def _shown(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _explain(self, name: str, error: BaseException, variables: Mapping[str, Any]) -> PromptError:
        return template_errors.explain(error, self._shown(name), self._lines, variables, self._files)

    def _lines(self, shown: str) -> list[str]:
        return self._files.get(shown.removeprefix(f"{self._folder}/"), "").split("\n")

    def _place(self, name: str, line: int) -> Place:
        return faults.place(self._shown(name), line, self._lines)

    def _line_of(self, name: str, text: str) -> int:
        first = text.strip().split("\n")[0]
        first = "| image" if SHOWN in first else first
        lines = self._files[name].split("\n")
        start = split_header(self._files[name], self._shown(name)).lines
        return next((n for n, line in enumerate(lines, 1) if n > start and first in line), start + 1)
