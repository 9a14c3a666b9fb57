"""JSON Schemas of the files that people write, for editors: suites, cases, headers and the configuration.

Made from the records that the readers fill, so that a field which is added there is here at once. What only the readers
know (other ways to write a value, ranges) stands here, what a key means in `words`. Tests hold them together.
"""

from collections.abc import Callable, Mapping

from promptctl.core.case import Accept, Case, Gate, Quarantine, Suite, Turn
from promptctl.core.config import (
    BudgetConfig,
    Config,
    JudgeConfig,
    ModelTarget,
    Price,
    ProjectConfig,
    ProviderConfig,
    ReportConfig,
)
from promptctl.core.message import ROLES
from promptctl.core.prompt import INPUT_TYPES, Header, InputSpec, OutputSpec
from promptctl.core.routes import PRESETS
from promptctl.engine.editor.checks import CHECKS, check_definitions
from promptctl.engine.editor.records import Schema, record_schema
from promptctl.engine.editor.words import (
    ACCEPT,
    ANSWER,
    CASE,
    CONFIG,
    GATE,
    HEADER,
    INPUT,
    OUTPUT,
    PROJECT,
    PROVIDER,
    SUITE,
)
from promptctl.store.cases import REFERENCES, SEVERITIES, STATUSES
from promptctl.store.config_providers import STREAMING
from promptctl.store.headers import RESERVED
from promptctl.templating.names import FLAGS

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""What the language servers for YAML, JSON and TOML all read."""

_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_RATE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_VERSION: Schema = {"const": 1, "description": "The format's version."}


def suite_schema() -> Schema:
    """A suite file: a mapping with settings, or the list of cases alone."""
    suite = record_schema(
        Suite,
        SUITE,
        without=("id", "place", "digest"),
        promptctl=_VERSION,
        samples={"type": "integer", "minimum": 1, "maximum": 100},
        checks=CHECKS,
        gate=_or_nothing(_gate(("on_untested",))),
        internal={"type": "boolean", "default": False},
        accept={"type": "array", "items": _accept()},
        cases={"type": "array", "items": {"$ref": "#/definitions/case"}},
    )
    suite["properties"]["prompt"].pop("default", None)
    suite.pop("required", None)
    return _document(
        "promptctl suite",
        "evals/NAME.yaml or evals/NAME/suite.yaml.",
        {"anyOf": [suite, {"type": "array", "items": {"$ref": "#/definitions/case"}}, {"type": "null"}]},
        {"case": _case(), **check_definitions()},
    )


def case_schema() -> Schema:
    """One case: a file below `cases/`, or a line of a .jsonl file."""
    return _document(
        "promptctl case",
        "evals/SUITE/cases/ID.yaml, or a line of evals/SUITE/*.jsonl.",
        _case(),
        check_definitions(),
    )


def header_schema() -> Schema:
    """The header of a prompt file, between its two lines of ---."""
    given = record_schema(
        InputSpec,
        INPUT,
        without=("name",),
        type={"enum": list(INPUT_TYPES), "default": "string"},
        enum={"type": "array"},
        default={},
        roles={"type": "array", "items": {"enum": list(ROLES)}},
    )
    output = {**record_schema(OutputSpec, OUTPUT), "minProperties": 1}
    header = record_schema(
        Header,
        HEADER,
        promptctl=_VERSION,
        params={
            "type": "object",
            "properties": {"max_output_tokens": {"type": "integer", "minimum": 1}},
            "propertyNames": {"not": {"enum": list(RESERVED)}},
        },
        inputs=_or_nothing(
            {
                "type": "object",
                "propertyNames": {"pattern": r"^[^\s\d]\S*$"},
                "additionalProperties": {"anyOf": [{"enum": list(INPUT_TYPES)}, given]},
            }
        ),
        output=output,
        jinja=_or_nothing(
            {
                "type": "object",
                "properties": {
                    name: {
                        "type": "boolean",
                        "default": True,
                        "description": f"Jinja's {name}; false switches it off.",
                    }
                    for name in FLAGS
                },
                "additionalProperties": False,
            }
        ),
    )
    header["patternProperties"] = {"^x-": {}}
    return _document(
        "promptctl prompt header", "The header of prompts/NAME.prompt.j2.", _or_nothing(header), {}
    )


def config_schema() -> Schema:
    """promptctl.toml."""
    provider = record_schema(
        ProviderConfig,
        PROVIDER,
        headers={"type": "object", "additionalProperties": {"type": "string"}},
        concurrency={"type": "integer", "minimum": 1},
        deadline={"type": "number", "exclusiveMinimum": 0},
        requests_per_minute={"type": "number", "exclusiveMinimum": 0},
        dialect={"enum": [name for name, preset in PRESETS.items() if preset.kind == "openai"]},
        stream={"enum": list(STREAMING), "default": "auto"},
    )
    amount = {"type": "number", "minimum": 0}
    price = record_schema(
        Price,
        {
            "input": "Of a million tokens that are sent.",
            "output": "Of those that come back.",
            "as_of": "On which day.",
        },
        input=amount,
        output=amount,
        as_of=_DATE,
    )
    target = record_schema(ModelTarget, {"provider": "Who serves it.", "name": "What it is called there."})
    config = record_schema(
        Config,
        CONFIG,
        without=("notes",),
        project=record_schema(ProjectConfig, PROJECT, cases_root={"type": "string"}),
        models={"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, target]}},
        providers={"type": "object", "additionalProperties": provider},
        prices={"type": "object", "additionalProperties": price},
        judge=record_schema(
            JudgeConfig,
            {
                "model": "The model that judges; by default the project's.",
                "require_calibration": "false lets a judge decide before people have checked it.",
            },
        ),
        gate=_gate(),
        budget=record_schema(
            BudgetConfig,
            {
                "max_calls": "Calls that a run may make.",
                "max_cost": "What a run may cost, in the project's currency.",
            },
            max_calls=_count(),
            max_cost={"type": "number", "minimum": 0},
        ),
        report=record_schema(ReportConfig, {"language": "The language of sentences in reports."}),
        accept={"type": "array", "items": _accept()},
    )
    return _document("promptctl.toml", "The configuration of a promptctl project.", config, {})


SCHEMAS: dict[str, Callable[[], Schema]] = {
    "suite": suite_schema,
    "case": case_schema,
    "header": header_schema,
    "config": config_schema,
}


def _case() -> Schema:
    turn = record_schema(
        Turn,
        {"say": "What the user says.", "checks": "What is asked of the reply."},
        say=_said(),
        checks=CHECKS,
    )
    quarantine = record_schema(
        Quarantine,
        {"reason": "Why.", "until": "The last day, as year-month-day.", "since": "The first day."},
        until=_DATE,
    )
    case = record_schema(
        Case,
        CASE,
        without=("written_id", "finished", "place"),
        id={"type": ["string", "null"], "minLength": 1, "maxLength": 120},
        status={"enum": list(STATUSES), "default": "active"},
        severity={"enum": list(SEVERITIES), "default": "normal"},
        messages={"type": "array", "minItems": 1, "items": _message()},
        turns={"type": "array", "minItems": 1, "items": {"anyOf": [_said(), turn]}},
        contexts={"type": "array", "items": {"type": "object", "required": ["id", "text"]}},
        expected=_reference(REFERENCES),
        rejected=_reference((*REFERENCES, "reason")),
        checks=CHECKS,
        checks_all=CHECKS,
        quarantine=_or_nothing(quarantine),
    )
    case.pop("required", None)
    return case


def _message() -> Schema:
    text = {
        "type": "object",
        "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
        "required": ["type", "text"],
        "additionalProperties": False,
    }
    address = {
        "type": "object",
        "properties": {"url": {"type": "string"}, "detail": {"type": ["string", "null"]}},
        "required": ["url"],
        "additionalProperties": False,
    }
    image = {
        "type": "object",
        "properties": {"type": {"const": "image_url"}, "image_url": address},
        "required": ["type", "image_url"],
        "additionalProperties": False,
    }
    parts = {"type": "array", "minItems": 1, "items": {"anyOf": [text, image]}}
    return {
        "type": "object",
        "properties": {
            "role": {"enum": list(ROLES), "description": "Who speaks."},
            "content": {
                "anyOf": [{"type": ["string", "null"]}, parts],
                "description": "What is said: text, or parts.",
            },
            "tool_calls": {
                "type": "array",
                "items": {"type": "object", "required": ["id", "type", "function"]},
                "description": "The tools that the assistant calls.",
            },
            "tool_call_id": {
                "type": ["string", "null"],
                "description": "The call that a tool message answers.",
            },
        },
        "required": ["role"],
        "additionalProperties": False,
    }


def _said() -> Schema:
    return {"type": ["string", "number"]}


def _reference(keys: tuple[str, ...]) -> Schema:
    """An answer that people gave: its text, or a mapping that says what it is."""
    mapping = {
        "type": "object",
        "properties": {
            key: {
                **({} if key == "json" else _SCALAR),
                "description": ANSWER[key],
            }
            for key in keys
        },
        "anyOf": [{"required": [key]} for key in REFERENCES],
        "additionalProperties": False,
    }
    return {"anyOf": [_SCALAR, mapping]}


def _gate(without: tuple[str, ...] = ()) -> Schema:
    return record_schema(
        Gate,
        GATE,
        without=without,
        margin={"type": "number", "minimum": 0.001, "maximum": 0.99, "default": Gate().margin},
        min_pass_rate={**_RATE, "default": Gate().min_pass_rate},
        max_errors=_count(),
    )


def _accept() -> Schema:
    return record_schema(Accept, ACCEPT, until=_or_nothing(_DATE))


def _count() -> Schema:
    return {"type": "integer", "minimum": 0}


def _or_nothing(schema: Schema) -> Schema:
    """A value that may be left empty in YAML."""
    return {"anyOf": [schema, {"type": "null"}]}


def _document(title: str, about: str, schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    made: Schema = {"$schema": _DIALECT, "title": title, "description": about, **schema}
    return {**made, "definitions": dict(definitions)} if definitions else made
