"""A Dotprompt template as role blocks of ours."""

from collections.abc import Collection
from typing import NamedTuple

from promptctl.importers.dotprompt.parts import ROLES, Choice, Include, Loop, Marker, Part, Print, Value
from promptctl.importers.jinja_text import literal, message


class JinjaText:
    """Jinja that renders exactly what it is given, under the flags that take line ends and indents from tags.

    A tag at the start of a line gets a line of its own, whose end those flags take away again; elsewhere a `+` keeps
    what they would take.
    """

    def __init__(self) -> None:
        self._written, self._text = "\n", ""
        self._inline = False

    def text(self, text: str) -> None:
        """Text to print as it is."""
        if self._inline and not self._text and text.startswith("\n"):
            self._written = self._written.removesuffix("%}") + "+%}"
        self._inline = self._inline and not text
        self._text += text

    def value(self, code: str) -> None:
        """A value to print."""
        self._flush(before_code=True)
        self._written += f"{{{{ {code} }}}}"

    def tag(self, code: str) -> None:
        """A tag."""
        self._flush(before_code=True)
        line = self._written[self._written.rfind("\n") + 1 :]
        if line:
            keep = "+" if not line.strip(" \t") else ""
            self._written += f"{{%{keep} {code} %}}"
            self._inline = True
        else:
            self._written += f"{{% {code} %}}\n"

    def done(self) -> str:
        """All of it."""
        self._flush(before_code=False)
        return self._written[1:]

    def _flush(self, *, before_code: bool) -> None:
        bare = self._text.rstrip("{") if before_code else self._text
        self._written += literal(bare)
        if bare != self._text:
            self._written += "{{ '" + self._text[len(bare) :] + "' }}"
        self._text, self._inline = "", False


def as_jinja(parts: list[Part], into: JinjaText, files: dict[str, str]) -> None:
    """Writes parts that are within one message; the partials they take in go into `files`."""
    for part in parts:
        if isinstance(part, str):
            into.text(part)
        elif isinstance(part, Print):
            into.value(_printed(part.value))
        elif isinstance(part, Choice):
            into.tag(f"if {_condition(part)}")
            as_jinja(part.body, into, files)
            if part.otherwise:
                into.tag("else")
                as_jinja(part.otherwise, into, files)
            into.tag("endif")
        elif isinstance(part, Loop):
            code = part.value.code if part.value.sure else f"{part.value.code} | default([])"
            into.tag(f"for {part.item} in {code}")
            as_jinja(part.body, into, files)
            if part.otherwise:
                into.tag("else")
                as_jinja(part.otherwise, into, files)
            into.tag("endfor")
        elif isinstance(part, Include):
            inner = JinjaText()
            as_jinja(part.parts, inner, files)
            files[part.file] = inner.done()
            into.tag(f'include "{part.file}"')
        elif part.kind == "media" and part.value is not None:
            into.value(f"{part.value.code} | image")


class Stretch(NamedTuple):
    """Parts of one message, with its role."""

    role: str
    parts: list[Part]

    @property
    def printed(self) -> list[Part]:
        """The parts but for blank text."""
        return [part for part in self.parts if not isinstance(part, str) or part.strip()]

    @property
    def only_values(self) -> list[str]:
        """The inputs that alone make the message; none where there is more to it than their values."""
        names = [
            part.value.path[0]
            for part in self.printed
            if isinstance(part, Print) and len(part.value.path) == 1
        ]
        return names if len(names) == len(self.printed) else []


def stretches(parts: list[Part]) -> list[Stretch | None]:
    """The template cut at its markers; None is the history."""
    found: list[Stretch | None] = []
    role, now = "user", list[Part]()
    for part in [*parts, Marker("end")]:
        if not isinstance(part, Marker) or part.kind == "media":
            now.append(part)
            continue
        found.append(Stretch(role, now))
        now = []
        if part.kind == "role":
            role = ROLES[part.name]
        elif part.kind == "history":
            found.append(None)
            role = "assistant"  # as Dotprompt has it: what follows is the model's, unless a role is named
    return [one for one in found if one is None or one.printed]


def template_of(parts: list[Part], history: str, missing: Collection[str], files: dict[str, str]) -> str:
    """The whole prompt: a block for each stretch of one role.

    Args:
        parts: The template.
        history: Our name of the input for messages.
        missing: Inputs that may have no value.
        files: Grows by the partials.
    """
    return "".join(
        f"{{% insert {history} %}}\n" if one is None else _block(one, missing, files)
        for one in stretches(parts)
    )


def _block(stretch: Stretch, missing: Collection[str], files: dict[str, str]) -> str:
    """A role block. Dotprompt leaves out a message without any text; one of ours that renders empty is an error."""
    printed = stretch.printed
    only = printed[0]
    if len(printed) == 1 and isinstance(only, Choice) and not only.otherwise:
        inner = Stretch(stretch.role, only.body)
        return f"{{% if {_condition(only)} %}}\n{_block(inner, missing, files)}{{% endif %}}\n"
    into = JinjaText()
    as_jinja(stretch.parts, into, files)
    block = message(stretch.role, into.done())
    names = list(dict.fromkeys(stretch.only_values))
    if names and all(name in missing for name in names):
        return f"{{% if {' or '.join(names)} %}}\n{block}{{% endif %}}\n"
    return block


def _printed(value: Value) -> str:
    if value.kind == "boolean":
        return (
            f"{value.code} | tojson"
            if value.sure
            else f"{value.code} | tojson if {value.code} is defined else ''"
        )
    return value.code if value.sure else f"{value.code} | default('')"


def _condition(part: Choice) -> str:
    value = part.value
    if part.other is not None:
        return f"{_compared(value)} {'!=' if part.negated else '=='} {_compared(part.other)}"
    if value.kind == "object":
        code = f"{value.code} is mapping"
        return f"not ({code})" if part.negated else code
    code = value.code if value.sure else f"{value.code} | default(false)"
    if not part.negated:
        return code
    return f"not ({code})" if " " in code else f"not {code}"


def _compared(value: Value) -> str:
    return value.code if value.sure else f"({value.code} | default(none))"
