"""Where results go: standard output or a file; and how they may look there."""

import os
import sys
from pathlib import Path

from promptctl.errors import PromptctlError
from promptctl.reporters.terminal import Style


def write(text: str) -> None:
    """Result text on standard output."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def talk(text: str) -> None:
    """What is not a result, on standard error."""
    sys.stderr.write(text + "\n")


def save(text: str, target: str) -> None:
    """Text into a file, atomically; `-` is standard output."""
    if target == "-":
        write(text)
        return
    from promptctl.store.files import write_atomically

    write_atomically(Path(target), text)


def style(*, verbose: bool = False, brief: bool = False, stream: object = None) -> Style:
    """Colour where a terminal shows it and NO_COLOR is not set."""
    out = stream or sys.stdout
    colour = bool(getattr(out, "isatty", lambda: False)()) and not os.environ.get("NO_COLOR")
    if os.environ.get("TERM") == "dumb":
        colour = False
    return Style(colour=colour, verbose=verbose, brief=brief)


def refuse_both(one: str, other: str) -> PromptctlError:
    """Two options that exclude each other."""
    return PromptctlError(
        f"{one} and {other} exclude each other", slug="usage", at=f"{one} {other}", fix="give one of them"
    )
