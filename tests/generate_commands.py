"""Writes what the documentation takes from the code: `python -m tests.generate_commands` accepts it anew.

That is the reference pages, and every transcript that leaves no line out; the others are for a person to cut.
"""

import tempfile
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
    """The catalogue as a table, then the page of every check; what all pages say alike stands once."""
    rows = catalogue()
    pages = {name: page(name).rstrip().split("\n\n") for _, name, _, _ in rows}
    alike = [part for part in next(iter(pages.values())) if all(part in parts for parts in pages.values())]
    common = [part for part in alike if part != "Examples"]
    parts = [CHECKS_HEAD, *common, "", "| family | check | passes when |", "|---|---|---|"]
    parts += [f"| {family} | [{name}](#{name}) | {about} |" for family, name, about, _ in rows]
    for name, paragraphs in pages.items():
        own = [part for part in paragraphs if part not in common]
        parts += [f"\n## {name}\n", _block("\n\n".join(own)).rstrip("\n")]
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


def with_transcripts(text: str) -> str:
    """A page with what its commands print now."""
    from tests.test_docs import LEFT_OUT, play

    lines = text.split("\n")
    with tempfile.TemporaryDirectory() as folder:
        played = list(play(text, Path(folder)))
    for command, code, printed in reversed(played):  # from the end, so that line numbers stay
        if command.words[0] == "git" or any(line.strip() == LEFT_OUT for line in command.output):
            continue
        lines[command.line : command.line + len(command.output)] = printed
        if code != command.code:
            print(f"line {command.line} exits {code}, not {command.code}: that is for you to judge")  # noqa: T201
    return "\n".join(lines)


def _block(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}\n"


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands_page, "checks.md": checks_page}


def accept() -> None:
    """Writes all of it."""
    from tests.test_docs import PLAYED

    for file, make in PAGES.items():
        (DOCS / file).write_text(make(), encoding="utf-8")
    for played in PLAYED:
        played.write_text(with_transcripts(played.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    accept()
