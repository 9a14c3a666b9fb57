"""Writes docs/schemas/ from the code: `python -m tests.generate_schemas`. A test holds both together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from promptctl.engine.editor.schemas import SCHEMAS
from promptctl.reporters.json import schema

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"
MADE: dict[str, Callable[[], dict[str, Any]]] = {**SCHEMAS, "result": schema}


def published(name: str) -> Path:
    """Where the schema of a kind of file is."""
    return FOLDER / f"{name}.schema.json"


def text_of(name: str) -> str:
    """The text of docs/schemas/NAME.schema.json."""
    return json.dumps(MADE[name](), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in MADE:
        published(name).write_text(text_of(name), encoding="utf-8")
