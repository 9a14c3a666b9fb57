"""The answers that are there for a case as it stands, each judged by the checks as they stand."""

from promptctl.core.case import Case, Suite
from promptctl.core.exchange import FIRST_REDRAW, AnswerKey, Output
from promptctl.core.run import Reply, Trial
from promptctl.engine.answering import Providers, recordings
from promptctl.engine.asking.ask import answer_all
from promptctl.engine.conversations import Draw, Draws
from promptctl.engine.grader import Grader
from promptctl.engine.one_side import OneSide
from promptctl.store.answers import SqliteAnswers


def stored_trials(
    one: OneSide, suite: Suite, case: Case, grader: Grader, providers: Providers, store: SqliteAnswers
) -> list[Trial]:
    """Every stored, imported or recorded draw of what `one` sends for a case, by sample index. Nothing is asked.

    Raises:
        PromptctlError: the case cannot be rendered.
    """
    rendered = one.of_case(suite, case)
    recorded = recordings(one.head, suite.id)
    provider = providers.provider(rendered.model)
    stored = store.get_many(
        AnswerKey(provider.kind, provider.base_url, rendered.digest, draw.sample)
        for draw in store.samples(rendered.digest)
    )
    samples = {key.sample for key in stored} | {
        sample for digest, sample in recorded if digest == rendered.digest
    }
    draws = [Draw(rendered, sample, provider) for sample in sorted(samples)]
    waiting = Draws(draws)
    answer_all(waiting.questions, store=store, recorded=recorded, offline=True, follow=waiting.follow)
    return [
        _trial(draw, sample, case, grader)
        for draw, sample in zip(draws, sorted(samples), strict=True)
        if draw.answers and not draw.waiting and not draw.failure
    ]


def _trial(draw: Draw, sample: int, case: Case, grader: Grader) -> Trial:
    replies: list[Output] = draw.replies
    outcome, verdicts, turn = grader.grade(case, replies, tools_offered=draw.rendered.offers_tools)
    says = [turn.say for turn in case.turns]
    return Trial(
        sample=sample,
        role="confirm" if sample >= FIRST_REDRAW else "first",
        source=draw.source,
        outcome=outcome,
        answer=replies[-1],
        verdicts=verdicts,
        replies=tuple(Reply(say=say, answer=one) for say, one in zip(says, replies[:-1], strict=False)),
        turn=turn,
    )
