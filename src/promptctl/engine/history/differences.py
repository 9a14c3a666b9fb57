"""How two versions of a prompt differ: settings, the text of every file, and what of it reaches a model."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from promptctl.core.digest import canonical_json, digest
from promptctl.core.exchange import Request
from promptctl.core.linediff import line_diff
from promptctl.core.message import Message
from promptctl.core.prompt import PromptVersion
from promptctl.engine.history.changes import Change, changes_between, setting_changes
from promptctl.engine.history.states import has
from promptctl.engine.load import Side
from promptctl.engine.pairing import Pairing
from promptctl.engine.planner import make_plan
from promptctl.engine.selection import Selection
from promptctl.errors import PromptctlError
from promptctl.store.prompts import SUFFIX
from promptctl.store.revisions import Revision

LONGEST_URL = 200
"""Characters of an image's address that are shown; a longer one holds the image itself, and is told by its digest."""


class FileDifference(NamedTuple):
    """One file that differs. A path is None, and its text empty, where that side's version does not need the file."""

    old_path: str | None
    path: str | None
    before: str
    after: str


class Difference(NamedTuple):
    """Two versions of a prompt. An id is None where the prompt is not there, a digest also where it cannot be read."""

    base: Revision | None
    head: Revision
    base_prompt: str | None
    head_prompt: str | None
    base_digest: str | None
    head_digest: str | None
    changes: tuple[Change, ...]
    files: tuple[FileDifference, ...]
    notes: tuple[str, ...]


class TextLine(NamedTuple):
    """A line of a message. `role` is set on the line that begins one."""

    text: str
    role: bool = False


class RequestDifference(NamedTuple):
    """Cases whose requests differ alike. `base` and `head` are those of the first; `base` is None for new cases."""

    cases: tuple[str, ...]
    base: Request | None
    head: Request

    @property
    def changes(self) -> tuple[Change, ...]:
        """What of it is no message: model, parameters, tools."""
        return setting_changes(_settings(self.base), _settings(self.head)) if self.base else ()

    @property
    def lines(self) -> tuple[tuple[TextLine, ...], tuple[TextLine, ...]]:
        """The messages of both sides as lines; none of base for a new case."""
        return _lines(self.base) if self.base else (), _lines(self.head)


class RenderedDifference(NamedTuple):
    """What the cases of a prompt's suites send. `differ` counts those that base renders too, `new` the others."""

    cases: int
    differ: int
    new: int
    groups: tuple[RequestDifference, ...]
    notes: tuple[str, ...]

    @property
    def equal(self) -> int:
        """How many send the same on both sides."""
        return self.cases - self.differ - self.new


class _Read(NamedTuple):
    """A prompt of one side: its version and files; of one that cannot be read, its own file alone, and why."""

    prompt: str | None = None
    folder: str = ""
    version: PromptVersion | None = None
    files: dict[str, str] = {}
    note: str = ""
    fault: tuple[Change, ...] = ()

    @property
    def digest(self) -> str | None:
        return self.version.digest if self.version else None

    def path(self, name: str) -> str | None:
        return f"{self.folder}/{name}" if name in self.files else None


def difference(base: Side | None, head: Side, prompt: str, *, base_prompt: str | None = None) -> Difference:
    """How a prompt differs between two sides.

    Args:
        base: None where there is nothing to compare with: all of head is new then.
        prompt: Its id on head, or on base where head no longer has it.
        base_prompt: Another prompt of base to compare with, instead of its own.

    Raises:
        PromptctlError: `unknown-prompt`, neither side has it. A prompt that is there and cannot be read is no
            error: its file is compared as text, and `notes` says why.
    """
    old_id, new_id = _paired(base, head, prompt, base_prompt)
    before = _read(base, old_id, "base") if base and old_id else _Read()
    after = _read(head, new_id, "head") if new_id else _Read()
    return Difference(
        base.revision if base else None,
        head.revision,
        old_id,
        new_id,
        before.digest,
        after.digest,
        tuple(_changes(before, after)),
        tuple(_files(before, after)),
        tuple(filter(None, (before.note, after.note))),
    )


