"""Checks that compare the output with given texts: equals, contains, starts_with and their kin."""

import json
import unicodedata

from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes

# Of Latin, CJK, Arabic and Devanagari script. Brackets and quotes are not in it: "(A)" is not "(A".
FINAL_PUNCTUATION = ".!?,;:。、؟؛،।"


def shown(text: str, limit: int = 60) -> str:
    """`text` in double quotes on one line, its middle left out beyond `limit` characters."""
    if len(text) > limit:
        half = (limit - 1) // 2
        text = f"{text[:half]}…{text[-half:]}"
    return json.dumps(text, ensure_ascii=False)


def normalised(text: str) -> str:
    """`text` without differences of case, width, white space and final punctuation.

    Case folding and Unicode NFKC (full-width letters become plain ones, ① becomes 1), runs of white space become
    one space, the ends are stripped, and so is sentence punctuation at the end, unless nothing else is there.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = " ".join(text.split())
    bare = text.rstrip(FINAL_PUNCTUATION + " ")
    return bare or text


def is_punctuation(text: str) -> bool:
    """Whether `text` is nothing but white space and sentence punctuation, which normalising takes from an end."""
    return not normalised(text).strip(FINAL_PUNCTUATION + " ")


class Comparison(Rule, kw_only=True):  # type: ignore[call-arg]  # so that required fields may follow
    """What the checks of this file share: how strictly two texts are compared."""

    FAMILY = "text"

    ignore_case: bool = False
    normalise: bool = False

    def seen(self, text: str) -> str:
        """`text` as this check compares it."""
        if self.normalise:
            return normalised(text)
        return text.casefold() if self.ignore_case else text

    def require(self, value: str) -> None:
        """Refuses a value that would be found in every output, or that is never left where it is looked for."""
        if not value:
            raise ValueError("an empty text is in every output")
        if self.normalise and is_punctuation(value):
            raise ValueError(f"nothing is left of {shown(value)}: final punctuation is normalised away")

    def require_all(self, values: tuple[str, ...]) -> None:
        """Refuses an empty list, and empty values in it."""
        if not values:
            raise ValueError("the list is empty: name at least one text")
        for value in values:
            self.require(value)


class Equals(Comparison):
    """The output is exactly this text.

    White space and line breaks at the ends count; `normalise` forgives case, Unicode width, white space and final
    punctuation, `ignore_case` only case. For the case's own answer use `matches_expected`, for JSON `json_equals`.
    An empty output equals nothing (an empty `value` is refused: write `not: not_empty`). Any script, any size.
    """

    SHORT = "value"
    EXAMPLES = (
        Example(args="refund", output="refund", status="pass"),
        Example(args="refund", output="Refund.", status="fail"),
        Example(args={"value": "refund", "normalise": True}, output=" Refund.\n", status="pass"),
        Example(args={"value": "退款", "normalise": True}, output="退款。", status="pass"),
        Example(args="退款", output="物流", status="fail"),
        Example(args="refund", output="", status="fail"),
    )

    value: str

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("an empty value: to ask for an empty output, write `not: not_empty`")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the texts are equal."""
        if self.seen(subject.text) == self.seen(self.value):
            return passes(f"is {shown(self.value)}")
        return fails(
            f"{shown(subject.text)} is not {shown(self.value)}{difference(subject.text, self.value)}"
        )


def difference(text: str, value: str) -> str:
    """What alone keeps two texts apart, where it is easily overlooked; else nothing."""
    if text.strip() == value.strip():
        return " (only white space at the ends differs)"
    if normalised(text) == normalised(value):
        return " (only case, width, white space or final punctuation differs)"
    return ""


