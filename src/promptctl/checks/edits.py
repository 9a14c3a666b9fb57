"""How many edits are between two texts, and the check that limits them."""

from promptctl.checks.expected import expected_text
from promptctl.checks.text import Comparison, shown
from promptctl.core.rule import Example
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored
from promptctl.core.words import plural

MAX_WORK = 4_000_000_000
"""Characters of one text times those of the other: about 4 seconds."""


def edits(one: str, other: str) -> int:
    """The Levenshtein distance: insertions, deletions and replacements of one character.

    Source: Myers 1999, Journal of the ACM 46, in the form of Hyyrö 2001. A column of the table is two whole numbers of
    `len(one)` bits, so that Python computes it in one go.
    """
    if len(one) < len(other):
        one, other = other, one
    if not other:
        return len(one)
    where: dict[str, int] = {}
    for index, character in enumerate(one):
        where[character] = where.get(character, 0) | 1 << index
    every, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    up, down, distance = every, 0, len(one)  # whether a cell is one more, or one less, than the cell above it
    for character in other:
        same = where.get(character, 0)
        diagonal = (((same & up) + up) ^ up) | same | down
        right = down | ~(diagonal | up) & every
        left = up & diagonal
        distance += bool(right & last) - bool(left & last)
        right = (right << 1 | 1) & every
        left = left << 1 & every
        up = left | ~(diagonal | right) & every
        down = right & diagonal
    return distance


class Levenshtein(Comparison):
    """The output is at most `at_most` edits away from `to`, or else from the case's expected answer.

    An edit inserts, deletes or replaces one character (a Unicode code point); white space at the ends counts.
    `ignore_case` and `normalise` compare as in `equals`. Good for short answers with typing errors; of long ones it
    says little. The score is the distance. An empty output is as many edits away as the answer has characters. Two
    texts of more than about 60,000 characters each are unscored.
    """

    SHORT = "at_most"
    FAMILY = "similarity"
    NEEDS = ("expected",)
    EXAMPLES = (
        Example(args={"to": "kitten", "at_most": 3}, output="sitting", status="pass"),
        Example(args={"to": "kitten", "at_most": 2}, output="sitting", status="fail"),
        Example(args=1, expected={"text": "退款"}, output="退货", status="pass"),
        Example(
            args={"at_most": 1, "normalise": True},
            expected={"text": "Refund"},
            output="refnd.",
            status="pass",
        ),
        Example(args=2, expected={"text": "退款"}, output="", status="pass", note="two deletions"),
        Example(args=5, expected={"text": "refund"}, output="", status="fail"),
    )

    at_most: int
    to: str | None = None

    def __post_init__(self) -> None:
        if self.at_most < 0:
            raise ValueError("a distance is 0 or more")
        if self.to is not None:
            self.require(self.to)

    @property
    def needs(self) -> tuple[str, ...]:
        """`expected` only where `to` does not say what to compare with."""
        return () if self.to is not None else self.NEEDS

    def __call__(self, subject: Subject) -> Opinion:
        """Pass up to the limit."""
        wanted = self.seen(self.to if self.to is not None else expected_text(subject))
        text = self.seen(subject.text)
        apart = abs(len(wanted) - len(text))
        if apart > self.at_most:
            return fails(
                f"at least {plural(apart, 'edit')} from {shown(wanted)}, at most {self.at_most} allowed"
            )
        if len(wanted) * len(text) > MAX_WORK:
            return unscored(f"{len(text)} characters are too many to be compared")
        distance = edits(wanted, text)
        reason = f"{plural(distance, 'edit')} from {shown(wanted)}, at most {self.at_most} allowed"
        return (
            passes(reason, score=float(distance))
            if distance <= self.at_most
            else fails(reason, score=float(distance))
        )
