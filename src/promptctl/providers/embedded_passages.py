"""`nearest-passage`: the sentence of the given passages that is nearest to the question."""

import re
from collections.abc import Sequence

from promptctl.core.message import Message
from promptctl.core.similarity import has_unspaced, index

# Below this cosine a sentence shares little more than small words with the question.
NEAR = 0.12

_QUESTION = re.compile(
    r"^[ \t]*[*_]{0,2}(?:(?:customer|user)(?:['’]s)?[ \t]+)?(?:question|q|query|message|ticket|asks?"
    r"|问题|提问|问|顾客|用户|客户|工单)[*_]{0,2}[ \t]?[:：][*_]{0,2}[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING = re.compile(
    r"^[ \t]*(?:\#{1,6}[ \t]+)?[*_]{0,2}[^\n:：.。]{0,40}?"
    r"(?:passage|context|source|document|polic|article|knowledge|reference|excerpt|facts|notes"
    r"|资料|材料|段落|政策|文档|上下文|条款|规定|知识)"
    r"[^\n:：.。]{0,30}[:：][*_]{0,2}[ \t]*(?P<rest>[^\n]*)$",
    re.IGNORECASE,
)
_OTHER_HEADING = re.compile(r"^[ \t]*(?:\#{1,6}[ \t]+\S.*|[^\n:：]{1,60}[:：])[ \t]*$")
_NAMED = re.compile(r"^[ \t]*[\[【(][^\]】)\n]{1,60}[\]】)][ \t]*(?P<rest>\S.*)$")
_ENCLOSED = re.compile(
    r"<(passages?|contexts?|documents?|sources?|policy)\b[^>\n]{0,80}>([^<]*)", re.IGNORECASE
)
_MARK = re.compile(r"^[ \t]*(?:[-*•][ \t]+|\d{1,3}[.)、][ \t]*|[\[【(][^\]】)\n]{1,60}[\]】)][ \t]*)")
_SENTENCE_END = re.compile(r"(?<=[。！？!?])(?![”」』\"])|(?<=[。！？!?][”」』\"])|(?<=\.)(?=\s)|\n")
_ABSTENTION = re.compile(
    r"(?:\b(?:say|answer|reply|respond|write|output|return)\b|回答|回复|答复|写|说|输出)"
    r"[^\"“”「」\n]{0,24}[\"“「](?P<phrase>[^\"“”「」\n]{2,200})[\"”」]",
    re.IGNORECASE,
)


def answer(messages: Sequence[Message]) -> str:
    """The nearest sentence, the prompt's abstention phrase, or a sentence that says what is missing."""
    last = next((i for i in range(len(messages) - 1, -1, -1) if messages[i].role == "user"), None)
    if last is None:
        return "[nearest-passage] There is no user message to answer."
    earlier = [message.text for message in messages[:last] if message.role != "assistant"]
    before, question = asked(messages[last].text, alone=not passages(earlier, strict=True))
    given = [*earlier, before]
    sentences = passages(given)
    if not sentences:
        return "[nearest-passage] The prompt gives no passages to answer from."
    if not question:
        return "[nearest-passage] There is no question to answer."
    position, similarity = index(tuple(sentences)).nearest(question)
    if similarity >= NEAR:
        return sentences[position]
    return abstention(given, question) or "[nearest-passage] None of the passages is near the question."


def asked(text: str, *, alone: bool = True) -> tuple[str, str]:
    """What else stands in the last user message, and the question: after the last key, or its last paragraph.

    `alone` says that no passage was given before this message.
    """
    keys = list(_QUESTION.finditer(text))
    if keys:
        before, after = text[: keys[-1].start()], text[keys[-1].end() :]
        lines = after.splitlines()
        until = next((i for i, line in enumerate(lines) if i and _starts_passages(line)), len(lines))
        # Passages may follow the question, but only where none precede it: a question must not bring its own.
        if alone and until < len(lines) and not passages([before], strict=True):
            return before + "\n".join(lines[until:]), "\n".join(lines[:until]).strip()
        return before, after.strip()
    before, _, after = text.strip().rpartition("\n\n")
    return (before, after.strip()) if passages([before], strict=True) else ("", text.strip())


def _starts_passages(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_HEADING, _NAMED, _ENCLOSED))


def passages(texts: Sequence[str], *, strict: bool = False) -> list[str]:
    """The sentences to answer from, in order.

    A passage stands between tags, below a heading such as `Passages:` or `政策：`, or behind its id in
    brackets. Where a prompt marks none and `strict` is off, every sentence is one, except those on abstaining.
    """
    found = [sentence for text in texts for sentence in _marked(text)]
    if found or strict:
        return found
    return [sentence for text in texts for sentence in split(text) if not _ABSTENTION.search(sentence)]


def _marked(text: str) -> list[str]:
    enclosed = [inner for _, inner in _ENCLOSED.findall(text) if inner.strip()]
    if enclosed:
        return [sentence for inner in enclosed for sentence in split(inner)]
    kept: list[str] = []
    below = False
    for line in text.splitlines():
        heading = _HEADING.match(line)
        named = _NAMED.match(line)
        if named:
            kept.append(named["rest"])
        elif heading:
            below = True
            kept.append(heading["rest"])
        elif _OTHER_HEADING.match(line) or _ABSTENTION.search(line):
            below = False
        elif below:
            kept.append(line)
    return split("\n".join(kept))


def split(text: str) -> list[str]:
    """The sentences of `text`, without bullets and ids."""
    parts = _SENTENCE_END.split("\n".join(_MARK.sub("", line) for line in text.splitlines()))
    return [part.strip() for part in parts if part and any(character.isalnum() for character in part)]


def abstention(texts: Sequence[str], question: str) -> str | None:
    """The phrase the prompt wants said when nothing fits: the first in the question's script, else the first."""
    phrases = [match["phrase"].strip() for text in texts for match in _ABSTENTION.finditer(text)]
    alike = [phrase for phrase in phrases if has_unspaced(phrase) == has_unspaced(question)]
    return next(iter(alike + phrases), None)