def rendered_difference(
    base: Side | None,
    head: Side,
    prompt: str,
    today: date,
    *,
    base_prompt: str | None = None,
    cases: Sequence[str] = (),
) -> RenderedDifference:
    """Which cases send another request on head, and how: the requests that `promptctl test` would compare.

    Args:
        base: None where there is nothing to compare with: every case is new then.
        prompt: Its id on head.
        base_prompt: Another prompt of base to compare with, instead of its own.
        cases: Only these.

    Raises:
        PromptctlError: head's prompt, suites or cases cannot be read or rendered, or there is no such case.
    """
    selection = Selection(selectors=(prompt,), cases=tuple(cases), all=True, base_prompt=base_prompt)
    plan = make_plan(base, head, selection, today)
    groups: dict[object, list[tuple[str, Request | None, Request]]] = {}
    count = differ = new = 0
    for suite in plan.suites:
        for case in suite.cases if suite.prompt == prompt else ():
            count += 1
            if case.base is None:
                new += 1
                groups.setdefault("new", []).append((case.case.id, None, case.head.request))
            elif case.base.digest != case.head.digest:
                differ += 1
                pair = case.base.request, case.head.request
                groups.setdefault(_telling(*pair), []).append((case.case.id, *pair))
    return RenderedDifference(
        count,
        differ,
        new,
        tuple(
            RequestDifference(tuple(name for name, _, _ in members), members[0][1], members[0][2])
            for members in groups.values()
        ),
        plan.notes,
    )


def _paired(
    base: Side | None, head: Side, prompt: str, base_prompt: str | None
) -> tuple[str | None, str | None]:
    """The prompt's id on base and on head, as `promptctl test` pairs them; None where it is not there."""
    pairing = Pairing(base, head, base_prompt=base_prompt)
    if has(head.prompts, prompt):
        wanted = base_prompt or prompt
        if base is not None and has(base.prompts, wanted):
            return wanted, prompt
        return _quietly(pairing, prompt), prompt
    if base is None or not has(base.prompts, prompt):
        head.prompts.require(prompt)
    return prompt, pairing.head_prompt(prompt)


def _quietly(pairing: Pairing, prompt: str) -> str | None:
    """The prompt of base that was renamed to this one; None also where head cannot be read to find out."""
    try:
        return pairing.base_prompt(prompt)
    except PromptctlError:
        return None  # told where the prompt itself is read


def _read(side: Side, prompt: str, name: str) -> _Read:
    folder = side.prompts.folder
    try:
        version = side.prompts.version(prompt)
    except PromptctlError as error:
        note = f"{prompt} of {name} cannot be read ({error.slug} at {error.at}): its file alone is compared"
        fault = (Change("broken", error.slug, after=str(error.at)),)
        try:
            files = {prompt + SUFFIX: side.tree.text(side.prompts.path(prompt))}
        except PromptctlError:
            files, note = {}, f"{prompt} of {name} cannot be read ({error.slug} at {error.at})"
        return _Read(prompt, folder, None, files, note, fault)
    return _Read(prompt, folder, version, version.closure)


def _changes(before: _Read, after: _Read) -> Iterator[Change]:
    if before.prompt is None or after.prompt is None:
        yield Change("created" if before.prompt is None else "deleted")
    elif before.version and after.version:
        yield from changes_between(before.version, after.version)
    else:
        if before.prompt != after.prompt:
            yield Change("renamed", before=before.prompt, after=after.prompt)
        yield from after.fault or [Change("mended")]


def _files(before: _Read, after: _Read) -> Iterator[FileDifference]:
    """The prompt's own file first, then the others by name."""
    own = [(f"{before.prompt}{SUFFIX}", f"{after.prompt}{SUFFIX}")]
    others = sorted({*before.files, *after.files} - set(own[0]))
    for old_name, name in [*own, *((name, name) for name in others)]:
        old, new = before.files.get(old_name), after.files.get(name)
        if old != new:
            yield FileDifference(before.path(old_name), after.path(name), old or "", new or "")


def _telling(base: Request, head: Request) -> object:
    """What is equal for two pairs of requests that differ alike, wherever in a message that is."""
    hunks = line_diff(_lines(base), _lines(head), context=0)
    lines = tuple(one[:2] for hunk in hunks for one in hunk.lines)
    return lines, repr(setting_changes(_settings(base), _settings(head)))


def _settings(request: Request) -> dict[str, object]:
    """What of a request is no message."""
    settings: dict[str, object] = {"model": request.model, "params": request.params}
    settings["tools"] = {tool["function"]["name"]: tool["function"] for tool in request.tools}
    if request.response_format is not None:
        settings["response_format"] = request.response_format
    return settings


def _lines(request: Request) -> tuple[TextLine, ...]:
    lines: list[TextLine] = []
    for message in request.messages:
        lines.append(TextLine(message.role, role=True))
        lines += map(TextLine, message.text.split("\n"))
        lines += map(TextLine, _beside_the_text(message))
    return tuple(lines)


def _beside_the_text(message: Message) -> Iterator[str]:
    for image in message.images:
        named = image.url if len(image.url) <= LONGEST_URL else digest("image", image.url)
        yield f"[{named}{', detail ' + image.detail if image.detail else ''}]"
    for call in message.tool_calls:
        yield f"[tool call {canonical_json(call)}]"
    if message.tool_call_id is not None:
        yield f"[answers tool call {message.tool_call_id}]"
