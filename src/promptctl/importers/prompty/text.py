"""The body of a Prompty file: role markers, values that are messages or pictures, and what the original makes of them.

A marker is a line such as `user:`, also `# user:` or `  User[nonce=1]:`; text before the first is the system's.
Prompty renders the whole body and looks for markers then; here they are found before, so that no value can make one.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.importers.jinja_text import Hole, Piece, message, template
from promptctl.templating.foreign import ForeignTemplate, look

MARKER = re.compile(
    r"#?\s*(?P<role>system|user|assistant|developer)(?P<attributes>\[[^\[\]\n]{0,500}\])?\s*:\Z",
    re.IGNORECASE,
)
_OTHER_MARKER = re.compile(r"#?\s*(?:function|tools?)(?:\[[^\[\]\n]{0,500}\])?\s*:\Z", re.IGNORECASE)
_V1_IMAGE = re.compile(r"!\[[^\]\n]*\]\(")
_V1_THREAD = "![thread]"
MUSTACHE = re.compile(r"\{\{\{\s*([\w-]+)\s*\}\}\}|\{\{&\s*([\w-]+)\s*\}\}|\{\{\s*([\w-]+)\s*\}\}")
_ANY_MUSTACHE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
ESCAPES = (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;"))
"""What the engine of Prompty's Python runtime does to a value in double braces, in this order."""


class Section(NamedTuple):
    """The text below one marker; `line` is the file's line that it begins at."""

    role: str
    text: str
    line: int


class Body(NamedTuple):
    """A body as role blocks of ours. `looks` is what the templates of all sections say, together."""

    template: str
    sections: tuple[Section, ...]
    looks: ForeignTemplate
    blocks: bool


def read_body(body: str, path: str, first_line: int, kinds: Mapping[str, str], *, old: bool) -> Body:
    """A Jinja body as a template of ours.

    Args:
        body, path, first_line: The text, and where it stands.
        kinds: The declared inputs by name, with our types.
        old: Whether the file is of Prompty's first version, which reads pictures and threads out of the text.

    Raises:
        FileError, Several: what cannot be carried over, each at its line.
    """
    sections = split(body, path, first_line, old=old)
    rich = [name for name, kind in kinds.items() if kind in ("messages", "image")]
    errors: list[PromptctlError] = []
    looks = [look(section.text) for section in sections]
    whole = look(body)
    for section, found in zip(sections, looks, strict=True):
        for problem in found.problems:
            at = Place(path, section.line + problem.line - 1)
            if whole.problems:
                errors.append(_unsupported(problem.what, at))
            else:
                errors.append(_unsupported("a role marker inside {% if %} or {% for %}", at))
    raise_all(errors)
    blocks = _Blocks(path, rich, kinds)
    for section, found in zip(sections, looks, strict=True):
        blocks.add(section, found)
    raise_all(blocks.errors)
    return Body(blocks.written(), tuple(sections), whole, any(found.blocks for found in looks))


def read_mustache(body: str, path: str, first_line: int, names: Mapping[str, str]) -> Body:
    """A Mustache body of plain variables as a template of ours; `names` gives ours for those of the original.

    Raises:
        FileError, Several: sections, partials and comments.
    """
    sections = split(body, path, first_line, old=False)
    errors: list[PromptctlError] = [
        _unsupported(f"the name {name!r}, which Jinja cannot spell,", Place(path, first_line))
        for name, ours in names.items()
        if name != ours
    ]
    written = ""
    for section in sections:
        for found in _ANY_MUSTACHE.finditer(section.text):
            if not MUSTACHE.match(section.text, found.start()):
                line = section.line + section.text.count("\n", 0, found.start())
                errors.append(_unsupported(f"{found[0][:30]!r} of Mustache", Place(path, line)))
        code = []
        for piece in mustache_pieces(section.text):
            code.append(piece if isinstance(piece, str) else (_mustache_code(piece, names),))
        written += message(section.role, template(code))
    raise_all(errors)
    empty = ForeignTemplate({}, {}, frozenset(), {}, False, ())
    return Body(written, tuple(sections), empty, False)


def mustache_pieces(text: str) -> list[Piece]:
    """The text with a hole for each variable; the name of one in double braces has an `&` before it: it is escaped."""
    pieces: list[Piece] = []
    end = 0
    for found in MUSTACHE.finditer(text):
        bare = found[1] or found[2]
        pieces += [text[end : found.start()], Hole(bare or f"&{found[3]}")]
        end = found.end()
    return [*pieces, text[end:]]


def mustache_names(text: str) -> list[str]:
    """The variables of a Mustache body, in order."""
    holes = [piece for piece in mustache_pieces(text) if isinstance(piece, Hole)]
    return list(dict.fromkeys(hole.name.removeprefix("&") for hole in holes))


