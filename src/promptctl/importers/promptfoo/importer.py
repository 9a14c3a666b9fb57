"""promptfoo configurations: prompts in Nunjucks, providers, tests and assertions.

Read as promptfoo 0.120 reads them. Each prompt becomes a prompt file and a suite of its own; of several providers the
first one that promptctl serves becomes its model. Templates are translated by `nunjucks`, `render`
and `jinja`, assertions by `assertions`.
"""

import posixpath
import re
import shlex
from collections.abc import Callable
from typing import Any, TypeVar

from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.importers.imported import Files, Imported, ImportedPrompt, ImportedSuite, LeftOut, Note
from promptctl.importers.promptfoo.cases import CaseReader
from promptctl.importers.promptfoo.config import ELSEWHERE, SILENT, TAKEN, Part, named_keys, read_config
from promptctl.importers.promptfoo.foreign import refuse_other_files, top_keys
from promptctl.importers.promptfoo.js import Unclear, as_json
from promptctl.importers.promptfoo.original_tests import Test, TestReader
from promptctl.importers.promptfoo.prompts import PromptReader, RawPrompt, allowed
from promptctl.importers.promptfoo.providers import ProviderReader
from promptctl.importers.promptfoo.settings import Model
from promptctl.importers.promptfoo.sources import Sources
from promptctl.importers.promptfoo.written import Writing

ENDINGS = (".yaml", ".yml", ".json")
T = TypeVar("T")
_OURS = ("providers", "targets", "tests", "scenarios", "defaultTest")


class Promptfoo:
    """Imports promptfoo configurations."""

    def recognises(self, path: str, text: str) -> bool:
        """By its name, or by prompts beside providers or tests."""
        name = posixpath.basename(path).lower()
        if not name.endswith(ENDINGS):
            return False
        keys = top_keys(name, text)
        if {"results", "prompts"} <= keys or {"results", "stats"} <= keys:
            return False
        return name.startswith("promptfooconfig") or ("prompts" in keys and any(key in keys for key in _OURS))

    def read(self, files: Files, path: str) -> Imported:
        """Every prompt with its suite."""
        text = files.text(path)
        refuse_other_files(path, text)
        try:
            config = read_config(text, path)
            return _Reader(config, Sources(files, posixpath.dirname(path)), path).read()
        except RecursionError:
            message = "this is nested too deeply, or leads through files that name one another"
            fix = "take out the reference that leads back"
            raise FileError(message, slug="import-unsupported", at=Place(path), fix=fix) from None


