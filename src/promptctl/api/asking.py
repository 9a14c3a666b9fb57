"""One answer now: several versions and models side by side, and an answer that becomes a case."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.api.project import Project
from promptctl.core.exchange import Answered, Failure, Output, Source
from promptctl.core.ports import Progress
from promptctl.core.record import replace
from promptctl.core.words import did_you_mean
from promptctl.engine.answering import Providers, own_store, recordings
from promptctl.engine.asking.ask import answer_all
from promptctl.engine.asking.spending import Limits, Tally
from promptctl.engine.bill import costing, price
from promptctl.engine.check import build
from promptctl.engine.conversations import Draw, Draws, settle
from promptctl.engine.grading import why_over
from promptctl.engine.images import named_from_case
from promptctl.engine.load import Side, routed
from promptctl.engine.one_side import OneSide, known_to_none
from promptctl.engine.rendered import Rendered
from promptctl.errors import Incomplete, PromptctlError, PromptError, Several
from promptctl.store.case_files import NewCasePlace, new_case_id, place_for_case, save_case

_CURES = {
    "timeout": "ask again, or allow more seconds: `deadline` under [providers.{provider}]",
    "rate_limited": "wait a little and ask again: the server refuses so many calls",
    "unavailable": "ask again; if it stays so, look at base_url under [providers.{provider}]",
    "malformed": "look at base_url of provider {provider}: it must speak chat completions, and mostly ends in /v1",
    "rejected": "`promptctl render {label}` shows what was sent; look at its model and params",
}
_HOPELESS = (
    "the next call would be refused alike: look at the account, the key and the model's name at {provider}"
)
_REFUSED_KEY = "set {key_env} to a key that this server accepts"


class Unanswered(Several):
    """More than one question without an answer."""

    exit_code = 3


class Exchange(NamedTuple):
    """One turn of a conversation: what the user said, what came back, and its cost as in `Reply`."""

    say: str
    answered: Answered
    cost: float | None


class Reply(NamedTuple):
    """What came back for one version and one model. `cost` is None where it cannot be known.

    In a conversation `turns` are all that were held, and `answered` is the answer to the last of them. `ended` says why
    it ended before the user had said everything.
    """

    label: str
    model: str
    answered: Answered
    cost: float | None
    turns: tuple[Exchange, ...] = ()
    ended: str | None = None


class Asked(NamedTuple):
    """All replies in the order they were asked for, what it took, and what the user should know of the answer store."""

    replies: tuple[Reply, ...]
    warnings: tuple[str, ...]
    tally: Tally


class Saved(NamedTuple):
    """A case that was written, and what decides about it. A `draft` waits for the answer that is right."""

    path: str
    case_id: str
    checks: tuple[str, ...]
    draft: bool


class Destination(NamedTuple):
    """Where an answer will be kept as a case, and the inputs that it is the answer to."""

    place: NewCasePlace
    values: dict[str, Any]


def ask(
    project: Project,
    prompts: Sequence[str],
    *,
    case_id: str | None = None,
    values: Mapping[str, Any] | None = None,
    models: Sequence[str] = (),
    progress: Progress | None = None,
) -> Asked:
    """An answer from each version under each model. What was answered before is not asked again.

    Args:
        prompts: `PROMPT` or `PROMPT@REV`, at least one.
        case_id: A case of the working tree, instead of values.
        values: By input name; a value must be an input of at least one version.
        models: Instead of the prompts' own.

    Raises:
        PromptctlError: what can be known before the first call: an unknown prompt, a missing value, a missing key, a
            case of an internal suite that would leave.
        Incomplete: the store failed, or more calls are needed than the project allows.
    """
    head = project.here()
    sides = [_side(project, head, name, model) for name in prompts for model in models or (None,)]
    _refuse_unknown(sides, values or {})
    if case_id is not None:
        for one in sides:
            project.boundary().refuse(one.find_case(case_id)[0], [one.model])
    rendered = [_rendered(one, case_id, values or {}) for one in sides]
    providers = project.providers()
    draws = Draws(Draw(found, 0, providers.provider(found.model)) for found in rendered)
    store, tally = own_store(project.root), Tally()
    try:
        found = answer_all(
            draws.questions,
            store=store,
            recorded={
                key: output
                for side in _distinct(sides)
                for suite_id in _suites_of(sides)
                for key, output in recordings(side, suite_id).items()
            },
            limits=Limits(calls=project.config.budget.max_calls),
            cost_of=costing(project.config),
            tally=tally,
            progress=progress,
            follow=draws.follow,
            ahead=draws.ahead,
        )
    finally:
        store.close()
    settle(draws.all, found)
    replies = tuple(_reply(project, providers, one, draw) for one, draw in zip(sides, draws.all, strict=True))
    return Asked(replies, tuple(store.warnings), tally)


def refuse_unanswered(project: Project, replies: Sequence[Reply]) -> None:
    """Raises for replies that are failures (exit code 3): one error each, with what can be done."""
    errors = [_error(project, reply) for reply in replies if isinstance(reply.answered.answer, Failure)]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Unanswered(errors)


def destination(
    project: Project, prompt: str, values: Mapping[str, Any], suite_id: str | None = None
) -> Destination:
    """Where an answer to these values can be kept as a case: the prompt's only suite, or one of the prompt's own id.

    Raises:
        PromptctlError: there are several suites (`several-suites`), the suite's file cannot take a case, or a
            picture lies where a case cannot name it (`bad-image`).
    """
    head = project.worktree()
    prompt_id = prompt.partition("@")[0]
    one = OneSide(head, head, prompt_id)
    one.of_values(values)  # a case that the working tree's prompt refuses would stop every later run
    name = _suite_for(head, prompt_id, suite_id)
    place = place_for_case(project.root, head.suites.home(name), name)
    return Destination(place, named_from_case(one.typed(values), one.inputs, place.root, place.beside))


def save(project: Project, target: Destination, output: Output, *, rejected: str | None = None) -> Saved:
    """Writes a new case: the answer is what is expected from now on, or with `rejected` what must not come again.

    Args:
        rejected: Why the answer is wrong.

    Raises:
        PromptctlError: `empty-answer`, nothing can be expected of it; or the file cannot be written.
    """
    case: dict[str, Any] = {"id": new_case_id(target.values), "vars": target.values}
    if rejected is not None:
        case["rejected"] = {"text": output.text, "reason": rejected}
        case["checks"] = [_unlike(output.text)]
        if _asks_for_expected(project, target.place.suite):
            case["status"] = "draft"
    elif output.text.strip():
        case["expected"] = {"text": output.text}
    else:
        raise PromptctlError(
            "the answer is empty, so nothing is saved",
            slug="empty-answer",
            at="--save",
            fix='say that it is wrong: --rejected "no answer"',
        )
    path = save_case(target.place, case)
    found = project.worktree().suites.suite(target.place.suite).case(case["id"])
    checks = tuple(check.name for check in found.checks) if found else ()
    return Saved(path, case["id"], checks, draft=case.get("status") == "draft")


def _asks_for_expected(project: Project, suite_id: str) -> bool:
    """Whether the suite's own checks need a reference, which a wrong answer does not bring."""
    suites = project.worktree().suites
    checks = suites.suite(suite_id).checks if suite_id in suites.ids else ()
    return any("expected" in build(check).needs for check in checks)


