"""What a project needs from the machine it is on: who answers, with which key, and what would be compared."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple
from urllib.parse import urlsplit

from promptctl.core.routes import Route
from promptctl.engine.answering import Unroutable
from promptctl.engine.load import Home, open_side, routed, sides_of
from promptctl.errors import PromptctlError
from promptctl.registry import find, names
from promptctl.store.revisions import WORKTREE, Revision
from promptctl.store.secrets import read_key


class Key(Enum):
    """Whether a model's key is there."""

    FOUND = "found"
    MISSING = "missing"
    NOT_NEEDED = "not needed"
    UNUSABLE = "unusable"


class ModelState(NamedTuple):
    """Who answers for one model. `address` is without what could hold a secret; the key itself is nowhere here."""

    name: str
    provider: str = ""
    address: str = ""
    key_env: str = ""
    key: Key = Key.NOT_NEEDED
    problem: PromptctlError | None = None


def models_of(home: Home, environment: Mapping[str, str]) -> tuple[list[ModelState], list[str]]:
    """Every model that prompts of the working tree use, sorted; and the files that cannot be read."""
    side = open_side(home, Revision(label=WORKTREE, commit=None, dirty=True))
    used, unread = set(), list(side.tree.refused)
    for prompt_id in side.prompts.ids:
        try:
            used.add(side.prompts.version(prompt_id).header.model or home.config.project.model)
        except PromptctlError:
            unread.append(side.prompts.path(prompt_id))
    return [_state(home, name, environment) for name in sorted(used)], unread


def sides_in_words(home: Home) -> str:
    """What `promptctl test` would compare.

    Raises:
        PromptctlError: it cannot be told, with the cure.
    """
    sides = sides_of(home)
    if sides.nothing:
        return sides.note or "nothing to compare"
    head = _named(sides.head)
    return f"{head} alone, without a base" if sides.base is None else f"{_named(sides.base)} → {head}"


def _named(revision: Revision) -> str:
    if revision.label == WORKTREE:
        return "working tree"
    return f"{revision.label}@{revision.commit[:7]}" if revision.commit else revision.label


def _state(home: Home, model: str, environment: Mapping[str, str]) -> ModelState:
    try:
        route = routed(home.config, model)
        if route is None:
            Unroutable(model, home.config).prepare()
            raise AssertionError(model)
        _require_kind(route)
    except PromptctlError as error:
        return ModelState(model, problem=error)
    state = ModelState(model, route.provider, _address(route), route.key_env or "")
    if route.key_env is None:
        return state
    try:
        if read_key(route.key_env, environment, home.root, lambda path: _ignored(home, str(path))):
            return state._replace(key=Key.FOUND)
    except PromptctlError as error:
        return state._replace(key=Key.UNUSABLE, problem=error)
    if route.is_local:
        return state._replace(key=Key.NOT_NEEDED)
    return state._replace(key=Key.MISSING, problem=_missing(home, route, environment))


def _require_kind(route: Route) -> None:
    if find("providers", route.kind) is None:
        raise PromptctlError(
            f"provider {route.provider} has the kind {route.kind!r}, which there is not",
            slug="unknown-provider-kind",
            at="promptctl.toml",
            fix=f"one of: {', '.join(names('providers'))}",
        )


def _missing(home: Home, route: Route, environment: Mapping[str, str]) -> PromptctlError:
    name = str(route.key_env)
    fix = f"export {name}=…, or write it into .env beside promptctl.toml, if Git ignores that file"
    try:
        if read_key(name, environment, home.root, lambda _: True):
            fix = "`.env` holds it, but Git does not ignore that file, so it is not read: add `.env` to .gitignore"
            if home.repository is None:
                fix = "`.env` holds it, but is read only in a Git repository that ignores it"
    except PromptctlError:
        pass  # a file that is not read need not be right
    return PromptctlError(
        f"provider {route.provider} needs a key, and the variable {name} is not set",
        slug="missing-key",
        at=f"environment variable {name}",
        fix=fix,
    )


def _ignored(home: Home, path: str) -> bool:
    return home.repository is not None and home.repository.ignored(path)


def _address(route: Route) -> str:
    url = urlsplit(route.base_url)
    host = url.netloc.rpartition("@")[2]
    return f"{url.scheme}://{host}{url.path}" if host else ""
