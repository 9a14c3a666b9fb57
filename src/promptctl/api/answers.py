"""Answers from elsewhere into the store, and answers from the store into files that can be committed."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from typing import NamedTuple

from promptctl.api.project import Project
from promptctl.core.case import Suite
from promptctl.core.exchange import FIRST_CANARY, AnswerKey, Output, Source
from promptctl.core.words import did_you_mean
from promptctl.engine.answering import own_store, recordings
from promptctl.engine.asking.ask import Recorded, answer_all
from promptctl.engine.conversations import Draw, Draws
from promptctl.engine.fitting import Fitted, fit
from promptctl.engine.load import Side, routed
from promptctl.engine.one_side import OneSide
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.providers.recorded import recording_line
from promptctl.store.answer_lines import read_answer_lines
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
    turn: int
    text: str


class Exported(NamedTuple):
    """The recorded answers of one suite: its lines, where they belong, and the cases that have none."""

    suite: str
    path: str
    lines: tuple[ExportedLine, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


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
    one = OneSide(project.here(), side, prompt_id, model=model)
    suites = one.suites(suite)
    lines, errors = read_answer_lines(data, path)
    fitted = fit(one, suites, lines, errors)
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
        store.put_imported([(*one.key, one.output) for one in fresh])
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

    They are the first draws, more than the suite wants where more are there, and the redraws of what flipped. Answers
    that are recorded already and still needed stay, so that exporting from a fresh clone loses nothing.

    Raises:
        PromptctlError: no such suite, or one that cannot be read or rendered.
    """
    side = project.here()
    return [
        one
        for suite_id in _selected(side, selectors)
        for one in _export(project, side, side.suites.suite(suite_id))
    ]


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


def _export(project: Project, side: Side, suite: Suite) -> Iterator[Exported]:
    """What one suite's cases need; what private cases need is apart, and belongs beside them."""
    side.prompts.require(suite.prompt)
    one = OneSide(side, side, suite.prompt)
    provider = project.providers().provider(one.model)
    sent = [(case.id, one.of_case(suite, case)) for case in suite.cases if case.asked]
    recorded = recordings(side, suite.id)
    with closing(own_store(project.root)) as store:
        drawn = _drawn([rendered.digest for _, rendered in sent], store, recorded)
        found = [
            (case_id, Draw(rendered, sample, provider))
            for case_id, rendered in sent
            for sample in sorted({*range(suite.samples), *drawn[rendered.digest]})
        ]
        draws = Draws(draw for _, draw in found)
        answer_all(draws.questions, store=store, recorded=recorded, offline=True, follow=draws.follow)
    # What is there beyond what the suite wants may be another provider's, or a conversation that was broken off.
    needed = [(case_id, draw) for case_id, draw in found if draw.sample < suite.samples or not draw.waiting]
    private = {one.id for one in suite.cases if one.place and side.suites.is_private(one.place.path)}
    name = suite.prompt.rpartition("/")[2]
    for folder in side.suites.folders:
        apart = folder != side.suites.folder
        own = [(case_id, draw) for case_id, draw in needed if (case_id in private) == apart]
        if not own and (needed or apart):
            continue
        lines = [line for case_id, draw in own for line in _exported(case_id, draw)]
        missing = list(dict.fromkeys(case_id for case_id, draw in own if draw.waiting))
        path = f"{folder}/{suite.id}/{ANSWERS}/{name}.jsonl"
        yield Exported(suite.id, path, tuple(sorted(lines)), tuple(missing), tuple(store.warnings))


def _drawn(requests: Sequence[str], store: SqliteAnswers, recorded: Recorded) -> dict[str, set[int]]:
    """The samples that a decision may rest on and that are stored or recorded: first draws and redraws, no canaries."""
    found: dict[str, set[int]] = {request: set() for request in requests}
    for request, samples in store.samples_of(requests).items():
        found[request].update(samples)
    for request, sample in recorded:
        if request in found:
            found[request].add(sample)
    return {request: {one for one in samples if one < FIRST_CANARY} for request, samples in found.items()}


def _exported(case_id: str, draw: Draw) -> Iterator[ExportedLine]:
    """A line for each answer: one, or one a turn of a conversation, also where later ones are missing."""
    for turn, (wanted, output) in enumerate(zip(draw.questions, draw.replies, strict=False), 1):
        model, key = output.model or wanted.request.model, wanted.key
        text = recording_line(
            case=case_id,
            turn=turn if draw.rendered.later else None,
            sample=key.sample,
            request=key.request,
            model=model,
            output=output,
        )
        yield ExportedLine(case_id, model, key.sample, turn, text)


def _unique(fitted: Sequence[Fitted], errors: list[PromptctlError]) -> list[Fitted]:
    """One line for each question: two cases with equal inputs ask the same, and must then hold the same answer."""
    first: dict[Key, Fitted] = {}
    for one in fitted:
        there = first.setdefault(one.key, one)
        if not _same(there.output, one.output):
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


def _fresh(store: SqliteAnswers, lines: Sequence[Fitted], errors: list[PromptctlError]) -> list[Fitted]:
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
        elif not _same(there, one.output):
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


def _unused(store: SqliteAnswers, one: OneSide, lines: Sequence[Fitted]) -> int:
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
