"""The prompts of one tree: found, read, closed over the files that they need, rendered."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from promptctl.core.digest import canonical_json
from promptctl.core.message import Message
from promptctl.core.prompt import Header, InputSpec, PromptVersion
from promptctl.core.words import did_you_mean
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.headers import place_in_header, read_header
from promptctl.store.places import Key
from promptctl.store.prompt_files import read_named_files
from promptctl.store.trees import Tree
from promptctl.templating.closure import FileFacts
from promptctl.templating.inputs import MissingInput
from promptctl.templating.templates import Pending, Templates

SUFFIX = ".prompt.j2"


class _Files(Mapping[str, str]):
    """The files below the prompt folder by their path in it, read when they are needed.

    A file that may not be read (a symlink, a submodule, an LFS pointer) is there, and raises when it is read.
    """

    def __init__(self, tree: Tree, folder: str) -> None:
        self._tree, self._folder = tree, folder

    def __getitem__(self, name: str) -> str:
        return self._tree.text(f"{self._folder}/{name}")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._tree.exists(f"{self._folder}/{name}")

    def __iter__(self) -> Iterator[str]:
        return (path[len(self._folder) + 1 :] for path in self._tree.paths(self._folder))

    def __len__(self) -> int:
        return len(self._tree.paths(self._folder))


def _templates(isolate: bool) -> type[Templates]:
    if not isolate:
        return Templates
    from promptctl.store.rendering.isolated import IsolatedTemplates  # an application starts no process

    return IsolatedTemplates


class Prompts:
    """All prompts of one tree.

    Args:
        tree: The files.
        folder: The prompt folder below the project root.
        memory: What is known of templates by their text, from the prompts of another tree; it grows.
        isolate: Whether another process reads and renders the templates, under limits of time and memory.
    """

    def __init__(
        self,
        tree: Tree,
        folder: str = "prompts",
        memory: dict[str, FileFacts] | None = None,
        *,
        isolate: bool = False,
    ) -> None:
        self.tree, self.folder = tree, folder
        self.files: Mapping[str, str] = _Files(tree, folder)
        self.templates = _templates(isolate)(self.files, folder, memory)
        self.ids = sorted(
            name.removesuffix(SUFFIX)
            for name in self.files
            if name.endswith(SUFFIX) and not name.rpartition("/")[2].startswith("_")
        )
        self._known = frozenset(self.ids)
        self._folded = {name.casefold(): name for name in self.ids}
        self.strays = [error for error in map(self._misnamed, self.ids) if error]
        self._headers: dict[str, Header] = {}
        self._versions: dict[str, PromptVersion] = {}

    def _misnamed(self, prompt_id: str) -> FileError | None:
        """A name that cannot be told on a command line, or not from another on every disk."""
        twin = self._folded.get(prompt_id.casefold())
        twin = None if twin == prompt_id else twin
        if "@" not in prompt_id and prompt_id.rpartition("/")[2] and twin is None:
            return None
        message = (
            f"{prompt_id!r} and {twin!r} differ only in case"
            if twin
            else f"{prompt_id!r} cannot name a prompt"
        )
        fix = "rename one of them" if twin else f"give the file a name without @: NAME{SUFFIX}"
        return FileError(message, slug="bad-prompt-name", at=Place(self.path(prompt_id)), fix=fix)

    def meaning(self, prompt_id: str) -> tuple[object, ...]:
        """What a prompt says, comments aside: equal meanings send equal requests for any values."""
        version = self.version(prompt_id)
        names = self.templates.closure(prompt_id + SUFFIX).names
        trees = tuple(self.templates.meaning(name, version.header.jinja) for name in names)
        sent = canonical_json([version.response_format, version.tools])
        return trees, repr(version.header.settings()), repr(version.inputs), sent

    def __contains__(self, prompt_id: str) -> bool:
        return prompt_id in self._known

    def path(self, prompt_id: str) -> str:
        """The file of a prompt, as a user would type it."""
        return f"{self.folder}/{prompt_id}{SUFFIX}"

    def require(self, prompt_id: str) -> None:
        """Raises PromptctlError for a prompt that is not there, naming the nearest."""
        path = self.path(prompt_id)
        if prompt_id in self._known or any(f"{path}/".startswith(f"{one}/") for one in self.tree.refused):
            return  # reading it says why it is refused
        raise PromptctlError(
            f"there is no prompt {prompt_id!r}",
            slug="unknown-prompt",
            at=Place(path),
            fix=did_you_mean(prompt_id, self.ids) + "`promptctl list` shows all prompts",
        )

    def header(self, prompt_id: str) -> Header:
        """What the file's header says; the defaults without one."""
        self.require(prompt_id)
        if prompt_id not in self._headers:
            text = self.templates.parts(prompt_id + SUFFIX).header
            self._headers[prompt_id] = Header() if text is None else read_header(text, self.path(prompt_id))
        return self._headers[prompt_id]

    def version(self, prompt_id: str) -> PromptVersion:
        """The prompt with everything it reaches and its settings.

        Raises:
            PromptctlError: the header or a template of the closure cannot be read.
        """
        if prompt_id not in self._versions:
            header = self.header(prompt_id)
            closure = self.templates.closure(prompt_id + SUFFIX)
            inputs = header.inputs
            if inputs is None:  # no declaration: every variable is a required string
                inputs = {name: InputSpec(name=name) for name in closure.undeclared}
            named = read_named_files(
                header, self.files, self.folder, partial(self._place_in_header, prompt_id)
            )
            names = sorted({*closure.names, *header.files})
            self._versions[prompt_id] = PromptVersion(
                id=prompt_id,
                path=self.path(prompt_id),
                header=header,
                inputs=inputs,
                closure={name: self.files[name] for name in names},
                dynamic=closure.dynamic,
                tools=named.tools,
                schema=named.schema,
            )
        return self._versions[prompt_id]

    def facts(self, name: str) -> FileFacts:
        """What the syntax tree of one file of the prompt folder says."""
        return self.templates.facts(name)

    def render(
        self, prompt_id: str, values: Mapping[str, Any], *, strict: bool | None = None
    ) -> tuple[Message, ...]:
        """The messages of a prompt for these values.

        Args:
            prompt_id: The prompt.
            values: Plain data by input name.
            strict: Whether a value that is not declared is an error; by default where the header declares inputs.

        Raises:
            PromptctlError: values that do not fit, or a template that cannot be rendered.
        """
        return self.begin(prompt_id, values, strict=strict)()

    def begin(self, prompt_id: str, values: Mapping[str, Any], *, strict: bool | None = None) -> Pending:
        """Begins to render a prompt: as `render`, but for the values' and the template's errors and the messages.

        Returns:
            What waits for them. Where another process renders, the next may be begun before: it goes on meanwhile.
        """
        version = self.version(prompt_id)
        if strict is None:
            strict = version.header.inputs is not None
        header = version.header
        asked = self.templates.asked(prompt_id + SUFFIX, allow_empty=header.allow_empty, flags=header.jinja)
        pending = self.templates.begin(asked, version.inputs, values, strict=strict)

        def wait() -> tuple[Message, ...]:
            try:
                return pending()
            except MissingInput as error:
                error.at = self._use(version, error.name)
                raise

        return wait

    def _place_in_header(self, prompt_id: str, *keys: Key) -> Place:
        text = self.templates.parts(prompt_id + SUFFIX).header or ""
        return place_in_header(text, self.path(prompt_id), *keys)

    def _use(self, version: PromptVersion, name: str) -> Place:
        """Where a variable is first used, or else the prompt file."""
        file, line = self.templates.closure(version.id + SUFFIX).undeclared.get(name, (None, 1))
        if file is None:
            return Place(version.path)
        path = f"{self.folder}/{file}"
        text = self.tree.text(path).split("\n")[line - 1]
        return Place(path, line, max(text.find(name), 0) + 1)
