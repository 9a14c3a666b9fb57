"""Whether the schemas that a prompt sends are valid JSON Schema. It needs a library, so `store` leaves it to us."""

from typing import Any

from promptctl.checks.schema import BadSchema, schema_of
from promptctl.errors import PromptctlError, raise_all
from promptctl.store.documents import read_json
from promptctl.store.places import Document, Key
from promptctl.store.prompts import Prompts


def refuse_bad_schemas(prompts: Prompts, prompt_id: str) -> None:
    """Raises for a schema or a tool of the prompt that no server would take (`bad-schema`), with its place."""
    header = prompts.header(prompt_id)
    version = prompts.version(prompt_id)
    errors: list[PromptctlError] = []
    if version.schema is not None and header.output and header.output.schema:
        errors += _mistakes(prompts, header.output.schema, version.schema)
    for file, tool in zip(header.tools, version.tools, strict=True):
        parameters = tool["function"].get("parameters", {})
        # An object is what a tool takes; said or not, nothing else is sent.
        errors += _mistakes(prompts, file, {"type": "object", **parameters}, "function", "parameters")
    raise_all(errors)


def _mistakes(prompts: Prompts, file: str, schema: dict[str, Any], *keys: Key) -> list[PromptctlError]:
    try:
        schema_of(schema)
    except BadSchema as error:
        path = f"{prompts.folder}/{file}"
        document: Document = read_json(prompts.files[file], path)
        message = str(error) if not keys else f"parameters: {error}"
        fix = "mend the schema; types are string, number, integer, boolean, object, array and null"
        return [document.error(message, *keys, *error.inside, slug="bad-schema", fix=fix)]
    return []
