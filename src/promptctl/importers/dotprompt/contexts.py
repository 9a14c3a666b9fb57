"""Where a name in a Handlebars template is looked up, and the Jinja that finds the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptctl.importers.dotprompt.parts import Value
from promptctl.importers.jinja_text import names_for

_LOOP_VALUES = {"@index": "loop.index0", "@first": "loop.first", "@last": "loop.last"}
_METHODS = frozenset(dir(dict))
_LONGEST = 10
"""Names in a path; Jinja takes the cube of it in time."""


class Unclear(Exception):
    """A name that Jinja cannot look up alike. The message is the beginning of a sentence that names it."""


@dataclass
class _Context:
    """One context: how Jinja calls it (the outermost has no name), its schema, and whether it is a loop's item."""

    code: str
    schema: Mapping[str, Any]
    looped: bool = False


@dataclass
class Contexts:
    """The contexts that a place in a template is in, from the outermost.

    `unknown` are variables that the schema does not have, `kinds` what undeclared ones must be as they are used,
    `fields` the names that are asked of them.
    """

    schema: Mapping[str, Any]
    unknown: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._all = [_Context("", self.schema)]

    @property
    def outermost(self) -> bool:
        """Whether no `each` or `with` is around."""
        return len(self._all) == 1

    @property
    def loops(self) -> int:
        """How many loops are around."""
        return sum(context.looped for context in self._all)

    def enter_item(self, value: Value, item: str) -> None:
        """Into the body of a loop over `value`, whose items Jinja calls `item`."""
        self._all.append(_Context(item, as_mapping(self._schema_at(value).get("items")), looped=True))

    def enter(self, value: Value) -> None:
        """Into a body whose context is `value`."""
        self._all.append(_Context(value.code, self._schema_at(value)))

    def leave(self) -> None:
        """Out of the innermost body."""
        self._all.pop()

    def find(self, path: str) -> Value:
        """The value at a path.

        Raises:
            Unclear: it is none that a prompt's inputs could hold, or that Jinja could name.
        """
        if path in _LOOP_VALUES:
            if self._all[-1].looped:
                return Value(special=path, code=_LOOP_VALUES[path], kind="number")
            raise Unclear(f"{path} outside {{{{#each}}}}")
        depth, rest = 0, path
        if path.startswith("@root"):
            depth, rest = len(self._all) - 1, path.removeprefix("@root").lstrip("./")
        while rest.startswith(".."):
            depth, rest = depth + 1, rest[2:].lstrip("/")
        if rest.startswith("@"):
            raise Unclear(f"{path}, which the application gives,")
        if depth >= len(self._all):
            raise Unclear(f"{path}, beyond the outermost context,")
        names = [name for name in rest.replace("/", ".").split(".") if name not in ("", "this")]
        if any(name.startswith("[") for name in names):
            raise Unclear(f"{path} in brackets")
        if len(names) > _LONGEST:
            raise Unclear(f"a path of {len(names)} names")
        return self._reached(depth, tuple(names))

    def used_as(self, value: Value, kind: str) -> Value:
        """The value, which is of this kind as it is used so: what an undeclared variable must be."""
        if self._is_input(value) and not value.kind:
            self.kinds[value.path[0]] = kind
            return value._replace(kind=kind, sure=False)
        return value

    def _is_input(self, value: Value) -> bool:
        return len(value.path) == 1 and not self._all[-1 - value.depth].code

    def _reached(self, depth: int, names: tuple[str, ...]) -> Value:
        context = self._all[-1 - depth]
        code, schema, sure = context.code, context.schema, True
        if not code and not names:
            raise Unclear("the whole of the input")
        for position, name in enumerate(names):
            kind = kind_of(schema)
            if name == "length" and (kind in ("array", "string") or (position and not kind)):
                counted = f"{code} | length" if " " not in code else f"({code}) | length"
                code = counted if sure else f"({code} | length if {code} is defined else '')"
                return Value(depth, names, code=code, kind="number")
            known = _properties(schema)
            if not code:
                code, sure = self._input(names, known), name in _required(schema)
                sure = sure or (len(names) == 1 and kind_of(as_mapping(known.get(name))) in ("", "string"))
            else:
                base = code if sure else f"({code} | default({{}}))"
                # A mapping's own methods come first where a name is written with a point.
                plain = name.isidentifier() and name not in _METHODS
                code = f"{base}.{name}" if plain else f"{base}['{name}']"
                sure = sure and name in _required(schema)
            schema = as_mapping(known.get(name))
        return Value(depth, names, code=code, kind=kind_of(schema), sure=sure)

    def _input(self, names: tuple[str, ...], known: Mapping[str, Any]) -> str:
        name = names[0]
        if names_for([name])[name] != name:
            raise Unclear(f"the name {name!r}, which Jinja cannot spell,")
        if name not in known and name not in self.unknown:
            self.unknown.append(name)
        if len(names) > 1 and names[1] != "length":
            self.fields.setdefault(name, set()).add(names[1])
            self.kinds.setdefault(name, "object")
        return name

    def _schema_at(self, value: Value) -> Mapping[str, Any]:
        schema = self._all[-1 - value.depth].schema
        for name in value.path:
            schema = as_mapping(_properties(schema).get(name))
        return schema


def as_mapping(value: Any) -> Mapping[str, Any]:
    """A mapping as it is, nothing for anything else."""
    return value if isinstance(value, dict) else {}


def kind_of(schema: Mapping[str, Any]) -> str:
    """The one JSON type that a schema allows beside null; empty where there is none."""
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else [one for one in kind or () if one != "null"]
    return str(kinds[0]) if len(kinds) == 1 and kinds[0] != "any" else ""


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_mapping(schema.get("properties"))


def _required(schema: Mapping[str, Any]) -> frozenset[str]:
    found = schema.get("required")
    names = found if isinstance(found, list) else []
    return frozenset(name for name in names if isinstance(name, str))
