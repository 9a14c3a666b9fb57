"""Checks of bounds: how long an answer may be, how it must have ended, what it must not say."""

import math
import unicodedata
from collections.abc import Callable
from typing import Self

from promptctl.checks.counts import words
from promptctl.checks.expected import whole_word
from promptctl.checks.text import is_punctuation, listed, normalised
from promptctl.core.exchange import Finish
from promptctl.core.record import replace
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored
from promptctl.core.words import plural


class MaxWords(Rule):
    """The output has at most this many words.

    Words are counted as in `word_count`: by white space, and in Chinese and Japanese by character. An empty output
    passes: add `not_empty` where that matters.
    """

    SHORT = "words"
    FAMILY = "limits"
    EXAMPLES = (
        Example(args=5, output="Refunds take 14 days.", status="pass"),
        Example(args=3, output="Refunds take 14 days.", status="fail"),
        Example(args=4, output="退款需要时间", status="fail"),
        Example(args=4, output="", status="pass"),
    )

    words: int

    def __post_init__(self) -> None:
        if self.words < 1:
            raise ValueError("a limit is 1 or more; to ask for an empty output, write `not: not_empty`")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass up to the limit. The score is the number of words."""
        found = words(subject.text)
        return _within(found, self.words, f"{plural(found, 'word')}, at most {self.words} allowed")


class MaxTokens(Rule):
    """The answer has at most this many tokens, as the server counted them.

    Reasoning that the server counts is counted. Where the server counted nothing the verdict is unscored, never a
    pass: for a limit that does not depend on it take `max_words` or `char_count`. An empty output may have cost tokens
    too.
    """

    SHORT = "tokens"
    FAMILY = "limits"
    EXAMPLES = (
        Example(args=100, output="Done.", answer={"usage": {"output": 3}}, status="pass"),
        Example(args=100, output="退款……", answer={"usage": {"output": 412}}, status="fail"),
        Example(args=100, output="", answer={"usage": {"output": 101}}, status="fail"),
        Example(args=100, output="Done.", status="unscored", note="the server did not say"),
    )

    tokens: int

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise ValueError("a limit is 1 or more")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass up to the limit. The score is the number of tokens."""
        usage = subject.output.usage
        if usage is None or usage.output is None:
            return unscored("the server did not count the tokens")
        reason = f"{plural(usage.output, 'token')}, at most {self.tokens} allowed"
        return _within(usage.output, self.tokens, reason)


class Latency(Rule):
    """The answer took at most this many seconds, from sending the request to the end of the answer.

    Waiting for a place in the queue and earlier attempts do not count. A stored answer keeps the time that it once
    took, so a change of the network is not seen until it is asked anew. Where no time is known (imported answers may
    have none) the verdict is unscored, never a pass. Times vary: rather take a limit well above the usual, or
    `required: false`. The output itself, empty or not, does not matter.
    """

    SHORT = "seconds"
    FAMILY = "limits"
    TIMED = True
    EXAMPLES = (
        Example(args=2.5, output="Done.", answer={"seconds": 1.8}, status="pass"),
        Example(args=2.5, output="退款", answer={"seconds": 4.0}, status="fail"),
        Example(args=2.5, output="", answer={"seconds": 2.6}, status="fail"),
        Example(args=2.5, output="Done.", status="unscored", note="nobody took the time"),
    )

    seconds: float

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise ValueError("a limit is a number of seconds above 0")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass up to the limit. The score is the number of seconds."""
        found = subject.output.seconds
        if found is None:
            return unscored("how long the answer took is not known")
        return _within(found, self.seconds, f"{found:.3g} s, at most {self.seconds:g} s allowed")


class Cost(Rule):
    """The answer cost at most this much, in the project's currency.

    What the server said it cost, or else its tokens times [prices] of promptctl.toml; answers of models on this machine
    cost nothing. Where neither is known the verdict is unscored, never a pass. 0 asks for an answer that was free. The
    output itself, empty or not, does not matter.
    """

    SHORT = "at_most"
    FAMILY = "limits"
    EXAMPLES = (
        Example(args=0.01, output="Done.", answer={"cost": 0.002}, status="pass"),
        Example(args=0.01, output="退款", answer={"cost": 0.05}, status="fail"),
        Example(args=0.01, output="", answer={"cost": 0.05}, status="fail"),
        Example(args=0.01, output="Done.", status="unscored", note="the model has no price"),
    )

    at_most: float

    def __post_init__(self) -> None:
        if not 0 <= self.at_most < math.inf:
            raise ValueError("a limit is an amount, 0 or more")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass up to the limit. The score is the cost."""
        found = subject.output.cost
        if found is None:
            return unscored("what the answer cost is not known: give the model [prices] in promptctl.toml")
        return _within(found, self.at_most, f"it cost {found:.3g}, at most {self.at_most:g} allowed")


def _within(found: float, limit: float, reason: str) -> Opinion:
    return passes(reason, score=float(found)) if found <= limit else fails(reason, score=float(found))


