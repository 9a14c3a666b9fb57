"""Where the front matter of a foreign prompt file ends: at a line that is the fence, and nowhere else."""

import re
from typing import NamedTuple

from promptctl.errors import FileError, Place

_FENCE = re.compile(r"(---|\+\+\+)[ \t]*\Z")


class Split(NamedTuple):
    """A file cut in two. `first_line` and `body_line` are the lines at which YAML and body begin.

    `yaml` is None without front matter; the body is the whole file then.
    """

    yaml: str | None
    body: str
    first_line: int = 1
    body_line: int = 1


def split_front_matter(text: str, path: str, *, comments: bool = False) -> Split:
    """Cuts at the first fence and the next line that is the same fence.

    Args:
        text: The whole file, LF line ends.
        path: For the error.
        comments: Whether lines with `#` may stand before the first fence, as licences do.

    Raises:
        FileError: `header-not-closed`, the first fence has no second.
    """
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if not _passed(line, comments)), len(lines))
    fence = _FENCE.match(lines[first].lstrip()) if first < len(lines) else None
    if fence is None:
        return Split(None, text)
    for number in range(first + 1, len(lines)):
        found = _FENCE.match(lines[number])
        if found and found[1] == fence[1]:
            yaml = "\n".join(lines[first + 1 : number])
            return Split(yaml, "\n".join(lines[number + 1 :]), first + 2, number + 2)
    raise FileError(
        f"the front matter begins with {fence[1]} and never ends",
        slug="header-not-closed",
        at=Place(path, first + 1),
        fix=f"end it with a line that is exactly {fence[1]}",
    )


def _passed(line: str, comments: bool) -> bool:
    return not line.strip() or (comments and line.startswith("#"))
