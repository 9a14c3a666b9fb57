"""JSON Schema for checks: schemas and values are looked at by the examiner's process, errors are one line."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar, Self

from promptctl.checks.examiner import examiner
from promptctl.checks.json_text import parse_json
from promptctl.core.digest import canonical_json
from promptctl.core.record import replace
from promptctl.core.rule import Rule
from promptctl.processes.worker import Patience


class BadSchema(ValueError):
    """It is no schema that can be used. `inside` are the keys and numbers that lead to the mistake."""

    def __init__(self, message: str, inside: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.inside = inside


class Schema:
    """A schema that can be asked about values."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._patience = Patience()
        said = examiner().ask({"do": "schema", "schema": text})
        if "mistake" in said:
            raise BadSchema(said["mistake"], tuple(said["inside"]))

    def problem(self, value: Any) -> str | None:
        """Why `value` does not fit, with the JSON Pointer of the place; None where it fits.

        Raises:
            ValueError: the schema refers to something that is not in it.
            TimeoutError: no answer within a second.
        """
        try:
            with self._patience:
                said = examiner().ask({"do": "fit", "schema": self._text, "value": value})
        except RecursionError:
            return "nested too deeply to be checked"
        problem: str | None = said["problem"]
        return problem


class Schemed(Rule):
    """What the checks share that fit a value to a JSON Schema, written in the suite or in a file of the project."""

    SHORT: ClassVar[str | None] = "schema"
    FAMILY = "structure"

    schema: dict[str, Any] | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        if self.schema is not None and self.file is not None:
            raise ValueError("`schema` or `file`, not both")
        if self.schema is not None:
            schema_of(self.schema)

    def with_files(self, read: Callable[[str], str]) -> Self:
        """The same check with the schema of its file in it."""
        if self.file is None:
            return self
        try:
            return self.holding(json_of(read(self.file)))
        except ValueError as error:
            raise ValueError(f"{self.file}: {error}") from error

    def holding(self, document: dict[str, Any]) -> Self:
        """The same check with what its file holds: a schema, and nothing else."""
        return replace(self, schema=document, file=None)

    def misfit(self, value: Any) -> str | None:
        """Why `value` does not fit; None where it fits, or where there is no schema."""
        if self.file is not None:
            raise ValueError(f"{self.file} was not read")
        return None if self.schema is None else schema_of(self.schema).problem(value)


def json_of(text: str) -> dict[str, Any]:
    """The mapping in the text of a JSON file. Raises ValueError where it is none."""
    try:
        document = parse_json(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise ValueError(str(error).replace("the output", "the file")) from None
    if not isinstance(document, dict):
        raise ValueError("a JSON Schema is a mapping: {...}")
    return document


def schema_of(document: dict[str, Any]) -> Schema:
    """`document` ready for use.

    Raises:
        BadSchema: it is no valid schema, cannot fail, refers to other documents or to itself without end.
    """
    return _schema_of(canonical_json(document))


@lru_cache(maxsize=128)
def _schema_of(text: str) -> Schema:
    try:
        return Schema(text)
    except TimeoutError as error:
        raise BadSchema(f"the schema cannot be looked over: {error}") from None
