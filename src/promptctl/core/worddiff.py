"""What changed between two texts, word by word, or character by character where words have no spaces."""

import re
from typing import Literal, NamedTuple

from promptctl.core.scripts import UNSPACED

MAX_TOKENS = 2000
"""Beyond this, whole texts are shown as replaced: a model that loops would cost the matcher seconds (16 s for
2,000 words of a four-word loop)."""
LEAST_KEPT = 0.3
"""Share of the changed middle that both texts must have for a word-by-word picture to help."""
_PIECES = rf"[{UNSPACED}]|[^\W{UNSPACED}]+|\s+|[^\w\s]"


class Piece(NamedTuple):
    """A stretch of text that both have, or one of them only."""

    kind: Literal["same", "removed", "added"]
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """The pieces that turn `before` into `after`, in order. Joining same+removed gives `before`, same+added `after`."""
    token = re.compile(_PIECES)  # here: its many ranges cost 5 ms, and most runs show no diff
    old, new = token.findall(before), token.findall(after)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle = _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    pieces = [Piece("same", "".join(old[:head])), *middle, Piece("same", "".join(old[len(old) - tail :]))]
    return [piece for piece in pieces if piece.text]


def _middle(old: list[str], new: list[str]) -> list[Piece]:
    if len(old) + len(new) > MAX_TOKENS or not old or not new:
        return _replaced(old, new)
    from difflib import SequenceMatcher  # 6 ms, only where something differs

    codes = SequenceMatcher(None, old, new, autojunk=True).get_opcodes()
    kept = sum(len(old[n].strip()) for tag, i, j, _, _ in codes if tag == "equal" for n in range(i, j))
    if kept < LEAST_KEPT * max(len("".join(old)), len("".join(new))):
        return _replaced(old, new)  # scattered words in common would make two sentences unreadable
    removed: list[str] = []
    added: list[str] = []
    pieces: list[Piece] = []
    for tag, i, j, k, m in codes:
        same = "".join(old[i:j])
        if tag == "equal" and (same.strip() or not (removed or added)):
            pieces += [*_replaced(removed, added), Piece("same", same)]
            removed, added = [], []
        else:  # a lone space between two changes belongs to them
            removed += old[i:j]
            added += new[k:m]
    return pieces + _replaced(removed, added)


def _replaced(old: list[str], new: list[str]) -> list[Piece]:
    return [Piece("removed", "".join(old)), Piece("added", "".join(new))]
