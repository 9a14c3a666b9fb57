"""From a check's arguments as written to the rule they make, with a clear sentence for whatever is wrong."""

import re
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from promptctl.core.case import CheckSpec
from promptctl.core.rule import Rule
from promptctl.core.words import did_you_mean
from promptctl.errors import FileError
from promptctl.store.checkspecs import COMMON

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
NUMBER = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,3})?\Z")
"""What the readers leave as text because it would be written back otherwise, 0.10, and is a number all the same."""

_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`(?:, got `(?P<found>[^`]+)`)?")
_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`\Z")


def rule_of(spec: CheckSpec, kind: type[Rule]) -> Rule:
    """The rule that `spec` asks for.

    `spec.args` are keywords, except that `{"": value}` is what stood behind the name. That is a set of keywords
    where it is a mapping whose keys are all arguments of the check, and else the one argument that `SHORT` names;
    a mapping is taken as the one argument only where that argument can be a mapping.

    Raises:
        FileError: `bad-check-arguments`, at the place of the check.
    """
    fields = {field.encode_name: field for field in fields_of(kind)}
    args = _keywords(spec, kind, fields)
    unknown = next((name for name in args if name not in fields), None)
    if unknown is not None:
        hint = did_you_mean(str(unknown), (*fields, *COMMON))
        raise bad_arguments(spec, f'has no argument "{unknown}"', fix=f"{hint}{_list_of(fields)}")
    args = {name: _fitted(value, fields[name].type) for name, value in args.items()}
    try:
        return msgspec.convert(args, kind)
    except msgspec.ValidationError as error:
        raise bad_arguments(spec, _sentence(str(error), fields)) from error


def fields_of(kind: type[Rule]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The arguments of a check, in order."""
    return msgspec.structs.fields(kind)  # type: ignore[arg-type]  # a Rule is a Struct, though not to mypy


def options(kind: Any) -> tuple[Any, ...]:
    """The types in a union, or the type alone; a literal counts as a type."""
    if get_origin(kind) in (Union, UnionType):
        return tuple(option for part in get_args(kind) for option in options(part))
    return (kind,)


def choices(kind: Any) -> tuple[str, ...]:
    """The words that an argument of this type can be, where it is one of some words."""
    found: list[str] = []
    for option in options(kind):
        if get_origin(option) is Literal:
            found += [str(word) for word in get_args(option)]
        elif get_origin(option) is tuple:
            found += choices(get_args(option)[0])
    return tuple(dict.fromkeys(found))


def _keywords(spec: CheckSpec, kind: type[Rule], fields: dict[str, Any]) -> dict[str, Any]:
    if set(spec.args) != {""}:
        return spec.args
    value = spec.args[""]
    if isinstance(value, dict):
        takes_mappings = kind.SHORT is not None and any(
            option is Any or get_origin(option) is dict for option in options(fields[kind.SHORT].type)
        )
        if not takes_mappings or any(name in fields for name in value):
            return value
    if kind.SHORT is None:
        raise bad_arguments(spec, f"takes no single argument, found {_shown(value)}", fix=_list_of(fields))
    return {kind.SHORT: value}


def _fitted(value: Any, kind: Any) -> Any:
    """`value` as text where text is wanted and a number or true stood there, and as a number where one is wanted.

    The readers keep what a number looked like (0.10 stays text), so neither loses anything.
    """
    wanted = options(kind)
    if isinstance(value, list):
        items = next((get_args(option)[0] for option in wanted if get_origin(option) is tuple), Any)
        return [_fitted(item, items) for item in value]
    if isinstance(value, (bool, int, float)) and str in wanted and not {bool, int, float} & set(wanted):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str) and {int, float} & set(wanted) and str not in wanted and NUMBER.match(value):
        return float(value) if float in wanted else int(value) if value.lstrip("-").isdigit() else value
    return value


def _sentence(message: str, fields: dict[str, Any]) -> str:
    """What msgspec says, in the words of a suite's author."""
    place = _PLACE.search(message)
    message = _PLACE.sub("", message)
    name = place["place"] if place else ""
    if missing := re.match(r"Object missing required field `(?P<name>\w+)`", message):
        return f"needs `{missing['name']}`"
    if message.startswith("Invalid enum value") and name:
        field = fields[re.split(r"[.\[]", name)[0]]
        return f"`{name}` is one of {', '.join(choices(field.type))}, not {message.removeprefix('Invalid enum value ')}"
    found = _EXPECTED.match(message)
    if found is None:
        return message
    wanted = [_WORDS.get(word, word) for word in found["wanted"].split(" | ") if word != "null"]
    got = f", found {_WORDS.get(found['found'], found['found'])}" if found["found"] else ""
    return f"`{name.replace('[...]', '')}` must be {' or '.join(wanted)}{got}"


def bad_arguments(spec: CheckSpec, sentence: str, fix: str | None = None) -> FileError:
    """The error of a check that cannot be asked so, at its place."""
    return FileError(
        f'check "{spec.kind}": {sentence}',
        slug="bad-check-arguments",
        at=spec.place,
        fix=f"{fix or 'its page has examples'}: `promptctl checks {spec.kind}`",
    )


def _list_of(fields: dict[str, Any]) -> str:
    return f"it takes {', '.join(fields)}" if fields else "it takes no arguments"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float)):
        return msgspec.json.encode(value).decode()
    return _WORDS["array"] if isinstance(value, list) else f'"{str(value)[:40]}"'


def type_in_words(kind: Any) -> str:
    """`text`, `a list of text`, `one of text, number` ... as the page of a check says it."""
    if words := choices(kind):
        several = any(get_origin(option) is tuple for option in options(kind))
        one = any(get_origin(option) is Literal for option in options(kind))
        named = ", ".join(words)
        return (
            f"a list of {named}" if not one else f"one of {named}{', or a list of them' if several else ''}"
        )
    parts: list[str] = []
    for option in options(kind):
        origin = get_origin(option)
        if option is NoneType or option is msgspec.UnsetType:
            continue
        if option is int and float in options(kind):
            continue
        if origin is tuple:
            parts.append(f"a list of {type_in_words(get_args(option)[0])}")
        elif origin is dict:
            parts.append("a mapping")
        else:
            parts.append(
                "anything" if option is Any else _WORDS.get(getattr(option, "__name__", ""), "anything")
            )
    return " or ".join(parts)
