"""`promptctl log`: the commits at which a prompt changed, and what changed in each."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import click

from promptctl.api.project import Project
from promptctl.api.versions import log as log_of
from promptctl.cli.output import style, talk, write
from promptctl.cli.progress import Bar
from promptctl.engine.history.versions import Entry, Log
from promptctl.reporters.safe import fit, pad, terminal_line, width
from promptctl.reporters.terminal_page import Page
from promptctl.store.revisions import WORKTREE

AUTHOR = 20
"""Columns for a name at most."""
EPILOG = """\b
Examples:
  promptctl log support/reply
  promptctl log support/reply@v2 -n 5      up to the tag v2, the last five
  promptctl log support/reply --json
"""


@click.command(epilog=EPILOG)
@click.argument("prompt", metavar="PROMPT[@REV]")
@click.option("-n", "--max-count", "limit", type=click.IntRange(1), metavar="N", help="The newest N alone.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def log(prompt: str, limit: int | None, as_json: bool) -> None:
    """Lists the commits at which a prompt's version changed, newest first, and what changed.

    A version is the prompt file with all it includes, its schemas and tools, and its settings, through renames.
    Commits that touched none of it are left out. Changes that are not committed come first, as WORKTREE.
    """
    found = log_of(Project(), prompt, limit=limit, watcher=Bar("commits"))
    if as_json:
        write(json.dumps(_as_json(prompt, found), ensure_ascii=True, indent=2), trusted=True)
        return
    if found.entries:
        write("\n".join(_lines(found)), trusted=True)
    if found.more:
        talk("more       there are older ones; without -n all are listed")
    if hint := _hint(found):
        talk(f"compare    {terminal_line(hint)}")


def _lines(found: Log) -> Iterator[str]:
    """Two lines an entry: who changed it when and why; then what changed."""
    page = Page(style())
    names = {entry.commit.author for entry in found.entries if entry.commit}
    author = min(max((width(terminal_line(name)) for name in names), default=0), AUTHOR)
    for entry in found.entries:
        if entry.commit is None:
            yield page.paint(WORKTREE, "yellow") + "    not committed"
        else:
            name = pad(fit(terminal_line(entry.commit.author), author), author)
            facts = f"{entry.commit.date[:10]}  {name}  {terminal_line(entry.commit.subject)}"
            yield f"{page.paint(entry.commit.short, 'yellow')}  {facts}".rstrip()
        yield f"    {terminal_line(_words(entry))}"


def _words(entry: Entry) -> str:
    if [change.kind for change in entry.changes] == ["merged"]:
        return "merge: what both sides changed, together"
    return ", ".join(map(str, entry.changes))


def _hint(found: Log) -> str | None:
    """The command that shows the newest change."""
    there = [entry for entry in found.entries if entry.digest]
    if len(there) < 2 or there[1].commit is None:
        return None
    newest, before = there[0], there[1].commit
    head = f" --head {newest.commit.short}" if newest.commit else ""
    return f"promptctl diff {shlex.quote(newest.prompt)} --base {before.short}{head}"


def _as_json(prompt: str, found: Log) -> dict[str, Any]:
    return {"prompt": prompt, "complete": not found.more, "entries": [_entry(one) for one in found.entries]}


def _entry(entry: Entry) -> dict[str, Any]:
    commit = entry.commit
    return {
        "commit": commit.id if commit else None,
        "date": commit.date if commit else None,
        "author": commit.author if commit else None,
        "subject": commit.subject if commit else None,
        "prompt": entry.prompt,
        "digest": entry.digest,
        "changes": [
            {name: value for name, value in change._asdict().items() if value not in ("", None)}
            for change in entry.changes
        ],
    }