class NotEmpty(Rule):
    """The output says something: it has a character that can be seen.

    White space, line breaks and invisible characters (zero-width spaces, byte order marks) are nothing: such an
    output is empty and fails. An answer that only calls a tool has no text and fails too.
    """

    FAMILY = "limits"
    EXAMPLES = (
        Example(args=None, output="ok", status="pass"),
        Example(args=None, output="好", status="pass"),
        Example(args=None, output=" \n\u200b", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    def __call__(self, subject: Subject) -> Opinion:
        """Pass with the first visible character."""
        for character in subject.text:
            if not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc"):
                return passes("says something")
        return fails("the output is empty")


class NotTruncated(Rule):
    """The output was not cut off at the token limit.

    Looks at how the answer ended, not at its text, so that its language and size do not matter; an empty output that
    ended by itself passes. Part of the implicit check `finished`; useful where a suite has `finished: false`.
    """

    FAMILY = "limits"
    NEGATABLE = False
    EXAMPLES = (
        Example(args=None, output="Refunds take 14 days.", status="pass"),
        Example(args=None, output="退款需要", answer={"finish": "length"}, status="fail"),
        Example(args=None, output="", status="pass"),
    )

    def __call__(self, subject: Subject) -> Opinion:
        """Pass unless it was cut off."""
        return (
            fails("cut off at the token limit")
            if subject.output.finish == "length"
            else passes("not cut off")
        )


class FinishReason(Rule):
    """The answer ended in one of these ways: stop, length, refusal, content_filter, tool_calls.

    One or a list. Looks at how the answer ended, not at its text, empty or not. All but stop (and tool_calls where
    tools are offered) fail the implicit check `finished`, so a case that wants a refusal needs `finished: false` in its
    suite.
    """

    SHORT = "among"
    FAMILY = "limits"
    EXAMPLES = (
        Example(args="stop", output="Refunds take 14 days.", status="pass"),
        Example(args=["stop", "length"], output="退款", status="pass"),
        Example(args="refusal", output="Refunds take 14 days.", status="fail"),
        Example(args="length", output="", status="fail"),
    )

    among: Finish | tuple[Finish, ...]

    def __post_init__(self) -> None:
        if not self.among:
            raise ValueError("the list is empty: name at least one way to end")
        if len(set(self._all())) == 5:
            raise ValueError("these are all the ways an answer can end")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it ended so."""
        found = subject.output.finish
        return passes(f"ended with {found}") if found in self._all() else fails(f"ended with {found}")

    def _all(self) -> tuple[Finish, ...]:
        return (self.among,) if isinstance(self.among, str) else self.among


class Blocklist(Rule):
    """None of these words is in the output.

    Whole words, whatever their case and width: "ass" is not in "class". Words of scripts without spaces (Chinese,
    Japanese) are found anywhere. White space in a word stands for any white space. Many words stand better in a `file`
    below the project's prompts or evals, named from the project's root: one a line, lines that begin with # left out.
    The check never asks that a word be there, so `not` has no meaning: use `contains_any`. An empty output passes.
    """

    SHORT = "words"
    FAMILY = "limits"
    NEGATABLE = False
    EXAMPLES = (
        Example(args=["guarantee", "lawsuit"], output="We will look into it.", status="pass"),
        Example(args=["guarantee", "lawsuit"], output="We GUARANTEE it.", status="fail"),
        Example(args=["ass"], output="First class.", status="pass"),
        Example(args=["赔偿"], output="我们会赔偿您。", status="fail"),
        Example(
            args={"file": "evals/_words.txt"},
            files={"evals/_words.txt": "# from legal\nlawsuit\n赔偿\n"},
            output="No lawsuit, please.",
            status="fail",
        ),
        Example(args=["lawsuit"], output="", status="pass"),
    )

    words: tuple[str, ...] = ()
    file: str | None = None

    def __post_init__(self) -> None:
        if self.words and self.file is not None:
            raise ValueError("`words` or `file`, not both")
        if not self.words and self.file is None:
            raise ValueError("the list is empty: name at least one word, or a `file` of them")
        if not all(normalised(word) for word in self.words):
            raise ValueError("an empty word is in every output")
        if lost := [word for word in self.words if is_punctuation(word)]:
            raise ValueError(f"{listed(lost, 'and')}: punctuation at the end of an output is not seen")

    def with_files(self, read: Callable[[str], str]) -> Self:
        """The same check with the words of its file in it."""
        if self.file is None:
            return self
        lines = [line.strip() for line in read(self.file).splitlines()]
        try:
            return replace(
                self, words=tuple(line for line in lines if line and not line.startswith("#")), file=None
            )
        except ValueError as error:
            raise ValueError(f"{self.file}: {error}") from error

    def __call__(self, subject: Subject) -> Opinion:
        """Fail with the words that are there."""
        if self.file is not None:
            raise ValueError(f"{self.file} was not read")
        text = normalised(subject.text)
        # The plain search first: with thousands of words, few are there at all.
        found = [
            word
            for word in self.words
            if normalised(word) in text and whole_word(normalised(word)).search(text)
        ]
        return fails(f"says {listed(found, 'and')}") if found else passes("none of the words")
