"""Checks that count: words, characters, lines, sentences, paragraphs."""

import re
from typing import ClassVar

from promptctl.core.rule import Example, Rule
from promptctl.core.scripts import UNSPACED
from promptctl.core.verdict import Opinion, Subject, fails, passes
from promptctl.core.words import plural

_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")  # each counts as a word
_RUN_BETWEEN = re.compile(f"[^{UNSPACED}\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
# Looked for only where a run of marks begins: a megabyte of dots would otherwise be read once per dot.
_SENTENCE_END = re.compile(r"""[。！？｡]+[”’」』）)"']*|(?<![.!?…])[.!?…]++[”’」』）)"'\]]*+(?=\s|$)""")
_NO_SENTENCE_END = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|cf|etc|approx|No|Fig)\.$|(?:^|\n)[^\S\n]*[0-9]{1,3}\.$"
)


def words(text: str) -> int:
    """Runs between white space; in scripts without spaces (Chinese, Japanese) every character is a word.

    Text that mixes both, "用 GPT-4 回答", counts the characters and the runs between them: 4. Full-width
    punctuation counts nothing. Thai, Lao and Khmer, which also have no spaces, count by white space alone.
    """
    total = 0
    for chunk in text.split():
        characters = len(_UNSPACED_CHARACTER.findall(chunk))
        runs = _RUN_BETWEEN.findall(chunk)
        if characters or "".join(runs) != chunk:
            total += characters + sum(1 for run in runs if _LETTER_OR_DIGIT.search(run))
        else:
            total += 1
    return total


def lines(text: str) -> int:
    """Lines, blank ones included; a line break at the very end begins no further line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.count("\n") + (0 if text.endswith("\n") or not text else 1)


def paragraphs(text: str) -> int:
    """Blocks of text with blank lines between them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return sum(1 for block in _BLANK_LINE.split(text) if block.strip())


def sentences(text: str) -> int:
    """Stretches that end at 。！？, at . ! ? … before white space, at a blank line or at the end.

    Initials, list numbers and the common abbreviations of English (Mr, Dr, e.g, i.e, etc, vs, No) end none.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return sum(_sentences_of_block(block) for block in _BLANK_LINE.split(text))


def _sentences_of_block(block: str) -> int:
    total, start = 0, 0
    block = block.rstrip()
    for found in _SENTENCE_END.finditer(block):
        end = found.end()
        # A window of a few characters, so that the time stays linear; the last mark always ends a sentence.
        if end < len(block) and _NO_SENTENCE_END.search(block, max(start, end - 12), end):
            continue
        total += 1 if _LETTER_OR_DIGIT.search(block, start, end) else 0
        start = end
    return total + (1 if _LETTER_OR_DIGIT.search(block, start) else 0)


class Count(Rule):
    """What the counting checks share: an exact number, or a least and a most."""

    SHORT = "exact"
    FAMILY = "text"
    UNIT: ClassVar[str] = ""

    exact: int | None = None
    min: int | None = None
    max: int | None = None

    def __post_init__(self) -> None:
        if self.exact is None and self.min is None and self.max is None:
            raise ValueError("no number: write one, or `min`, or `max`, or both")
        if self.exact is not None and (self.min is not None or self.max is not None):
            raise ValueError("an exact number leaves no room for `min` or `max`")
        if any(number is not None and number < 0 for number in (self.exact, self.min, self.max)):
            raise ValueError("counts are never negative")
        if self.min == 0 and self.max is None:
            raise ValueError("`min: 0` holds for every output")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` {self.min} is more than `max` {self.max}")

    def count(self, text: str) -> int:
        """How many there are in `text`: each kind of count says it, so this one is never asked."""
        raise NotImplementedError(type(self).__name__)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the number is as asked. The score is the number."""
        found = self.count(subject.text)
        low = self.exact if self.exact is not None else self.min
        high = self.exact if self.exact is not None else self.max
        counted = plural(found, self.UNIT)
        if (low is None or found >= low) and (high is None or found <= high):
            return passes(counted, score=float(found))
        return fails(f"{counted}, {self._wanted()} wanted", score=float(found))

    def _wanted(self) -> str:
        if self.exact is not None:
            return str(self.exact)
        if self.min is None:
            return f"at most {self.max}"
        return f"at least {self.min}" if self.max is None else f"{self.min} to {self.max}"


