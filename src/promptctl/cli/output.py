"""Where results go: standard output or a file; and how they may look there.

Names, headers and outputs are foreign text: whatever a terminal would act on is written out here, so that no
command can forget it.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from promptctl.errors import PromptctlError
from promptctl.reporters.safe import terminal_line, terminal_text
from promptctl.reporters.terminal import Style


def write(text: str, *, trusted: bool = False) -> None:
    """Result text on standard output. `trusted`: a reporter made it, and its colours or bytes must stay."""
    text = text if trusted else terminal_text(text)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def talk(text: str, *, trusted: bool = False) -> None:
    """What is not a result, on standard error. `trusted` as in `write`."""
    sys.stdout.flush()  # where both go to one place, they stand in the order they were said
    sys.stderr.write((text if trusted else terminal_text(text)) + "\n")


def save(text: str, target: str) -> None:
    """What a reporter made, where the user said: into a file, a pipe or a device; `-` is standard output."""
    if target == "-":
        write(text, trusted=True)
        return
    from promptctl.store.files import write_to

    write_to(Path(target), text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table without lines; a column that is empty throughout is left out."""
    from tabulate import tabulate

    used = [column for column in range(len(heads)) if any(row[column] for row in rows)]
    safe = [[terminal_line(row[column]) for column in used] for row in rows]
    text = tabulate(safe, [heads[column] for column in used], tablefmt="simple", disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def style(
    *, verbose: bool = False, brief: bool = False, explain: bool = False, stream: object = None
) -> Style:
    """Colour where a terminal shows it and NO_COLOR is not set."""
    out = stream or sys.stdout
    colour = bool(getattr(out, "isatty", lambda: False)()) and not os.environ.get("NO_COLOR")
    if os.environ.get("TERM") == "dumb":
        colour = False
    return Style(colour=colour, verbose=verbose, brief=brief, explain=explain)


def refuse_both(one: str, other: str) -> PromptctlError:
    """Two options that exclude each other."""
    return PromptctlError(
        f"{one} and {other} exclude each other", slug="usage", at=f"{one} {other}", fix="give one of them"
    )
