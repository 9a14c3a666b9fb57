"""HTML as a person would accept it, read once from left to right. And the check `is_html`.

Not with the standard library's parser: it takes every text for HTML, and on Python 3.11.7 40,000 characters of
`<a <a <a` keep it busy for 16 seconds.
"""

import re

from promptctl.checks.text import listed, shown
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


VOID = _names("area base br col embed frame hr img input link meta param source track wbr")
"""Elements without an inside, which are never closed."""

OPTIONAL = _names(
    "html head body p li dt dd rt rp optgroup option colgroup caption thead tbody tfoot tr td th"
)
"""Elements whose end is understood where the next one begins or the outer one ends."""

RAW = _names("script style textarea title xmp")
"""Elements whose inside is text, whatever it looks like."""

FOREIGN = _names("svg math")
"""Elements inside which the names are those of another language, and `/>` closes."""

KNOWN = (
    VOID
    | OPTIONAL
    | RAW
    | FOREIGN
    | _names(
        """a abbr acronym address applet article aside audio b basefont bdi bdo big blockquote button canvas center
        cite code data datalist del details dfn dialog dir div dl em fieldset figcaption figure font footer form
        frameset h1 h2 h3 h4 h5 h6 header hgroup i iframe ins kbd label legend main map mark marquee menu meter nav
        nobr noframes noscript object ol output picture pre progress q rb rtc ruby s samp search section select slot
        small span strike strong sub summary sup table template time tt u ul var video"""
    )
)

_TAG = re.compile(r"""<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>(?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""")
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_DOCTYPE = re.compile(r"<!doctype\b[^>]*+>", re.IGNORECASE)
_CUSTOM = re.compile(r"[a-z][^\s/>]*-[^\s/>]*\Z")


def html_fault(text: str) -> str | None:
    """Why `text` is no HTML; None where it is."""
    return _Reader(text).fault()


class _Fault(ValueError):
    """The text is no HTML; the message says why."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.seen: set[str] = set()
        self._open: list[str] = []
        self._foreign = 0

    def fault(self) -> str | None:
        """Why the text is no HTML; None where it is."""
        if not self.text.strip():
            return "the output is empty"
        try:
            self._read()
        except _Fault as fault:
            return f"not HTML: {fault}"
        return None

    def _read(self) -> None:
        position, text = 0, self.text
        while position < len(text):
            tag = text.find("<", position)
            tag = len(text) if tag < 0 else tag
            if not self._open and (stray := text[position:tag].strip()):
                raise _Fault(f"the text {shown(stray, 40)} stands outside of every element")
            position = self._markup(tag) if tag < len(text) else tag
        left = [name for name in self._open if name not in OPTIONAL]
        if left:
            raise _Fault(f"<{left[-1]}> is never closed")
        if not self.seen:
            raise _Fault("it has no element")

    def _markup(self, start: int) -> int:
        """Reads what begins with the `<` at `start`, and gives where it ends."""
        text = self.text
        if text.startswith("<!--", start):
            return self._after("-->", start + 4, "a comment")
        if self._foreign and text.startswith("<![CDATA[", start):
            return self._after("]]>", start + 9, "a CDATA section")
        if doctype := _DOCTYPE.match(text, start):
            if self.seen:
                raise _Fault("a DOCTYPE stands behind the first element")
            return doctype.end()
        found = _TAG.match(text, start)
        if found is None:
            if not _MARKUP.match(text, start) and self._open:
                return start + 1  # "a < b", "I <3 you"
            raise _Fault(f"{shown(text[start : start + 20])} is no tag")
        name = found["name"].lower()
        if found["end"]:
            self._close(name)
            return found.end()
        self._start(name, closed=found["rest"].endswith("/"))
        if name in RAW and not self._foreign:
            return self._raw(name, found.end())
        return found.end()

    def _start(self, name: str, *, closed: bool) -> None:
        if not self._foreign and name not in KNOWN and not _CUSTOM.match(name):
            raise _Fault(f"<{shown(name, 30)[1:-1]}> is no element of HTML")
        self.seen.add(name)
        if (name in VOID and not self._foreign) or (closed and (self._foreign or name in FOREIGN)):
            return
        self._open.append(name)
        self._foreign += name in FOREIGN

    def _close(self, name: str) -> None:
        while self._open:
            inner = self._open.pop()
            self._foreign -= inner in FOREIGN
            if inner == name:
                return
            if inner not in OPTIONAL:
                raise _Fault(f"<{inner}> is not closed before </{shown(name, 30)[1:-1]}>")
        raise _Fault(f"</{shown(name, 30)[1:-1]}> closes nothing")

    def _raw(self, name: str, start: int) -> int:
        """Leaves an element whose inside is text, by its end tag."""
        end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self.text, start)
        if end is None:
            raise _Fault(f"<{name}> is never closed")
        return end.start()

    def _after(self, mark: str, start: int, what: str) -> int:
        end = self.text.find(mark, start)
        if end < 0:
            raise _Fault(f"{what} never ends")
        return end + len(mark)


class IsHtml(Rule):
    """The whole output is HTML, a page or a part of one; with `has`, with these elements in it.

    Elements that HTML knows (or custom ones, with a hyphen in their name), properly nested and closed; ends that HTML
    lets you leave out (</p>, </li>, </td> ...) may be missing. Text outside of every element fails: prose with a
    <b>word</b> in it is no HTML. Neither attributes nor where elements may stand are looked at; the insides of scripts
    and styles are not read; nothing is fetched or run. A code fence around it fails (for that:
    `is_html: {extract: {block: html}}`), and so does an empty output.
    """

    SHORT = "has"
    FAMILY = "structure"
    EXAMPLES = (
        Example(args=None, output="<p>Hello <b>Ada</b></p>\n<p>Bye", status="pass"),
        Example(args=None, output="<p>Hello <b>Ada</p>", status="fail"),
        Example(args=None, output="Hello <b>Ada</b>", status="fail"),
        Example(args=["h1", "table"], output="<h1>退款</h1>", status="fail"),
        Example(args="h1", output="<!doctype html><h1>退款</h1>", status="pass"),
        Example(args=None, output="<refund>14 days</refund>", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    has: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self._wanted() if name not in KNOWN and not _CUSTOM.match(name)]
        if self.has is not None and (not self.has or unknown):
            raise ValueError(f"{listed(unknown, 'and') if unknown else '`has`'} names no element of HTML")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it can be read, and has them."""
        reader = _Reader(subject.text)
        if fault := reader.fault():
            return fails(fault)
        if missing := [f"<{name}>" for name in self._wanted() if name not in reader.seen]:
            return fails(f"no {listed(missing, 'and no')} in the HTML")
        return passes("is HTML")

    def _wanted(self) -> tuple[str, ...]:
        given = (self.has,) if isinstance(self.has, str) else self.has or ()
        return tuple(name.lower() for name in given)
