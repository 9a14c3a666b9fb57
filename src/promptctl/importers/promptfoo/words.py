"""The words inside a tag of a Nunjucks template."""

import re
from typing import Any, NamedTuple

from promptctl.importers.promptfoo.js import Unclear

MAX_WORDS = 200
"""Words of one tag. More would be nested too deeply to be walked."""

_SPACE = re.compile(r"[ \n\t\r\u00a0]+")
_OPS = re.compile(r"===|!==|==|!=|<=|>=|//|\*\*|[()\[\]{}%*\-+~/#,:|.<>=!]")
_WORD = re.compile(r"[^ \n\t\r\u00a0()\[\]{}%*\-+~/#,:|.<>=!\"']+")
_FRACTION = re.compile(r"\.[0-9]+")


class Word(NamedTuple):
    """A word of an expression. `kind` is text, number, name, op or end."""

    kind: str
    value: Any
    at: int


class Words(NamedTuple):
    """The words of a tag, the last of which is its end, and where the tag ends.

    `dashed`: it ends in `-`, so that white space behind it goes.
    """

    words: list[Word]
    end: int
    dashed: bool


def read_words(source: str, at: int, closing: str) -> Words:
    """The words from `at` up to `closing`.

    Raises:
        Unclear: there is no closing, or a character that is no part of a word.
    """
    start = at - 2
    found: list[Word] = []
    while True:
        if space := _SPACE.match(source, at):
            at = space.end()
        if at >= len(source):
            raise Unclear(f"a tag without its {closing}", start)
        for end in (closing, "-" + closing):
            if source.startswith(end, at):
                return Words([*found, Word("end", "", at)], at + len(end), end[0] == "-")
        word, at = _word(source, at)
        found.append(word)
        if len(found) > MAX_WORDS:
            raise Unclear(f"a tag of more than {MAX_WORDS} words", start)


def _word(source: str, at: int) -> tuple[Word, int]:
    """The word at an offset, and where it ends."""
    if source[at] in "\"'":
        text, end = _quoted(source, at)
        return Word("text", text, at), end
    if source.startswith("r/", at):
        raise Unclear("a regular expression inside a template", at)
    if operator := _OPS.match(source, at):
        return Word("op", operator[0], at), operator.end()
    word = _WORD.match(source, at)
    if word is None:
        raise Unclear(f"the character {source[at]} inside a tag", at)
    if not (word[0].isdecimal() and word[0].isascii()):
        return Word("name", word[0], at), word.end()
    if len(word[0]) > 15:
        raise Unclear(f"the number {word[0][:20]}, which JavaScript rounds", at)
    if fraction := _FRACTION.match(source, word.end()):
        return Word("number", float(word[0] + fraction[0]), at), fraction.end()
    return Word("number", int(word[0]), at), word.end()


def _quoted(source: str, start: int) -> tuple[str, int]:
    text: list[str] = []
    at = start + 1
    while at < len(source) and source[at] != source[start]:
        character = source[at]
        at += 1
        if character == "\\" and at < len(source):
            character = {"n": "\n", "t": "\t", "r": "\r"}.get(source[at], source[at])
            at += 1
        text.append(character)
    if at >= len(source):
        raise Unclear("a text without its closing quote", start)
    return "".join(text), at + 1
