"""`promptctl init`: a project that runs at once."""

import shlex
from pathlib import Path

import click

from promptctl.api.scaffold import Scaffold, write_project
from promptctl.cli.output import write
from promptctl.reporters.safe import terminal_line


@click.command(
    epilog="\b\nExamples:\n  promptctl init              in this folder\n"
    "  promptctl init shop         in the folder shop, made where it is missing"
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=".")
def init(folder: Path) -> None:
    """Makes a project that `promptctl test` runs at once: a prompt, ten cases, a configuration.

    No key and no network: its model ships with promptctl. What exists is never overwritten.
    """
    made = write_project(folder)
    for what, names in (("wrote", made.written), ("kept", made.kept)):
        for name in names:
            shown = f"{folder / name}{'/' if name.endswith('/') else ''}"
            write(f"{what:<6} {terminal_line(shown)}")
    if made.prompt is None:
        write("\nThe prompts that are there stay as they are; no sample was added.")
    write("\nnext")
    for command, why in _next(made):
        write(f"  {terminal_line(command)}\n      {why}")


def _next(made: Scaffold) -> list[tuple[str, str]]:
    enter = "" if made.root.resolve() == Path.cwd() else f"cd {shlex.quote(str(made.root))} && "
    commit = f'git add {shlex.join(made.paths)} && git commit -m "Add a prompt and its cases"'
    if not made.in_git:
        commit = f"git init -b {made.branch} && {commit}"
    change = f"edit {made.prompt}" if made.prompt else "edit a prompt"
    return [
        (f"{enter}promptctl test", "score the prompt as it is"),
        (commit, "this is what changes are compared with"),
        ("git switch -c first-change", f"{change}, then `promptctl test` says what broke and what it fixed"),
    ]
