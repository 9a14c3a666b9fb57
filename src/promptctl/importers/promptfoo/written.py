"""One prompt of promptfoo with its suite, written as ours: template, header, files, cases."""

from collections.abc import Mapping, Sequence
from typing import Any

from promptctl.errors import FileError
from promptctl.importers.chat_output import schema_file, tool_paths
from promptctl.importers.imported import ForeignRequest, ImportedPrompt, ImportedSuite, LeftOut
from promptctl.importers.jinja_text import message
from promptctl.importers.promptfoo.cases import Asked, CaseReader
from promptctl.importers.promptfoo.chat import MARKERS, Chat, Messages
from promptctl.importers.promptfoo.inputs import Input, Inputs, inputs_of
from promptctl.importers.promptfoo.jinja import Writer, has_tags
from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.prompts import RawPrompt
from promptctl.importers.promptfoo.render import Traits
from promptctl.importers.promptfoo.settings import Model
from promptctl.importers.promptfoo.skeleton import Chosen, Inserted, Part, Repeated, Said
from promptctl.importers.promptfoo.suites import suite_of
from promptctl.templating.marks import without_blank_ends

_SAMPLES = ("a plain value of {name}", 'first line of {name}\n\n  last "line" <b>&\'</b> \\n %s $x 退款 😀')
_EMPTY = {"string": "", "list": [], "object": {}, "messages": []}
_FULL = {
    "boolean": True,
    "integer": 1,
    "number": 1,
    "list": ["one", "two"],
    "object": {"one": "two"},
    "messages": [{"role": "user", "content": "Hello"}],
}


