"""Which requests the lines of an import answer: one each, or one a turn of a conversation."""

from collections.abc import Sequence
from typing import NamedTuple

from promptctl.core.case import Suite
from promptctl.core.exchange import Output
from promptctl.core.words import did_you_mean, plural
from promptctl.engine.conversations import digests_along
from promptctl.engine.grading import why_over
from promptctl.engine.one_side import OneSide
from promptctl.engine.rendered import Rendered
from promptctl.errors import FileError, PromptctlError
from promptctl.store.answer_lines import AnswerLine


class Fitted(NamedTuple):
    """An output of a line with the digest of the request that it answers: one, or one a turn of a conversation."""

    request: str
    output: Output
    line: AnswerLine

    @property
    def key(self) -> tuple[str, int]:
        """The request and the sample that it answers."""
        return self.request, self.line.sample


def fit(
    one: OneSide, suites: Sequence[Suite], lines: Sequence[AnswerLine], errors: list[PromptctlError]
) -> list[Fitted]:
    """Each output with its request; a line whose case is unknown, ambiguous or does not render is a mistake."""
    known = sorted({case.id for suite in suites for case in suite.cases})
    sent: dict[str, Rendered | PromptctlError] = {}
    fitted: list[Fitted] = []
    for line in lines:
        if line.case not in sent:
            sent[line.case] = _sent(one, suites, line.case, known)
        rendered = sent[line.case]
        try:
            if isinstance(rendered, PromptctlError):
                raise rendered
            fitted += _along(rendered, line)
        except PromptctlError as error:
            message = error.message if error.at is None else f"{error.message} ({error.at})"
            errors.append(FileError(message, slug=error.slug, at=line.place, fix=error.fix))
    return fitted


def _along(rendered: Rendered, line: AnswerLine) -> list[Fitted]:
    """The outputs of a line, each with the request that follows from those before it.

    Raises:
        PromptctlError: `wrong-replies`; or the prompt cannot be rendered with these replies.
    """
    outputs, turns = [*line.replies, line.output], 1 + len(rendered.ahead)
    given = iter(outputs)
    digests = list(digests_along(rendered, lambda _: next(given, None)))
    if len(digests) == len(outputs):
        return [Fitted(digest, output, line) for digest, output in zip(digests, outputs, strict=True)]
    fix = 'write the earlier replies in order: {"case": "ID", "replies": ["…"], "output": "…"}'
    if len(digests) < min(turns, len(outputs)):
        over = why_over(outputs[len(digests) - 1], finished=True)
        said = f"a conversation ends with reply {len(digests)} of case {line.case!r}: {over}"
        fix = 'let it be the line\'s "output": what came after it is no answer to what promptctl sends'
    elif turns == 1:
        said, fix = f"case {line.case!r} has no turns, and the line has replies", 'take "replies" out'
    else:
        found = f"the line has {len(line.replies)}"
        said = f"case {line.case!r} has {turns} turns, so {turns - 1} in `replies` come before its output; {found}"
    raise PromptctlError(said, slug="wrong-replies", fix=fix)


def _sent(
    one: OneSide, suites: Sequence[Suite], case_id: str, known: Sequence[str]
) -> Rendered | PromptctlError:
    having = [(suite, case) for suite in suites if (case := suite.case(case_id))]
    if not having:
        where = ", ".join(suite.id for suite in suites)
        hint = did_you_mean(case_id, known) or (f"its first is {known[0]!r}. " if known else "")
        return PromptctlError(
            f"{where} has no case {case_id!r} among its {plural(len(known), 'case')}",
            slug="unknown-case",
            fix=f"{hint}`promptctl list` shows suites and their cases",
        )
    try:
        found = [one.of_case(suite, case) for suite, case in having]
    except PromptctlError as error:
        return error
    if len({rendered.sends for rendered in found}) > 1:
        names = ", ".join(suite.id for suite, _ in having)
        return PromptctlError(
            f"case {case_id!r} is in several suites: {names}",
            slug="ambiguous-case",
            fix=f"say which is meant: --suite {having[0][0].id}",
        )
    return found[0]
