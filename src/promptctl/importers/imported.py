"""What an importer makes of others' files: prompts and suites as a person would write them, and what was left out."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from promptctl.errors import Place


class Files(Protocol):
    """The files that an importer may read: those of the imported folder. Paths are relative, with `/`."""

    def text(self, path: str) -> str:
        """The text of one file.

        Raises:
            PromptctlError: it is not there, outside the folder, a link, too large or no UTF-8.
        """
        ...

    def matching(self, pattern: str) -> list[str]:
        """The files that fit a glob, sorted; none where nothing fits."""
        ...


class ForeignRequest(NamedTuple):
    """What the original tool would send, in chat-completions words. `params` under the names that go out.

    What is named in `left_out` is left out here too: the rest has to be equal. A limit of tokens may stand under any
    of its names.
    """

    model: str | None
    messages: tuple[dict[str, Any], ...]
    params: dict[str, Any] = {}
    tools: tuple[dict[str, Any], ...] = ()
    response_format: dict[str, Any] | None = None


class ImportedPrompt(NamedTuple):
    """One prompt file to write.

    `header` holds the keys as written, `body` is the template below them, `files` are schemas and tools by their path
    in the prompt folder. `original` computes, by the original's own rules, what it would send for given values; it is
    compared with what we send for `samples` and for every case, and a prompt that differs is not written. Values are
    by the names of our inputs.
    """

    id: str
    header: dict[str, Any]
    body: str
    original: Callable[[Mapping[str, Any]], ForeignRequest]
    place: Place
    files: dict[str, str] = {}
    samples: tuple[dict[str, Any], ...] = ()


class ImportedSuite(NamedTuple):
    """One suite to write: `settings` are the keys of suite.yaml, `cases` are written cases with ids."""

    id: str
    prompt: str
    cases: tuple[dict[str, Any], ...]
    place: Place
    settings: dict[str, Any] = {}


class LeftOut(NamedTuple):
    """Something of the original that could not be carried over: what, where, and what to do instead."""

    what: str
    at: Place
    instead: str


class Note(NamedTuple):
    """Something that was carried over, and that a person should know: what, and where."""

    what: str
    at: Place


class Imported(NamedTuple):
    """Everything found in one file and those it names. `config` are tables of promptctl.toml to suggest."""

    prompts: tuple[ImportedPrompt, ...] = ()
    suites: tuple[ImportedSuite, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    config: dict[str, Any] = {}
    notes: tuple[Note, ...] = ()


class Importer(Protocol):
    """One foreign format: one file here and one line in the registry."""

    def recognises(self, path: str, text: str) -> bool:
        """Whether a file looks like this format, by its name and first keys. Never raises."""
        ...

    def read(self, files: Files, path: str) -> Imported:
        """Everything that `path` says.

        Raises:
            PromptctlError, Several: nothing of it can be imported; each names the feature and its place.
        """
        ...
