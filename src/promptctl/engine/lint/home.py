"""The project as lint opens it: also with a configuration that cannot be read."""

import os
from pathlib import Path, PurePosixPath

from promptctl.core.config import Config, ProjectConfig
from promptctl.engine.load import Home, bare_repository, find_home
from promptctl.errors import FileError, PromptctlError
from promptctl.store.config import NAME, PYPROJECT, find_root
from promptctl.store.documents import read_toml
from promptctl.store.private import private_path
from promptctl.store.repo import Repository


def home_of(folder: Path) -> tuple[Home, list[PromptctlError]]:
    """The project, and what is wrong with its configuration; the folders it names are used all the same."""
    try:
        return find_home(folder), []
    except PromptctlError as error:
        mistakes = list(getattr(error, "errors", (error,)))
        folder = folder.resolve()
        root = find_root(folder)
        if (
            root is None
            or bare_repository(folder, root)
            or not all(isinstance(m, FileError) or m.slug == "cannot-read" for m in mistakes)
        ):
            raise
    return Home(root, Repository.find(root), Config(project=_folders(root))), mistakes


def _folders(root: Path) -> ProjectConfig:
    for name, keys in ((NAME, ()), (PYPROJECT, ("tool", "promptctl"))):
        try:
            value = read_toml((root / name).read_text(encoding="utf-8-sig"), name).value
        except (OSError, UnicodeDecodeError, PromptctlError):
            continue
        for key in (*keys, "project"):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, dict):
            named = {key: value[key] for key in ("prompts", "evals") if _is_folder(root, value.get(key))}
            return ProjectConfig(**named)
    return ProjectConfig()


def _is_folder(root: Path, name: object) -> bool:
    inside = isinstance(name, str) and not name.startswith("/") and ".." not in name.split("/")
    return inside and (root / str(name)).is_dir()


def inside(home: Home, path: str, private: str | None = None) -> str:
    """A path as it was typed, relative to the project root; links are not followed at its end.

    `private` is what stands before the paths of private cases.
    """
    root = home.root
    if home.bare:  # nothing is on disk: a path can only be the project's own
        return PurePosixPath(path).as_posix().removeprefix(".")
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the link itself
    whole = whole.parent.resolve() / whole.name
    if not os.path.lexists(whole):
        raise PromptctlError(
            f"{path} is not there", slug="no-such-file", at=path, fix="give a file or folder of the project"
        )
    if name := private_path(root, whole, private):
        return name
    if not whole.is_relative_to(root):
        raise PromptctlError(
            f"{path} lies outside the project",
            slug="outside-project",
            at=path,
            fix=f"the project is {root}; give a file or folder of it",
        )
    text = whole.relative_to(root).as_posix()
    return "" if text == "." else text
