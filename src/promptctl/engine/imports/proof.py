"""The proof that an imported prompt sends what the original sent: both are rendered, and the requests compared.

Ours is rendered from the files as they would be written, by the code that renders every prompt. Equal means equal
model, messages, parameters, tools and response format, but for two things that promptctl does on purpose: blank lines
at the ends of a message are not sent, and a limit of tokens goes out under the name that the server reads.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.core.case import Suite
from promptctl.core.config import Config
from promptctl.engine.filling import fill
from promptctl.engine.grader import Grader
from promptctl.engine.imports.written import unwritable
from promptctl.engine.output_check import with_output_check
from promptctl.errors import FileError, PromptctlError, PromptError
from promptctl.importers.imported import ForeignRequest, Imported, ImportedPrompt, ImportedSuite
from promptctl.store.prompts import Prompts
from promptctl.store.suites import Suites
from promptctl.store.trees import Picture
from promptctl.templating.marks import without_blank_ends

LIMITS = ("max_tokens", "max_completion_tokens")
_SHOWN = 70


class Proof(NamedTuple):
    """How many requests were compared, and whether the original sends blank lines that promptctl does not."""

    compared: int
    blank_ends: bool


def prove_all(imported: Imported, texts: Mapping[str, str], config: Config) -> list[Proof]:
    """One proof for each prompt, from the files as they would be written.

    Args:
        imported: What the importer made of the original.
        texts: The files that it becomes, by their path below the project's root.
        config: The project's: where prompts and suites stand.

    Raises:
        FileError: `import-unwritable`, a file that promptctl would not read; `import-differs`.
    """
    tree = Picture("IMPORT", {path: text.encode() for path, text in texts.items()}, {}, {})
    prompts = Prompts(tree, config.project.prompts, isolate=True)
    suites = [
        _suite(one, Suites(tree, config.project.evals, config.gate), prompts) for one in imported.suites
    ]
    for stray in prompts.strays:
        raise unwritable("this prompt", stray, imported.prompts[0].place)
    proofs = []
    for prompt in imported.prompts:
        try:
            prompts.version(prompt.id)
        except PromptctlError as error:
            raise unwritable(f"prompt {prompt.id}", error, prompt.place) from error
        proofs.append(prove(prompt, prompts, [suite for suite in suites if suite.prompt == prompt.id]))
    return proofs


def _suite(imported: ImportedSuite, suites: Suites, prompts: Prompts) -> Suite:
    """The suite as it would be read, with every check built."""
    try:
        suite = suites.suite(imported.id)
        Grader(with_output_check(suite, prompts))
    except PromptctlError as error:
        raise unwritable(f"suite {imported.id}", error, imported.place) from error
    return suite


def prove(imported: ImportedPrompt, prompts: Prompts, suites: Sequence[Suite]) -> Proof:
    """Compares the requests of a prompt for its samples and for the cases of its suites.

    Args:
        imported: What the importer made of the original.
        prompts: The prompts as they would be written.
        suites: The suites of this prompt, as they would be written.

    Raises:
        FileError: `import-differs`, the first request that is not equal, with what differs in it.
    """
    version = prompts.version(imported.id)
    given = [(f"sample {number}", values) for number, values in enumerate(imported.samples or ({},), 1)]
    given += [
        (f"case {case.id}", dict(fill(case, version.inputs).values))
        for suite in suites
        for case in suite.cases
    ]
    blank_ends = False
    for name, values in given:
        try:
            wanted = imported.original(values)
        except ValueError as error:
            raise _differs(imported, f"the original does not render ({name}): {error}") from error
        found = _ours(imported, prompts, values, name)
        if differences := _differences(wanted, found):
            raise _differs(imported, f"{'; '.join(differences[:3])} ({name})")
        blank_ends |= any(_message(one) != dict(one) for one in wanted.messages)
    return Proof(len(given), blank_ends)


def _ours(imported: ImportedPrompt, prompts: Prompts, values: Mapping[str, Any], name: str) -> ForeignRequest:
    version = prompts.version(imported.id)
    try:
        messages = prompts.render(imported.id, values)
    except PromptctlError as error:
        raise _differs(imported, f"our template does not render ({name}): {error.message}") from error
    return ForeignRequest(
        version.header.model,
        tuple(message.as_dict() for message in messages),
        version.header.params,
        version.tools,
        version.response_format,
    )


def _differences(wanted: ForeignRequest, found: ForeignRequest) -> list[str]:
    """What differs, each in half a sentence."""
    differences = []
    if wanted.model != found.model:
        differences.append(f"the model is {wanted.model!r} there and {found.model!r} here")
    roles = [[message.get("role") for message in one.messages] for one in (wanted, found)]
    if roles[0] != roles[1]:
        two = [", ".join(map(str, side)) or "none" for side in roles]
        differences.append(f"the messages are {two[0]} there and {two[1]} here")
    else:
        for number, (there, here) in enumerate(zip(wanted.messages, found.messages, strict=True), 1):
            if _message(there) != _message(here):
                where = f"message {number} ({there.get('role')})"
                differences.append(f"{where}: {_first_difference(_message(there), _message(here))}")
    params = [_params(one.params) for one in (wanted, found)]
    for key in sorted({*params[0], *params[1]}):
        if _exact(params[0].get(key)) != _exact(params[1].get(key)):
            two = [_exact(side.get(key)) for side in params]
            differences.append(f"{key} is {two[0]} there and {two[1]} here")
    for what in ("tools", "response_format"):
        two = [_exact(getattr(one, what)) for one in (wanted, found)]
        if two[0] != two[1]:
            differences.append(f"{what} is {_cut(two[0])} there and {_cut(two[1])} here")
    return differences


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as promptctl sends it: without blank lines at its ends."""
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": without_blank_ends(content)}
    if isinstance(content, (list, tuple)):
        parts = [dict(part) for part in content]
        for part in parts:
            if part.get("type") == "text":
                part["text"] = without_blank_ends(part["text"])
        return {**message, "content": [part for part in parts if part.get("text") != ""]}
    return dict(message)


def _params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"max_output_tokens" if name in LIMITS else name: value for name, value in params.items()}


def _exact(value: Any) -> str:
    """JSON with sorted keys, in which 1 and 1.0 are the same number and 1 and true are not."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _first_difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """The text of both from shortly before the place where they part."""
    one, two = (
        side["content"] if isinstance(side["content"], str) else _exact(side["content"])
        for side in (there, here)
    )
    at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    start = max(at - 20, 0)
    return f"{one[start : start + _SHOWN]!r} there and {two[start : start + _SHOWN]!r} here"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _differs(imported: ImportedPrompt, message: str) -> PromptError | FileError:
    return FileError(
        f"prompt {imported.id} would not send what the original sends: {message}",
        slug="import-differs",
        at=imported.place,
        fix="write this prompt by hand; what differs is named above",
    )
