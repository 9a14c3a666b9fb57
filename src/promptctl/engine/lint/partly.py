"""What can still be said of a file that cannot be read as a whole."""

import unicodedata
from collections.abc import Iterator

from promptctl.engine.check import build
from promptctl.engine.load import Side
from promptctl.errors import FileError, PromptctlError, Several
from promptctl.store.checkspecs import parse_checks
from promptctl.store.documents import Document, read_yaml
from promptctl.store.places import FULL_WIDTH
from promptctl.store.suite_files import SuiteFiles

_NAMING = ("unknown-check", "template-syntax", "undeclared-input")
"""Errors whose message holds nothing foreign but the name or sign that was not understood."""


def unread_checks(side: Side, parts: SuiteFiles) -> Iterator[PromptctlError]:
    """What is wrong with the checks of a suite that a mistake elsewhere keeps from being read."""
    for path in filter(None, (parts.whole, parts.settings, *parts.cases)):
        try:
            document = read_yaml(side.tree.text(path), path)
        except PromptctlError:  # said already
            continue
        for value, keys in _mappings(document):
            try:
                specs = parse_checks(value.get("checks"), document.place, (*keys, "checks"))
            except PromptctlError:
                continue
            for spec in specs:
                try:
                    build(spec)
                except PromptctlError as error:
                    yield from error.errors if isinstance(error, Several) else (error,)


def with_half_width(error: PromptctlError) -> PromptctlError:
    """A name or a sign that is written full-width is most likely not another name: the fix says so."""
    if error.slug not in _NAMING or "full-width" in (error.fix or ""):
        return error
    wide = {mark: half for mark in error.message if (half := _half(mark))}
    if not wide:
        return error
    hint = ", ".join(f"{half} instead of {mark}" for mark, half in wide.items())
    better = FileError(error.message, slug=error.slug, at=error.at, fix=f"write {hint}")
    better.__cause__ = error.__cause__  # which says where in the template it arose
    return better


def _half(mark: str) -> str | None:
    """The ASCII form of a full-width sign; letters and digits are left alone."""
    half = FULL_WIDTH.get(mark) or unicodedata.normalize("NFKC", mark)
    return half if half != mark and half.isascii() and half.isprintable() and not half.isalnum() else None


def _mappings(document: Document) -> Iterator[tuple[dict[str, object], tuple[str | int, ...]]]:
    """The suite itself and each case in it, with where they stand."""
    value = document.value
    before: tuple[str, ...] = ()
    if isinstance(value, dict):
        yield value, ()
        value, before = value.get("cases"), ("cases",)
    for index, case in enumerate(value if isinstance(value, list) else []):
        if isinstance(case, dict):
            yield case, (*before, index)
