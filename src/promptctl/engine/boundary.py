"""The data boundary: cases of an internal suite go to internal providers alone.

A suite says `internal: true`, and so does a provider whose server its people trust with such cases. What answers by
itself (`embedded`, `scripted`, recordings) is internal. A server on this machine is not, unless the project says so: a
proxy, a tunnel or Ollama's cloud models stand behind such addresses, too.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promptctl.core.case import Suite
from promptctl.core.config import Config
from promptctl.core.ports import Provider
from promptctl.core.routes import STAYS_HERE
from promptctl.engine.load import routed
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.errors import PromptctlError, raise_all


class Boundary(NamedTuple):
    """Who is internal. `given` are providers that are used instead of the configured ones; `*` stands for all."""

    config: Config
    given: dict[str, Provider]

    def refuse(self, suite: Suite, models: Iterable[str]) -> None:
        """Raises PromptctlError `internal-suite` if cases of this suite would leave for one of these models."""
        raise_all(list(self.faults(suite, models)))

    def refuse_plan(self, plan: Plan) -> None:
        """Raises for every suite of a plan whose cases would leave, on either side, before anything is sent."""
        errors: list[PromptctlError] = []
        for suite in plan.suites:
            base = suite.base_suite
            marked = suite.suite if suite.suite.internal or base is None else base
            errors += self.faults(marked, _asked(suite), on_base=marked is not suite.suite)
        raise_all(errors)

    def faults(
        self, suite: Suite, models: Iterable[str], *, on_base: bool = False
    ) -> Iterator[PromptctlError]:
        """One error for each provider that is not internal and would get cases of an internal suite."""
        if suite.internal is None:
            return
        outside: dict[str, list[str]] = {}
        for model in dict.fromkeys(models):
            if provider := self._outside(model):
                outside.setdefault(provider, []).append(model)
        for provider, names in outside.items():
            said = f"suite {suite.id} is internal{' on base' if on_base else ''}"
            yield PromptctlError(
                f"{said}, and {provider}, which serves {', '.join(names)}, is not",
                slug="internal-suite",
                at=suite.internal,
                fix=f"choose an internal model; or, if such cases may go there, write internal = true under "
                f"[providers.{provider}] in promptctl.toml",
            )

    def _outside(self, model: str) -> str | None:
        """The provider of a model that is not internal; None for one that is, and for a model that nobody serves."""
        if "*" in self.given:
            return _unless_internal(self.given["*"], model)
        route = routed(self.config, model)
        if route is None:
            return None
        if route.provider in self.given:
            return _unless_internal(self.given[route.provider], route.provider)
        return None if route.internal else route.provider


def _unless_internal(provider: Provider, name: str) -> str | None:
    internal = getattr(provider, "internal", provider.kind in STAYS_HERE)
    return None if internal else name


def _asked(suite: SuitePlan) -> Iterator[str]:
    for planned in suite.cases:
        if planned.ask:
            yield from (rendered.model for rendered in planned.sides)
