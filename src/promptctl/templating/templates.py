"""All templates of one tree: each file looked over once, closed over its includes, rendered to messages."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from promptctl.core.message import Message
from promptctl.core.prompt import InputSpec
from promptctl.core.words import did_you_mean
from promptctl.errors import Place, PromptError
from promptctl.templating import faults
from promptctl.templating.closure import Closure, FileFacts, Reference
from promptctl.templating.header import Parts, split_header
from promptctl.templating.names import OutsidePrompts, refuse_outside

if TYPE_CHECKING:
    from promptctl.templating.rendering import Rendering

Flags = Mapping[str, bool]
Pending = Callable[[], tuple[Message, ...]]


class Asked(NamedTuple):
    """A template to be rendered. `has_roles` says whether it, or anything that it reaches, has role blocks."""

    name: str
    has_roles: bool
    allow_empty: bool
    flags: Flags


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
        self._facts: dict[str, FileFacts] = {}
        self._unread: dict[str, PromptError] = {}
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
        if error := self._unread.get(name):
            raise error  # to find it may have taken seconds
        if name not in self._facts:
            text = self._files[name]
            found = self._memory.get(text) or self._looked_over(name)
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
        """What a file says, as a digest: equal for texts that differ only in comments."""
        return self._rendering.meaning(name, flags or {})

    def closure(self, name: str) -> Closure:
        """Every file that `name` reaches by include, import or extends, and the variables they need.

        Raises:
            PromptError: a file is missing, lies outside the prompt folder, or includes itself.
        """
        if name not in self._closures:
            self._closures[name] = self._close(name)
        return self._closures[name]

    def begin(
        self,
        asked: Asked,
        inputs: Mapping[str, InputSpec],
        values: Mapping[str, Any],
        *,
        strict: bool,
    ) -> Pending:
        """Begins to render a prompt for plain values; what is returned gives the messages, or raises.

        Here nothing is done before it is called. Where another process renders, it goes on meanwhile.

        Raises:
            PromptError: when called: a value does not fit (see `bind`), or the template cannot be rendered.
        """
        return partial(self._rendering.filled, asked, inputs, values, strict=strict)

    def asked(self, name: str, *, allow_empty: bool = False, flags: Flags | None = None) -> Asked:
        """What is to be rendered; the first time, all that it reaches is read.

        `flags` are the Jinja flags of the prompt that differ from ours; its partials are rendered under them too.

        Raises:
            PromptError: as `closure`.
        """
        return Asked(name, self.closure(name).has_roles, allow_empty, flags or {})

    def render(
        self,
        name: str,
        variables: Mapping[str, Any],
        *,
        allow_empty: bool = False,
        flags: Flags | None = None,
    ) -> tuple[Message, ...]:
        """The messages of a template under bound `variables` (see `inputs.bind`), rendered in this process.

        Raises:
            PromptError: anything that rendering can raise, with file and line.
        """
        return self._rendering.render(self.asked(name, allow_empty=allow_empty, flags=flags), variables)

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
            raise faults.outside(wanted, at, self.folder) from None
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

    def _looked_over(self, name: str) -> FileFacts:
        try:
            return self._read(name)
        except PromptError as error:
            self._unread[name] = error
            raise

    def _read(self, name: str) -> FileFacts:
        """What the syntax tree of a file says, read anew."""
        return self._rendering.facts(name)

    @cached_property
    def _rendering(self) -> "Rendering":
        from promptctl.templating.rendering import Rendering  # Jinja takes longer to load than all of ours

        return Rendering(self._files, self.folder)

    def _lines(self, shown: str) -> list[str]:
        return self._files.get(shown.removeprefix(f"{self.folder}/"), "").split("\n")

    def _place(self, name: str, line: int, word: str | None = None) -> Place:
        return faults.place(self.shown(name), line, self._lines, word)
