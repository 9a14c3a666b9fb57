"""Everything that parsing and rendering can raise, said in words a prompt author knows, with file and line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from promptctl.core.full_width import HALF, instead, named, signs
from promptctl.core.words import did_you_mean
from promptctl.errors import Place, PromptctlError, PromptError
from promptctl.templating.compiler import TooSlow
from promptctl.templating.faults import Lines, broken, outside, place, too_deep, too_large, too_slow
from promptctl.templating.jinja_values import Absent
from promptctl.templating.marks import RoleError
from promptctl.templating.names import OutsidePrompts
from promptctl.templating.values import NotText

_UNDEFINED = re.compile(r"^'(?P<name>.+?)' is undefined$")
_USE = re.compile(r"\{\{-?\s*(?P<name>[^\W\d]\w*)")
_UNEXPECTED = re.compile(r"unexpected char .+ at (\d+)$")
_HALF_CLOSED = re.compile(r"\}\s*｝")
_TAG_END = re.compile(r"[}｝%％]\s*[}｝]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NO_ATTRIBUTE = re.compile(r"has no (?:attribute|element) (?P<name>.+)$")


def explain(
    error: BaseException, shown: str, lines: Lines, variables: Mapping[str, Any], files: Iterable[str]
) -> PromptError:
    """The PromptError behind any exception of Jinja or of what it calls.

    Args:
        error: What was raised; its traceback says which template and line were reached.
        shown: The template that was asked for.
        lines: The lines of a file by its shown path.
        variables: What was given, for "did you mean".
        files: Names of all templates, for "did you mean".
    """
    if isinstance(error, PromptctlError):
        return _located(error, shown, lines)
    if isinstance(error, TooSlow):
        return too_slow(place(error.path or shown, error.line or 1, lines))
    path, line = _reached(error, shown, lines)
    if isinstance(error, TemplateSyntaxError):
        at = place(error.filename or path, error.lineno, lines)
        if wide := _full_width(error, at, lines):
            return wide
        return PromptError(
            _sentence(str(error.message)), slug="template-syntax", at=at, fix=_syntax_fix(error, at, lines)
        )
    if isinstance(error, RoleError):
        return PromptError(str(error), slug=error.slug, at=place(path, line, lines), fix=error.fix)
    if isinstance(error, OutsidePrompts):
        return outside(str(error), place(path, line, lines), shown.split("/")[0])
    if isinstance(error, TemplateNotFound):
        name = str(error.name or error)
        return PromptError(
            f"template {name!r} is not there",
            slug="template-not-found",
            at=place(path, line, lines, name),
            fix=f"{did_you_mean(name, files)}names are relative to the prompt folder",
        )
    if isinstance(error, SecurityError):
        return PromptError(
            f"not allowed in templates: {_sentence(str(error))}",
            slug="not-allowed",
            at=place(path, line, lines),
            fix="templates see plain values only; compute this in the application and pass it as an input",
        )
    if isinstance(error, UndefinedError) or "Undefined" in str(error):
        return _undefined(error, path, line, lines, variables)
    if isinstance(error, NotText):
        return PromptError(
            f"{error} is put into the text without saying how it reads",
            slug="not-text",
            at=place(path, line, lines),
            fix=_how_it_reads(str(error)),
        )
    return _limits(error, path, line, lines)


def _how_it_reads(what: str) -> str:
    if "method" in what:
        return "call it, `x.items()`; or name a key that is called alike in brackets, `x['items']`"
    if "image" in what:
        return "write `{{ photo | image }}`, alone in its brackets"
    if "parts" in what:
        return "write `{% insert history %}`: it takes the parts as they are"
    return "add a filter: `| tojson` for JSON, `| join(', ')` for a list, `| default('', true)` for null"


def _limits(error: BaseException, path: str, line: int, lines: Lines) -> PromptError:
    at = place(path, getattr(error, "line", 0) or line, lines)
    if isinstance(error, (RecursionError, SyntaxError)):
        return too_deep(at)
    if isinstance(error, (MemoryError, OverflowError)):
        return too_large(at, None)
    return broken(at, _sentence(str(error) or type(error).__name__))


def _located(error: PromptctlError, shown: str, lines: Lines) -> PromptError:
    path, line = _reached(error, shown, lines)
    at = error.at or place(path, line, lines)
    return PromptError(error.message, slug=error.slug, at=at, fix=error.fix)


def _reached(error: BaseException, shown: str, lines: Lines) -> tuple[str, int]:
    """The template file and line that were being rendered, from the traceback."""
    path, line = shown, 1
    folder = shown.split("/")[0] + "/"
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename == shown or (filename.startswith(folder) and len(lines(filename)) > 1):
            path, line = filename, trace.tb_lineno
        trace = trace.tb_next
    return path, max(line, 1)


def _undefined(
    error: BaseException, path: str, line: int, lines: Lines, variables: Mapping[str, Any]
) -> PromptError:
    match = _UNDEFINED.match(str(error))
    if isinstance(error, TypeError):  # `{{ missing | tojson }}` fails inside the filter, without the name
        text = lines(path)[line - 1] if line <= len(lines(path)) else ""
        match = next((use for use in _USE.finditer(text) if use["name"] not in variables), None)
    if match is None:
        field = _NO_ATTRIBUTE.search(str(error))
        return PromptError(
            f"the template uses something that is not there: {_sentence(str(error))}",
            slug="undefined-variable",
            at=place(path, line, lines, field["name"].strip("'") if field else None),
            fix="check the spelling, or give it a value with `| default(…)`",
        )
    name = match["name"]
    fix = f"{did_you_mean(name, variables)}give it a value, or declare it in the header with a default"
    if isinstance(variables.get(name), Absent):
        fix = f"it is optional: write `{{{{ {name} | default('') }}}}`, or ask first, `{{% if {name} %}}`"
    return PromptError(
        f"the template uses {name!r}, which is not given",
        slug="undefined-variable",
        at=place(path, line, lines, name),
        fix=fix,
    )


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".")[:200]


def _full_width(error: TemplateSyntaxError, at: Place, lines: Lines) -> PromptError | None:
    """The error of a full-width sign inside a tag, at its own place; None where the cause is another."""
    text = lines(at.path)
    line = text[at.line - 1] if at.line <= len(text) else ""
    column = _stopped_at(error, line)
    if column is None or column >= len(line) or line[column] not in HALF:
        return None
    end = _TAG_END.search(line, column)
    tag = line[column : end.end() if end else len(line)]
    found = signs(_QUOTED.sub("", tag))
    return PromptError(
        f"{named(line[column])} stands where Jinja needs the half-width form",
        slug="full-width",
        at=Place(at.path, at.line, column + 1),
        fix=instead(found),
    )


def _stopped_at(error: TemplateSyntaxError, line: str) -> int | None:
    """The column, from 0, of the sign that Jinja could not read."""
    if (found := _UNEXPECTED.search(str(error.message))) and error.source:
        before = error.source[: int(found[1])]
        start = before.rfind("\n") + 1
        whole = error.source[start:].partition("\n")[0]
        # The first line behind a header has the end of a comment before it.
        return len(before) - start - (len(whole) - len(line))
    closing = _HALF_CLOSED.search(line) if "unexpected '}'" in str(error.message) else None
    return closing.end() - 1 if closing else None


def _syntax_fix(error: TemplateSyntaxError, at: Place, lines: Lines) -> str:
    if "unknown tag" in str(error.message):
        return "role blocks end with their own name: {% user %}…{% enduser %}"
    if "template's name is text" in str(error.message):
        return 'write the name in quotes: {% include "_policy.j2" %}'
    return "see the Jinja syntax at this line"
