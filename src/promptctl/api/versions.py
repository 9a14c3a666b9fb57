"""A prompt through its versions: its log, and how two of them differ."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from promptctl.api.project import Project
from promptctl.engine.history import versions as history
from promptctl.engine.history.differences import (
    Difference,
    RenderedDifference,
    difference,
    rendered_difference,
)
from promptctl.engine.history.versions import Log, Watcher
from promptctl.engine.load import open_side, sides_of
from promptctl.errors import PromptctlError
from promptctl.store.revisions import WORKTREE, Sides


class Compared(NamedTuple):
    """How two versions differ; with what their cases send, where that was asked for and head has the prompt."""

    difference: Difference
    rendered: RenderedDifference | None


def log(project: Project, prompt: str, *, limit: int | None = None, watcher: Watcher | None = None) -> Log:
    """The commits at which a prompt's version changed, newest first; changes of the work tree before them.

    Args:
        prompt: `PROMPT`, or `PROMPT@REV` for the history up to a revision. An id that the prompt had before it
            was deleted will do.
        limit: Entries at most.
        watcher: Told about progress.

    Raises:
        PromptctlError: see `engine.history.log`.
    """
    prompt_id, at, named = prompt.partition("@")
    revision = _sides(project, prompt, head=named, no_base=True).head if at else project.home.here
    return history.log(project.home, prompt_id, revision, limit=limit, watcher=watcher)


def diff(
    project: Project,
    prompt: str,
    *,
    base: str | None = None,
    head: str | None = None,
    rendered: bool = False,
    cases: Sequence[str] = (),
) -> Compared:
    """How a prompt differs between two revisions, by default those that `promptctl test` compares. Nothing is asked.

    Args:
        prompt: `PROMPT`, or `PROMPT@REV` for the side that neither `base` nor `head` names: base, where both are
            open.
        base, head: Revisions, `WORKTREE`, or `OTHER@REV` for another prompt.
        rendered: Compare the requests of the cases too.
        cases: Of the rendered ones, only these.

    Raises:
        PromptctlError: no such prompt, revision or case; with `rendered` also whatever head cannot render.
    """
    prompt_id, at, named = prompt.partition("@")
    if at and base is not None and head is not None:
        fix = f"leave out @{named}, or one of --base and --head"
        raise PromptctlError(
            "three revisions are given, and two are compared", slug="usage", at=prompt, fix=fix
        )
    if at:
        base, head = (named, head) if base is None else (base, named)
    base_prompt, base = project.prompt_and_revision(base)
    head_prompt, head = project.prompt_and_revision(head)
    given = [
        f"--{name} {rev or repr(rev)}" for name, rev in (("base", base), ("head", head)) if rev is not None
    ]
    sides = _sides(project, " ".join(given), base=base, head=head)
    acting = project.config if sides.head.label == WORKTREE else None
    head_side = open_side(project.home, sides.head, config=acting)
    base_side = None
    if sides.base:
        base_side = open_side(project.home, sides.base, config=head_side.config, private=head_side.private)
    found = difference(base_side, head_side, head_prompt or prompt_id, base_prompt=base_prompt)
    shown = None
    if rendered and found.head_prompt:
        today = datetime.date.today()
        shown = rendered_difference(
            base_side, head_side, found.head_prompt, today, base_prompt=base_prompt, cases=cases
        )
    return Compared(found, shown)


def _sides(
    project: Project, given: str, *, base: str | None = None, head: str | None = None, no_base: bool = False
) -> Sides:
    """The sides; an error names what was `given`."""
    try:
        return sides_of(project.home, base=base, head=head, no_base=no_base)
    except PromptctlError as error:
        error.at = error.at or given or str(project.root)
        raise
