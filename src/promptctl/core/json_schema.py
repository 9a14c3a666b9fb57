"""JSON Schemas that read the same, whichever Python and msgspec made them."""

from textwrap import dedent
from typing import Any


def steady(schema: Any) -> Any:
    """A schema with its descriptions unindented and its alternatives in one order, null last.

    Python 3.13 takes the indentation out of docstrings, and msgspec 0.22 has another order than 0.21.
    """
    if isinstance(schema, list):
        return [steady(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: steady(item) for key, item in schema.items()}
    if isinstance(made.get("description"), str):
        first, _, rest = made["description"].partition("\n")
        made["description"] = f"{first}\n{dedent(rest)}".strip()
    if isinstance(made.get("anyOf"), list):
        made["anyOf"] = sorted(made["anyOf"], key=lambda one: one == {"type": "null"})
    return made
