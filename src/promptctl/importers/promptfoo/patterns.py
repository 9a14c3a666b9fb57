r"""Regular expressions of JavaScript, written for Python with the same meaning.

Left as they are: `.`, which in JavaScript also stops at a carriage return, `\s` of the byte order mark, and the
counting of characters beyond U+FFFF, which JavaScript takes for two.
"""

import re

from promptctl.importers.promptfoo.js import Unclear

# What \s matches in JavaScript and not under Python's flag a.
_WIDE_SPACES = r"\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_REPEAT = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_NAMED = re.compile(r"\(\?<([A-Za-z_]\w*)>")
_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|c[A-Za-z]|k<[A-Za-z_]\w*>|[1-9][0-9]*|.)", re.DOTALL
)


def python_pattern(pattern: str) -> tuple[str, str]:
    """A pattern of JavaScript for Python, with the flags that it needs: "a" or "".

    Raises:
        Unclear: one of the two refuses it, or it means different things to them.
    """
    written, flags = _Translation(pattern).whole()
    try:
        re.compile(written, re.ASCII if flags else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unclear(f"the pattern {pattern}, which Python does not take ({error})") from None
    return written, flags


class _Translation:
    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self.open: list[bool] = []  # for each open bracket: is it a look behind?
        # \d, \w and \b know only ASCII in JavaScript, \s knows all of Unicode.
        self.ascii = re.search(r"\\[dDwWbB]", source.replace("\\\\", "")) is not None
        self.named = _NAMED.search(source) is not None
        bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", source, flags=re.DOTALL)
        self.groups = len(re.findall(r"\((?!\?)|\(\?<(?![=!])", bare))
        # A group that has matched nothing yet is matched again as nothing in JavaScript, and never in Python.
        self.uncertain = re.search(r"[|]|\)(?:[*?]|\{0)|\([^()]*\(", bare) is not None

    def whole(self) -> tuple[str, str]:
        pieces: list[str] = []
        while self.at < len(self.source):
            pieces.append(self._piece())
        return "".join(pieces), "a" if self.ascii else ""

    def _piece(self) -> str:
        source, at = self.source, self.at
        character = source[at]
        if character == "\\":
            return self._escape(in_set=False)
        if character == "[":
            return self._set()
        if named := _NAMED.match(source, at):
            self.at = named.end()
            self.open.append(False)
            return f"(?P<{named[1]}>"
        if source.startswith("(?", at):
            opening = next(
                (one for one in ("(?:", "(?=", "(?!", "(?<=", "(?<!") if source.startswith(one, at)), ""
            )
            if not opening:
                raise self._refused()
            self.at += len(opening)
            self.open.append("<" in opening)
            return opening
        repeat = _REPEAT.match(source, at)
        if repeat or character in "*+?":
            return self._repeat(repeat[0] if repeat else character)
        self.at += 1
        if character == "(":
            self.open.append(False)
        elif character == ")" and self.open and self.open.pop() and self._repeats():
            raise self._refused()
        return {"$": r"\Z", "{": r"\{"}.get(character, character)

    def _repeat(self, written: str) -> str:
        self.at += len(written)
        if self.source.startswith("?", self.at):
            self.at += 1
            written += "?"
        if self._repeats():
            raise self._refused()
        return written

    def _repeats(self) -> bool:
        following = self.source[self.at : self.at + 1]
        return (following != "" and following in "*+?") or _REPEAT.match(self.source, self.at) is not None

    def _refused(self) -> Unclear:
        return Unclear(f"the pattern {self.source}, which JavaScript refuses: the test always fails there")

    def _escape(self, *, in_set: bool) -> str:
        found = _ESCAPE.match(self.source, self.at)
        if found is None:
            raise Unclear(f"the pattern {self.source}, which ends in a backslash")
        self.at = found.end()
        escape, letter = found[0], found[0][1]
        if letter in "sS" and self.ascii:
            return self._space(letter, in_set=in_set)
        if letter in "bB" and not in_set and self._repeats():
            raise self._refused()
        if letter == "B" and not in_set:
            return r"(?!\b)"  # \B itself does not match the empty text before Python 3.14
        if letter in "dDwWsSnrtfvb":
            return escape
        if letter in "xu" and len(escape) > 2:
            return escape
        if letter == "c" and len(escape) > 2:
            return f"\\x{ord(escape[2].upper()) - 64:02x}"
        if letter == "k" and len(escape) > 2 and self.named:
            self._require_certain(escape)
            return f"(?P={escape[3:-1]})"
        if letter == "0" and not self.source[self.at : self.at + 1].isdigit():
            return r"\x00"
        if letter.isdigit():
            if in_set or int(escape[1:]) > self.groups:
                raise Unclear(f"the pattern {self.source}: {escape} means different things")
            self._require_certain(escape)
            return escape
        if letter.isalpha() and letter.isascii():
            self.at = found.start() + 2  # an escaped letter without a meaning is the letter
            return letter
        return escape

    def _require_certain(self, escape: str) -> None:
        if self.uncertain or self.open:
            raise Unclear(f"the pattern {self.source}: {escape} of a group that may have matched nothing")

    def _space(self, letter: str, *, in_set: bool) -> str:
        if letter == "s":
            return rf"\s{_WIDE_SPACES}" if in_set else rf"[\s{_WIDE_SPACES}]"
        if in_set:
            raise Unclear(f"the pattern {self.source}: \\S in a set beside \\w, \\d or \\b")
        return rf"[^\s{_WIDE_SPACES}]"

    def _set(self) -> str:
        self.at += 1
        negated = self.source.startswith("^", self.at)
        self.at += negated
        pieces: list[str] = []
        while self.at < len(self.source) and self.source[self.at] != "]":
            character = self.source[self.at]
            if character == "\\":
                pieces.append(self._escape(in_set=True))
                continue
            self.at += 1
            doubled = character in "&|~-" and self.source[self.at : self.at + 1] == character
            pieces.append("\\" + character if character in "[^" or doubled else character)
        if self.at >= len(self.source):
            raise self._refused()
        self.at += 1
        if not pieces:
            return r"[\s\S]" if negated else "(?!)"
        return f"[{'^' if negated else ''}{''.join(pieces)}]"
