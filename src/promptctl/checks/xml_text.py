"""XML without its dangers: no document type, so no entity of its own, nothing fetched. And the check `is_xml`."""

from typing import TYPE_CHECKING, Any

from promptctl.checks.text import listed, shown
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str, ...]


def xml_fault(text: str) -> str | None:
    """Why `text` is no XML document; None where it is one.

    One with a DOCTYPE is none: entities that it may define are how readers of XML are attacked (a billion laughs,
    a file of the machine), and careful readers refuse it too.
    """
    return _Reader().fault(text)


class _Doctype(Exception):
    """The document has a document type: how a handler stops expat."""


class _Reader:
    """Reads a document, and remembers which of `wanted`, paths from the root, are in it."""

    def __init__(self, wanted: "Iterable[Path]" = ()) -> None:
        self.missing = set(wanted)
        self._depths = {len(path) for path in self.missing}
        self._open: list[str] = []

    def fault(self, text: str) -> str | None:
        from xml.parsers import expat

        parser: Any = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        if not text.strip():
            return "the output is empty"
        try:
            parser.Parse(text.strip(), True)
        except _Doctype:
            return "not XML that is read: it has a DOCTYPE"
        except expat.ExpatError as error:
            said = expat.errors.messages[error.code]
            return f"not XML: {said} at line {error.lineno}, column {error.offset + 1}"
        except UnicodeEncodeError:
            return "not XML: it has half a character (a lone surrogate)"
        return None

    def _refuse(self, *_: object) -> None:
        raise _Doctype

    def _start(self, name: str, _: object) -> None:
        self._open.append(name)
        if len(self._open) in self._depths:
            self.missing.discard(tuple(self._open))

    def _end(self, _: str) -> None:
        self._open.pop()


class IsXml(Rule):
    """The whole output is one well-formed XML document; with `has`, one with these elements.

    `has` are paths from the root, with prefixes as they are written: "order/item/price". One document with one root;
    white space around it is forgiven, a code fence is not (for that: `is_xml: {extract: {block: xml}}`). Never
    validated against anything. Nothing is fetched, and a document with a DOCTYPE fails: entities that it could define
    are how readers of XML are attacked. An empty output fails.
    """

    SHORT = "has"
    FAMILY = "structure"
    EXAMPLES = (
        Example(args=None, output="<a><b>1</b></a>", status="pass"),
        Example(args=None, output="<a><b>1</a>", status="fail"),
        Example(args="order/item", output="<order><item>梨</item></order>", status="pass"),
        Example(args=["order/item", "order/price"], output="<order><item/></order>", status="fail"),
        Example(args=None, output='<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', status="fail"),
        Example(args=None, output="Here: <a/>", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    has: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.has is not None and (not self.has or not all(all(path) for path in self._wanted())):
            raise ValueError('`has` is a path from the root, "order/item", or a list of them')

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it can be read, and has them."""
        wanted = self._wanted()
        reader = _Reader(wanted)
        if fault := reader.fault(subject.text):
            return fails(fault)
        if missing := ["/".join(path) for path in wanted if path in reader.missing]:
            return fails(f"no {listed(missing, 'and no')} in the XML")
        return passes("is XML" if not wanted else f"is XML with {shown('/'.join(wanted[0]))}")

    def _wanted(self) -> tuple[Path, ...]:
        given = (self.has,) if isinstance(self.has, str) else self.has or ()
        return tuple(tuple(path.split("/")) for path in given)
