"""Writes docs/schemas/ from the records: `python -m tests.generate_schemas`. A test holds both together."""

import json
from pathlib import Path

from promptctl.reporters.json import schema

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"
RESULT = FOLDER / "result.schema.json"


def result_schema() -> str:
    """The text of docs/schemas/result.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(result_schema(), encoding="utf-8")
