"""Checks against the case's expected answer, and against short lists of answers."""

import re
from decimal import Decimal, localcontext
from typing import Any, Literal

import msgspec

from promptctl.checks.json_text import brief, parse_json
from promptctl.checks.numbers import ROUNDED, Number, distance, last_number, plain
from promptctl.checks.text import Comparison, difference, listed, normalised, shown
from promptctl.core.rule import Example, Rule
from promptctl.core.scripts import UNSPACED
from promptctl.core.verdict import Opinion, Subject, fails, passes

_SEPARATORS = re.compile(r"[,，、;；\n]")
_BULLET = re.compile(r"^(?:[-*•·]|\d{1,3}[.)、])\s+")
_WORD_EDGE = rf"[^\W{UNSPACED}]"


def expected_text(subject: Subject) -> str:
    """The case's expected answer as text: `text`, else `label`, else a `json` scalar.

    Raises:
        ValueError: the case has none.
    """
    expected = subject.expected or {}
    for key in ("text", "label", "json"):
        value = expected.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, (bool, int, float)):
            return brief(value)
    if expected.get("json") is not None:
        raise ValueError("the case's expected JSON is no text: use `json_equals`")
    raise ValueError("the case has no `expected` answer to compare with")


class MatchesExpected(Rule):
    """The output is the case's expected answer.

    `as` says how the two are compared:

    - text (default): equal after stripping the ends.
    - normalised: equal but for case, Unicode width (NFKC), white space and final punctuation (. ! ? 。 and the like).
    - number: the last number of the output is within `tolerance` (default 0) of the last one of the expected answer.
      1,234.5 and １２３４.5 and 1.2345e3 are the same number; the comma separates thousands and the dot decimals; −5
      and -$5 are negative, the 5 of 3-5 is not; 3万 is 30000; a number glued to a letter before it (GPT-4) is none.
      12% is 0.12, except that two percentages are compared as they stand, `tolerance` in percentage points.
    - label: equal as in `normalised`, or the only one of `labels` that occurs in the output, as whole words. Of labels
      inside each other (退款, 不退款) the longer one counts.
    - set: the same items in any order, repeated or not. Items stand between commas, 、, semicolons or line breaks (or
      in a JSON array) and are compared as in `normalised`; bullets and list numbers are left out.

    An empty output matches nothing but an empty expected text; one without a number fails `number`. Without
    `expected.text` the check reads `expected.label`. An expected answer that does not fit `as` makes the trial an
    error.
    """

    SHORT = "as"
    FAMILY = "expected"
    NEEDS = ("expected",)
    EXAMPLES = (
        Example(args=None, expected={"text": "14 days"}, output=" 14 days\n", status="pass"),
        Example(args=None, expected={"text": "14 days"}, output="14 Days.", status="fail"),
        Example(args="normalised", expected={"text": "14 days"}, output="14 Days.", status="pass"),
        Example(args="normalised", expected={"text": "退款"}, output="退款。", status="pass"),
        Example(
            args="number", expected={"text": "1,234"}, output="6 × 205.67 is about $1234.0.", status="pass"
        ),
        Example(args="number", expected={"text": "0.5"}, output="大约是 50％。", status="pass"),
        Example(
            args={"as": "number", "tolerance": 0.1}, expected={"text": "3.14"}, output="3.3", status="fail"
        ),
        Example(
            args={"as": "label", "labels": ["退款", "物流"]},
            expected={"label": "退款"},
            output="这是一个退款问题。",
            status="pass",
        ),
        Example(
            args={"as": "label", "labels": ["refund", "parcel"]},
            expected={"label": "refund"},
            output="refund or parcel",
            status="fail",
        ),
        Example(args="set", expected={"text": "red, green"}, output="- Green\n- Red", status="pass"),
        Example(args="set", expected={"text": "红、绿"}, output="红，蓝", status="fail"),
        Example(args=None, expected={"text": "14 days"}, output="", status="fail"),
    )

    as_: Literal["text", "normalised", "number", "label", "set"] = msgspec.field(default="text", name="as")
    tolerance: float = 0.0
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.tolerance and self.as_ != "number":
            raise ValueError("`tolerance` belongs to `as: number`")
        if not 0 <= self.tolerance < float("inf"):
            raise ValueError("`tolerance` is a finite number, 0 or more")
        if self.labels and self.as_ != "label":
            raise ValueError("`labels` belongs to `as: label`")
        if self.labels and len({normalised(label) for label in self.labels} - {""}) < len(self.labels):
            raise ValueError("`labels` are empty or the same but for case")
        if len(self.labels) == 1:
            raise ValueError("`labels` needs all of them, not only one")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the two are the same, as `as` understands it."""
        if self.as_ == "set":
            return _compare_sets(subject)
        wanted = expected_text(subject)
        if self.as_ == "number":
            number = last_number(wanted)
            if number is None:
                raise ValueError(f"the expected answer {shown(wanted)} has no number")
            return compare_numbers(subject.text, number, absolute=self.tolerance)
        if self.as_ == "label":
            return self._compare_labels(subject.text, wanted)
        text, answer = subject.text.strip(), wanted.strip()
        if self.as_ == "normalised":
            text, answer = normalised(text), normalised(answer)
        if text == answer:
            return passes(f"is {shown(wanted)}")
        return fails(f"{shown(subject.text)} is not {shown(wanted)}{difference(subject.text, wanted)}")

    def _compare_labels(self, text: str, wanted: str) -> Opinion:
        label = normalised(wanted)
        if self.labels and label not in {normalised(known) for known in self.labels}:
            raise ValueError(f"the expected label {shown(wanted)} is not one of `labels`")
        if normalised(text) == label:
            return passes(f"is {shown(wanted)}")
        found = labels_in(text, self.labels)
        if [normalised(known) for known in found] == [label]:
            return passes(f"the only label in the output is {shown(wanted)}")
        if not found:
            return fails(f"{shown(text)} is not {shown(wanted)}")
        return fails(f"the output has {listed(found, 'and')}, not {shown(wanted)} alone")


def labels_in(text: str, labels: tuple[str, ...]) -> list[str]:
    """The labels that occur in `text` as whole words, whatever their case; a longer one hides those inside it."""
    rest, found = normalised(text), []
    for label in sorted(labels, key=lambda label: len(normalised(label)), reverse=True):
        pattern = whole_word(normalised(label))
        if pattern.search(rest):
            found.append(label)
            rest = pattern.sub("\0", rest)
    return found


def whole_word(text: str) -> re.Pattern[str]:
    """Finds `text` where no letter or digit touches its ends; characters of scripts without spaces touch nothing."""
    before = rf"(?<!{_WORD_EDGE})" if re.match(_WORD_EDGE, text) else ""
    after = rf"(?!{_WORD_EDGE})" if text and re.match(_WORD_EDGE, text[-1]) else ""
    return re.compile(before + re.escape(text) + after)


def _compare_sets(subject: Subject) -> Opinion:
    listed_json = (subject.expected or {}).get("json")
    wanted = _items(listed_json) if isinstance(listed_json, list) else items(expected_text(subject))
    if not wanted:
        raise ValueError("the expected answer has no items")
    found = items(subject.text)
    missing = [wanted[item] for item in wanted if item not in found]
    extra = [found[item] for item in found if item not in wanted]
    if not missing and not extra:
        return passes(f"the same {len(wanted)} items")
    parts = [f"without {listed(missing, 'and')}"] if missing else []
    parts += [f"with {listed(extra, 'and')} besides"] if extra else []
    return fails(", ".join(parts))


def items(text: str) -> dict[str, str]:
    """The items of a list in `text`: normalised form → as written."""
    if text.lstrip().startswith("["):
        try:
            value = parse_json(text)
        except ValueError:
            value = None
        if isinstance(value, list):
            return _items(value)
    return _items([_BULLET.sub("", piece.strip()) for piece in _SEPARATORS.split(text)])


def _items(values: list[Any]) -> dict[str, str]:
    texts = [value if isinstance(value, str) else brief(value) for value in values]
    return {normalised(text): text.strip() for text in texts if normalised(text)}


def compare_numbers(text: str, wanted: Number, *, absolute: float = 0.0, relative: float = 0.0) -> Opinion:
    """Pass where the last number of `text` is no further from `wanted` than one of the two limits."""
    found = last_number(text)
    if found is None:
        return fails(f"no number in the output; {wanted} was expected")
    away, size = distance(found, wanted)
    with localcontext(ROUNDED):
        limit = max(Decimal(str(absolute)), Decimal(str(relative)) * size)
    if away <= limit:
        return passes(f"{found} is {wanted}" if not away else f"{found} is within {plain(limit)} of {wanted}")
    return fails(f"{found} is not {wanted}" + (f", give or take {plain(limit)}" if limit else ""))


class NumberClose(Rule):
    """The last number of the output is close to `to`, or else to the case's expected number.

    Close means within `tolerance` (in the number's own unit) or within `relative` (a fraction of `to`: 0.01 is one
    percent); at least one must be given. Numbers are read as in `matches_expected: number`. An output without a number
    (empty, prose) fails.
    """

    FAMILY = "expected"
    NEEDS = ("expected",)
    EXAMPLES = (
        Example(args={"to": 3.14159, "tolerance": 0.01}, output="π is about 3.14.", status="pass"),
        Example(args={"to": 3.14159, "tolerance": 0.001}, output="π is about 3.14.", status="fail"),
        Example(args={"to": 30000, "relative": 0.05}, output="约3.1万元", status="pass"),
        Example(args={"relative": 0.01}, expected={"text": "200"}, output="It is 199", status="pass"),
        Example(args={"to": 3, "tolerance": 1}, output="", status="fail"),
    )

    to: float | int | None = None
    tolerance: float = 0.0
    relative: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.tolerance < float("inf") and 0 <= self.relative < float("inf")):
            raise ValueError("`tolerance` and `relative` are finite numbers, 0 or more")
        if not self.tolerance and not self.relative:
            raise ValueError(
                "how close? give `tolerance` or `relative`; for equality use `matches_expected: number`"
            )
        if self.to is not None and last_number(str(self.to)) is None:
            raise ValueError("`to` is a finite number")

    @property
    def needs(self) -> tuple[str, ...]:
        """`expected` only where `to` does not say what to compare with."""
        return () if self.to is not None else self.NEEDS

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it is close."""
        text = str(self.to) if self.to is not None else expected_text(subject)
        wanted = last_number(text)
        if wanted is None:
            raise ValueError(f"the expected answer {shown(text)} has no number")
        return compare_numbers(subject.text, wanted, absolute=self.tolerance, relative=self.relative)


class OneOf(Comparison):
    """The output is one of these texts, after stripping the ends.

    `ignore_case` folds case, `normalise` also Unicode width, white space and final punctuation. A list, never a text
    cut at commas. An empty output is none of them.
    """

    SHORT = "values"
    FAMILY = "expected"
    EXAMPLES = (
        Example(args=["refund", "parcel"], output="refund\n", status="pass"),
        Example(args=["refund", "parcel"], output="Refund", status="fail"),
        Example(args={"values": ["退款", "物流"], "normalise": True}, output="退款。", status="pass"),
        Example(args=["refund", "parcel"], output="", status="fail"),
    )

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        self.require_all(tuple(value.strip() for value in self.values))

    def require(self, value: str) -> None:
        """Refuses an empty value. Punctuation alone may be asked for: a whole output is compared."""
        if not self.seen(value):
            raise ValueError("an empty text is no answer to choose")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it is in the list."""
        text = self.seen(subject.text.strip())
        for value in self.values:
            if text == self.seen(value.strip()):
                return passes(f"is {shown(value)}")
        return fails(f"{shown(subject.text)} is not {listed(self.values)}")