class Contains(Comparison):
    """The output has this text somewhere in it.

    Letter by letter: "cat" is in "category"; for whole words use `regex` with \\b. `ignore_case` folds case,
    `normalise` also Unicode width, white space and the punctuation at the end of either text. An empty output
    contains nothing. Works alike for scripts without spaces; linear in the length of the output.
    """

    SHORT = "value"
    EXAMPLES = (
        Example(args="14 days", output="Refunds are paid within 14 days.", status="pass"),
        Example(args="14 days", output="Refunds are paid within 30 days.", status="fail"),
        Example(args={"value": "REFUND", "ignore_case": True}, output="A refund.", status="pass"),
        Example(args="14 天", output="退款将在 14 天内到账。", status="pass"),
        Example(args={"value": "14 天", "normalise": True}, output="退款将在 １４ 天内到账。", status="pass"),
        Example(args="14 days", output="", status="fail"),
    )

    value: str

    def __post_init__(self) -> None:
        self.require(self.value)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the text is there."""
        if self.seen(self.value) in self.seen(subject.text):
            return passes(f"contains {shown(self.value)}")
        return fails(f"no {shown(self.value)} in the output")


class ContainsAny(Comparison):
    """The output has at least one of these texts somewhere in it.

    A list, never a text cut at commas. Compared as in `contains`; an empty output contains nothing.
    """

    SHORT = "values"
    EXAMPLES = (
        Example(args=["14 days", "two weeks"], output="It takes two weeks.", status="pass"),
        Example(args=["14 days", "two weeks"], output="It takes a month.", status="fail"),
        Example(args=["14 天", "两周"], output="两周内退款。", status="pass"),
        Example(args=["14 days"], output="", status="fail"),
    )

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        self.require_all(self.values)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass with the first text that is there."""
        text = self.seen(subject.text)
        for value in self.values:
            if self.seen(value) in text:
                return passes(f"contains {shown(value)}")
        named = listed(self.values)
        return fails(f"{'no' if len(self.values) == 1 else 'none of'} {named} in the output")


class ContainsAll(Comparison):
    """The output has every one of these texts somewhere in it, in any order.

    A list, never a text cut at commas. Compared as in `contains`; an empty output contains nothing. `not` means
    that at least one of them is missing; for none of them write `not: {contains_any: ...}`.
    """

    SHORT = "values"
    EXAMPLES = (
        Example(args=["name", "date"], output="Your date of birth and your name.", status="pass"),
        Example(args=["name", "date"], output="Your name.", status="fail"),
        Example(args=["退款", "运费"], output="退款包括运费。", status="pass"),
        Example(args=["name"], output="", status="fail"),
    )

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        self.require_all(self.values)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where none is missing."""
        text = self.seen(subject.text)
        missing = [value for value in self.values if self.seen(value) not in text]
        if missing:
            return fails(f"no {listed(missing, 'and no')} in the output")
        return passes(f"contains {listed(self.values, 'and')}")


class StartsWith(Comparison):
    """The output begins with this text.

    White space before it counts, unless `normalise` is on. An empty output begins with nothing.
    """

    SHORT = "value"
    EXAMPLES = (
        Example(args="Dear", output="Dear Ms Li,", status="pass"),
        Example(args="Dear", output="\nDear Ms Li,", status="fail"),
        Example(args={"value": "dear", "normalise": True}, output="\nDear Ms Li,", status="pass"),
        Example(args="您好", output="您好，李女士：", status="pass"),
        Example(args="Dear", output="", status="fail"),
    )

    value: str

    def __post_init__(self) -> None:
        self.require(self.value)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the beginning is that text."""
        if self.seen(subject.text).startswith(self.seen(self.value)):
            return passes(f"starts with {shown(self.value)}")
        return fails(f"starts with {shown(subject.text[: len(self.value) + 10])}, not {shown(self.value)}")


class EndsWith(Comparison):
    """The output ends with this text.

    White space after it counts, unless `normalise` is on, which also forgives final punctuation. An empty output
    ends with nothing.
    """

    SHORT = "value"
    EXAMPLES = (
        Example(args="Kind regards", output="Thank you.\nKind regards", status="pass"),
        Example(args="Kind regards", output="Kind regards, the team", status="fail"),
        Example(args={"value": "kind regards", "normalise": True}, output="Kind regards.\n", status="pass"),
        Example(args="谢谢", output="请稍候，谢谢", status="pass"),
        Example(args="Kind regards", output="", status="fail"),
    )

    value: str

    def __post_init__(self) -> None:
        self.require(self.value)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the end is that text."""
        if self.seen(subject.text).endswith(self.seen(self.value)):
            return passes(f"ends with {shown(self.value)}")
        return fails(f"ends with {shown(subject.text[-len(self.value) - 10 :])}, not {shown(self.value)}")


def listed(values: tuple[str, ...] | list[str], word: str = "or", limit: int = 5) -> str:
    """`"a", "b" or "c"`, with the rest counted."""
    names = [shown(value, 40) for value in values[:limit]]
    if len(values) > limit:
        names.append(f"{len(values) - limit} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