def _mustache_code(hole: Hole, names: Mapping[str, str]) -> str:
    name = names[hole.name.removeprefix("&")]
    if not hole.name.startswith("&"):
        return f"{{{{ {name} }}}}"
    steps = "".join(f" | replace('{mark}', '{escape}')" for mark, escape in ESCAPES)
    return f"{{{{ {name}{steps} }}}}"


def split(body: str, path: str, first_line: int, *, old: bool) -> list[Section]:
    """The body at its role markers.

    Raises:
        FileError, Several: markers that promptctl has no message for.
    """
    sections: list[Section] = []
    errors: list[PromptctlError] = []
    role, start, lines, marked = "system", first_line, list[str](), False
    for number, line in enumerate(body.split("\n"), first_line):
        bare = line.strip()
        found = MARKER.match(bare)
        if _OTHER_MARKER.match(bare):
            errors.append(_unsupported(f"the role marker {bare!r}", Place(path, number)))
        if old and (_V1_IMAGE.search(line) or bare.startswith(_V1_THREAD)):
            fix = "declare an input of kind image or thread, and put {{ name }} here"
            what = "a picture or thread inside the text"
            errors.append(_unsupported(what, Place(path, number, line.find("!") + 1), fix))
        if not found:
            lines.append(line)
            continue
        _refuse_attributes(found, Place(path, number), errors)
        sections += _section(role, lines, start, marked=marked)
        role, start, lines, marked = found["role"].lower(), number + 1, [], True
    sections += _section(role, lines, start, marked=marked)
    raise_all(errors)
    if not sections:
        fix = "write the prompt below the front matter"
        raise FileError("there is no text in this file", slug="import-nothing", at=Place(path), fix=fix)
    return sections


def _section(role: str, lines: list[str], start: int, *, marked: bool) -> list[Section]:
    """The section, unless it is nothing: blank lines before the first marker, no line at all behind another."""
    if not lines or (not marked and not any(line.strip() for line in lines)):
        return []
    return [Section(role, "\n".join(lines), start)]


def _refuse_attributes(found: re.Match[str], at: Place, errors: list[PromptctlError]) -> None:
    names = re.findall(r"(\w+)\s*=", found["attributes"] or "")
    if wanted := [name for name in names if name != "nonce"]:
        errors.append(_unsupported(f"{wanted[0]} of a role marker", at))


class _Blocks:
    """Sections as role blocks, split where messages or a picture go in."""

    def __init__(self, path: str, rich: list[str], kinds: Mapping[str, str]) -> None:
        self.path, self.rich, self.kinds = path, rich, kinds
        self.errors: list[PromptctlError] = []
        self._made: list[tuple[str | None, str]] = []  # role, or None for an insert; body
        self._put_in: set[str] = set()

    def add(self, section: Section, found: ForeignTemplate) -> None:
        wanted = [name for name in self.rich if found.uses.get(name)]
        if not wanted:
            self._made.append((section.role, section.text))
            return
        name = wanted[0]
        at = Place(self.path, section.line + found.names[name] - 1)
        parts = re.split(r"\{\{-?\s*" + re.escape(name) + r"\s*-?\}\}", section.text)
        if len(wanted) > 1 or len(parts) > 2:
            self.errors.append(_unsupported("two pictures or threads in one message", at))
            return
        if len(parts) < 2 or any(look(part).problems for part in parts) or found.uses[name] > 1:
            self.errors.append(_unsupported(f"{name!r} inside a tag or a filter", at))
            return
        self._put_in.add(name)
        before, after = (part.strip() for part in parts)
        if before:
            self._made.append((section.role, before))
        if self.kinds[name] == "messages":
            self._made.append((None, name))
        else:
            self._image(name, at)
        if after:
            self._made.append((section.role, after))

    def _image(self, name: str, at: Place) -> None:
        """Prompty puts a picture behind the user's message before it, or into one of its own."""
        code = f"{{{{ {name} | image }}}}"
        role, body = self._made[-1] if self._made else ("", "")
        if role is None:
            self.errors.append(_unsupported("a picture right behind a thread", at))
        elif role == "user":
            self._made[-1] = (role, body + code)
        else:
            self._made.append(("user", code))

    def written(self) -> str:
        made = list(self._made)
        if not self._put_in:  # Prompty puts a thread that the text does not name at the end
            made += [(None, name) for name in self.rich if self.kinds[name] == "messages"]
        return "".join(
            f"{{% insert {body} %}}\n" if role is None else message(role, body) for role, body in made
        )


def _unsupported(what: str, at: Place, fix: str | None = None) -> FileError:
    return FileError(
        f"{what} cannot be carried over",
        slug="import-unsupported",
        at=at,
        fix=fix or "rewrite it without, or write this prompt by hand",
    )
