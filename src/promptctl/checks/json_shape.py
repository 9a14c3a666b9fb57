"""Checks of JSON: that it is some, that it has a shape, that values in it are right."""

import json
from typing import Any

import msgspec

from promptctl.checks.json_text import (
    ABSENT,
    TooMuchWork,
    brief,
    check_pointer,
    first_difference,
    fragments,
    look_up,
    parse_json,
)
from promptctl.checks.matching import written
from promptctl.checks.pattern import compiled, search
from promptctl.checks.schema import Schemed
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored


class IsJson(Rule):
    """The whole output is JSON.

    Strict JSON: no comments, no single quotes, no NaN, no code fence around it (for that:
    `is_json: {extract: {block: json}}`). A number, a text or null alone is JSON too; for an object write
    `json_schema: {type: object}`. An empty output fails, and so does one nested deeper than Python can read (about
    1,000 levels). Text of any script is fine inside strings.
    """

    FAMILY = "structure"
    EXAMPLES = (
        Example(args=None, output='{"a": [1, 2]}\n', status="pass"),
        Example(args=None, output="{'a': 1}", status="fail"),
        Example(args=None, output='Here it is: {"a": 1}', status="fail"),
        Example(args={"extract": {"block": "json"}}, output='```json\n{"a": 1}\n```', status="pass"),
        Example(args=None, output='{"类别": "退款"}', status="pass"),
        Example(args=None, output="", status="fail"),
    )

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it can be read."""
        try:
            parse_json(subject.text)
        except ValueError as error:
            return fails(str(error))
        return passes("is JSON")


class ContainsJson(Schemed):
    """Somewhere in the output is an object or an array that is JSON; with `schema`, one that fits it.

    Strict JSON, unlike tools that read `{placeholder}` as YAML and call it JSON; an array of nothing but numbers
    counts only with a schema, for "[1]" is a citation. The schema stands under `schema` or, as in `json_schema`, in a
    `file`. An empty output fails. An output with thousands of brackets that begin no JSON is unscored: the search is
    given up after about a second.
    """

    EXAMPLES = (
        Example(args=None, output='Sure! {"a": 1} Anything else?', status="pass"),
        Example(args=None, output="Dear {name}, see [1].", status="fail"),
        Example(args={"schema": {"required": ["b"]}}, output='{"a": 1} {"b": 2}', status="pass"),
        Example(args={"schema": {"required": ["c"]}}, output='{"a": 1} {"b": 2}', status="fail"),
        Example(args=None, output='好的：{"类别": "退款"}。', status="pass"),
        Example(args=None, output="", status="fail"),
    )

    def __call__(self, subject: Subject) -> Opinion:
        """Pass with the first that is found (and fits)."""
        problem = ""
        try:
            for value in fragments(subject.text):
                if self.schema is None and _only_numbers(value):
                    continue
                found = self.misfit(value)
                if found is None:
                    return passes(f"contains {brief(value)}")
                problem = problem or found
        except TooMuchWork as error:
            return unscored(str(error))
        return fails(
            f"no JSON in the output fits the schema: {problem}" if problem else "no JSON in the output"
        )


def _only_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, (int, float)) for item in value)


class JsonSchema(Schemed):
    """The whole output is JSON that fits a JSON Schema.

    Written directly under the check, under `schema`, or as a `file` below the project's prompts or evals, named from
    the project's root and read from the revision that is tested. Draft 2020-12 unless `$schema` names another; `format`
    is checked for the formats that need no further package (date, email, ipv4, uuid, regex ...). Other documents are
    never fetched: a `$ref` to one is refused. `pattern` has Python's meaning and the time limit of `regex`. A schema
    that every JSON fits is refused. Output that is not JSON (empty, prose, fenced) fails, and so does JSON nested too
    deeply to check.
    """

    EXAMPLES = (
        Example(args={"type": "object", "required": ["id"]}, output='{"id": 7}', status="pass"),
        Example(args={"type": "object", "required": ["id"]}, output='{"name": "x"}', status="fail"),
        Example(args={"schema": {"type": "array", "maxItems": 1}}, output="[1, 2]", status="fail"),
        Example(
            args={"properties": {"类别": {"enum": ["退款", "物流"]}}},
            output='{"类别": "退款"}',
            status="pass",
        ),
        Example(
            args={"file": "prompts/reply.json"},
            files={"prompts/reply.json": '{"required": ["id"]}'},
            output='{"id": 7}',
            status="pass",
        ),
        Example(args={"type": "object"}, output="I cannot say.", status="fail"),
        Example(args={"type": "object"}, output="", status="fail"),
    )

    def __post_init__(self) -> None:
        if self.schema is None and self.file is None:
            raise ValueError("no schema: write it under the check, or name a `file`")
        Schemed.__post_init__(self)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it fits."""
        try:
            value = parse_json(subject.text)
        except ValueError as error:
            return fails(str(error))
        problem = self.misfit(value)
        return passes("fits the schema") if problem is None else fails(problem)


