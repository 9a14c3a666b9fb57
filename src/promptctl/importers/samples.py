"""Values to prove a prompt with: plain ones, and ones that would show a value that is rendered or escaped."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PLAIN = "a plain value of {name}"
TRICKY = (
    "{{{{ {name} }}}} {{% if x %}} {{# c #}} {{{{{name}}}}} {{{name}}} <b>&\"'</b> \\n %s $x 退款 😀",
    "first line of {name}\n\n  ---\n  last line",
)
TURNS = [
    {"role": "user", "content": "What do you sell?"},
    {"role": "assistant", "content": "Shoes {% x %} {# y #} <b>"},
]


def text_samples(names: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Values of inputs that take text, three of them: plain, full of other languages' marks, of several lines."""
    wanted = list(names)
    if not wanted:
        return ()
    return tuple({name: form.format(name=name) for name in wanted} for form in (PLAIN, *TRICKY))


def message_samples(texts: Sequence[str], lists: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """`text_samples`, with a conversation for each input that takes messages; once with none."""
    wanted = list(lists)
    samples = [{**one, **dict.fromkeys(wanted, TURNS)} for one in text_samples(texts) or ({},)]
    return (*samples, {**samples[0], **{name: [] for name in wanted}}) if wanted else tuple(samples)


def typed_samples(
    inputs: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Values for declared inputs, several sets: all of them with plain and with tricky texts, and the required alone.

    Args:
        inputs: As in a header, `name: type` or `name: {type: …}`.
        schemas: What is inside a list or a mapping, as JSON Schema, where that is known.
    """
    if not inputs:
        return ()
    specs = {name: {"type": spec} if isinstance(spec, str) else spec for name, spec in inputs.items()}
    given = [
        {name: _value(spec, name, form, schemas.get(name, {})) for name, spec in specs.items()}
        for form in (PLAIN, *TRICKY)
    ]
    needed = {
        name: value
        for name, value in given[0].items()
        if "default" not in specs[name] and not specs[name].get("optional")
    }
    return tuple(given) if needed == given[0] else (*given, needed)


def schema_of_fields(names: Iterable[str], *, looped: bool) -> dict[str, Any]:
    """A schema of what a template asks of a value: names inside it, or inside its items."""
    inside = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    inside = inside if inside["properties"] else {"type": "string"}
    return {"type": "array", "items": inside} if looped else inside


def _value(spec: Mapping[str, Any], name: str, form: str, schema: Mapping[str, Any]) -> Any:
    kind = spec.get("type", "string")
    if menu := spec.get("enum"):
        return menu[0] if form == PLAIN else menu[-1]
    if kind == "list":
        return _of_schema({**schema, "type": "array"}, name, form)
    if kind == "object":
        return _of_schema({**schema, "type": "object"}, name, form)
    values: dict[str, Any] = {
        "messages": TURNS,
        "image": "https://example.org/picture.png",
        "contexts": [{"id": "a", "text": form.format(name=name)}],
    }
    return values[kind] if kind in values else _of_schema({"type": kind}, name, form)


def _of_schema(schema: Mapping[str, Any], name: str, form: str) -> Any:
    """A value that fits a schema, two items in every list."""
    kind = schema.get("type")
    kind = kind if isinstance(kind, str) else next((one for one in kind or () if one != "null"), "string")
    menu = [one for one in schema.get("enum") or () if one is not None]
    if menu:
        return menu[0] if form == PLAIN else menu[-1]
    if kind == "array":
        items = schema.get("items")
        return [_of_schema(items if isinstance(items, Mapping) else {}, f"{name} {n}", form) for n in (1, 2)]
    if kind == "object":
        properties = schema.get("properties")
        properties = properties if isinstance(properties, Mapping) else {"key": {}}
        return {
            key: _of_schema(inner if isinstance(inner, Mapping) else {}, key, form)
            for key, inner in properties.items()
        }
    plain = form == PLAIN
    values: dict[str, Any] = {"integer": 7 if plain else 0, "number": 1.5 if plain else 2, "boolean": plain}
    return values.get(kind, form.format(name=name))
