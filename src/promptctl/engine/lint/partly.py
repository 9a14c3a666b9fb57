"""What can still be said of a file that cannot be read as a whole."""

from collections.abc import Iterator

from promptctl.engine.check import build
from promptctl.engine.check_files import files_of
from promptctl.engine.load import Side
from promptctl.errors import PromptctlError, Several
from promptctl.store.checkspecs import parse_checks
from promptctl.store.documents import Document, read_yaml
from promptctl.store.places import Key
from promptctl.store.suite_files import SuiteFiles

Keys = tuple[Key, ...]


def unread_checks(side: Side, parts: SuiteFiles) -> Iterator[PromptctlError]:
    """What is wrong with the checks of a suite that a mistake elsewhere keeps from being read."""
    for path in parts.pages:
        try:
            document = read_yaml(side.tree.text(path), path)
        except PromptctlError:  # said already
            continue
        for value, keys in _lists(document):
            try:
                specs = parse_checks(value, document.place, keys)
            except PromptctlError:
                continue
            for spec in specs:
                try:
                    build(spec, files_of(side))
                except PromptctlError as error:
                    yield from error.errors if isinstance(error, Several) else (error,)


def _lists(document: Document) -> Iterator[tuple[object, Keys]]:
    """The lists of checks of the suite itself, of each case in it and of each of its turns, with where they stand."""
    value = document.value
    before: Keys = ()
    if isinstance(value, dict):  # a suite, or a case in a file of its own
        yield from _lists_of(value, ())
        value, before = value.get("cases"), ("cases",)
    for index, case in enumerate(value if isinstance(value, list) else []):
        if isinstance(case, dict):
            yield from _lists_of(case, (*before, index))


def _lists_of(case: dict[str, object], keys: Keys) -> Iterator[tuple[object, Keys]]:
    for name in ("checks", "checks_all"):
        yield case.get(name), (*keys, name)
    turns = case.get("turns")
    for index, turn in enumerate(turns if isinstance(turns, list) else []):
        if isinstance(turn, dict):
            yield turn.get("checks"), (*keys, "turns", index, "checks")
