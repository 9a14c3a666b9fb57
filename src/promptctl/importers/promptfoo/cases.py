"""Tests of promptfoo as cases of one prompt: what each sends, its checks, and by name what cannot be asked here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from promptctl.importers.imported import LeftOut, Note
from promptctl.importers.promptfoo.assertions import Context
from promptctl.importers.promptfoo.chat import MARKERS, Chat, Messages
from promptctl.importers.promptfoo.checks import Check
from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.not_carried import NotCarried
from promptctl.importers.promptfoo.nunjucks import parse
from promptctl.importers.promptfoo.original_tests import OPTIONS, Test
from promptctl.importers.promptfoo.prompts import allowed
from promptctl.importers.promptfoo.render import render
from promptctl.importers.promptfoo.scores import checks_of
from promptctl.importers.promptfoo.settings import Model
from promptctl.importers.promptfoo.sources import Sources
from promptctl.importers.promptfoo.vars import combinations, resolved

MAX_CASES = 20_000

_BY_HAND = "write this case by hand"
_JUDGE = "promptctl has no judges yet"
_TRANSFORM = "assertions would look at what the code makes: name the part of the output with `extract:`"
_OPTIONS = {
    "transform": _TRANSFORM,
    "postprocess": _TRANSFORM,
    "transformVars": "put what it makes into the values",
    "provider": _JUDGE,
    "rubricPrompt": _JUDGE,
    "factuality": _JUDGE,
    "repeat": "`samples:` in the suite asks every case several times",
}
"""Options of a test without an equal, with what to do instead."""


class Asked(NamedTuple):
    """One test with one set of values, and what promptfoo sends for it.

    `values` are as templates and assertions see them, `given` as they reach the prompt's own template.
    """

    test: Test
    values: dict[str, Any]
    given: dict[str, Any]
    sent: Messages


class Case(NamedTuple):
    """A case to be: its values, the checks that `defaultTest` gives it, its own."""

    test: Test
    values: dict[str, Any]
    shared: list[Check]
    own: list[Check]


class CaseReader:
    """Makes cases of the tests of one prompt; `left_out` and `notes` grow."""

    def __init__(self, tests: Sequence[Test], sources: Sources) -> None:
        self.tests, self.sources = tests, sources
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self._stored = {
            str(test.options["storeOutputAs"]) for test in tests if test.options.get("storeOutputAs")
        }

    def asked(self, chat: Chat, label: str) -> list[Asked]:
        """The tests of a prompt, one for each combination of values, without those that cannot be asked."""
        tests = [test for test in self.tests if allowed(label, test.prompts)]
        found = list(islice((one for test in tests for one in self._of_test(chat, test)), MAX_CASES + 1))
        if len(found) > MAX_CASES:
            raise Unclear(f"more than {MAX_CASES:,} tests of one prompt")
        return found

    def _of_test(self, chat: Chat, test: Test) -> Iterator[Asked]:
        expand = test.options.get("disableVarExpansion") is not True
        try:
            _refuse(test)
            found = combinations(test.values, self.sources, expand=expand)
        except (NotCarried, Unclear) as error:
            self._drop(test, error)
            return
        for values in found:
            try:
                yield self._one(chat, test, values)
            except (NotCarried, Unclear) as error:
                self._drop(test, error)

    def _drop(self, test: Test, error: NotCarried | Unclear) -> None:
        cure = error.instead if isinstance(error, NotCarried) else _BY_HAND
        self.left_out.append(LeftOut(f"{test.named} with {error}", test.place, cure))

    def _one(self, chat: Chat, test: Test, combination: Mapping[str, Any]) -> Asked:
        values = resolved(combination, self.sources)
        texts = [value for value in values.values() if isinstance(value, str)]
        for name in self._stored:
            if any(re.search(rf"\{{\{{\s*{re.escape(name)}\b", text) for text in texts):
                raise NotCarried(
                    f"{name}, an earlier test's output", "write the turns as one case, under `turns:`"
                )
        given = dict(values)
        for name, value in values.items():
            if chat.rendered_twice and isinstance(value, str) and MARKERS.search(value):
                given[name] = render(parse(value), values)
        return Asked(test, values, given, chat.original(values))

    def case(self, asked: Asked, values: dict[str, Any], model: Model) -> Case:
        """One case with the checks that are its own, and those it has from `defaultTest`."""
        test = asked.test
        self._name_options(test)
        shaped = (model.response_format or {}).get("type") == "json_schema"
        context = Context(asked.values, self.sources, model.tools, shaped)
        transformed = test.options.get("transform") or test.options.get("postprocess")
        parts = () if transformed else (*test.default, *test.asserts)
        found = checks_of(parts, test.threshold, context)
        self.left_out += [*found.left_out, *found.differences]
        shared = len(checks_of(test.default, None, context).checks) if parts and test.threshold is None else 0
        return Case(test, values, found.checks[:shared], found.checks[shared:])

    def _name_options(self, test: Test) -> None:
        unknown = "write it under `params:` in the prompt's header, for all cases"
        for key in test.options:
            if cure := _OPTIONS.get(key, "" if key in OPTIONS else unknown):
                self.left_out.append(LeftOut(f"options.{key}", test.places[key], cure))
        if test.scoring is not None:
            cure = "promptctl counts which checks pass: write a `python` check"
            self.left_out.append(LeftOut("assertScoringFunction", test.scoring, cure))


def _refuse(test: Test) -> None:
    """Raises NotCarried for a test that is not asked by rendering the prompt for its model."""
    if test.output is not None:
        raise NotCarried("providerOutput", "import the output with `promptctl answers import`")
    if test.provider is not None:
        raise NotCarried("a provider of its own", "ask it with `promptctl test --case ID --model NAME`")
    for key in ("prefix", "suffix"):
        if test.options.get(key):
            raise NotCarried(f"options.{key}", "write it into the prompt, or into a value")
