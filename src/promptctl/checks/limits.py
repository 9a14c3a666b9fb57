"""Checks of bounds: how long an answer may be, how it must have ended, what it must not say."""

import unicodedata

from promptctl.checks.counts import words
from promptctl.checks.expected import whole_word
from promptctl.checks.text import is_punctuation, listed, normalised
from promptctl.core.exchange import Finish
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes
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
        reason = f"{plural(found, 'word')}, at most {self.words} allowed"
        return (
            passes(reason, score=float(found)) if found <= self.words else fails(reason, score=float(found))
        )


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
        Example(args=None, output="退款需要", status="pass", note="it ended by itself"),
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
    Japanese) are found anywhere. White space in a word stands for any white space. The check never asks that a word be
    there, so `not` has no meaning: use `contains_any`. An empty output passes.
    """

    SHORT = "words"
    FAMILY = "limits"
    NEGATABLE = False
    EXAMPLES = (
        Example(args=["guarantee", "lawsuit"], output="We will look into it.", status="pass"),
        Example(args=["guarantee", "lawsuit"], output="We GUARANTEE it.", status="fail"),
        Example(args=["ass"], output="First class.", status="pass"),
        Example(args=["赔偿"], output="我们会赔偿您。", status="fail"),
        Example(args=["lawsuit"], output="", status="pass"),
    )

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError("the list is empty: name at least one word")
        if not all(normalised(word) for word in self.words):
            raise ValueError("an empty word is in every output")
        if lost := [word for word in self.words if is_punctuation(word)]:
            raise ValueError(f"{listed(lost, 'and')}: punctuation at the end of an output is not seen")

    def __call__(self, subject: Subject) -> Opinion:
        """Fail with the words that are there."""
        text = normalised(subject.text)
        # The plain search first: with thousands of words, few are there at all.
        found = [
            word
            for word in self.words
            if normalised(word) in text and whole_word(normalised(word)).search(text)
        ]
        return fails(f"says {listed(found, 'and')}") if found else passes("none of the words")
