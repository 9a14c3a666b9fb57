"""`--fresh`: one more first draw of everything that is asked, on both sides. What was drawn before stays and counts."""

from promptctl.core.exchange import AnswerKey
from promptctl.core.ports import AnswerStore
from promptctl.engine.answering import Providers
from promptctl.engine.plan import Plan, SuitePlan
from promptctl.errors import PromptctlError

MOST = 1000
"""First draws of one request; sample indices from here on are confirmations."""


def with_a_fresh_draw(plan: Plan, providers: Providers, store: AnswerStore) -> Plan:
    """The plan with one first draw more than there is of any of its requests; as it is where there is none yet.

    A fresh draw that an interrupt left unfinished is finished first.

    Raises:
        PromptctlError: `too-many-draws`.
    """
    suites = tuple(suite._replace(samples=_samples(suite, providers, store)) for suite in plan.suites)
    return plan._replace(suites=suites)


def _samples(suite: SuitePlan, providers: Providers, store: AnswerStore) -> int:
    asked = {
        (provider.kind, provider.base_url, rendered.digest)
        for planned in suite.cases
        if planned.ask
        for rendered in planned.sides
        for provider in [providers.provider(rendered.model)]
    }
    drawn, of_all = 0, True
    while drawn < MOST and (found := store.get_many(AnswerKey(*one, drawn) for one in asked)):
        drawn, of_all = drawn + 1, len(found) == len(asked)
    if drawn >= MOST:
        raise PromptctlError(
            f"suite {suite.suite.id} has {drawn} first draws of a case, and no more can be told apart",
            slug="too-many-draws",
            at="--fresh",
            fix="run without --fresh",
        )
    unfinished = drawn > suite.samples and not of_all
    return max(suite.samples, drawn + (0 if unfinished else 1)) if drawn else suite.samples
