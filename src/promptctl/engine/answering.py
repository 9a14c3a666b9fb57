"""Who answers for each model, and from where answers may come without asking."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promptctl.core.config import Config
from promptctl.core.digest import digest
from promptctl.core.exchange import Answer, Failure, Output, Request
from promptctl.core.ports import Provider
from promptctl.core.record import replace
from promptctl.core.routes import Route
from promptctl.core.words import did_you_mean
from promptctl.engine.asking.ask import Recorded
from promptctl.engine.conversations import digests_along
from promptctl.engine.load import Home, Side, routed
from promptctl.engine.plan import Plan
from promptctl.engine.rendered import Rendered
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.providers.openai import load_sdk
from promptctl.providers.recorded import read_recordings
from promptctl.registry import find, names
from promptctl.store.answers import SqliteAnswers, open_store
from promptctl.store.documents import decode, read_json
from promptctl.store.files import read_bytes, state_folder
from promptctl.store.secrets import Redactor, read_key

STORE = "answers.db"


class Unroutable:
    """Stands for the provider of a model that nobody serves: imports and recordings can still answer."""

    kind = ""
    base_url = ""
    deterministic = False
    concurrency = 1

    def __init__(self, model: str, config: Config) -> None:
        self.name, self._config = model, config

    def prepare(self) -> None:
        """Raises PromptctlError: no provider serves the model."""
        known = [*self._config.providers, *self._config.models]
        raise PromptctlError(
            f"no provider is known for the model {self.name!r}",
            slug="unknown-model",
            at=f"model {self.name}",
            fix=did_you_mean(self.name, known)
            + f'say who serves it in promptctl.toml, under [models]: "{self.name}" = "PROVIDER"',
        )

    async def ask(self, request: Request, sample: int) -> Answer:
        """Never reached: `prepare` raises first."""
        return Failure(kind="rejected", message=f"no provider for {self.name}", fatal=True)

    async def close(self) -> None:
        """Nothing to give back."""


class Providers:
    """The providers of one run, one client each; keys are read when a provider is made and go nowhere else."""

    def __init__(self, home: Home, config: Config, environment: Mapping[str, str] | None = None) -> None:
        self._home, self._config = home, config
        self._environment = os.environ if environment is None else environment
        self._made: dict[str, Any] = {}
        self._by_model: dict[str, Any] = {}
        self._given: dict[str, Provider] = {}
        self.redactor = Redactor()

    @property
    def config(self) -> Config:
        """What they were made of; prices of models go by it too."""
        return self._config

    def give(self, name: str, provider: Provider) -> None:
        """Uses this provider for every model of that provider name; `*` for all models."""
        self._given[name] = provider

    def provider(self, model: str) -> Any:
        """Who answers for a model."""
        if model not in self._by_model:
            self._by_model[model] = self._find(model)
        return self._by_model[model]

    def _find(self, model: str) -> Any:
        if "*" in self._given:
            return self._given["*"]
        route = routed(self._config, model)
        if route is None:
            return Unroutable(model, self._config)
        if route.provider in self._given:
            return self._given[route.provider]
        if route.provider not in self._made:
            self._made[route.provider] = self._make(route)
        return self._made[route.provider]

    def _make(self, route: Route) -> Any:
        factory = find("providers", route.kind)
        if factory is None:
            raise PromptctlError(
                f"provider {route.provider} has the kind {route.kind!r}, which there is not",
                slug="unknown-provider-kind",
                at="promptctl.toml",
                fix=f"one of: {', '.join(names('providers'))}",
            )
        if route.kind == "scripted":
            script = self._script(route)
            # The answers are part of the address: another script is another model, and is asked again.
            code = digest("script", script).removeprefix("script:")[:12]
            return factory.from_script(script, base_url=f"script:{code}")
        if route.kind == "embedded":
            return factory()
        key = self._key(route.key_env)
        self.redactor.add(key)
        if route.ca_file is not None:
            route = replace(route, ca_file=str(self._home.root / Path(route.ca_file).expanduser()))
        return factory(route, key)

    def _key(self, variable: str | None) -> str | None:
        if variable is None:
            return None
        repository = self._home.repository
        return read_key(
            variable,
            self._environment,
            self._home.root,
            lambda path: repository is not None and repository.ignored(str(path)),
        )

    def _script(self, route: Route) -> dict[str, Any]:
        """The answers of a scripted provider, from the file that `script` names below the project's root."""
        name = self._config.providers[route.provider].script or ""
        path = self._home.root / name
        if not name or not path.is_file():
            raise FileError(
                f"provider {route.provider} has no script",
                slug="bad-script",
                at=Place(name or "promptctl.toml"),
                fix='write {"default": "an answer"} into a JSON file and name it as `script`',
            )
        value = read_json(decode(read_bytes(path), name), name).value
        return value if isinstance(value, dict) else {}


def expect_calls(home: Home, config: Config) -> None:
    """Loads the SDK early where nothing is stored yet, so that there will be calls: it takes as long as all else."""
    route = routed(config, config.project.model)
    if route is not None and route.kind == "openai" and not (state_folder(home.root) / STORE).exists():
        load_sdk()


def own_store(root: Path, *, readonly: bool = False) -> SqliteAnswers:
    """The project's answer store; nothing is made until something is kept."""
    return open_store(state_folder(root) / STORE, readonly=readonly)


def recordings(side: Side, suite_id: str) -> Recorded:
    """The committed answers of one suite at one revision, by request digest and sample."""
    found: dict[tuple[str, int], Output] = {}
    for path in side.suites.files(suite_id).answers:
        found.update(read_recordings(side.tree.text(path).split("\n"), path=path))
    return found


def recorded_for(plan: Plan, base: Side | None, head: Side) -> Recorded:
    """The recorded answers that a run may use: each side's requests are answered by its own tree's files.

    What base sends is never answered by a recording that the change brings with it.
    """
    found: dict[tuple[str, int], Output] = {}
    for suite in plan.suites:
        after = recordings(head, suite.suite.id)
        before = recordings(base, suite.base_suite.id) if base and suite.base_suite else {}
        if suite.variant:  # head's own version on both sides
            before = after
        found.update(_answering([planned.head for planned in suite.cases], after))
        found.update(_answering([planned.base for planned in suite.cases if planned.base], before))
    return found


def _answering(sent: Iterable[Rendered], recorded: Recorded) -> Recorded:
    """What is recorded for these requests, and for those that follow from recorded replies."""
    samples = sorted({sample for _, sample in recorded})
    found = {}
    for rendered in sent:
        for sample in samples:
            for request in _recorded_along(rendered, recorded, sample):
                if output := recorded.get((request, sample)):
                    found[request, sample] = output
    return found


def _recorded_along(rendered: Rendered, recorded: Recorded, sample: int) -> Iterator[str]:
    try:
        yield from digests_along(rendered, lambda request: recorded.get((request, sample)))
    except PromptctlError:  # said where the conversation is held
        return
