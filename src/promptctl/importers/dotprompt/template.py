"""The template of a Dotprompt file, from Handlebars to parts with one meaning.

Of Handlebars with Dotprompt's helpers only what means the same in Jinja is carried over: variables, `if`, `unless`,
`each`, `with`, `ifEquals`, `unlessEquals`, comments, plain partials, `role`, `history` and `media`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.importers.dotprompt.contexts import Contexts, Unclear
from promptctl.importers.dotprompt.handlebars import Broken, parse
from promptctl.importers.dotprompt.handlebars_tree import Block, Comment, Mustache, Node, Partial, Text, Word
from promptctl.importers.dotprompt.parts import ROLES, Choice, Include, Loop, Marker, Part, Print, Value
from promptctl.templating.foreign import DEEPEST

_HELPERS = ("json", "section", "log", "lookup", "history", "role", "media", "helperMissing")
_BLOCKS = ("if", "unless", "each", "with", "ifEquals", "unlessEquals")
_NOTHING = Value(code="none")
_MOST_TAKEN_IN = 200
"""Partials, counted each time that one is taken in: ten that take in the next ten times are ten thousand million."""

PartialText = Callable[[str], tuple[str, str] | None]
"""The text of a partial and the file it is in, by its name; None where there is none."""


@dataclass
class Template:
    """A read template.

    `unknown` are variables that the schema does not have, with where they are first used; `kinds` and `fields` as in
    `Contexts`; `images` are the variables that stand for pictures.
    """

    parts: list[Part]
    unknown: dict[str, Place] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)
    uses_history: bool = False
    images: list[str] = field(default_factory=list)


class Reader:
    """Turns Handlebars into parts. Mistakes are gathered in `errors`.

    Args:
        path, first_line: Where the template stands, for places.
        schema: The JSON Schema of the inputs; empty where the file has none.
        partial: Gives partials.
    """

    def __init__(self, path: str, first_line: int, schema: Mapping[str, Any], partial: PartialText) -> None:
        self.errors: list[PromptctlError] = []
        self._path, self._line, self._source = path, first_line, ""
        self._partial = partial
        self._contexts = Contexts(schema)
        self._inside: list[str] = []
        self._loops = self._taken_in = 0
        self._item = "item"
        self._template = Template([])

    def read(self, source: str) -> Template:
        """The whole template."""
        self._source = source
        self._item = "each_item" if re.search(r"\bitem\b", source) else "item"
        template = self._template
        template.parts = self._parsed(source, top=True)
        template.kinds, template.fields = self._contexts.kinds, self._contexts.fields
        return template

    def _parsed(self, source: str, *, top: bool) -> list[Part]:
        try:
            return self._list(parse(source), top=top)
        except Broken as error:
            fix = "mend the template: Handlebars stops here too, or means something else"
            self._wrong(error.message, error.at, fix)
            return []

    def _list(self, nodes: list[Node], *, top: bool = False) -> list[Part]:
        parts: list[Part] = []
        for node in nodes:
            if isinstance(node, Text):
                parts.append(node.text)
            elif isinstance(node, Mustache):
                parts += self._mustache(node, top)
            elif isinstance(node, Block):
                parts += self._block(node)
            elif isinstance(node, Partial):
                parts += self._include(node)
            else:
                assert isinstance(node, Comment)  # noqa: S101 - the last of its kinds
        return parts

    def _mustache(self, node: Mustache, top: bool) -> list[Part]:
        name = node.tag.words[0]
        if name.kind == "path" and name.value in ("role", "history", "media"):
            return self._marker(name.value, node, top)
        if name.kind != "path":
            self._refuse("a value that is written out, or a call,", node.at)
        elif name.value in _HELPERS or len(node.tag.words) > 1 or node.tag.named:
            self._refuse(f"the helper {name.value}", node.at)
        else:
            value = self._value(name.value, node.at)
            if value.kind in ("object", "array"):
                self._refuse(f"{name.value}, a whole {value.kind} put into the text,", node.at)
            return [Print(value)]
        return []

    def _marker(self, kind: str, node: Mustache, top: bool) -> list[Part]:
        words, named = node.tag.words, node.tag.named
        if not top:
            self._refuse(f"{{{{{kind}}}}} inside a block or a partial", node.at)
            return []
        if kind == "history":
            self._template.uses_history = True
            return [Marker("history")]
        if kind == "role":
            role = words[1].value if len(words) == 2 and words[1].kind == "text" and not named else ""
            if role not in ROLES:
                self._refuse(f"the role {role!r}" if role else "a role that is not written out", node.at)
            return [Marker("role", role)]
        url = named.get("url")
        if url is None or url.kind != "path" or len(words) > 1:
            self._refuse("{{media}} without url=NAME", node.at)
            return []
        value = self._value(url.value, node.at)
        if len(value.path) != 1:
            self._refuse(f"{{{{media}}}} of {url.value}, which is no input itself,", node.at)
            return []
        self._template.images.append(value.path[0])
        return [Marker("media", value=value)]

    def _block(self, node: Block) -> list[Part]:
        if node.name == "role":
            fix = 'write {{role "user"}} on a line of its own, without {{/role}}'
            self._wrong("Dotprompt prints nothing of the text inside {{#role}}", node.at, fix)
            return []
        if node.name not in _BLOCKS:
            self._refuse(f"{{{{#{node.name}}}}}", node.at)
            return []
        wanted = 2 if node.name.endswith("Equals") else 1
        words = node.tag.words
        if len(words) != wanted or node.tag.named or any(word.kind == "call" for word in words):
            self._refuse(f"{{{{#{node.name}}}}} of more than a name", node.at)
            return []
        values = [self._operand(word, node.at) for word in words]
        if node.name == "each":
            return self._each(node, values[0])
        if node.name == "with":
            return self._with(node, values[0])
        body, otherwise = self._list(node.body), self._list(node.otherwise or [])
        negated = node.name.startswith("unless")
        other = values[1] if wanted == 2 else None
        return [Choice(values[0], body, otherwise, negated, other)]

    def _each(self, node: Block, value: Value) -> list[Part]:
        if value.kind == "object" or value.special:
            self._refuse("{{#each}} over a mapping", node.at)
            return []
        if self._contexts.loops >= DEEPEST:
            self._refuse(f"{{{{#each}}}} more than {DEEPEST} deep", node.at)
            return []
        value = self._contexts.used_as(value, "array")
        self._loops += 1
        item = self._item if self._loops == 1 else f"{self._item}_{self._loops}"
        self._contexts.enter_item(value, item)
        body = self._list(node.body)
        self._contexts.leave()
        return [Loop(value, item, body, self._list(node.otherwise or []))]

    def _with(self, node: Block, value: Value) -> list[Part]:
        value = self._contexts.used_as(value, "object")
        self._contexts.enter(value)
        body = self._list(node.body)
        self._contexts.leave()
        return [Choice(value, body, self._list(node.otherwise or []), inner=True)]

    def _include(self, node: Partial) -> list[Part]:
        name = node.tag.words[0].value
        if len(node.tag.words) > 1 or node.tag.named:
            self._refuse(f"the partial {name} with values of its own", node.at)
        elif node.indent:
            self._refuse(f"the partial {name}, which is indented: all its lines would be. It", node.at)
        elif not self._contexts.outermost:
            self._refuse(f"the partial {name} inside {{{{#each}}}} or {{{{#with}}}}", node.at)
        elif found := self._partial(name):
            return self._included(name, *found, node.at)
        else:
            folder, slash, last = name.rpartition("/")
            message = f"there is no partial {name}: {folder}{slash}_{last}.prompt is not beside this file"
            self._wrong(message, node.at, "put the partial there; the names of their files begin with _")
        return []

    def _included(self, name: str, text: str, file: str, at: int) -> list[Part]:
        if file in self._inside:
            circle = " → ".join([*self._inside[self._inside.index(file) :], file])
            self._wrong(f"the partial {name} takes itself in: {circle}", at, "break the circle")
            return []
        self._taken_in += 1
        if self._taken_in > _MOST_TAKEN_IN:
            if self._taken_in == _MOST_TAKEN_IN + 1:
                self._refuse(f"taking in partials more than {_MOST_TAKEN_IN} times", at)
            return []
        outer = self._path, self._line, self._source
        self._inside.append(file)
        self._path, self._line, self._source = file, 1, text
        parts = self._parsed(text, top=False)
        self._path, self._line, self._source = outer
        self._inside.pop()
        return [Include(f"{file.removesuffix('.prompt')}.j2", parts)]

    def _operand(self, word: Word, at: int) -> Value:
        if word.kind == "path":
            return self._value(word.value, at)
        if word.kind == "text":
            return Value(constant=word.value, code=_quoted(word.value))
        constants: dict[str, Any] = {"true": True, "false": False}
        if word.value in constants:
            return Value(constant=constants[word.value], code=word.value)
        if word.value in ("null", "undefined"):
            self._refuse(f"a comparison with {word.value}", at)
            return _NOTHING
        number = float(word.value) if "." in word.value else int(word.value)
        return Value(constant=number, code=word.value)

    def _value(self, path: str, at: int) -> Value:
        known = len(self._contexts.unknown)
        try:
            value = self._contexts.find(path)
        except Unclear as error:
            self._refuse(str(error), at)
            return _NOTHING
        for name in self._contexts.unknown[known:]:
            self._template.unknown[name] = self._place(at)
        return value

    def _place(self, at: int) -> Place:
        before = self._source[:at]
        return Place(self._path, self._line + before.count("\n"), len(before) - before.rfind("\n"))

    def _refuse(self, what: str, at: int) -> None:
        fix = "rewrite it without, or write this prompt by hand"
        self._wrong(f"{what} cannot be carried over", at, fix)

    def _wrong(self, message: str, at: int, fix: str) -> None:
        place = self._place(at)
        self.errors.append(FileError(message, slug="import-unsupported", at=place, fix=fix))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
