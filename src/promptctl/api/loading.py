"""Prompts for applications: `load("support/reply").messages(ticket=…)`.

No Git, no provider, no suite: the files beside the application, rendered by the same code as the tests. Of
third parties only jinja2 and yaml are imported, which a test holds.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from promptctl.errors import Place, PromptctlError, PromptError
from promptctl.store.places import decode
from promptctl.store.prompts import Prompts


class Prompt:
    """A prompt that an application can render. `digest` names the version, for logs and request metadata."""

    def __init__(self, prompts: Prompts, prompt_id: str) -> None:
        version = prompts.version(prompt_id)
        self._prompts = prompts
        self.id = prompt_id
        self.model = version.header.model
        self.params: dict[str, Any] = dict(version.header.params)
        self.inputs = tuple(version.inputs)
        self.digest = version.digest

    def messages(self, **values: Any) -> list[dict[str, str]]:
        """The messages as chat completions take them: `[{"role": …, "content": …}, …]`.

        Args:
            **values: A value for every required input.

        Raises:
            PromptctlError: a value is missing, not declared or of the wrong type; the template cannot be rendered.
        """
        return [message.as_dict() for message in self._prompts.render(self.id, values)]

    def __repr__(self) -> str:
        return f"Prompt({self.id!r}, {self.digest[:11]!r})"


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
    return Prompts(_Folder(root, folder), folder)


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
        config = tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.is_file() else {}
    except ValueError as error:
        raise PromptctlError(
            f"promptctl.toml cannot be read: {error}",
            slug="bad-toml",
            at=Place(str(path)),
            fix="mend the file",
        ) from error
    section: Mapping[str, Any] = config.get("project", {})
    return str(section.get("prompts", "prompts"))


class _Folder:
    """The prompt folder on disk as a tree. Links are refused here too: an include never leaves the folder."""

    label = "files"

    def __init__(self, root: Path, folder: str) -> None:
        self._root = root
        self._base = root / folder
        self.refused: dict[str, str] = {}

    def paths(self, folder: str) -> list[str]:
        found = [path for path in sorted((self._root / folder).rglob("*")) if path.is_file()]
        return [path.relative_to(self._root).as_posix() for path in found]

    def exists(self, path: str) -> bool:
        return (self._root / path).is_file()

    def bytes(self, path: str) -> bytes:
        file = self._root / path
        if not file.resolve().is_relative_to(self._base.resolve()):
            raise PromptError("this file is a link out of the prompt folder", slug="symlink", at=Place(path))
        return file.read_bytes()

    def text(self, path: str) -> str:
        return decode(self.bytes(path), path)

    def identity(self, path: str) -> str:
        return self.text(path)