def _unlike(text: str) -> dict[str, Any]:
    """A check that fails for this very answer, however it is spaced, and passes for any other."""
    if not text.strip():
        return {"not_empty": {}}
    return {"not": {"equals": {"value": text, "normalise": True}}}


def _side(project: Project, head: Side, name: str, model: str | None) -> OneSide:
    prompt_id, side = project.split(name)
    return OneSide(head, side, prompt_id, model=model)


def _refuse_unknown(sides: Sequence[OneSide], values: Mapping[str, Any]) -> None:
    if any(one.side.prompts.version(one.prompt).dynamic for one in sides):
        return  # what such a template reads is known only when it is rendered
    if unknown := known_to_none(sides, values):
        inputs = sorted({name for one in sides for name in one.inputs})
        raise PromptError(
            f"{unknown[0]!r} is given, but {sides[0].prompt} has no such input",
            slug="undeclared-input",
            at=f"--var {unknown[0]}",
            fix=f"{did_you_mean(unknown[0], inputs)}its inputs are: {', '.join(inputs) or 'none'}",
        )


def _rendered(one: OneSide, case_id: str | None, values: Mapping[str, Any]) -> Rendered:
    if case_id is not None:
        return one.of_case(*one.find_case(case_id))
    return one.of_values(values, strict=False)