class Writing:
    """Writes one prompt.

    Args:
        prompt: The prompt as promptfoo has it.
        name: Its id here.
        model: Who answers.
        description: What the configuration says of itself.
    """

    def __init__(self, prompt: RawPrompt, name: str, model: Model, description: str) -> None:
        """Raises Unclear: the template cannot be carried over."""
        self.prompt, self.name, self.model, self.description = prompt, name, model, description
        self.chat = Chat(prompt.raw)
        self.traits = Traits()
        self.inputs = Inputs()
        self.empty = False  # a case sends an empty message

    def read(self, cases: CaseReader, *, repeats: int | None) -> tuple[ImportedPrompt, ImportedSuite | None]:
        """The prompt, and its suite where there are tests. `repeats` is how often each case is asked.

        Raises:
            Unclear: the prompt cannot be carried over.
        """
        asked = cases.asked(self.chat, self.prompt.label)
        self.inputs = inputs_of(self.chat.parts, [one.given for one in asked])
        self.traits.transparent |= self.inputs.transparent
        kept = [(one, values) for one in asked if (values := self._values(one, cases)) is not None]
        samples = self._samples([values for _, values in kept])
        if not samples:
            why = f" ({cases.left_out[0].what})" if cases.left_out else ""
            raise Unclear(f"a template without any values that Nunjucks and Jinja read alike{why}")
        header, files = self._header()
        written = ImportedPrompt(
            id=self.name,
            header=header,
            body=self._body(),
            original=self._original,
            place=self.prompt.place,
            files=files,
            samples=tuple(samples),
        )
        made = [cases.case(one, values, self.model) for one, values in kept]
        settings, rows = suite_of(made, cases.notes)
        if repeats:
            settings["samples"] = repeats
        suite = (
            ImportedSuite(self.name, self.name, tuple(rows), self.prompt.place, settings) if rows else None
        )
        return written, suite

    def _values(self, asked: Asked, cases: CaseReader) -> dict[str, Any] | None:
        """The values of a case; None, and named, where our template would say something else with them."""
        try:
            values = self.inputs.ours(asked.given)
            ours = self.chat.ours(self._with_defaults(values), self.traits)
            same = _bare(ours) == _bare(asked.sent) == _bare(self._sent(values))
        except Unclear as error:
            cases.left_out.append(
                LeftOut(f"a test, with {error}", asked.test.place, "write this case by hand")
            )
            return None
        if not same:
            again = any(MARKERS.search(one["content"]) for one in ours)
            what = (
                "a test whose prompt has braces left in it, which promptfoo renders a second time"
                if again
                else "a test whose values Nunjucks and Jinja put in differently"
            )
            cases.left_out.append(LeftOut(what, asked.test.place, "write this case by hand"))
            return None
        self.empty = self.empty or _has_empty(ours)
        return values

    def _with_defaults(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values with the defaults that the header will declare."""
        found = dict(values)
        for name, one in self.inputs.by_name.items():
            if name not in found and one.missing and not one.optional and one.type in _EMPTY:
                found[name] = _EMPTY[one.type]
        return found

    def _original(self, values: Mapping[str, Any]) -> ForeignRequest:
        """What promptfoo sends where it has these values."""
        try:
            messages = self.chat.original(self.inputs.theirs(values))
        except Unclear as error:
            message_ = f"promptfoo itself could not be followed: {error}"
            fix = "write this prompt by hand"
            raise FileError(message_, slug="import-differs", at=self.prompt.place, fix=fix) from None
        system = [] if self.model.system is None else [{"role": "system", "content": self.model.system}]
        return ForeignRequest(
            self.model.name,
            (*system, *messages),
            self.model.params,
            self.model.tools,
            self.model.response_format,
        )

    # The prompt file

    def _body(self) -> str:
        optional = {one.name for one in self.inputs.by_name.values() if "optional" in _said(one)}
        writer = Writer(self.traits, optional=frozenset(optional))
        parts: list[Part] = list(self.chat.parts)
        only = parts[0] if len(parts) == 1 else None
        if isinstance(only, Said) and only.role == "user" and self.model.system is None:
            return writer.nodes(only.content) + "\n"
        system = "" if self.model.system is None else message("system", self.model.system)
        return system + "".join(_block(part, writer) for part in parts)

    def _header(self) -> tuple[dict[str, Any], dict[str, str]]:
        files: dict[str, str] = {}
        model = self.model
        header: dict[str, Any] = {
            "description": self.prompt.title or self.description,
            "model": model.name,
            "params": model.params,
            "inputs": {name: one.declared() for name, one in self.inputs.by_name.items()},
            "output": self._output(files),
            "tools": tool_paths(list(self.model.tools), self.name, files),
        }
        if self.empty:
            header["allow_empty"] = True
        if _has_tags(self.chat.parts):
            header["jinja"] = {"trim_blocks": False, "lstrip_blocks": False}
        return {key: value for key, value in header.items() if value or key == "inputs"}, files

    def _output(self, files: dict[str, str]) -> dict[str, Any] | None:
        wanted = self.model.response_format
        if wanted is None or wanted["type"] == "json_object":
            return None if wanted is None else {"format": "json_object"}
        inner = wanted["json_schema"]
        _, said = schema_file(inner["schema"], inner["name"], inner.get("strict"), self.name, files)
        return said

    # The proof

    def _samples(self, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Values that the proof is to render besides the cases': tried here, for promptfoo refuses some."""
        declared = self.inputs.by_name
        texts = [name for name, one in declared.items() if one.type == "string" and one.view == "plain"]
        found = []
        for full in (True, False):
            other = {
                name: _example(one, cases, full=full) for name, one in declared.items() if name not in texts
            }
            for form in _SAMPLES:
                sample = {**other, **{name: form.format(name=name) for name in texts}}
                if sample not in found and self._alike(sample):
                    found.append(sample)
        return found or [dict(one) for one in cases[:1]]

    def _alike(self, sample: Mapping[str, Any]) -> bool:
        """Whether the written template says with these values what promptfoo says."""
        traits = Traits(self.traits.transparent)
        try:
            ours = self.chat.ours(sample, traits)
            same = _bare(ours) == _bare(self._sent(sample))
        except Unclear:
            return False
        return same and traits.undefined <= self.traits.undefined and (self.empty or not _has_empty(ours))

    def _sent(self, values: Mapping[str, Any]) -> Messages:
        return self.chat.original(self.inputs.theirs(values))


def _example(one: Input, cases: Sequence[Mapping[str, Any]], *, full: bool) -> Any:
    """A value of an input that is no text: a case's, or the simplest there is, with something in it or empty."""
    given = next((values[one.name] for values in cases if one.name in values), None)
    if given is not None:
        return given
    return (_FULL if full else _EMPTY).get(one.type, _FULL.get(one.type, ""))


def _bare(messages: Messages) -> Messages:
    """Messages without blank lines at the ends, which promptctl never sends."""
    return [{**one, "content": without_blank_ends(one["content"])} for one in messages]


def _has_empty(messages: Messages) -> bool:
    return any(not one["content"] for one in _bare(messages))


def _said(one: Input) -> Mapping[str, Any]:
    declared = one.declared()
    return declared if isinstance(declared, dict) else {}


def _block(part: Part, writer: Writer) -> str:
    """A message, or messages in a loop or a condition, as Jinja."""
    if isinstance(part, Said):
        text = writer.nodes(part.content)
        return (
            message(part.role, text) if "\n" in text else f"{{% {part.role} %}}{text}{{% end{part.role} %}}\n"
        )
    if isinstance(part, Inserted):
        return f"{{% insert {part.variable.name} %}}\n"
    if isinstance(part, Repeated):
        return writer.loop(part.loop, "\n" + "".join(_block(one, writer) for one in part.parts)) + "\n"
    branches = [(test, "\n" + "".join(_block(one, writer) for one in body)) for test, body in part.branches]
    otherwise = "\n" + "".join(_block(one, writer) for one in part.otherwise) if part.otherwise else ""
    return writer.condition(branches, otherwise) + "\n"


def _has_tags(parts: Sequence[Part]) -> bool:
    return any(
        isinstance(part, (Repeated, Chosen)) or (isinstance(part, Said) and has_tags(part.content))
        for part in parts
    )
