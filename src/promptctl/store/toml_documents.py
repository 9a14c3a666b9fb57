"""Strict TOML: the standard library's parser, with the place of each key and every failure an error."""

import math
import re
from functools import partial
from typing import Any

from promptctl.core.full_width import HALF
from promptctl.errors import FileError, Place, raise_all
from promptctl.store.full_width import slip_error, slips
from promptctl.store.places import Document, Key, Mark, depth_exceeds, refuse_large, too_deep
from promptctl.store.toml_spots import toml_spots

_FORMS = {**HALF, "：": "="}  # between a name and its value TOML has an equals sign
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(text: str, path: str, *, only: tuple[str, ...] = ()) -> Document:
    """The data of a TOML text. `only` names the table that is ours; dates in other tables are not our concern.

    Raises:
        FileError: not TOML, a duplicate key, a date, nan or inf.
    """
    import tomllib  # only configuration is TOML: an application that loads a prompt never comes here

    refuse_large(text, path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = [
            slip_error(one, Place(path, one.line + 1, one.column + 1), "TOML", _FORMS)
            for one in slips(text, _fault_of(text) or (0, 0), _fault_of, _FORMS)
        ]
        raise_all(found or [_bad_toml(str(error), text, path)])
    except RecursionError:
        raise too_deep(path) from None
    except ValueError:  # an integer of more than 4,300 digits
        raise FileError(
            "a number is too long", slug="huge-number", at=Place(path), fix="write it as text, in quotes"
        ) from None
    if depth_exceeds(value):
        raise too_deep(path)
    document = Document(value, path, partial(toml_spots, text))
    for key in only:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    _refuse_foreign(document, value, only)
    return document


def _bad_toml(message: str, text: str, path: str) -> FileError:
    line, column = _where(message, text)
    problem = _WHERE.sub("", message)
    slug, fix = "bad-toml", "look for a missing quote, bracket or = here"
    if problem.startswith(("Cannot overwrite", "Cannot declare", "Duplicate")):
        slug, fix = "duplicate-key", "keep one of the two"
    return FileError(f"this is not valid TOML: {problem}", slug=slug, at=Place(path, line, column), fix=fix)


def _where(message: str, text: str) -> Mark:
    """Line and column, from 1, that the parser's message names; the end where it names none."""
    found = _WHERE.search(message)
    if found and found.group(1):
        return int(found.group(1)), int(found.group(2))
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _fault_of(text: str) -> Mark | None:
    import tomllib

    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column = _where(str(error), text)
        return line - 1, column - 1
    except (ValueError, RecursionError):  # read as far as it matters here
        return None
    return None


def _refuse_foreign(document: Document, value: Any, keys: tuple[Key, ...]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_foreign(document, item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_foreign(document, item, (*keys, index))
    elif isinstance(value, float) and not math.isfinite(value):
        message = f"{value} is no number that can be kept"
        raise document.error(message, *keys, slug="not-finite", fix="remove it")
    elif isinstance(value, int) and value.bit_length() > 1000:
        raise document.error(
            "a number is too long", *keys, slug="huge-number", fix="write it as text, in quotes"
        )
    elif not isinstance(value, (str, int, float)):
        raise document.error("dates are not used here", *keys, slug="toml-date", fix="put the date in quotes")
