"""From the plan of head alone to one plan for each further variant, beside the first: what each side would send."""

from collections.abc import Callable, Iterator
from dataclasses import replace as with_fields
from typing import Any, NamedTuple

from promptctl.core.prompt import PromptVersion
from promptctl.engine.load import Side, routed
from promptctl.engine.plan import Plan, PlannedCase, SuitePlan, Variant
from promptctl.engine.rendered import Opening, Rendered, Sender
from promptctl.engine.requests import stand_in
from promptctl.engine.variants.choice import Choice
from promptctl.engine.variants.settings import Settings
from promptctl.engine.variants.strategy_plans import planned_strategy

OWN_SETTINGS = "own settings"
ONE_DRAW = "one draw"

Send = Callable[[Rendered], Rendered]


class _Way(NamedTuple):
    """How a variant sends what head sends. `digest` is that of the version with its settings."""

    label: str
    model: str
    digest: str
    send: Send
    note: str | None = None


def with_variants(plan: Plan, side: Side, choice: Choice) -> Plan:
    """The plan that compares variants: every suite once for each variant but the first, which is its base.

    Args:
        plan: Head alone, with the first model of the choice.
        side: Head.
        choice: What is compared.

    Raises:
        PromptctlError: a setting that the server does not read, a strategy that does not fit a suite.
    """
    suites = tuple(one for suite in plan.suites for one in _of_suite(suite, side, choice))
    return plan._replace(suites=suites, affected=(), untested=())


def _of_suite(suite: SuitePlan, side: Side, choice: Choice) -> Iterator[SuitePlan]:
    if choice.kind == "strategies":
        for wanted in choice.strategies:
            strategy, further = planned_strategy(wanted, suite, side, choice.model)
            variant = Variant(ONE_DRAW, wanted.written, strategy)
            cases = tuple(
                one._replace(base=one.head, accepted=None, made=True, further=further(one.case), ask=True)
                for one in suite.cases
            )
            yield suite._replace(
                cases=cases,
                variant=variant,
                compare=choice.kind,
                has_base=True,
                base_digest=suite.head_digest,
            )
        return
    first, *others = _ways(suite, side, choice)
    before = {id(one.head): first.send(one.head) for one in suite.cases}
    for way in others:
        cases = tuple(_beside(one, before[id(one.head)], way.send(one.head)) for one in suite.cases)
        yield suite._replace(
            model=way.model,
            base_digest=first.digest,
            head_digest=way.digest,
            has_base=True,
            cases=cases,
            notes=(*suite.notes, *([way.note] if way.note and way.note not in suite.notes else [])),
            compare=choice.kind,
            variant=Variant(first.label, way.label),
        )


def _beside(planned: PlannedCase, base: Rendered, head: Rendered) -> PlannedCase:
    same = base.same_as(head)
    return planned._replace(base=head if same else base, head=head, ask=not same, accepted=None)


def _ways(suite: SuitePlan, side: Side, choice: Choice) -> Iterator[_Way]:
    version = side.prompts.version(suite.prompt)
    if choice.kind == "models":
        for model in choice.models:
            yield _way(model, version, model, side)
        return
    if len(choice.params) == 1:
        yield _Way(OWN_SETTINGS, suite.model, version.digest, lambda rendered: rendered)
    for settings in choice.params:
        yield _way(settings.written, _set(version, settings, side, suite.model), suite.model, side)


def _set(version: PromptVersion, settings: Settings, side: Side, model: str) -> PromptVersion:
    settings.refuse_unread(routed(side.config, model))
    header = with_fields(version.header, params=settings.over(version.header.params))
    return with_fields(version, header=header)


def _way(label: str, version: PromptVersion, model: str, side: Side) -> _Way:
    sender = Sender(version, model, routed(side.config, model))
    return _Way(label, model, version.digest, lambda rendered: resent(rendered, sender), sender.note)


def resent(rendered: Rendered, sender: Sender) -> Rendered:
    """The same messages, sent another way."""
    later = rendered.later
    ahead: tuple[Any, ...] = ()
    if later is not None:
        turns = range(1, len(later.says))
        ahead = tuple(later.messages([stand_in(n + 1) for n in range(turn)]) for turn in turns)
    return sender.rendered(Opening(rendered.request.messages, later, ahead))
