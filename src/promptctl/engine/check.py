"""What a check as written means: a function from an output to an opinion, made once and asked many times."""

from collections.abc import Callable
from typing import Any

import msgspec

from promptctl.checks.own import OwnCode
from promptctl.core.case import CheckSpec, Extract
from promptctl.core.record import Record, replace
from promptctl.core.verdict import Opinion, Subject
from promptctl.core.words import did_you_mean
from promptctl.engine.arguments import bad_arguments, rule_of
from promptctl.engine.check_files import CheckFiles, no_files
from promptctl.engine.extract import finder, missing
from promptctl.engine.own.code import asking, code_of
from promptctl.errors import FileError, PromptctlError
from promptctl.registry import find, names

GROUPS = ("not", "any", "all")

Ask = Callable[[Subject], Opinion]


class Built(Record):
    """A check ready to be asked.

    `spec` has its arguments written out in full, so that two ways of writing one check are equal. `needs` are the
    case fields without which it cannot be asked. `negatable` is False where `not` has no meaning for it or a part.
    `timed` says that it, or a part, looks at how long an answer took.
    """

    spec: CheckSpec
    ask: Ask
    needs: tuple[str, ...] = ()
    negatable: bool = True
    timed: bool = False

    @property
    def name(self) -> str:
        """Its name, unique within the case."""
        return self.spec.name


class Missing(Opinion):
    """What a check says where there was nothing to look at. `not` leaves it alone: nothing found proves nothing."""


def build(spec: CheckSpec, files: CheckFiles | None = None) -> Built:
    """`spec` ready to be asked.

    Args:
        spec: As it is written, or as an earlier `Built` has it, which holds the files that it needs.
        files: Where the files that it names are read.

    Raises:
        PromptctlError: at the check's place: `unknown-check`, `bad-check-arguments`, `missing-extra`; or why a file
            that it names cannot be used.
    """
    files = files or no_files()
    built = _group(spec, files) if spec.kind in GROUPS else _rule(spec, files)
    return built if spec.extract is None else _looking_at(spec.extract, built)


def _rule(spec: CheckSpec, files: CheckFiles) -> Built:
    kind = find("checks", spec.kind)
    if kind is None:
        known = (*names("checks"), *GROUPS)
        raise FileError(
            f'check "{spec.kind}" is unknown',
            slug="unknown-check",
            at=spec.place,
            fix=f"{did_you_mean(spec.kind, known)}`promptctl checks` lists all {len(names('checks'))}",
        )
    ask: Ask
    try:
        rule, code = rule_of(spec, kind).with_files(files.text), spec.files
        if isinstance(rule, OwnCode):
            code = code or code_of(rule, files)
            ask = asking(rule, code)
        else:
            ask = rule
    except ValueError as error:
        raise bad_arguments(spec, str(error)) from error
    except PromptctlError as error:
        raise _at_check(spec, error) from error
    args: dict[str, Any] = msgspec.to_builtins(rule)
    return Built(
        spec=replace(spec, args=args, files=code),
        ask=ask,
        needs=tuple(getattr(rule, "needs", kind.NEEDS)),
        negatable=kind.NEGATABLE,
        timed=kind.TIMED,
    )


def _at_check(spec: CheckSpec, error: PromptctlError) -> PromptctlError:
    """The error at the check, unless it lies in a file that can be mended there."""
    if error.slug in ("bad-check-arguments", "bad-python", "not-utf8") or (
        error.slug == "no-check-code" and error.at
    ):
        return error
    return FileError(f'check "{spec.kind}": {error.message}', slug=error.slug, at=spec.place, fix=error.fix)


def _group(spec: CheckSpec, files: CheckFiles) -> Built:
    parts = tuple(build(part, files) for part in spec.parts)
    if not parts or (spec.kind == "not" and len(parts) > 1):
        wanted = "the one check that must not hold" if spec.kind == "not" else "a list of checks"
        raise FileError(
            f"`{spec.kind}:` needs {wanted}, found {len(parts) or 'none'}",
            slug="bad-check-arguments",
            at=spec.place,
            fix="write `not: {contains: ...}`"
            if spec.kind == "not"
            else f"write `{spec.kind}: [{{contains: ...}}, ...]`",
        )
    if spec.kind == "not":
        _refuse_without_meaning(spec, parts[0])
    asks = tuple(part.ask for part in parts)
    combine: dict[str, Ask] = {
        "not": lambda subject: negated(asks[0](subject)),
        "any": lambda subject: any_of(asks, subject),
        "all": lambda subject: all_of(asks, subject),
    }
    return Built(
        spec=replace(spec, parts=tuple(part.spec for part in parts)),
        ask=combine[spec.kind],
        needs=tuple(dict.fromkeys(need for part in parts for need in part.needs)),
        negatable=all(part.negatable for part in parts),
        timed=any(part.timed for part in parts),
    )


def _refuse_without_meaning(spec: CheckSpec, part: Built) -> None:
    if not part.negatable:
        raise FileError(
            f'`not` has no meaning for "{part.spec.kind}"',
            slug="bad-check-arguments",
            at=part.spec.place or spec.place,
            fix=f"`promptctl checks {part.spec.kind}` says what to write instead",
        )


def negated(opinion: Opinion) -> Opinion:
    """Pass and fail change places; unscored stays, and so does a part of the output that is missing."""
    if isinstance(opinion, Missing) or opinion.status == "unscored":
        return opinion
    if opinion.status == "pass":
        return Opinion(status="fail", reason=f"not: {opinion.reason or 'it holds'}", score=opinion.score)
    return Opinion(status="pass", reason=f"not: {opinion.reason or 'it does not hold'}", score=opinion.score)


def any_of(asks: tuple[Ask, ...], subject: Subject) -> Opinion:
    """The first pass; else unscored if one is; else fail with all reasons. Parts behind a pass are not asked."""
    opinions = []
    for ask in asks:
        opinion = ask(subject)
        if opinion.status == "pass":
            return opinion
        opinions.append(opinion)
    return _first(opinions, "unscored") or _all_reasons(opinions)


def all_of(asks: tuple[Ask, ...], subject: Subject) -> Opinion:
    """The first fail; else unscored if one is; else pass with all reasons. Parts behind a fail are not asked."""
    opinions = []
    for ask in asks:
        opinion = ask(subject)
        if opinion.status == "fail":
            return opinion
        opinions.append(opinion)
    return _first(opinions, "unscored") or _all_reasons(opinions)


def _first(opinions: list[Opinion], status: str) -> Opinion | None:
    return next((opinion for opinion in opinions if opinion.status == status), None)


def _all_reasons(opinions: list[Opinion]) -> Opinion:
    kind = Missing if any(isinstance(opinion, Missing) for opinion in opinions) else Opinion
    return kind(
        status=opinions[0].status, reason="; ".join(opinion.reason for opinion in opinions if opinion.reason)
    )


def _looking_at(extract: Extract, built: Built) -> Built:
    try:
        find = finder(extract)
    except ValueError as error:
        raise FileError(
            f'check "{built.spec.kind}": extract: {error}',
            slug="bad-check-arguments",
            at=built.spec.place,
            fix="write `extract: {regex: ...}`, `{json: /a/b}`, `{block: json}` or `{line: last}`",
        ) from error
    ask = built.ask

    def look(subject: Subject) -> Opinion:
        part = find(subject.text)
        if part is not None:
            return ask(replace(subject, text=part))
        if extract.otherwise == "whole":
            return ask(subject)
        return Missing(status=extract.otherwise, reason=missing(extract))

    return replace(built, ask=look)
