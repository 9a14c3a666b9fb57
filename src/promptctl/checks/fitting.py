"""JSON Schema without its dangers, in this process: nothing is ever fetched, patterns have a time limit."""

import json
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptctl.checks.json_text import brief, shown_pointer
from promptctl.checks.matching import compiled, search
from promptctl.core.digest import canonical_json

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_ERRORS_READ = 20  # building every error of a large output can take minutes


class Fitting:
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


@lru_cache(maxsize=128)
def fitting(text: str) -> Fitting:
    """The schema of this JSON, ready for use.

    Raises:
        ValueError: it is no valid schema, cannot fail, refers to other documents or to itself without end.
    """
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
    try:
        _refuse_bad_references(document, kind)
    except (
        AttributeError,
        TypeError,
    ) as error:  # the meta-schema of one draft passes words of another unread
        raise ValueError("not a valid schema: it mixes words of several drafts") from error
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
    return Fitting(extended(document, registry=Registry(), format_checker=kind.FORMAT_CHECKER))


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


def _refuse_bad_references(document: dict[str, Any], kind: Any) -> None:
    """Raises ValueError for a reference that leads out of the schema or nowhere, and for references in a circle."""
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012, specification_with

    specification = specification_with(kind.META_SCHEMA["$schema"], default=DRAFT202012)
    root = specification.create_resource(document)
    waiting: list[tuple[Any, Any]] = [(document, Registry().resolver_with_root(root))]
    same_value: dict[
        int, list[int]
    ] = {}  # the schemas that each one asks about the very value it is asked about
    while waiting:
        part, resolver = waiting.pop()
        if not isinstance(part, dict) or id(part) in same_value:
            continue
        targets = [_target(resolver, part[word]) for word in _REFERENCES if isinstance(part.get(word), str)]
        same_value[id(part)] = [id(target) for target, _ in targets] + [id(inner) for inner in _beside(part)]
        inside = specification.create_resource(part).subresources()
        waiting += targets + [(inner.contents, resolver.in_subresource(inner)) for inner in inside]
    try:
        TopologicalSorter(same_value).prepare()
    except CycleError:
        raise ValueError("the schema refers to itself without end") from None


def _target(resolver: Any, reference: str) -> tuple[Any, Any]:
    """What a reference leads to, and how references are read there."""
    from referencing.exceptions import InvalidAnchor, NoSuchAnchor, PointerToNowhere, Unresolvable

    nothing = f"$ref {reference!r} leads to nothing in the schema"
    try:
        found = resolver.lookup(reference)
    except (PointerToNowhere, NoSuchAnchor, InvalidAnchor, ValueError, TypeError):
        raise ValueError(nothing) from None
    except Unresolvable:
        raise ValueError(
            f"$ref {reference!r} is in another document, which is never fetched: copy it under $defs"
        ) from None
    if not isinstance(found.contents, dict | bool):
        raise ValueError(nothing)
    return found.contents, found.resolver


def _beside(part: dict[str, Any]) -> Iterator[Any]:
    """The schemas inside one that are asked about the same value as itself, not about what is in it."""
    for word in ("not", "if", "then", "else"):
        yield part.get(word)
    for word in ("allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies"):
        several = part.get(word)  # anything at all, where the schema's own draft does not know the word
        yield from several if isinstance(several, list) else ()
        yield from several.values() if isinstance(several, dict) else ()


def _compile_patterns(document: dict[str, Any]) -> None:
    for part in _parts(document):
        patterns = part.get("patternProperties")
        for pattern in [part.get("pattern"), *(patterns if isinstance(patterns, dict) else ())]:
            if isinstance(pattern, str):
                compiled(pattern)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not _searched(pattern, instance):
        yield _error(f"{brief(instance)} does not match {brief(pattern)}")


def _pattern_properties(
    validator: Any, patterns: dict[str, Any], instance: Any, schema: Any
) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, part in patterns.items():
            for key, value in instance.items():
                if _searched(pattern, key):
                    yield from validator.descend(value, part, path=key, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items():
        if key in known or any(_searched(pattern, key) for pattern in patterns):
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


def _searched(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and search(compiled(pattern), value) is not None
