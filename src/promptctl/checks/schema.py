"""JSON Schema without its dangers: nothing is ever fetched, patterns have a time limit, errors are one line."""

import json
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from promptctl.checks.json_text import ABSENT, brief, look_up, shown_pointer
from promptctl.checks.pattern import compiled, searched
from promptctl.core.digest import canonical_json

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_PROBES: tuple[Any, ...] = (None, True, 0, "", [], {})
_ERRORS_READ = 20  # building every error of a large output can take minutes


class Schema:
    """A schema that can be asked about values."""

    def __init__(self, validator: "Validator") -> None:
        self._validator = validator

    def problem(self, value: Any) -> str | None:
        """Why `value` does not fit, with the JSON Pointer of the place; None where it fits.

        Raises:
            ValueError: the schema refers to something that is not in it.
        """
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            error = best_match(islice(self._validator.iter_errors(value), _ERRORS_READ))
        except Unresolvable as missing:
            raise ValueError(f"the schema refers to {missing.ref}, which is not in it") from missing
        except RecursionError:
            return "nested too deeply to be checked"
        except OverflowError as too_large:  # `format: regex` and a{99999999999}
            return f"holds a number too large to be checked ({too_large})"
        if error is None:
            return None
        at = shown_pointer(
            "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.absolute_path)
        )
        message = (
            error.message
            if len(error.message) <= 160
            else f"{error.validator} is not met by {brief(error.instance)}"
        )
        return f"{at}: {message}" if at else message


def schema_of(document: dict[str, Any]) -> Schema:
    """`document` ready for use.

    Raises:
        ValueError: it is no valid schema, cannot fail, refers to other documents or to itself without end.
    """
    return _schema_of(canonical_json(document))


@lru_cache(maxsize=128)
def _schema_of(text: str) -> Schema:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, extend, validator_for
    from referencing import Registry

    document = json.loads(text)
    kind = validator_for(document, default=Draft202012Validator)
    try:
        kind.check_schema(document)
    except SchemaError as error:
        at = "".join(f"/{step}" for step in error.absolute_path)
        raise ValueError(f"not a valid schema{f' at {at}' if at else ''}: {error.message[:160]}") from error
    except RecursionError as error:
        raise ValueError("the schema is nested too deeply") from error
    if not set(document) & (set(kind.VALIDATORS) | {"$ref"}):
        raise ValueError(f"the schema {brief(document)} asks for nothing, so every JSON fits it")
    _refuse_foreign_references(document)
    _compile_patterns(document)
    make: Any = extend  # has no types
    extended = make(
        kind,
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
            "multipleOf": _multiple_of,
        },
    )
    schema = Schema(extended(document, registry=Registry(), format_checker=kind.FORMAT_CHECKER))
    if any(schema.problem(probe) == "nested too deeply to be checked" for probe in _PROBES):
        raise ValueError("the schema refers to itself without end")
    return schema


def _parts(document: Any) -> Iterator[dict[str, Any]]:
    """All mappings in a schema, itself first."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _refuse_foreign_references(document: dict[str, Any]) -> None:
    if any("$id" in part for part in _parts(document)):
        return  # references are relative to the ids; what is missing shows when it is needed
    for part in _parts(document):
        reference = part.get("$ref")
        if not isinstance(reference, str):
            continue
        if not reference.startswith("#"):
            raise ValueError(
                f"$ref {reference!r} is in another document, which is never fetched: copy it under $defs"
            )
        if reference.startswith("#/") and look_up(document, unquote(reference[1:])) is ABSENT:
            raise ValueError(f"$ref {reference!r} leads to nothing in the schema")


def _compile_patterns(document: dict[str, Any]) -> None:
    for part in _parts(document):
        patterns = part.get("patternProperties")
        for pattern in [part.get("pattern"), *(patterns if isinstance(patterns, dict) else ())]:
            if isinstance(pattern, str):
                compiled(pattern)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not searched(pattern, instance):
        yield _error(f"{brief(instance)} does not match {brief(pattern)}")


def _pattern_properties(
    validator: Any, patterns: dict[str, Any], instance: Any, schema: Any
) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, part in patterns.items():
            for key, value in instance.items():
                if searched(pattern, key):
                    yield from validator.descend(value, part, path=key, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items():
        if key in known or any(searched(pattern, key) for pattern in patterns):
            continue
        if allowed is False:
            yield _error(f"{brief(key)} is not among the properties of the schema")
        elif isinstance(allowed, dict):
            yield from validator.descend(value, allowed, path=key)


def _unique_items(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[Any]:
    # The library compares every pair of objects: minutes for an array that fills a megabyte.
    if (
        wanted
        and isinstance(instance, list)
        and len({canonical_json(item) for item in instance}) < len(instance)
    ):
        yield _error(f"{brief(instance)} has items that are equal")


def _multiple_of(validator: Any, unit: int | float, instance: Any, schema: Any) -> Iterator[Any]:
    # The library divides floats: an error for an integer of 400 digits, and 0.3 is no multiple of 0.1.
    if validator.is_type(instance, "number") and Fraction(str(instance)) % Fraction(str(unit)):
        yield _error(f"{brief(instance)} is not a multiple of {unit}")


def _error(message: str) -> Exception:
    from jsonschema import ValidationError

    return ValidationError(message)
