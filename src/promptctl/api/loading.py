"""Prompts for applications: `load("support/reply").messages(ticket=…)`.

No Git, no provider, no suite: the files beside the application, rendered by the same code as the tests. Of
third parties only jinja2 and yaml are imported, which a test holds.
"""

import copy
import tomllib
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from promptctl.core.message import Image
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.files import read_bytes
from promptctl.store.places import decode, in_words, is_below
from promptctl.store.prompts import Prompts
from promptctl.store.trees import WorkTree
from promptctl.templating.images import data_uri


class Prompt:
    """A prompt that an application can render. `digest` names the version, for logs and request metadata.

    `params`, `tools` and `response_format` are what chat completions take beside model and messages; the last is None
    where the answer is text.
    """

    def __init__(self, prompts: Prompts, prompt_id: str) -> None:
        version = prompts.version(prompt_id)
        self._prompts = prompts
        self.id = prompt_id
        self.model = version.header.model
        self.params: dict[str, Any] = copy.deepcopy(version.header.params)
        self.tools: list[dict[str, Any]] = copy.deepcopy(list(version.tools))
        self.response_format: dict[str, Any] | None = copy.deepcopy(version.response_format)
        self.inputs = tuple(version.inputs)
        self.digest = version.digest

    def messages(self, **values: Any) -> list[dict[str, Any]]:
        """The messages as chat completions take them: `[{"role": …, "content": …}, …]`.

        Args:
            **values: A value for every required input. An image is an https address, a data URI, or a `Path`: a text
                never names a file, because a user may have typed it.

        Raises:
            PromptctlError: a value is missing, not declared or of the wrong type; the template cannot be rendered.
        """
        given = {name: _opened(value) for name, value in values.items()}
        return [message.as_dict() for message in self._prompts.render(self.id, given)]

    def __repr__(self) -> str:
        return f"Prompt({self.id!r}, {self.digest[:11]!r})"


def _opened(value: Any) -> Any:
    """The picture in a file that the application names; any other value as it is."""
    if isinstance(value, PurePath):
        return Image(url=data_uri(read_bytes(Path(value)), str(value)))
    return value


def load(prompt_id: str, root: str | Path | None = None) -> Prompt:
    """A prompt from the project's files.

    Args:
        prompt_id: The path under the prompt folder without the suffix, `support/reply`.
        root: The project's root; by default the nearest folder upward from the working directory that has
            promptctl.toml or prompts/. Files are read once a process and root.

    Raises:
        PromptctlError: no project or prompt there, or a file that cannot be read.
    """
    folder = Path(root).resolve() if root is not None else _nearest(Path.cwd())
    return Prompt(_prompts(folder), prompt_id)


@cache
def _prompts(root: Path) -> Prompts:
    folder = _prompt_folder(root)
    # Without Git: an application is shipped without a repository. Links are refused as everywhere.
    return Prompts(WorkTree(root, (folder,), extra=()), folder)


def _nearest(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / "promptctl.toml").is_file() or (folder / "prompts").is_dir():
            return folder
    raise PromptctlError(
        "there is no promptctl project here",
        slug="no-project",
        at=str(start),
        fix="give its root: load(ID, root=PATH)",
    )


def _prompt_folder(root: Path) -> str:
    path = root / "promptctl.toml"
    try:
        config = tomllib.loads(decode(read_bytes(path), str(path))) if path.is_file() else {}
    except tomllib.TOMLDecodeError as error:
        raise FileError(
            f"promptctl.toml cannot be read: {error}",
            slug="bad-toml",
            at=Place(str(path)),
            fix="mend the file",
        ) from error
    # `store.config` says more, and at the line; but it needs msgspec, which an application should not pay for.
    section = config.get("project", {})
    if not isinstance(section, dict):
        message = f"project is a table, found {in_words(section)}"
        fix = 'write [project], and below it prompts = "prompts"'
        raise FileError(message, slug="wrong-type", at=Place(str(path)), fix=fix)
    folder = section.get("prompts", "prompts")
    if not isinstance(folder, str):
        message = f"[project] prompts is a text, found {in_words(folder)}"
        raise FileError(message, slug="wrong-type", at=Place(str(path)), fix='write prompts = "prompts"')
    if not is_below(folder):
        fix = 'write a folder below the project, such as "prompts"'
        message = "[project] prompts is no folder below the project"
        raise FileError(message, slug="bad-path", at=Place(str(path)), fix=fix)
    return str(PurePosixPath(folder))