class _Reader:
    def __init__(self, config: Part, sources: Sources, path: str) -> None:
        self.config, self.sources, self.path = config, sources, path
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.errors: list[PromptctlError] = []
        self.tables: dict[str, Any] = {}
        # Providers that are not the model of a prompt: (name, place, what to do) and the prompts.
        self.further: dict[tuple[str, Place, str], list[str]] = {}

    def read(self) -> Imported:
        known = {**dict.fromkeys(SILENT, ""), **ELSEWHERE}
        self.left_out += [
            one for one in named_keys(self.config, known, TAKEN, "the configuration") if one.instead
        ]
        prompts, providers, tests = (
            self._tried(self._prompts),
            self._tried(self._providers),
            self._tried(self._tests),
        )
        raise_all(self.errors)
        self._name_unmet(prompts, providers, tests)
        made: list[ImportedPrompt] = []
        suites: list[ImportedSuite] = []
        names = _ids(prompts, self.path)
        for prompt, name in zip(prompts, names, strict=True):
            try:
                one, suite = self._prompt(prompt, name, providers, tests)
            except Unclear as error:
                self._refuse(prompt, error)
                continue
            made.append(one)
            suites += [suite] if suite else []
        if not made:
            self._nothing()
        self._name_further([one.id for one in made])
        return Imported(
            prompts=tuple(made),
            suites=tuple(suites),
            left_out=_once(self.left_out),
            config=self.tables,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _tried(self, read: Callable[[], list[T]]) -> list[T]:
        """What `read` gives; its mistakes are kept, to be shown with the others."""
        try:
            return read()
        except PromptctlError as error:
            self.errors += error.each()
            return []

    def _prompts(self) -> list[RawPrompt]:
        return PromptReader(self.sources, self.left_out).read(self.config.at("prompts"))

    def _tests(self) -> list[Test]:
        return TestReader(self.sources, self.left_out).read(self.config)

    def _providers(self) -> list[Part]:
        key = "targets" if self.config.at("providers").value is None else "providers"
        return ProviderReader(self.sources, self.left_out).read(self.config.at(key))

    def _prompt(
        self, prompt: RawPrompt, name: str, providers: list[Part], tests: list[Test]
    ) -> tuple[ImportedPrompt, ImportedSuite | None]:
        model = self._model(prompt, name, providers)
        cases = CaseReader(tests, self.sources)
        description = self.config.at("description").value
        writing = Writing(prompt, name, model, description if isinstance(description, str) else "")
        written = writing.read(cases, repeats=self._repeats())
        self.left_out += cases.left_out
        self.notes += cases.notes
        return written

    def _model(self, prompt: RawPrompt, name: str, providers: list[Part]) -> Model:
        """The first provider of a prompt that can be asked; the others by the command that asks them."""
        reader = ProviderReader(self.sources, self.left_out)
        models = [reader.model(part, prompt.config) for part in providers]
        own = [model for model in models if allowed(prompt.label, model.prompts)]
        chosen = next((model for model in own if model.name is not None), None)
        for model in own:
            for table, entries in model.config.items():
                self.tables.setdefault(table, {}).update(entries)
            label = model.label or model.written
            if model is chosen:
                self.left_out += model.left_out
                self.notes += model.notes
            elif model.name is None:
                self.left_out += model.left_out
            elif chosen is not None and _request(model) == _request(chosen):
                said = f"provider {label} sends what {chosen.label or chosen.written} sends: it is asked once"
                self.notes.append(Note(said, model.place))
            else:
                key = (label, model.place, _also(model, chosen))
                self.further.setdefault(key, []).append(name)
        if chosen is not None:
            return chosen
        return Model("", prompt.place)

    def _name_unmet(self, prompts: list[RawPrompt], providers: list[Part], tests: list[Test]) -> None:
        """Names the tests and providers whose `prompts:` mean none of the prompts."""
        asking = [(test.named, test.prompts, test.place) for test in tests]
        asking += [
            (f"provider {one.value['id']}", one.value.get("prompts"), one.place()) for one in providers
        ]
        for what, references, place in asking:
            if isinstance(references, list) and not any(allowed(one.label, references) for one in prompts):
                names = ", ".join(map(str, references))
                instead = "where no prompt has that label, promptfoo passes over it too: mend it"
                self.left_out.append(LeftOut(f"{what} for {names}, not among these prompts", place, instead))

    def _name_further(self, made: list[str]) -> None:
        for (label, place, instead), names in self.further.items():
            own = [name for name in names if name in made]
            which = "" if own == made else f" of {', '.join(own)}"
            if own:
                self.left_out.append(LeftOut(f"provider {label}{which}", place, instead))

    def _repeats(self) -> int | None:
        options = self.config.at("evaluateOptions")
        for key in options.mapping("evaluateOptions"):
            if key not in (
                "repeat",
                "maxConcurrency",
                "showProgressBar",
                "delay",
                "cache",
                "timeoutMs",
                "maxEvalTimeMs",
            ):
                self.left_out.append(
                    LeftOut(f"evaluateOptions.{key}", options.place(key), "see `promptctl test --help`")
                )
        for where in (options, self.config.at("commandLineOptions")):
            repeat = where.mapping("options").get("repeat")
            if isinstance(repeat, int) and not isinstance(repeat, bool) and repeat > 1:
                return repeat
        return None

    def _refuse(self, prompt: RawPrompt, error: Unclear) -> None:
        place = _inside(prompt, error)
        what = f"prompt {prompt.title or prompt.name}: {error}"
        self.left_out.append(LeftOut(what, place, "write this prompt by hand"))
        fix = "write it by hand; docs/importing.md lists what can be imported"
        message = f"{error} cannot be imported"
        self.errors.append(FileError(message, slug="import-unsupported", at=place, fix=fix))

    def _nothing(self) -> None:
        raise_all(self.errors)
        refused = [
            FileError(f"{one.what} cannot be imported", slug="import-unsupported", at=one.at, fix=one.instead)
            for one in self.left_out
            if one.what.startswith("a prompt")
        ]
        raise_all(refused)
        fix = "name the prompts under `prompts:`"
        raise FileError(
            "this configuration has no prompts", slug="import-nothing", at=self.config.place(), fix=fix
        )


def _request(model: Model) -> tuple[Any, ...]:
    return model.name, model.params, model.tools, model.response_format, model.system


def _also(model: Model, chosen: Model | None) -> str:
    """The command that asks a further model; where it is asked something else, what to do instead."""
    if chosen is not None and _request(model)[2:] != _request(chosen)[2:]:
        return f"it has tools or a shape of answer of its own: copy the prompt, with `model: {model.name}`"
    command = shlex.join(["promptctl", "test", "--model", model.name or ""])
    if chosen is None or model.params == chosen.params:
        return f"`{command}` asks it"
    params = ", ".join(f"{key}: {as_json(value)}" for key, value in model.params.items())
    return f"`{command}` asks it; its own params are {{{params}}}"


def _ids(prompts: list[RawPrompt], path: str) -> list[str]:
    """An id for each prompt: the configuration's folder, what its name adds, the prompt's own name."""
    stem = posixpath.basename(path).rpartition(".")[0]
    variant = re.sub(r"^promptfooconfig[._-]?", "", stem)
    before = [*posixpath.dirname(path).split("/"), variant]
    names: list[str] = []
    for prompt in prompts:
        parts = [re.sub(r"[^\w.-]+", "-", part).strip("-._") for part in (*before, *prompt.name.split("/"))]
        name = "/".join(part for part in parts if part) or "prompt"
        number, own = 1, name
        while own.casefold() in {one.casefold() for one in names}:
            number += 1
            own = f"{name}-{number}"
        names.append(own)
    return names


def _inside(prompt: RawPrompt, error: Unclear) -> Place:
    """The line of a prompt's file that an error is about; the prompt's own place where it cannot be told."""
    if error.at is None or prompt.place.column != 1:
        return prompt.place
    return Place(prompt.place.path, prompt.place.line + prompt.raw.count("\n", 0, error.at))


def _once(left_out: list[LeftOut]) -> tuple[LeftOut, ...]:
    """Each thing once: the same assertion stands in the suite of every prompt."""
    found: dict[Any, LeftOut] = {}
    for one in left_out:
        found.setdefault((one.what, str(one.at)), one)
    return tuple(found.values())
