"""The tests of a configuration: inline, in files, from scenarios, with what `defaultTest` gives all of them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.importers.foreign import Foreign, Spot, in_words
from promptctl.importers.foreign_json import read_json
from promptctl.importers.foreign_yaml import read_yaml
from promptctl.importers.imported import LeftOut
from promptctl.importers.promptfoo.assertions import TYPES
from promptctl.importers.promptfoo.config import Part, named_keys
from promptctl.importers.promptfoo.csv import doubtful_columns, rows_of, test_of
from promptctl.importers.promptfoo.sources import DATA, Sources, is_code, is_glob

KEYS = (
    *(
        "description",
        "vars",
        "assert",
        "threshold",
        "options",
        "metadata",
        "prompts",
        "provider",
        "providers",
    ),
    *("providerOutput", "assertScoringFunction"),
)
OPTIONS = (
    *("prefix", "suffix", "transform", "postprocess", "storeOutputAs", "provider", "rubricPrompt", "repeat"),
    *("disableVarExpansion", "disableDefaultAsserts", "disableConversationVar", "factuality", "runSerially"),
)

MAX_TESTS = 10_000


class Test(NamedTuple):
    """One test with all that it inherits.

    `asserts` are its own assertions, `default` those of `defaultTest`, which stand before them. `places` says where its
    options stand, `scoring` where a function is named that counts for it.
    """

    place: Place
    values: dict[str, Any]
    asserts: tuple[Part, ...]
    default: tuple[Part, ...]
    description: str = ""
    threshold: Any = None
    options: Mapping[str, Any] = {}
    places: Mapping[str, Place] = {}
    metadata: Mapping[str, Any] = {}
    prompts: Any = None
    provider: Any = None
    output: Any = None
    scoring: Place | None = None

    @property
    def named(self) -> str:
        """The test in a sentence."""
        return f'the test "{self.description}"' if self.description else "a test"


class TestReader:
    """Reads `tests:`, `scenarios:` and `defaultTest:`; `left_out` grows by what is no test, or made by code."""

    def __init__(self, sources: Sources, left_out: list[LeftOut]) -> None:
        self.sources, self.left_out = sources, left_out
        self.errors: list[PromptctlError] = []

    def read(self, config: Part) -> list[Test]:
        """All tests.

        Raises:
            PromptctlError: a file that is not there or cannot be read, a test of the wrong shape.
        """
        default = self._default(config)
        found: list[Test] = []
        for part, base, row in self._all(config, default):
            if len(found) == MAX_TESTS:
                message = f"more than {MAX_TESTS:,} tests"
                raise FileError(message, slug="too-large", at=part.place(), fix="import a part of them")
            try:
                found.append(self._test(part, base, default, row))
            except PromptctlError as error:
                self._keep(error)
        raise_all(self.errors)
        return found

    def _all(self, config: Part, default: Part) -> Iterator[tuple[Part, Sources, Part | None]]:
        """Every test, with the folder of its files and the row of a scenario that it stands in."""
        for part, base in self._entries(config.at("tests"), self.sources):
            yield part, base, None
        for scenario in self._scenarios(config.at("scenarios")):
            yield from self._crossed(scenario)
        if config.at("tests").value is None and config.at("scenarios").value is None and default.value:
            yield Part(config.document, {}, default.keys), self.sources, None

    def _default(self, config: Part) -> Part:
        part = config.at("defaultTest")
        if isinstance(part.value, str):
            document = self.sources.document(part.value)
            part = Part(document, document.value)
        part.mapping("defaultTest")
        return part

    def _scenarios(self, part: Part) -> Iterator[Part]:
        for item in part.items():
            if isinstance(item.value, str):
                for path in self._paths(item.value, item):
                    with self.sources.top().within(path):
                        document = self.sources.top().document(path)
                        yield from self._scenarios(Part(document, document.value))
            else:
                item.mapping("a scenario")
                yield item

    def _crossed(self, scenario: Part) -> Iterator[tuple[Part, Sources, Part]]:
        """Each row of a scenario's config with each of its tests; without tests, the rows alone."""
        for item in scenario.at("config").items():
            row = self._loaded(item, self.sources)
            if not scenario.at("tests").items():
                yield Part(scenario.document, {}, scenario.keys), self.sources, row
            for part, base in self._entries(scenario.at("tests"), self.sources):
                yield part, base, row

    def _entries(self, part: Part, base: Sources) -> Iterator[tuple[Part, Sources]]:
        """Every test as a mapping, with the folder that its own files are named from."""
        for item in part.items():
            reference = item.value.get("path") if isinstance(item.value, dict) else item.value
            if isinstance(reference, str):
                try:
                    for path in self._paths(reference, item):
                        with self.sources.top().within(path):
                            yield from self._file(path)
                except PromptctlError as error:
                    self._keep(error)
            elif isinstance(item.value, dict):
                yield item, base
            else:
                message = f"a test must be a mapping or a file, found {in_words(item.value)}"
                self.errors.append(item.wrong(message))

    def _paths(self, reference: str, item: Part) -> list[str]:
        if is_code(reference) or (":" in reference.removeprefix("file://") and "://" not in reference):
            self._drop(f"tests made by a program ({reference})", item, "save them in a file, and name that")
            return []
        if "://" in reference.removeprefix("file://"):
            self._drop(f"tests kept elsewhere ({reference})", item, "export them as CSV, and name the file")
            return []
        if reference.lower().endswith((".xlsx", ".xls")) or "#" in reference:
            self._drop(f"tests in a spreadsheet ({reference})", item, "export them as CSV, and name the file")
            return []
        paths = self.sources.matching(reference)
        if not paths or not (is_glob(reference) or self.sources.exists(reference)):
            message = f"no file fits {reference}"
            fix = "import the folder that holds them, or mend the pattern"
            raise FileError(message, slug="no-such-file", at=item.place(), fix=fix)
        return paths

    def _file(self, path: str) -> Iterator[tuple[Part, Sources]]:
        text = self.sources.files.text(path)
        base = self.sources.below(path)
        if path.endswith(".csv"):
            for document in self._rows(text, path):
                yield Part(document, document.value), base
        elif path.endswith(".jsonl"):
            for number, line in enumerate(text.split("\n"), 1):
                if line.strip():
                    yield _line(line, path, number), base
        elif path.endswith(DATA):
            document = (read_json if path.endswith(".json") else read_yaml)(text, path)
            yield from self._entries(Part(document, document.value), base)
        else:
            message = f"{path} is no file that tests can be in"
            fix = "promptfoo reads tests in CSV, JSON, JSON lines and YAML"
            raise FileError(message, slug="import-unsupported", at=Place(path), fix=fix)

    def _rows(self, text: str, path: str) -> Iterator[Foreign]:
        for index, (line, row) in enumerate(rows_of(text, path)):
            for column, meant in doubtful_columns(row) if index == 0 else ():
                what = f"the column {column}, which is a variable here and in promptfoo"
                self.left_out.append(LeftOut(what, Place(path), f"did you mean {meant}?"))
            yield Foreign(test_of(row, TYPES), path, Spot(line, 1))

    def _loaded(self, part: Part, base: Sources) -> Part:
        """A test whose `vars` are files, with what they hold in their place."""
        values = part.mapping("a test").get("vars")
        if not isinstance(values, (str, list)):
            return part
        found: dict[str, Any] = {}
        for reference in [values] if isinstance(values, str) else values:
            if not isinstance(reference, str):
                raise part.wrong(f"vars must be a mapping or files, found {in_words(values)}")
            for path in base.matching(reference):
                document = base.top().document(path)
                found.update(Part(document, document.value).mapping("a file of variables"))
        return Part(part.document, {**part.value, "vars": found}, part.keys)

    def _test(self, part: Part, base: Sources, default: Part, row: Part | None = None) -> Test:
        layers = [default, *([row] if row else []), self._loaded(part, base)]
        self.left_out += named_keys(part, {}, KEYS, "a test")
        merged: dict[str, Any] = {}
        for key in ("vars", "options", "metadata"):
            merged[key] = {}
            for layer in layers:
                merged[key].update(layer.at(key).mapping(key))
        last = {
            key: next((one.at(key).value for one in reversed(layers) if one.at(key).value is not None), None)
            for key in KEYS
        }
        places = {
            key: layer.place("options", key)
            for layer in layers
            for key in layer.at("options").mapping("options")
        }
        scored = "assertScoringFunction"
        own = [item for layer in layers[1:] for item in self._assertions(layer.at("assert"))]
        disabled = merged["options"].get("disableDefaultAsserts") is True
        return Test(
            place=part.place(),
            values=merged["vars"],
            asserts=tuple(own),
            default=() if disabled else tuple(self._assertions(default.at("assert"))),
            description=str(last["description"] or ""),
            threshold=last["threshold"],
            options=merged["options"],
            places=places,
            metadata=merged["metadata"],
            prompts=last["prompts"],
            provider=last["provider"] or last["providers"],
            output=last["providerOutput"],
            scoring=next((layer.place(scored) for layer in reversed(layers) if layer.at(scored).value), None),
        )

    def _assertions(self, part: Part) -> Iterator[Part]:
        """The assertions of a list, those in files too."""
        if part.value is not None and not isinstance(part.value, list):
            raise part.wrong(f"assert must be a list, found {in_words(part.value)}")
        for item in part.items():
            if isinstance(item.value, str) and item.value.startswith("file://") and not is_code(item.value):
                with self.sources.within(item.value):
                    document = self.sources.document(item.value)
                    yield from self._assertions(Part(document, document.value))
            elif isinstance(item.value, dict):
                yield item
            else:
                self._drop(
                    f"an assertion that is {in_words(item.value)}", item, "write a mapping with `type:`"
                )

    def _keep(self, error: PromptctlError) -> None:
        """Goes on, to show all mistakes together."""
        if error.slug == "too-large":
            raise error
        self.errors += error.each()

    def _drop(self, what: str, part: Part, instead: str) -> None:
        self.left_out.append(LeftOut(what, part.place(), instead))


def _line(line: str, path: str, number: int) -> Part:
    try:
        document = read_json(line, path)
    except PromptctlError as error:
        if isinstance(error.at, Place):
            error.at = Place(path, number, error.at.column)
        raise
    return Part(Foreign(document.value, path, Spot(number, 1)), document.value)