class JsonEquals(Rule):
    """The whole output is JSON equal to `to`, or else to the case's `expected: {json: ...}`.

    The order of keys does not matter, that of items does; 1 equals 1.0 but not true. `ignore` lists JSON Pointers of
    parts that are not compared ("/id", "/items/0/at"). The reason names the first difference. Without `expected.json`,
    `expected.text` is read as JSON. Output that is not JSON (empty, prose, fenced) fails.
    """

    SHORT = "to"
    FAMILY = "structure"
    NEEDS = ("expected",)
    EXAMPLES = (
        Example(args={"to": {"a": 1, "b": [2]}}, output='{"b": [2.0], "a": 1}', status="pass"),
        Example(args={"a": 1}, output='{"a": true}', status="fail"),
        Example(args={"to": {"a": 1}, "ignore": ["/id"]}, output='{"a": 1, "id": "x7"}', status="pass"),
        Example(args=None, expected={"json": {"类别": "退款"}}, output='{"类别": "退款"}', status="pass"),
        Example(args=None, expected={"json": {"类别": "退款"}}, output='{"类别": "物流"}', status="fail"),
        Example(args={"a": 1}, output="", status="fail"),
    )

    to: Any = msgspec.UNSET
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pointer in self.ignore:
            check_pointer(pointer)

    @property
    def needs(self) -> tuple[str, ...]:
        """`expected` only where `to` does not say what to compare with."""
        return () if self.to is not msgspec.UNSET else self.NEEDS

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where nothing differs."""
        wanted = self._wanted(subject)
        try:
            found = parse_json(subject.text)
        except ValueError as error:
            return fails(str(error))
        difference = first_difference(wanted, found, self.ignore)
        return passes("equal JSON") if difference is None else fails(difference)

    def _wanted(self, subject: Subject) -> Any:
        if self.to is not msgspec.UNSET:
            return self.to
        expected = subject.expected or {}
        if "json" in expected:
            return expected["json"]
        if isinstance(expected.get("text"), str):
            try:
                return parse_json(expected["text"])
            except ValueError as error:
                raise ValueError(
                    f"the case's `expected.text` is no JSON ({error}): write `expected: {{json: ...}}`"
                ) from error
        raise ValueError("nothing to compare with: neither `to` nor the case's `expected: {json: ...}`")


class JsonPath(Rule):
    """The whole output is JSON with a value at a JSON Pointer, as asked.

    `at` is a pointer like "/items/0/id" (~1 stands for a slash in a key, ~0 for a tilde). Alone it asks that the value
    exists, null included; `exists: false` asks that it does not; `equals` compares as `json_equals` does; `matches`
    searches a regular expression, in a text value as it is, in any other value as JSON. Output that is not JSON
    (empty, prose, fenced) fails, also with `exists: false`.
    """

    SHORT = "at"
    FAMILY = "structure"
    EXAMPLES = (
        Example(args="/items/0/id", output='{"items": [{"id": null}]}', status="pass"),
        Example(args="/items/1", output='{"items": [{"id": 7}]}', status="fail"),
        Example(args={"at": "/amount", "equals": 60}, output='{"amount": 60.0}', status="pass"),
        Example(args={"at": "/amount", "equals": 60}, output='{"amount": "60"}', status="fail"),
        Example(args={"at": "/类别", "matches": "^退"}, output='{"类别": "退款"}', status="pass"),
        Example(args={"at": "/secret", "exists": False}, output='{"secret": 1}', status="fail"),
        Example(args="/a", output="", status="fail"),
    )

    at: str
    equals: Any = msgspec.UNSET
    exists: bool | None = None
    matches: str | None = None

    def __post_init__(self) -> None:
        check_pointer(self.at)
        if sum((self.equals is not msgspec.UNSET, self.exists is not None, self.matches is not None)) > 1:
            raise ValueError("one of `equals`, `exists` and `matches`, not several")
        if self.matches is not None:
            if not self.matches:
                raise ValueError("an empty pattern matches every value")
            compiled(self.matches)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where the value is as asked."""
        try:
            value = look_up(parse_json(subject.text), self.at)
        except ValueError as error:
            return fails(str(error))
        if self.exists is False:
            return (
                passes(f"nothing at {self.at}") if value is ABSENT else fails(f"{self.at} is {brief(value)}")
            )
        if value is ABSENT:
            return fails(f"nothing at {self.at}")
        if self.equals is not msgspec.UNSET:
            difference = first_difference(self.equals, value)
            return (
                passes(f"{self.at} is {brief(value)}")
                if difference is None
                else fails(f"{self.at}{difference if difference.startswith('/') else ': ' + difference}")
            )
        if self.matches is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if search(compiled(self.matches), text) is None:
                return fails(f"{self.at} is {brief(value)}, no match for {written(self.matches)}")
        return passes(f"{self.at} is {brief(value)}")
