"""What is allowed and probably not meant: the warnings of lint, from syntax trees and headers."""

import re
from collections.abc import Iterator, Mapping

from promptctl.core.case import Case, Suite
from promptctl.core.dialects import fix_of_unread, sent_format, unread_params
from promptctl.core.prompt import InputSpec, PromptVersion
from promptctl.core.routes import Route
from promptctl.core.words import did_you_mean
from promptctl.engine.lint.findings import Findings
from promptctl.engine.load import Side, routed
from promptctl.errors import Place, PromptctlError, PromptError
from promptctl.store.places import full_width_hint
from promptctl.store.prompts import SUFFIX
from promptctl.templating.closure import FileFacts


def warn_of_prompt(
    found: Findings, side: Side, version: PromptVersion, facts: Mapping[str, FileFacts]
) -> None:
    """Inputs that are undeclared, unused or inside a system block; computed includes."""
    _undeclared(found, side, version)
    _unused(found, side, version, facts)
    for name in _templates(side, version):
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
        return
    if route.known:
        for name, instead in unread_params(version.header.params, route.dialect):
            found.error(_ignored(side, version, route, name, instead), {version.path})
    _json_unsaid(found, side, version, route)


def _ignored(side: Side, version: PromptVersion, route: Route, name: str, instead: str) -> PromptError:
    return PromptError(
        f"{route.provider} does not read {name}",
        slug="ignored-param",
        at=_in_header(side, version, "params", name),
        fix=fix_of_unread(instead, route.provider),
    )


def _json_unsaid(found: Findings, side: Side, version: PromptVersion, route: Route) -> None:
    """Servers refuse `json_object` unless a message speaks of JSON; some wait for it without end."""
    sent = sent_format(version.response_format, route.dialect)
    if sent is None or sent["type"] != "json_object" or route.kind != "openai":
        return
    bodies = (side.prompts.templates.parts(name).body for name in _templates(side, version))
    if not any("json" in body.lower() for body in bodies):
        found.warn(
            "an answer in JSON is asked for, and the text does not speak of JSON",
            slug="json-unsaid",
            at=_in_header(side, version, "output", "format" if version.schema is None else "schema"),
            fix="say in the prompt that the answer is JSON, and of which shape: servers refuse the request otherwise",
            files={version.path},
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


def _templates(side: Side, version: PromptVersion) -> tuple[str, ...]:
    """The files of the closure that are text of the prompt."""
    return side.prompts.templates.closure(version.id + SUFFIX).names


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
