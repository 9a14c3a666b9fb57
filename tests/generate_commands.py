"""Writes the pages of `docs/` that are made from the code: `python -m tests.generate_commands` accepts them anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from promptctl.cli.main import SECTIONS, promptctl
from promptctl.engine.pages import catalogue, page

DOCS = Path(__file__).parents[1] / "docs"

COMMANDS_HEAD = """\
# Commands

Every command with its options, as `--help` shows them. This page is generated.

Results go to standard output; progress and talk go to standard error. Exit codes are the same everywhere: 0 is fine,
1 means that the gate failed, 2 that the project or the command line is wrong, 3 that the question could not be
answered, 130 that it was interrupted, 70 that promptctl itself has a bug. [messages.md](messages.md) explains every
message.
"""

CHECKS_HEAD = """\
# Checks

Every check that ships with promptctl, as `promptctl checks NAME` shows it. This page is generated; its examples are
run as tests. How a check is written in a suite, and what `not`, `any`, `all` and `extract` do, is in
[cases.md](cases.md#checks). How to add one of your own is in [extending.md](extending.md#a-check).
"""


def commands_page() -> str:
    """The help of every command, by section."""
    root = click.Context(promptctl, info_name="promptctl", terminal_width=88, **promptctl.context_settings)
    parts = [COMMANDS_HEAD, "## promptctl\n", _block(promptctl.get_help(root))]
    for names in SECTIONS.values():
        for name in names:
            command = promptctl.get_command(root, name)
            assert command is not None
            parts += _helps(command, root, name, level=2)
    return "\n".join(parts)


def checks_page() -> str:
    """The catalogue as a table, then the page of every check."""
    rows = catalogue()
    parts = [CHECKS_HEAD, "| family | check | passes when |", "|---|---|---|"]
    parts += [f"| {family} | [{name}](#{name}) | {about} |" for family, name, about, _ in rows]
    for _, name, _, _ in rows:
        parts += [f"\n## {name}\n", _block(page(name)).rstrip("\n")]
    return "\n".join(parts) + "\n"


def _helps(command: click.Command, parent: click.Context, name: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"{'#' * level} {context.command_path}\n"
    yield _block(command.get_help(context))
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _helps(found, context, inner, level + 1)


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands_page, "checks.md": checks_page}

if __name__ == "__main__":
    for file, make in PAGES.items():
        (DOCS / file).write_text(make(), encoding="utf-8")
