"""Assertions of promptfoo as checks that give the same verdict; what has none is named, with what to do instead."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from promptctl.core.words import did_you_mean
from promptctl.errors import PromptctlError
from promptctl.importers.promptfoo.checks import CHECKS, OF_TEXT, Asked, Check
from promptctl.importers.promptfoo.js import UNDEFINED, Unclear
from promptctl.importers.promptfoo.not_carried import CODE, WITHOUT_A_CHECK, NotCarried
from promptctl.importers.promptfoo.nunjucks import parse
from promptctl.importers.promptfoo.render import render
from promptctl.importers.promptfoo.schemas import unchecked_formats
from promptctl.importers.promptfoo.sources import Sources
from promptctl.registry import find

TYPES = tuple(sorted((*CHECKS, *WITHOUT_A_CHECK)))
"""Every type of assertion that promptfoo knows, without `not-`."""


class Context(NamedTuple):
    """What an assertion is read with: the test's own values, the files, the tools that the prompt offers.

    `shaped`: the answer has to fit a schema, and promptfoo hands it on as compact JSON.
    """

    values: Mapping[str, Any]
    files: Sources
    tools: Sequence[Mapping[str, Any]] = ()
    shaped: bool = False


class Written(NamedTuple):
    """A check, and where its verdict may differ: what, and what to do about it."""

    check: Check
    differences: tuple[tuple[str, str], ...] = ()


def check_of(assertion: Mapping[str, Any], context: Context) -> Written:
    """The check that an assertion becomes.

    Raises:
        NotCarried: there is none.
    """
    written = assertion.get("type")
    if not isinstance(written, str):
        raise NotCarried("an assertion without a type", "promptfoo stops here: write `type:`")
    kind = written.removeprefix("not-")
    if kind in WITHOUT_A_CHECK or kind.startswith("promptfoo:"):
        raise NotCarried(f"assertion {written}", WITHOUT_A_CHECK.get(kind, "promptctl does no red teaming"))
    if kind not in CHECKS:
        known = (*CHECKS, *WITHOUT_A_CHECK)
        raise NotCarried(f"assertion {written}", f"{did_you_mean(kind, known)}promptfoo has no such type")
    if "transform" in assertion:
        raise NotCarried(
            f"assertion {written} with a transform", "name the part of the output with `extract:`"
        )
    if context.tools and kind in OF_TEXT:
        raise NotCarried(
            f"assertion {written} of a prompt with tools, which reads the calls as JSON",
            "write `tool_called: {tool: NAME, args: …}`, or the check for answers that call none",
        )
    asked = Asked(
        kind,
        _rendered(assertion.get("value", UNDEFINED), context, written),
        assertion.get("threshold"),
        context.tools,
    )
    check = CHECKS[kind](asked)
    _refuse_unbuildable(check, written)
    return Written({"not": check} if kind != written else check, tuple(_differences(kind, check, context)))


def _differences(kind: str, check: Check, context: Context) -> Iterator[tuple[str, str]]:
    [args] = check.values()
    schema = args.get("schema") if isinstance(args, dict) else None
    for name in unchecked_formats(schema) if isinstance(schema, dict) else ():
        yield f"the format {name} in a schema is not checked", "give the value a `pattern`"
    if context.shaped and kind in OF_TEXT and "json" not in next(iter(check)):
        yield (
            f"assertion {kind} sees the answer as it came, and in promptfoo as compact JSON",
            "look at a field of it: `json_path`",
        )
    if kind == "contains-json":
        yield (
            "contains-json reads {braces} as YAML and closes missing ones",
            "here only JSON counts: ask for JSON",
        )


def _rendered(value: Any, context: Context, written: str) -> Any:
    try:
        if isinstance(value, list):
            return [_rendered(item, context, written) if isinstance(item, str) else item for item in value]
        if not isinstance(value, str):
            return value
        if value.startswith("file://"):
            return context.files.value(value)
        if value.startswith("package:"):
            raise NotCarried(f"assertion {written} whose value is code ({value})", CODE)
        return render(parse(value), context.values)
    except Unclear as error:
        raise NotCarried(f"assertion {written} with {error}", "write the value out") from None
    except PromptctlError as error:
        raise NotCarried(f"assertion {written}: {error.message}", error.fix or "mend it") from None


def _refuse_unbuildable(check: Check, written: str) -> None:
    """Whatever a check of ours would refuse is left out here, in its own words."""
    for name, args in check.items():
        if name in ("all", "any", "not"):
            for part in args if isinstance(args, list) else [args]:
                _refuse_unbuildable({part: None} if isinstance(part, str) else part, written)
            continue
        kind = find("checks", name)
        if kind is None:
            raise NotCarried(f"assertion {written}", f"the check {name} is not there")
        fields = {field.encode_name for field in msgspec.structs.fields(kind)}
        plain = (
            args
            if isinstance(args, dict) and set(args) <= fields
            else {}
            if args is None
            else {kind.SHORT: args}
        )
        try:
            msgspec.convert(plain, kind)
        except (msgspec.ValidationError, ValueError) as error:
            raise NotCarried(f"assertion {written}: {error}", "it could not be written as a check") from None
