"""Text of a template that only looks like Jinja: its brackets are full-width, so the model gets it as it stands."""

import re
from typing import NamedTuple

from promptctl.core.full_width import DASHES, half

_OPENING = re.compile(r"｛\s*[｛{%％#＃]|\{[｛％＃]")
_CLOSING = re.compile(r"[｝}]\s*[｝}]|[%％#＃]\s*[｝}]")
_GAP = re.compile(r"(?<=[{}%#])\s+(?=[{}%#])")
_WORD = re.compile(r"[^\W\d]\w*")
# What Jinja reads as its own: comments, raw text, tags. Lookalikes there are meant, or an error of their own.
_READ = re.compile(
    r"\{#.*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL
)
_FENCE = re.compile(rf"[{DASHES}-]{{2,}}")
_SHOWN = 30


class Lookalike(NamedTuple):
    """One place that looks like a placeholder, a tag or a comment. Line and column from 1, in the text given.

    `word` is the first name inside, `meant` what the author most likely wanted to write.
    """

    line: int
    column: int
    text: str
    meant: str
    word: str

    @property
    def is_tag(self) -> bool:
        """Whether it looks like `{% … %}`."""
        return self.meant.startswith("{%")


def lookalikes(body: str) -> list[Lookalike]:
    """The first lookalike of each line of a template's text; prose in full-width brackets is none."""
    blank = _READ.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), body)
    found = []
    for number, line in enumerate(blank.split("\n"), 1):
        if opening := _OPENING.search(line):
            closing = _CLOSING.search(line, opening.end())
            text = line[opening.start() : closing.end() if closing else opening.start() + _SHOWN].rstrip()
            word = _WORD.search(text)
            meant = _GAP.sub("", half(text))
            found.append(Lookalike(number, opening.start() + 1, text, meant, word[0] if word else ""))
    return found


def is_wide_fence(line: str) -> bool:
    """Whether a line looks like the fence of a header and is none: its dashes are no hyphens."""
    return _FENCE.fullmatch(line.rstrip()) is not None and not line.isascii()
