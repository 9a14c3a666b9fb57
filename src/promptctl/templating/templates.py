"""All templates of one tree: parsed once, closed over their includes, rendered to messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment

from promptctl.core.message import Message
from promptctl.core.words import did_you_mean
from promptctl.errors import Place, PromptError
from promptctl.templating import template_errors
from promptctl.templating.closure import Closure, FileFacts, Reference, facts, meaning
from promptctl.templating.environment import OutsidePrompts, new_environment, refuse_outside
from promptctl.templating.header import Parts, body_source, split_header
from promptctl.templating.marks import SHOWN
from promptctl.templating.roles import collecting

RENDERED_LIMIT = 1_000_000
"""Characters of one rendering. A larger prompt is a mistake or an attack; the sandbox itself sets no limit."""
IMAGES_LIMIT = 30_000_000
"""Characters of the addresses of all images in one rendering: about 20 MB of pictures."""

Flags = Mapping[str, bool]


class Templates:
    """The prompt files of one tree.

    Args:
        files: Path relative to the prompt folder → text with LF line ends. May read lazily.
        folder: The prompt folder as a user would type it, for places in messages.
        memory: What is known of files by their text, from the templates of another tree; it grows.
    """

    def __init__(
        self, files: Mapping[str, str], folder: str = "prompts", memory: dict[str, FileFacts] | None = None
    ) -> None:
        self._memory = {} if memory is None else memory
        self._files, self.folder = files, folder
        self._environments: dict[tuple[tuple[str, bool], ...], Environment] = {}
        self._facts: dict[str, FileFacts] = {}
        self._closures: dict[str, Closure] = {}

    def shown(self, name: str) -> str:
        """The path of a file as a user would type it."""
        return f"{self.folder}/{name}"

    def parts(self, name: str) -> Parts:
        """Header and text of a file."""
        return split_header(self._files[name], self.shown(name))

    def facts(self, name: str) -> FileFacts:
        """What the syntax tree of one file says.

        Raises:
            PromptError: it does not parse, or a role block stands where it must not.
        """
        if name not in self._facts:
            text = self._files[name]
            found = self._memory.get(text) or self._read(name)
            self._memory[text] = found
            for line, inside in found.nested_roles:
                raise PromptError(
                    f"a role block stands inside {inside}",
                    slug="nested-role",
                    at=self._place(name, line),
                    fix="role blocks stand on their own: move it out",
                )
            for line in found.cut_images:
                raise PromptError(
                    "a filter stands behind `| image`",
                    slug="image-cut",
                    at=self._place(name, line, "| image"),
                    fix="let `| image` stand last: an image is no text to change",
                )
            self._facts[name] = found
        return self._facts[name]

    def meaning(self, name: str, flags: Flags | None = None) -> str:
        """The syntax tree of a file, written out: equal for texts that differ only in comments."""
        return meaning(self._environment(flags).parse(body_source(self.parts(name)), name))

    def closure(self, name: str) -> Closure:
        """Every file that `name` reaches by include, import or extends, and the variables they need.

        Raises:
            PromptError: a file is missing, lies outside the prompt folder, or includes itself.
        """
        if name not in self._closures:
            self._closures[name] = self._close(name)
        return self._closures[name]

    def render(
        self,
        name: str,
        variables: Mapping[str, Any],
        *,
        allow_empty: bool = False,
        flags: Flags | None = None,
    ) -> tuple[Message, ...]:
        """The messages of a template under bound `variables` (see `inputs.bind`).

        `flags` are the Jinja flags of the prompt that differ from ours; its partials are rendered under them too.

        Raises:
            PromptError: anything that rendering can raise, with file and line.
        """
        closure = self.closure(name)
        with collecting() as collector:
            try:
                text = self._environment(flags).get_template(name).render(variables)
                if not collector.messages and not closure.has_roles:
                    collector.add("user", text)
                    text = ""
                outside = collector.marks.shown(text)
            except Exception as error:
                raise self._explain(name, error, variables) from error
        messages = collector.messages
        self._refuse_large(name, messages, len(text))
        if outside.strip():
            raise template_errors.text_outside(outside, self._place(name, self._line_of(name, outside)))
        self._refuse_empty(name, messages, allow_empty)
        return tuple(messages)

    def _refuse_large(self, name: str, messages: Sequence[Message], outside: int) -> None:
        at = self._place(name, 1)
        if sum(len(message.text) for message in messages) + outside > RENDERED_LIMIT:
            raise template_errors.too_large(at, RENDERED_LIMIT)
        if sum(len(image.url) for message in messages for image in message.images) > IMAGES_LIMIT:
            raise template_errors.images_too_large(at, IMAGES_LIMIT)

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

    def _close(self, name: str) -> Closure:
        seen: dict[str, None] = {}
        dynamic = self._walk(name, [], seen)
        needed: dict[str, tuple[str, int]] = {}
        for file in seen:
            found = self.facts(file)
            others = {word for other in seen if other != file for word in self.facts(other).assigned}
            for word in found.undeclared - others:
                needed.setdefault(word, (file, found.first_use.get(word, 1)))
        # A computed include may pull in any partial; what those need cannot be known before rendering.
        names = set(seen) | (self.partials() if dynamic else set())
        return Closure(
            names=tuple(sorted(names)),
            undeclared=dict(sorted(needed.items(), key=lambda item: (item[1], item[0]))),
            dynamic=dynamic,
            has_roles=any(self.facts(file).has_roles for file in seen),
        )

    def _walk(self, name: str, path: list[str], seen: dict[str, None]) -> bool:
        seen[name] = None
        dynamic = False
        for reference in self.facts(name).references:
            if reference.name is None:
                dynamic = True
                continue
            if not self._known(name, reference):
                continue
            if reference.name in (*path, name):
                raise PromptError(
                    f"the template includes itself: {' → '.join([*path, name, reference.name])}",
                    slug="include-cycle",
                    at=self._place(name, reference.line),
                    fix="break the circle: move what both need into a partial of its own",
                )
            if reference.name not in seen:
                dynamic |= self._walk(reference.name, [*path, name], seen)
        return dynamic

    def _known(self, name: str, reference: Reference) -> bool:
        wanted = reference.name or ""
        at = self._place(name, reference.line, wanted)
        try:
            refuse_outside(wanted)
        except OutsidePrompts:
            raise template_errors.outside(wanted, at, self.folder) from None
        if wanted in self._files:
            self._files[wanted]  # a symlink, submodule or LFS pointer raises here, with its path
            return True
        if reference.optional:
            return False
        beside = f"{name.rpartition('/')[0]}/{wanted}".lstrip("/")
        meant = f'names are relative to {self.folder}/: write "{beside}"' if beside in self._files else ""
        raise PromptError(
            f"template {wanted!r} is not there",
            slug="template-not-found",
            at=at,
            fix=meant or f"{did_you_mean(wanted, self._files)}create {self.shown(wanted)}",
        )

    def partials(self) -> set[str]:
        """Names of all `_*.j2` files."""
        return {
            name for name in self._files if name.rpartition("/")[2].startswith("_") and name.endswith(".j2")
        }

    def _read(self, name: str) -> FileFacts:
        parts = self.parts(name)
        try:
            tree = self._environment().parse(body_source(parts), name, self.shown(name))
            # Compiling finds what parsing does not: 200 nested blocks, unknown filters, bad assignments.
            self._environment().get_template(name)
            return facts(tree)
        except Exception as error:
            raise self._explain(name, error, {}) from error

    def _environment(self, flags: Flags | None = None) -> Environment:
        key = tuple(sorted((flags or {}).items()))
        if key not in self._environments:
            self._environments[key] = new_environment(self._files, self.folder, flags)
        return self._environments[key]

    def _explain(self, name: str, error: Exception, variables: Mapping[str, Any]) -> PromptError:
        return template_errors.explain(error, self.shown(name), self._lines, variables, self._files)

    def _lines(self, shown: str) -> list[str]:
        return self._files.get(shown.removeprefix(f"{self.folder}/"), "").split("\n")

    def _place(self, name: str, line: int, word: str | None = None) -> Place:
        return template_errors.place(self.shown(name), line, self._lines, word)

    def _line_of(self, name: str, text: str) -> int:
        first = text.strip().split("\n")[0]
        first = "| image" if SHOWN in first else first
        lines = self._files[name].split("\n")
        start = self.parts(name).lines
        return next((n for n, line in enumerate(lines, 1) if n > start and first in line), start + 1)
