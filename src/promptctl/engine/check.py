"""What a check as written means: a function from an output to an opinion, made once and asked many times."""

from collections.abc import Callable
from typing import Any

import msgspec

from promptctl.core.case import CheckSpec, Extract
from promptctl.core.record import Record, replace
from promptctl.core.rule import Rule
from promptctl.core.verdict import Opinion, Subject
from promptctl.core.words import did_you_mean
from promptctl.engine.arguments import rule_of
from promptctl.engine.extract import finder, missing
from promptctl.errors import FileError
from promptctl.registry import find, names

GROUPS = ("not", "any", "all")

Ask = Callable[[Subject], Opinion]


class Built(Record):
    """A check ready to be asked.

    `spec` has its arguments written out in full, so that two ways of writing one check are equal. `needs` are the
    case fields without which it cannot be asked. `negatable` is False where `not` has no meaning for it or a part.
    """

    spec: CheckSpec
    ask: Ask
    needs: tuple[str, ...] = ()
    negatable: bool = True

    @property
    def name(self) -> str:
        """Its name, unique within the case."""
        return self.spec.name


class Missing(Opinion):
    """What a check says where there was nothing to look at. `not` leaves it alone: nothing found proves nothing."""


def build(spec: CheckSpec) -> Built:
    """`spec` ready to be asked.

    Raises:
        FileError: at the check's place: `unknown-check`, `bad-check-arguments`.
    """
    built = _group(spec) if spec.kind in GROUPS else _rule(spec)
    return built if spec.extract is None else _looking_at(spec.extract, built)


def _rule(spec: CheckSpec) -> Built:
    kind = find("checks", spec.kind)
    if kind is None:
        known = (*names("checks"), *GROUPS)
        raise FileError(
            f'check "{spec.kind}" is unknown',
            slug="unknown-check",
            at=spec.place,
            fix=f"{did_you_mean(spec.kind, known)}`promptctl checks` lists all {len(names('checks'))}",
        )
    rule: Rule = rule_of(spec, kind)
    args: dict[str, Any] = msgspec.to_builtins(rule)
    return Built(
        spec=replace(spec, args=args),
        ask=rule,
        needs=tuple(getattr(rule, "needs", kind.NEEDS)),
        negatable=kind.NEGATABLE,
    )


def _group(spec: CheckSpec) -> Built:
    parts = tuple(build(part) for part in spec.parts)
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
