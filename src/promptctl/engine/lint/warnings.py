"""What is allowed and probably not meant: the warnings of lint, from syntax trees and headers."""

import re
from collections.abc import Iterator, Mapping

from promptctl.core.case import Case, Suite
from promptctl.core.prompt import InputSpec, PromptVersion
from promptctl.core.routes import PRESETS
from promptctl.core.words import did_you_mean
from promptctl.engine.lint.findings import Findings
from promptctl.engine.load import Side, routed
from promptctl.errors import Place, PromptctlError, PromptError
from promptctl.store.places import full_width_hint
from promptctl.store.prompts import SUFFIX
from promptctl.templating.closure import FileFacts

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")

_WIDE = re.compile(r"｛\s*[｛{%％#＃]|\{[｛％＃]")
_GAP = re.compile(r"(?<=[{}])\s+(?=[{}])")
_HALF = str.maketrans("｛｝％＃｜（），：＝“”‘’", "{}%#|(),:=\"\"''")


def warn_of_prompt(
    found: Findings, side: Side, version: PromptVersion, facts: Mapping[str, FileFacts]
) -> None:
    """Inputs that are undeclared, unused or inside a system block; computed includes."""
    _undeclared(found, side, version)
    _unused(found, side, version, facts)
    for name in version.closure:
        if name not in facts:
            continue
        for line, word in facts[name].system_inputs:
            if word in version.inputs and not _closed(version.inputs[word]):
                found.warn(
                    f"input {word!r} stands in a system block, where its text speaks with your voice",
                    slug="input-in-system",
                    at=spot(side, name, line, word),
                    fix="move it into {% user %}, or give it an `enum` in the header",
                )
        for reference in facts[name].references:
            if reference.name is None:
                found.warn(
                    "this include is computed, so the prompt depends on every partial",
                    slug="dynamic-include",
                    at=spot(side, name, reference.line, "{%"),
                    fix='name the file: {% include "_policy.j2" %}, inside {% if %} where there is a choice',
                )


def warn_of_settings(found: Findings, side: Side, version: PromptVersion) -> None:
    """A model that nobody serves; parameters that the model's server does not read."""
    model = version.header.model or side.config.project.model
    try:
        route = routed(side.config, model)
    except PromptctlError as error:
        found.error(error, {version.path})
        return
    if route is None:
        known = [*side.config.models, *side.config.providers]
        found.warn(
            f"no provider is known for the model {model!r}",
            slug="unknown-model",
            at=_in_header(side, version, "model", "model")
            if version.header.model
            else Place("promptctl.toml"),
            fix=did_you_mean(model, known) + f'add "{model}" = "PROVIDER" under [models] in promptctl.toml',
            files={version.path},
        )
    elif route.provider in PRESETS:
        for name in TOKEN_LIMITS:
            if name in version.header.params and name != route.dialect.token_limit:
                found.error(
                    PromptError(
                        f"{route.provider} does not read {name}",
                        slug="ignored-param",
                        at=_in_header(side, version, "params", name),
                        fix="write max_output_tokens: it is sent under the name that the server reads",
                    ),
                    {version.path},
                )


def warn_of_suite(found: Findings, side: Side, suite: Suite, files: set[str]) -> None:
    """Variables that a prompt without declared inputs does not use."""
    version = side.prompts.version(suite.prompt)
    if version.header.inputs is not None:  # there an unknown name is an error
        return
    for case in suite.cases:
        for name in _given(case):
            if name not in version.inputs:
                found.warn_of_case(
                    f"variable {name!r} is given, but {suite.prompt} does not use it",
                    slug="unused-variable",
                    at=case.place,
                    fix=full_width_hint(name)
                    or did_you_mean(name, version.inputs)
                    + f"the prompt uses: {', '.join(version.inputs) or 'no variable'}",
                    files={*files, case.place.path if case.place else ""},
                )


def warn_of_untested(found: Findings, side: Side, prompt_id: str, suites: list[Suite]) -> None:
    """A prompt that no active case of its suites tests."""
    if any(case.status == "active" for suite in suites for case in suite.cases):
        return
    cases = sum(len(suite.cases) for suite in suites)
    have = f"prompt {prompt_id} has no active case, but {cases} of another status"
    found.warn(
        have if cases else f"prompt {prompt_id} has no case",
        slug="untested-prompt",
        at=Place(side.prompts.path(prompt_id)),
        fix="set `status: active` on the cases that should decide"
        if cases
        else f"write cases into {side.suites.folder}/{prompt_id}.yaml",
    )


def warn_of_full_width(found: Findings, side: Side, name: str) -> None:
    """Full-width braces: Jinja takes them for plain text, and the variable is never filled in."""
    path = f"{side.prompts.folder}/{name}"
    parts = side.prompts.templates.parts(name)
    for number, line in enumerate(parts.body.split("\n"), parts.lines + 1):
        if wide := _WIDE.search(line):
            end = re.compile(r"[｝}]\s*[｝}]|[%％#＃][｝}]").search(line, wide.end())
            text = line[wide.start() : end.end() if end else wide.start() + 30]
            found.warn(
                f'"{text}" is plain text: its brackets are full-width, Jinja reads half-width ones',
                slug="full-width",
                at=Place(path, number, wide.start() + 1),
                fix=f"write {_GAP.sub('', text.translate(_HALF))}",
            )


def spot(side: Side, name: str, line: int, word: str) -> Place:
    """Line with the column of `word` in it."""
    lines = side.tree.text(f"{side.prompts.folder}/{name}").split("\n")
    content = lines[line - 1] if 0 < line <= len(lines) else ""
    return Place(f"{side.prompts.folder}/{name}", line, max(content.find(word), 0) + 1)


def _undeclared(found: Findings, side: Side, version: PromptVersion) -> None:
    if version.header.inputs is None:
        return
    for word, (name, line) in side.prompts.templates.closure(version.id + SUFFIX).undeclared.items():
        if word not in version.inputs:
            found.warn(
                f"{word!r} is used, but {version.id} does not declare it",
                slug="undeclared-variable",
                at=spot(side, name, line, word),
                fix=did_you_mean(word, version.inputs)
                + f"add `{word}: string` to `inputs` in {version.path}",
                files={version.path},
            )


def _unused(found: Findings, side: Side, version: PromptVersion, facts: Mapping[str, FileFacts]) -> None:
    if version.header.inputs is None:
        return
    used = {word for name in version.closure if name in facts for word in facts[name].undeclared}
    for word in version.inputs:
        if word not in used:
            found.warn(
                f"input {word!r} is declared, and nothing uses it",
                slug="unused-input",
                at=_in_header(side, version, "inputs", word),
                fix=did_you_mean(word, used - set(version.inputs)) + "use it in the text, or take it out",
            )


def _in_header(side: Side, version: PromptVersion, section: str, word: str) -> Place:
    """Where `word` stands as a key, looked for from the line of `section` on; failing that, the file."""
    header = side.prompts.templates.parts(version.id + SUFFIX).header or ""
    begun = False
    for number, line in enumerate(header.split("\n"), 2):  # the fence is line 1
        begun = begun or bool(re.match(rf"{section}\s*:", line))
        key = re.search(rf"(?<![\w-]){re.escape(word)}[\"']?\s*:", line) if begun else None
        if key:
            return Place(version.path, number, key.start() + 1)
    return Place(version.path)


def _closed(spec: InputSpec) -> bool:
    """Whether no stranger's text can come through: a menu, a number, true or false."""
    return bool(spec.enum) or spec.type in ("integer", "number", "boolean")


def _given(case: Case) -> Iterator[str]:
    if case.asked:
        yield from case.vars
