"""The catalogue of checks, and the page of each, made from the checks themselves."""

import inspect
import json
from typing import Any

import msgspec

from promptctl.core.rule import Example, Rule
from promptctl.core.words import did_you_mean
from promptctl.engine.arguments import fields_of, type_in_words
from promptctl.errors import PromptctlError
from promptctl.registry import find, names

_COMMON = """\
Every check also takes `name`, `required` (default true; `required: false` is shown and decides nothing) and `extract`,
the part of the output it looks at: {regex: P, group: 1, take: first}, {json: /a/b}, {block: json} or {line: last},
with `otherwise: fail` (default), `whole` or `unscored`."""


def catalogue() -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(family, name, what it asks in one line, what it needs) of every built-in check, by family, then name.

    What it needs are fields of the case, and the extra of promptctl as `promptctl[sql]`.
    """
    rows = []
    for name in names("checks"):
        kind: Any = find("checks", name)
        extra = (f"promptctl[{kind.EXTRA}]",) if kind.EXTRA else ()
        rows.append((kind.FAMILY, name, _docstring(kind).split("\n")[0], (*kind.NEEDS, *extra)))
    return sorted(rows)


def page(name: str) -> str:
    """Everything about one check as plain text: meaning, arguments, examples, what `not` does.

    Raises:
        PromptctlError: `unknown-check`.
    """
    kind: type[Rule] | None = find("checks", name)
    if kind is None:
        known = names("checks")
        raise PromptctlError(
            f'check "{name}" is unknown',
            slug="unknown-check",
            at=f"promptctl checks {name}",
            fix=f"{did_you_mean(name, known)}`promptctl checks` lists all {len(known)}",
        )
    parts = [
        f"{name} ({kind.FAMILY})",
        _docstring(kind),
        _arguments(kind),
        _needs(kind),
        _negation(name, kind),
    ]
    examples = [_example(name, example) for example in kind.EXAMPLES]
    return "\n\n".join([*(part for part in parts if part), _COMMON, "Examples", *examples]) + "\n"


def _docstring(kind: type[Rule]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _arguments(kind: type[Rule]) -> str:
    fields = fields_of(kind)
    if not fields:
        return "Arguments: none"
    lines = ["Arguments"]
    for field in fields:
        short = ", may stand alone" if field.encode_name == kind.SHORT else ""
        lines.append(f"  {field.encode_name}: {type_in_words(field.type)}, {_default(field)}{short}")
    return "\n".join(lines)


def _default(field: Any) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None or value is msgspec.UNSET or value == ():
        return "optional"
    return f"default {msgspec.json.encode(value).decode().strip(chr(34)) or 'none'}"


def _needs(kind: type[Rule]) -> str:
    needs = [f"Needs in the case: {', '.join(kind.NEEDS)}"] if kind.NEEDS else []
    needs += [f"Needs an extra: pip install 'promptctl[{kind.EXTRA}]'"] if kind.EXTRA else []
    return "\n".join(needs)


def _negation(name: str, kind: type[Rule]) -> str:
    if not kind.NEGATABLE:
        return "`not` has no meaning for this check and is refused."
    return f"`not: {{{name}: ...}}` passes where this fails and fails where this passes; unscored stays unscored."


def _example(name: str, example: Example) -> str:
    check = name if example.args is None else f"{name}: {_yaml(example.args)}"
    lines = [f"  - {check}"]
    if example.expected is not None:
        lines.append(f"    expected: {_yaml(example.expected)}")
    for path, text in example.files.items():
        lines += [f"    {path}:", *(f"      {line}" for line in text.rstrip("\n").split("\n"))]
    if example.answer:
        lines.append(f"    answer: {_yaml(example.answer)}")
    lines.append(f"    output: {_yaml(example.output)}")
    lines.append(f"    → {example.status}{f'  ({example.note})' if example.note else ''}")
    return "\n".join(lines)


def _yaml(value: Any) -> str:
    """`value` as YAML on one line, as a person would write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, str) and "\\" in value and "'" not in value and "\n" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.isidentifier() or key.startswith("$") else json.dumps(key, ensure_ascii=False)
