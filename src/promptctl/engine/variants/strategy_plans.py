"""A strategy as written, made to fit a suite: its check found, its second prompt rendered, what cannot work refused."""

from collections.abc import Callable
from functools import partial

from promptctl.core.case import Case
from promptctl.core.words import did_you_mean
from promptctl.engine.check import Built, build
from promptctl.engine.fresh import MOST
from promptctl.engine.load import Side, routed
from promptctl.engine.plan import SuitePlan
from promptctl.engine.rendered import Opening, Rendered, Sender
from promptctl.engine.requests import at_case, values_of
from promptctl.engine.variants.choice import Wanted, bad_strategy
from promptctl.engine.variants.strategies import STAND_IN, Best, Critique, Majority, Strategy
from promptctl.errors import PromptctlError

ANSWER = "answer"
"""The input of a second prompt that takes the first answer."""

REFERENCES = frozenset({"expected", "rejected"})
"""What a case says of the right answer. Its inputs and contexts an application has as well."""

Further = Callable[[Case], tuple[Rendered, ...]]


def planned_strategy(
    wanted: Wanted, suite: SuitePlan, side: Side, model: str | None
) -> tuple[Strategy, Further]:
    """The strategy for a suite, and what it may send for a case besides the prompt's own request.

    Raises:
        PromptctlError: `bad-strategy`; `too-many-draws`; the second prompt cannot be read or rendered.
    """
    if wanted.each * suite.samples > MOST:
        raise PromptctlError(
            f"{suite.samples} answers of {wanted.each} draws are more than {MOST} first draws of a case",
            slug="too-many-draws",
            at=f"--strategy {wanted.written}",
            fix="take fewer draws, or fewer --samples",
        )
    if wanted.name == "majority":
        return Majority(wanted.each), _nothing
    if wanted.name == "best":
        return Best(wanted.each, _checks(wanted, suite)), _nothing
    second = _second(wanted, suite, side, model)
    return Critique(wanted.by, second), lambda case: (second(case, STAND_IN),)


def _nothing(_case: Case) -> tuple[Rendered, ...]:
    return ()


def _checks(wanted: Wanted, suite: SuitePlan) -> dict[str, Built]:
    """The check that chooses, for each case: one that the suite asks of every case alike."""
    shared = {check.name for check in suite.suite.checks}
    made: dict[str, Built] = {}
    found = {}
    for planned in suite.cases:
        case = planned.case
        checks = {check.name: check for check in case.checks}
        usable = [name for name, check in checks.items() if name in shared or check.implied]
        spec = checks.get(wanted.by)
        if spec is None or wanted.by not in usable:
            raise _no_check(wanted, suite, case, usable, of_case=spec is not None)
        key = repr(spec.meaning())
        if key not in made:
            made[key] = build(spec)
        if REFERENCES.intersection(made[key].needs):
            raise bad_strategy(
                wanted.written,
                f"the check {wanted.by} of suite {suite.suite.id} looks at what a case expects",
                "choose by a check that an application can ask too: it does not know the expected answer",
            )
        found[case.id] = made[key]
    return found


def _no_check(
    wanted: Wanted, suite: SuitePlan, case: Case, usable: list[str], *, of_case: bool
) -> PromptctlError:
    known = f"; it has {', '.join(usable)}" if usable else ""
    if of_case:
        message = (
            f"the check {wanted.by} belongs to case {case.id} alone, and an application does not know it"
        )
    else:
        message = f"suite {suite.suite.id} asks no check {wanted.by!r} of case {case.id}"
    fix = f"name a check that stands under `checks` of the suite{known}"
    if case.turns:
        fix = "best chooses by a check of one answer: leave conversations out, with --case or --tag"
    return bad_strategy(wanted.written, message, did_you_mean(wanted.by, usable) + fix)


def _second(
    wanted: Wanted, suite: SuitePlan, side: Side, model: str | None
) -> Callable[[Case, str], Rendered]:
    """What the second prompt sends for a case and an answer."""
    for planned in suite.cases:
        if planned.case.turns:
            raise bad_strategy(
                wanted.written,
                f"case {planned.case.id} is a conversation, and critique looks at one answer",
                "leave conversations out, with --case or --tag",
            )
    try:
        side.prompts.require(wanted.by)
    except PromptctlError as error:
        error.at = f"--strategy {wanted.written}"
        raise
    version = side.prompts.version(wanted.by)
    if ANSWER not in version.inputs:
        raise bad_strategy(
            wanted.written,
            f"the prompt {wanted.by} takes no {ANSWER!r}",
            f"write {{{{ {ANSWER} }}}} into {version.path}, where the first answer should stand",
        )
    name = model or version.header.model or side.config.project.model
    sender = Sender(version, name, routed(side.config, name))
    return partial(_rendered, wanted.by, suite.prompt, side, sender)


def _rendered(second: str, first: str, side: Side, sender: Sender, case: Case, answer: str) -> Rendered:
    inputs = side.prompts.version(second).inputs
    try:
        given = {
            name: value for name, value in values_of(side.prompts, first, case).items() if name in inputs
        }
        messages = side.prompts.render(second, {**given, ANSWER: answer})
    except PromptctlError as error:
        raise at_case(error, case) from error
    return sender.rendered(Opening(messages))
