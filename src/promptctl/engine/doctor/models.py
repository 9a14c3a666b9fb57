"""Who answers for the prompts of a project, and with which key."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from promptctl.core.routes import Route
from promptctl.engine.answering import Unroutable
from promptctl.engine.load import Home, open_side, routed
from promptctl.errors import PromptctlError
from promptctl.registry import find, names
from promptctl.store.secrets import read_key


class Key(Enum):
    """Whether a model's key is there."""

    FOUND = "found"
    MISSING = "missing"
    NOT_NEEDED = "not needed"
    UNUSABLE = "unusable"


class ModelState(NamedTuple):
    """Who answers for one model. `address` is without what could hold a secret; the key itself is nowhere here.

    `prompts`: the ids of those that use the model. `settings`: what the project says of the provider, in words.
    """

    name: str
    provider: str = ""
    address: str = ""
    key_env: str = ""
    key: Key = Key.NOT_NEEDED
    problem: PromptctlError | None = None
    prompts: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


class EnvFile(Enum):
    """Whether keys are read from `.env` beside promptctl.toml."""

    NONE = "none"
    READ = "found, and Git ignores it: keys are read from it"
    IN_CI = "found, and not read: the variable CI is set"
    NOT_IGNORED = "found, and not read: Git does not ignore it"
    NO_REPOSITORY = "found, and not read: this is no Git repository that could ignore it"


def models_of(home: Home, environment: Mapping[str, str]) -> tuple[list[ModelState], list[str]]:
    """Every model that prompts of the working tree use, sorted; and the files that cannot be read."""
    side = open_side(home, home.here)
    used: dict[str, list[str]] = {}
    unread = list(side.tree.refused)
    for prompt_id in side.prompts.ids:
        try:
            name = side.prompts.version(prompt_id).header.model or home.config.project.model
            used.setdefault(name, []).append(prompt_id)
        except PromptctlError:
            unread.append(side.prompts.path(prompt_id))
    states = [_state(home, name, environment)._replace(prompts=tuple(used[name])) for name in sorted(used)]
    return states, unread


def env_file(home: Home, environment: Mapping[str, str]) -> EnvFile:
    """What becomes of the file `.env` at the project's root."""
    path = home.root / ".env"
    if not path.is_file():
        return EnvFile.NONE
    if home.repository is None:
        return EnvFile.NO_REPOSITORY
    if not home.repository.ignored(str(path)):
        return EnvFile.NOT_IGNORED
    return EnvFile.IN_CI if environment.get("CI") else EnvFile.READ


def _state(home: Home, model: str, environment: Mapping[str, str]) -> ModelState:
    try:
        route = routed(home.config, model)
        if route is None:
            Unroutable(model, home.config).prepare()
            raise AssertionError(model)
        _require_kind(route)
    except PromptctlError as error:
        return ModelState(model, problem=error)
    state = ModelState(
        model, route.provider, _address(route), route.key_env or "", settings=tuple(_settings(home, route))
    )
    if route.ca_file is not None and not (home.root / Path(route.ca_file).expanduser()).is_file():
        state = state._replace(problem=_no_certificates(route))
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


def _settings(home: Home, route: Route) -> Iterator[str]:
    """What the project says of the provider, beyond where it is and what its key is called."""
    config = home.config.providers.get(route.provider)
    if config is None:
        return
    if config.internal:
        yield "internal"
    if config.dialect:
        yield f"speaks as {config.dialect}"
    if config.stream:
        yield f"streams {config.stream}"
    if config.api_version:
        yield f"api-version {config.api_version}"
    if config.ca_file:
        yield f"trusts {config.ca_file}"
    if config.allow_http:
        yield "plain http allowed"
    if config.requests_per_minute:
        yield f"at most {config.requests_per_minute:g} requests a minute"
    if config.concurrency:
        yield f"{config.concurrency} calls at a time"
    if config.deadline:
        yield f"{config.deadline:g} s an attempt"
    if config.headers:
        yield f"headers {', '.join(config.headers)}"


def _no_certificates(route: Route) -> PromptctlError:
    return PromptctlError(
        f"the certificates in {route.ca_file} cannot be read: there is no such file",
        slug="bad-ca-file",
        at=f"[providers.{route.provider}] ca_file",
        fix='name a file of certificates in PEM form, from the project\'s root: ca_file = "certs/ca.pem"',
    )


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