def _distinct(sides: Sequence[OneSide]) -> list[Side]:
    return list({one.side.revision.label: one.side for one in sides}.values())


def _suites_of(sides: Sequence[OneSide]) -> list[str]:
    prompts = {one.prompt for one in sides}
    found = set()
    for side in _distinct(sides):
        for suite_id in side.suites.ids:
            if side.suites.files(suite_id).answers and side.suites.suite(suite_id).prompt in prompts:
                found.add(suite_id)
    return sorted(found)


def _reply(project: Project, providers: Providers, one: OneSide, draw: Draw) -> Reply:
    model, later = draw.rendered.model, draw.rendered.later
    answers = [answered for answered in draw.answers if isinstance(answered.answer, Output)]
    if draw.failure is not None:
        failure = replace(draw.failure, message=providers.redactor.clean(draw.failure.message))
        answers.append(Answered(answer=failure, source=Source.ASKED))
    costs = [_cost(answered, model, project) for answered in answers]
    if later is None:
        return Reply(one.label, model, answers[-1], costs[-1])
    turns = tuple(map(Exchange, later.says, answers, costs))
    over = (
        why_over(draw.replies[-1], later.finished) if draw.replies and len(turns) < len(later.says) else None
    )
    return Reply(one.label, model, answers[-1], costs[-1], turns, over)


def _cost(answered: Answered, model: str, project: Project) -> float | None:
    output = answered.answer
    return price(output, model, project.config) if isinstance(output, Output) else None


def _error(project: Project, reply: Reply) -> Incomplete:
    answer = reply.answered.answer
    if not isinstance(answer, Failure):
        raise AssertionError(reply)
    route = routed(project.config, reply.model)
    provider = route.provider if route else reply.model
    cure = _HOPELESS if answer.fatal else _CURES.get(answer.kind, "ask again")
    if answer.fatal and "401" in answer.message and route and route.key_env:
        cure = _REFUSED_KEY.format(key_env=route.key_env)
    turn = f" in turn {len(reply.turns)}" if reply.turns else ""
    return Incomplete(
        f"no answer from {reply.model}{turn}: {answer.message}",
        slug=answer.kind.replace("_", "-"),
        at=f"{reply.label}, provider {provider}",
        fix=cure.format(provider=provider, label=reply.label),
    )


def _suite_for(head: Side, prompt_id: str, named: str | None) -> str:
    if named is not None:
        head.suites.require(named)
    suites = {name: head.suites.suite(name).prompt for name in ([named] if named else head.suites.ids)}
    own = [name for name, prompt in suites.items() if prompt == prompt_id]
    if len(own) == 1:
        return own[0]
    if own:
        raise PromptctlError(
            f"{prompt_id} has {len(own)} suites: {', '.join(own)}",
            slug="several-suites",
            at="--save",
            fix=f"say which gets the case: --suite {own[0]}",
        )
    taken = named or prompt_id
    if taken in suites:
        raise PromptctlError(
            f"the suite {taken} tests another prompt, {suites[taken]}",
            slug="other-prompt",
            at=f"--suite {taken}" if named else "--save",
            fix=f"write a suite with `prompt: {prompt_id}` in its suite.yaml, and name it with --suite",
        )
    return prompt_id
