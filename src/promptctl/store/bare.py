"""A project in a bare repository: nothing is on disk, so its folder is looked for among the files of a commit."""

from functools import lru_cache
from pathlib import PurePosixPath

from promptctl.errors import PromptctlError
from promptctl.store.config import NAME, PYPROJECT, configures
from promptctl.store.prompts import SUFFIX
from promptctl.store.repo import Repository

PROMPTS = "prompts"


@lru_cache(maxsize=16)
def folder_of_project(repository: Repository, commit: str) -> str:
    """The folder of the project at a commit; empty for the top of the repository, which goes before all others.

    A folder below the top is one where promptctl.toml, a pyproject.toml that configures promptctl, or a prompt under
    prompts/ lies. One to three processes; the answer is kept.

    Raises:
        PromptctlError: `no-project`; `several-projects`, and none of them holds the others.
    """
    top = repository.files(commit, [NAME, PYPROJECT, PROMPTS])
    if any(path == NAME or path.startswith(f"{PROMPTS}/") for path in top):
        return ""
    files = repository.files(commit, [""])
    found = {_parent(path) for path in files if path.rpartition("/")[2] == NAME}
    found |= {_above_prompts(path) for path in files if path.endswith(SUFFIX) and _is_prompt(path)}
    tables = {path: entry.id for path, entry in files.items() if path.rpartition("/")[2] == PYPROJECT}
    texts = repository.blobs(tables.values())
    found |= {
        _parent(path) for path, one in tables.items() if configures(texts[one].decode("utf-8", "replace"))
    }
    outermost = sorted(one for one in found if not any(_lies_in(one, other) for other in found))
    if len(outermost) == 1:
        return outermost[0]
    at = f"{commit[:12]} in {repository.root}"
    if not outermost:
        message = "this commit of a bare repository holds no promptctl project"
        fix = "name a revision that has promptctl.toml or prompts/, as in PROMPT@REV or --head REV"
        raise PromptctlError(message, slug="no-project", at=at, fix=fix)
    message = f"this bare repository holds several projects: {', '.join(outermost[:5])}"
    fix = "clone it, and work in the folder of one of them"
    raise PromptctlError(message, slug="several-projects", at=at, fix=fix)


def _is_prompt(path: str) -> bool:
    return PROMPTS in PurePosixPath(path).parts[:-1]


def _above_prompts(path: str) -> str:
    parts = PurePosixPath(path).parts
    return "/".join(parts[: parts.index(PROMPTS)])


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _lies_in(folder: str, other: str) -> bool:
    return folder != other and (not other or folder.startswith(f"{other}/"))
