"""Where a prompt file's header ends and its text begins."""

import re
from typing import NamedTuple

from promptctl.errors import FileError, Place
from promptctl.templating.full_width import is_wide_fence

FENCE = "---"

_KEY = re.compile(r"[A-Za-z_][\w-]*[ \u3000]*[:：]")


class Parts(NamedTuple):
    """A prompt file cut in two. `header` is None without one; `lines` counts the header's, fences included."""

    header: str | None
    body: str
    lines: int


def split_header(text: str, path: str) -> Parts:
    """Cuts at the first line that is exactly `---`, if the file begins with one.

    Args:
        text: The whole file, LF line ends.
        path: As a user would type it, for the error.

    Raises:
        FileError: The file begins with `---` and no second such line follows: text after it is never guessed at.
    """
    first, _, rest = text.partition("\n")
    if first != FENCE:
        _refuse_near_header(text, path)
        return Parts(None, text, 0)
    header: list[str] = []
    position = len(first) + 1
    for line in rest.split("\n"):
        position += len(line) + 1
        if line == FENCE:
            return Parts("\n".join(header), text[position:], len(header) + 2)
        if is_wide_fence(line):
            raise _wide_fence(path, len(header) + 2)
        header.append(line)
    raise FileError(
        "the header begins with --- and never ends",
        slug="header-not-closed",
        at=Place(path),
        fix="end the header with a line that is exactly ---",
    )


def _refuse_near_header(text: str, path: str) -> None:
    """What was meant as a header must not reach the model because of a space or a blank line before it."""
    lines = text.split("\n", 20)
    number = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if is_wide_fence(lines[number].strip()) and any(_KEY.match(line) for line in lines[number + 1 :][:2]):
        raise _wide_fence(path, number + 1)
    if lines[number].strip() != FENCE:
        return
    raise FileError(
        "this looks like a header, and is none: --- must be the whole first line",
        slug="header-misplaced",
        at=Place(path, number + 1),
        fix="begin the file with a line that is exactly ---, or the text with something else",
    )


def _wide_fence(path: str, line: int) -> FileError:
    return FileError(
        "this looks like the --- of a header, and its dashes are no hyphens",
        slug="full-width",
        at=Place(path, line),
        fix="write --- with three half-width hyphens, alone on the line",
    )


def body_source(parts: Parts) -> str:
    """The text for Jinja, behind a comment as long as the header, so that line numbers are the file's own.

    `+#}` keeps `trim_blocks` from eating a line break of the text.
    """
    if not parts.lines:
        return parts.body
    return "{#" + "\n" * parts.lines + "+#}" + parts.body
