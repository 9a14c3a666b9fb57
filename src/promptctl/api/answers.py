"""Answers from elsewhere into the store, and answers from the store into files that can be committed."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from promptctl.api.project import Project
from promptctl.core.case import Suite
from promptctl.core.exchange import AnswerKey, Output, Source
from promptctl.core.words import did_you_mean, plural
from promptctl.engine.answering import own_store, recordings
from promptctl.engine.ask import Wanted, answer_all
from promptctl.engine.load import Side, routed
from promptctl.engine.one_side import OneSide
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.providers.recorded import recording_line
from promptctl.store.answer_lines import AnswerLine, read_answer_lines
from promptctl.store.answers import SqliteAnswers
from promptctl.store.suite_files import ANSWERS

Key = tuple[str, int]


class Imported(NamedTuple):
    """What an import did. `new` and `known` count outputs; `cases` are those of the suites it looked into."""

    label: str
    model: str
    new: int
    known: int
    equal: int
    cases: int
    unanswered: tuple[str, ...]
    unused: int
    warnings: tuple[str, ...]


class ExportedLine(NamedTuple):
    """One line of a recording file, without its end, and what it is sorted by."""

    case: str
    model: str
    sample: int
    text: str


class Exported(NamedTuple):
    """The recorded answers of one suite: its lines, where they belong, and the cases that have none."""

    suite: str
    path: str
    lines: tuple[ExportedLine, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


class _Fitted(NamedTuple):
    """A line with the digest of the request that it answers."""

    request: str
    line: AnswerLine

    @property
    def key(self) -> Key:
        return self.request, self.line.sample


def import_answers(
    project: Project,
    data: bytes,
    path: str,
    *,
    prompt: str,
    suite: str | None = None,
    model: str | None = None,
) -> Imported:
    """Stores outputs that were produced elsewhere, for the requests that `promptctl test` would send: all or none.

    Args:
        data: JSON lines; see `store.answer_lines`.
        path: The file as the user would type it, for messages.
        prompt: `PROMPT` or `PROMPT@REV`: the version that produced the outputs.
        suite: The suite of the working tree whose cases are meant, where an id is in several.
        model: The model that produced them, instead of the prompt's own.

    Raises:
        PromptctlError, Several: every line that cannot be used, with its place. Nothing is stored then.
    """
    prompt_id, side = project.split(prompt)
    one = OneSide(project.worktree(), side, prompt_id, model=model)
    suites = one.suites(suite)
    lines, errors = read_answer_lines(data, path)
    fitted = _fit(one, suites, lines, errors)
    unique = _unique(fitted, errors)
    if not lines and not errors:
        fix = 'write a line for each: {"case": "ID", "output": "…"}'
        errors.append(
            FileError("there is no answer in this file", slug="no-answers", at=Place(path), fix=fix)
        )
    store = own_store(project.root)
    try:
        fresh = _fresh(store, unique, errors)
        raise_all(sorted(errors, key=_line_number))
        store.put_imported([(one.request, one.line.sample, one.line.output) for one in fresh])
        unused = _unused(store, one, unique)
    finally:
        store.close()
    answered = {line.case for line in lines}
    ids = sorted({case.id for found in suites for case in found.cases if case.status == "active"})
    return Imported(
        one.label,
        one.model,
        len(fresh),
        len(unique) - len(fresh),
        len(fitted) - len(unique),
        len(ids),
        tuple(case_id for case_id in ids if case_id not in answered),
        unused,
        tuple(store.warnings),
    )


def export_answers(project: Project, selectors: Sequence[str]) -> list[Exported]:
    """The stored answers that the working tree's suites need, as recording lines sorted by case, model, sample.

    Answers that are recorded already and still needed stay, so that exporting from a fresh clone loses nothing.

    Raises:
        PromptctlError: no such suite, or one that cannot be read or rendered.
    """
    side = project.worktree()
    return [_export(project, side, side.suites.suite(suite_id)) for suite_id in _selected(side, selectors)]


def _selected(side: Side, selectors: Sequence[str]) -> list[str]:
    chosen: set[str] = set()
    for selector in selectors:
        found = [name for name in side.suites.ids if name == selector or fnmatchcase(name, selector)]
        if not found:
            raise PromptctlError(
                f"there is no suite {selector!r}",
                slug="unknown-suite",
                at=f"promptctl answers export {selector}",
                fix=did_you_mean(selector, side.suites.ids) + "`promptctl list` shows all suites",
            )
        chosen.update(found)
    return sorted(chosen)


def _export(project: Project, side: Side, suite: Suite) -> Exported:
    side.prompts.require(suite.prompt)
    one = OneSide(side, side, suite.prompt)
    provider = project.providers().provider(one.model)
    needed = [
        (case.id, Wanted(one.of_case(suite, case).request, sample, provider))
        for case in suite.cases
        if case.asked
        for sample in range(suite.samples)
    ]
    store = own_store(project.root)
    try:
        found = answer_all(
            [wanted for _, wanted in needed],
            store=store,
            recorded=recordings(side, suite.id),
            offline=True,
        )
    finally:
        store.close()
    lines, missing = [], []
    for case_id, wanted in needed:
        output = found[wanted.key].answer
        if isinstance(output, Output):
            lines.append(_exported(case_id, wanted, output))
        elif case_id not in missing:
            missing.append(case_id)
    name = suite.prompt.rpartition("/")[2]
    path = f"{side.suites.folder}/{suite.id}/{ANSWERS}/{name}.jsonl"
    return Exported(suite.id, path, tuple(sorted(lines)), tuple(missing), tuple(store.warnings))


def _exported(case_id: str, wanted: Wanted, output: Output) -> ExportedLine:
    model, key = output.model or wanted.request.model, wanted.key
    text = recording_line(case=case_id, sample=key.sample, request=key.request, model=model, output=output)
    return ExportedLine(case_id, model, key.sample, text)


def _fit(
    one: OneSide, suites: Sequence[Suite], lines: Sequence[AnswerLine], errors: list[PromptctlError]
) -> list[_Fitted]:
    """Each line with its request; a line whose case is unknown, ambiguous or does not render is a mistake."""
    known = sorted({case.id for suite in suites for case in suite.cases})
    requests: dict[str, str | PromptctlError] = {}
    fitted = []
    for line in lines:
        if line.case not in requests:
            requests[line.case] = _request(one, suites, line.case, known)
        request = requests[line.case]
        if isinstance(request, str):
            fitted.append(_Fitted(request, line))
        else:
            message = request.message if request.at is None else f"{request.message} ({request.at})"
            errors.append(FileError(message, slug=request.slug, at=line.place, fix=request.fix))
    return fitted


def _request(
    one: OneSide, suites: Sequence[Suite], case_id: str, known: Sequence[str]
) -> str | PromptctlError:
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
        digests = {one.of_case(suite, case).request.digest for suite, case in having}
    except PromptctlError as error:
        return error
    if len(digests) > 1:
        names = ", ".join(suite.id for suite, _ in having)
        return PromptctlError(
            f"case {case_id!r} is in several suites: {names}",
            slug="ambiguous-case",
            fix=f"say which is meant: --suite {having[0][0].id}",
        )
    return digests.pop()


def _unique(fitted: Sequence[_Fitted], errors: list[PromptctlError]) -> list[_Fitted]:
    """One line for each question: two cases with equal inputs ask the same, and must then hold the same answer."""
    first: dict[Key, _Fitted] = {}
    for one in fitted:
        there = first.setdefault(one.key, one)
        if not _same(there.line.output, one.line.output):
            other = f"{there.line.case!r} (line {there.line.place.line})"
            errors.append(
                FileError(
                    f"case {one.line.case!r} sends the same request as {other}, with another output",
                    slug="same-request",
                    at=one.line.place,
                    fix="one request has one answer a sample: give this line another sample index",
                )
            )
    return list(first.values())


def _fresh(store: SqliteAnswers, lines: Sequence[_Fitted], errors: list[PromptctlError]) -> list[_Fitted]:
    """The lines that are not stored yet. Another output in a line's place is a mistake: nothing is replaced."""
    stored: dict[Key, Output] = {}
    for request in dict.fromkeys(one.request for one in lines):
        for draw in store.samples(request):
            if draw.answered.source is Source.IMPORTED and isinstance(draw.answered.answer, Output):
                stored[request, draw.sample] = draw.answered.answer
    fresh = []
    for one in lines:
        there = stored.get(one.key)
        if there is None:
            fresh.append(one)
        elif not _same(there, one.line.output):
            errors.append(
                FileError(
                    f"another output of case {one.line.case!r} is imported already as sample {one.line.sample}",
                    slug="already-imported",
                    at=one.line.place,
                    fix="stored answers are never replaced: import it under another sample index",
                )
            )
    return fresh


def _same(one: Output, other: Output) -> bool:
    return (one.text, one.finish, one.tool_calls) == (other.text, other.finish, other.tool_calls)


def _unused(store: SqliteAnswers, one: OneSide, lines: Sequence[_Fitted]) -> int:
    """How many imported outputs stand behind an answer that was asked: that one comes first."""
    route = routed(one.head.config, one.model)
    if route is None:
        return 0
    keys = [AnswerKey(route.kind, route.base_url, line.request, line.line.sample) for line in lines]
    found = store.get_many(keys)
    return sum(answered.source is Source.STORE for answered in found.values())


def _line_number(error: PromptctlError) -> tuple[int, int]:
    at = error.at
    return (at.line, at.column) if isinstance(at, Place) else (0, 0)