class WordCount(Count):
    """The output has this many words: an exact number, or `min` and `max`.

    A word is what stands between white space. In Chinese and Japanese, which have no spaces, every character is a
    word and full-width punctuation is none; mixed text counts both. Korean counts by its spaces. Thai, Lao and Khmer
    count by white space alone: use `char_count`. An empty output has 0 words.
    """

    UNIT = "word"
    EXAMPLES = (
        Example(args=5, output="This is a test sentence", status="pass"),
        Example(args={"min": 3, "max": 4}, output="This is a test sentence", status="fail"),
        Example(
            args=6, output="请稍候，谢谢！", status="fail", note="5 characters; punctuation does not count"
        ),
        Example(args=5, output="请稍候，谢谢！", status="pass"),
        Example(args=4, output="用 GPT-4 回答", status="pass"),
        Example(args={"min": 1}, output="", status="fail"),
    )

    def count(self, text: str) -> int:
        """Words."""
        return words(text)


class CharCount(Count):
    """The output has this many characters: an exact number, or `min` and `max`.

    Unicode code points, as Python and SQL count them, white space and line breaks included: 退款 has 2, "ok\\n"
    has 3. An accent or a joined emoji may be several. An empty output has 0.
    """

    UNIT = "character"
    EXAMPLES = (
        Example(args={"max": 10}, output="Refund.", status="pass"),
        Example(args={"max": 5}, output="Refund.", status="fail"),
        Example(args=4, output="退款\n。", status="pass"),
        Example(args={"min": 1}, output="", status="fail"),
    )

    def count(self, text: str) -> int:
        """Code points."""
        return len(text)


class LineCount(Count):
    """The output has this many lines: an exact number, or `min` and `max`.

    Blank lines count; a line break at the very end begins no further line. An empty output has 0 lines.
    """

    UNIT = "line"
    EXAMPLES = (
        Example(args=2, output="one\ntwo\n", status="pass"),
        Example(args=2, output="one\n\ntwo", status="fail"),
        Example(args={"max": 1}, output="第一行\n第二行", status="fail"),
        Example(args={"min": 1}, output="", status="fail"),
    )

    def count(self, text: str) -> int:
        """Lines."""
        return lines(text)


class SentenceCount(Count):
    """The output has this many sentences: an exact number, or `min` and `max`.

    A sentence ends at 。！？ anywhere, at . ! ? … before white space, at a blank line, or at the end. Initials, list
    numbers and common English abbreviations (Dr., e.g.) end none. Text without a letter or digit is no sentence.
    Prose is not that regular: ask for a range. An empty output has 0.
    """

    UNIT = "sentence"
    EXAMPLES = (
        Example(args=2, output="Dr. Li paid 3.50 yesterday. Is that right?", status="pass"),
        Example(args={"max": 1}, output="Yes. No.", status="fail"),
        Example(args=3, output="您好！退款已到账。请查收", status="pass"),
        Example(args={"min": 1}, output="", status="fail"),
    )

    def count(self, text: str) -> int:
        """Sentences."""
        return sentences(text)


class ParagraphCount(Count):
    """The output has this many paragraphs: an exact number, or `min` and `max`.

    Paragraphs are blocks of text with at least one blank line between them; a single line break begins none.
    An empty output has 0.
    """

    UNIT = "paragraph"
    EXAMPLES = (
        Example(args=2, output="Hello.\n\nGoodbye.\n", status="pass"),
        Example(args=2, output="Hello.\nGoodbye.", status="fail"),
        Example(args=2, output="您好。\n\n再见。", status="pass"),
        Example(args={"min": 1}, output="", status="fail"),
    )

    def count(self, text: str) -> int:
        """Blocks."""
        return paragraphs(text)
