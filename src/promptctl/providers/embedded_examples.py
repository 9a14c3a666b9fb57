"""`nearest-example`: the label of the worked example that is nearest to the last input."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from promptctl.core.message import Message
from promptctl.core.similarity import fold, has_unspaced, index, runs

_KEY = re.compile(
    r"""^[ \t]*(?:[-*•][ \t]+|\d{1,3}[.)、][ \t]*)?[*_]{0,2}   # a bullet, a number, emphasis
        (?P<key>[^\s:：*_#>|](?:[^:：\n]{0,28}[^\s:：*_])?)     # up to 30 characters
        [*_]{0,2}[ \t]?[:：](?!//)[*_]{0,2}[ \t]*(?P<value>.*)$""",
    re.VERBOSE,
)
_INLINE_KEY = re.compile(r"(?:^|[.!?;。！？；\n])[ \t]*[^\W\d_][^\s:：。，,.!?！？]{0,14}[:：](?!//)")
_LIST = re.compile(
    r"(?:[:：]|\bone of\b|\beither\b|\bamong\b|\bfrom\b)[ \t]*"
    r"(?P<items>[^\n,，、|/;；。:：]{1,40}(?:(?:[,，、|/;；]|\bor\b|或)[^\n,，、|/;；。:：]{1,40})+)",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[,，、|/;；]|\bor\b|\band\b|或者|或", re.IGNORECASE)
_BULLET = re.compile(r"^[ \t]*(?:[-*•][ \t]+|\d{1,3}[.)、][ \t]*)(?P<item>\S.*)$")
_PATTERNS = 20  # kinds of pairs looked at in one prompt
_QUOTES = " \t\"'`“”‘’「」.。*"


class Example(NamedTuple):
    """A worked example of the prompt."""

    input: str
    label: str


class Choice(NamedTuple):
    """A label that the prompt allows, with what it says about it."""

    label: str
    description: str


class Entry(NamedTuple):
    """A `Key: value` entry; `value` runs on over the lines that follow it, up to a blank one."""

    key: str
    value: str
    line: int


class Pattern(NamedTuple):
    """Two folded keys that make a worked example: what is asked, what is answered."""

    asks: str
    answers: str


def answer(messages: Sequence[Message]) -> str:
    """The label for the last input, or a sentence that says what is missing."""
    last = next((i for i in range(len(messages) - 1, -1, -1) if messages[i].role == "user"), None)
    if last is None:
        return "[nearest-example] There is no user message to answer."
    messages = messages[: last + 1]
    examples, query = written_examples(messages)
    if not examples:
        examples, query = turns(messages), unframed(messages[-1].text)
    if examples:
        position, _ = index(tuple(example.input for example in examples)).nearest(query)
        return examples[position].label
    choices, query = allowed(messages)
    if not choices:
        return "[nearest-example] The prompt has neither worked examples nor a list of labels to choose from."
    if not query.strip():
        return "[nearest-example] There is no input after the list of labels."
    return chosen(choices, query)


def written_examples(messages: Sequence[Message]) -> tuple[list[Example], str]:
    """The pairs such as `Input:`/`Label:` that the prompt repeats, and the input that has no label yet.

    Where earlier messages hold pairs, the last one holds none: an input must not bring its own examples.
    """
    last = messages[-1].text
    earlier = [entries(message.text) for message in messages[:-1]]
    own = entries(last)
    patterns = repeated(earlier, own)
    listed = earlier if patterns else [*earlier, own]
    patterns = patterns or repeated(listed, own)
    if not patterns:
        return [], ""
    examples = [
        Example(asked.value, answered.value)
        for group in listed
        for asked, answered in pairwise(group)
        if _pattern(asked, answered) in patterns
    ]
    asks = {pattern.asks for pattern in patterns}
    for i, entry in enumerate(own):
        answered = i + 1 < len(own) and _pattern(entry, own[i + 1]) in patterns
        if fold(entry.key) in asks and not answered:
            return examples, unframed("\n".join(last.splitlines()[entry.line :]))
    return examples, unframed(last)


def repeated(groups: Sequence[Sequence[Entry]], last: Sequence[Entry]) -> set[Pattern]:
    """Which keys make a pair: the two that follow each other most often, then the next two of what is left.

    So English and Chinese pairs may stand in one prompt. A pair that stands only once is a pattern if nothing
    else is and what it asks is asked again at the end of the `last` message.
    """
    found: set[Pattern] = set()
    used: set[str] = set()
    adjacent = [_pattern(a, b) for group in groups for a, b in pairwise(group)]
    counted = Counter(pattern for pattern in adjacent if pattern is not None)
    whole = groups if groups and groups[-1] is last else [*groups, last]
    asked = Counter(fold(entry.key) for group in whole for entry in group)
    again = {fold(entry.key) for entry in last[-2:] if asked[fold(entry.key)] > 1}
    for pattern, times in counted.most_common(_PATTERNS):
        if used & set(pattern) or (times == 1 and (found or pattern.asks not in again)):
            continue
        found.add(pattern)
        used |= set(pattern)
    return found


def _pattern(asked: Entry, answered: Entry) -> Pattern | None:
    keys = Pattern(fold(asked.key), fold(answered.key))
    return keys if asked.value and answered.value and keys.asks != keys.answers else None


def entries(text: str) -> list[Entry]:
    """The `Key: value` entries of a text, in order."""
    found: list[tuple[str, int, list[str]]] = []
    for number, line in enumerate(text.splitlines()):
        match = _KEY.match(line)
        if match:
            found.append((match["key"], number, [match["value"]]))
        elif found:
            found[-1][2].append(line)
    result = []
    for key, number, parts in found:
        until = next((i for i, part in enumerate(parts) if i and not part.strip()), len(parts))
        result.append(Entry(key, "\n".join(parts[:until]).strip(), number))
    return result


def turns(messages: Sequence[Message]) -> list[Example]:
    """User and assistant turns before the last message, as worked examples."""
    return [
        Example(unframed(a.text), b.text.strip())
        for a, b in pairwise(messages)
        if a.role == "user" and b.role == "assistant"
    ]


def unframed(text: str) -> str:
    """`text` without a key before it and an empty key after it: `Ticket: Lost⏎Label:` is `Lost`."""
    lines = text.strip().splitlines()
    if len(lines) > 1 and (match := _KEY.match(lines[-1])) and not match["value"]:
        lines = lines[:-1]
    if lines and (match := _KEY.match(lines[0])):
        lines[0] = match["value"]
    return "\n".join(lines).strip()


def allowed(messages: Sequence[Message]) -> tuple[list[Choice], str]:
    """The labels that the prompt lists, and the input that follows them."""
    for i, message in enumerate(messages):
        choices, end = _bulleted(message.text)
        if not choices:
            choices, end = _in_line(message.text)
        if choices:
            rest = message.text[end:] if i == len(messages) - 1 else messages[-1].text
            key = _INLINE_KEY.search(rest)
            return choices, rest[key.end() :] if key else rest
    return [], ""


def _bulleted(text: str) -> tuple[list[Choice], int]:
    """Labels listed one a line below a line that ends in a colon: `- refund: money back`."""
    choices: list[Choice] = []
    end, open_list = 0, False
    for line in text.splitlines(keepends=True):
        match = _BULLET.match(line.rstrip())
        if open_list and match:
            label, _, description = match["item"].replace("：", ":").partition(":")
            choices.append(Choice(label.strip(_QUOTES), description.strip()))
        elif len(choices) > 1:
            return choices, end
        elif line.strip():
            choices, open_list = [], line.rstrip().endswith((":", "："))
        end += len(line)
    return (choices, end) if len(choices) > 1 else ([], 0)


def _in_line(text: str) -> tuple[list[Choice], int]:
    """Labels listed in a sentence: `Options: a, b, c`, `one of: a, b or c`, `分到：退款、物流、其他。`"""
    for match in _LIST.finditer(text):
        # A full stop ends the list, also where it is the half-width one.
        items = re.split(r"[.!?](?:\s|$)", match["items"])[0]
        labels = [item.strip(_QUOTES) for item in _SEPARATOR.split(items)]
        labels = [label for label in labels if label]
        if len(labels) > 1 and all(len(label.split()) <= 4 for label in labels):
            return [Choice(label, "") for label in labels], match.start("items") + len(items)
    return [], 0


def chosen(choices: Sequence[Choice], query: str) -> str:
    """The label most of whose words occur in `query`, else the one described nearest to it, else the last."""
    words = runs(query)
    named = [_share(choice.label, words) for choice in choices]
    described = index(tuple(choice.description for choice in choices)).similarities(query)
    scores = list(zip(named, described, strict=True))
    best = max(scores)
    return choices[scores.index(best)].label if best > (0.0, 0.0) else choices[-1].label


def _share(label: str, words: Sequence[str]) -> float:
    """The share of the label's words that occur in `words`; of its characters in scripts without spaces."""
    held = 0
    units = [unit for run in runs(label) for unit in (run if has_unspaced(run) else [run])]
    for unit in units:
        if has_unspaced(unit):
            held += any(unit in word for word in words)
        else:  # "refund" occurs in "refunded"
            held += any(word == unit or (len(unit) > 3 and word.startswith(unit)) for word in words)
    return held / len(units) if units else 0.0
