"""Which lines differ between two texts, in hunks with the lines around them, as `diff -u` shows them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

Line = TypeVar("Line", bound=Hashable)
Code = tuple[str, int, int, int, int]
"""A stretch that is equal, or replaced, deleted or inserted: from and to in both, as `difflib` tells it."""
CONTEXT = 3
LONG = 2000
"""Lines of both sides from which lines that stand once on each are matched first: the matcher alone takes 70 s for
60,000 lines of which every tenth was edited."""


class DiffLine(NamedTuple, Generic[Line]):
    """One line. `partner` is what a removed line was rewritten to, or an added one from; None where that is unclear."""

    kind: Literal["same", "removed", "added"]
    line: Line
    partner: Line | None = None


class Hunk(NamedTuple, Generic[Line]):
    """Lines that differ and those around them. Starts count from 1, as in a patch; 0 where a side has no lines."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[DiffLine[Line], ...]


def line_diff(before: Sequence[Line], after: Sequence[Line], *, context: int = CONTEXT) -> list[Hunk[Line]]:
    """The hunks that turn `before` into `after`, in order; none for equal ones."""
    if list(before) == list(after):
        return []
    head, tail = _common_ends(before, after)
    # The matcher is slow over long equal stretches: they are left out, but for what the hunks will show.
    skip, keep = max(0, head - context), max(0, tail - context)
    old, new = before[skip : len(before) - keep], after[skip : len(after) - keep]
    return [_hunk(group, old, new, skip) for group in _groups(_codes(old, new), context)]


def _codes(old: Sequence[Line], new: Sequence[Line]) -> list[Code]:
    """All stretches in order, no two equal ones in a row."""
    from difflib import SequenceMatcher  # 6 ms, only where something differs

    found: list[Code] = []
    i = k = 0
    for j, m in [*(_anchors(old, new) if len(old) + len(new) > LONG else ()), (len(old), len(new))]:
        if i < j or k < m:
            between = SequenceMatcher(None, old[i:j], new[k:m]).get_opcodes()
            found += [(tag, i + a, i + b, k + c, k + d) for tag, a, b, c, d in between]
        if j < len(old):
            found.append(("equal", j, j + 1, m, m + 1))
        i, k = j + 1, m + 1
    joined = found[:1]
    for code in found[1:]:
        if code[0] == joined[-1][0] == "equal":
            code = ("equal", joined[-1][1], code[2], joined.pop()[3], code[4])
        joined.append(code)
    return joined


def _anchors(old: Sequence[Line], new: Sequence[Line]) -> list[tuple[int, int]]:
    """Positions of lines that stand once on each side, as many as keep their order."""
    once, counts = Counter(new), Counter(old)
    there = {line: position for position, line in enumerate(new) if once[line] == 1}
    pairs = [(i, there[line]) for i, line in enumerate(old) if counts[line] == 1 and line in there]
    ends: list[int] = []  # of rising runs by their length, the lowest last position
    last: list[int] = []  # and which pair that is
    before: list[int] = []
    for number, (_, position) in enumerate(pairs):
        at = bisect_left(ends, position)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1], last[at : at + 1] = [position], [number]
    run, number = [], last[-1] if last else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]


def _groups(codes: Sequence[Code], context: int) -> Iterator[list[Code]]:
    """Stretches that differ with `context` equal lines around them; those that touch or overlap are one group."""
    group: list[Code] = []
    for number, (tag, i, j, k, m) in enumerate(codes):
        if tag != "equal":
            group.append((tag, i, j, k, m))
            continue
        after = min(context, j - i) if group else 0
        ahead = min(context, j - i) if number < len(codes) - 1 else 0
        if group and ahead and j - i <= 2 * context:
            group.append((tag, i, j, k, m))
            continue
        if group:
            yield group + ([("equal", i, i + after, k, k + after)] if after else [])
        group = [("equal", j - ahead, j, m - ahead, m)] if ahead else []
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _hunk(group: Sequence[Code], old: Sequence[Line], new: Sequence[Line], skip: int) -> Hunk[Line]:
    lines: list[DiffLine[Line]] = []
    for tag, i, j, k, m in group:
        if tag == "equal":
            lines += [DiffLine("same", line) for line in old[i:j]]
            continue
        paired = j - i == m - k
        lines += [DiffLine("removed", old[n], new[k + n - i] if paired else None) for n in range(i, j)]
        lines += [DiffLine("added", new[n], old[i + n - k] if paired else None) for n in range(k, m)]
    first, last = group[0], group[-1]
    old_count, new_count = last[2] - first[1], last[4] - first[3]
    return Hunk(
        skip + first[1] + bool(old_count),
        old_count,
        skip + first[3] + bool(new_count),
        new_count,
        tuple(lines),
    )


def _common_ends(before: Sequence[Line], after: Sequence[Line]) -> tuple[int, int]:
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return head, tail
