"""A prompt's header and a version of it. Plain dataclasses, as in `message`: `load` needs no msgspec."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from promptctl.core.digest import digest

INPUT_TYPES = ("string", "integer", "number", "boolean", "list", "object", "messages", "contexts", "image")
OutputFormat = Literal["text", "json_object", "json_schema"]
OUTPUT_FORMATS: tuple[OutputFormat, ...] = ("text", "json_object", "json_schema")
OUTPUT_NAME = "output"

_MISSING: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One declared input. Without `default` and not `optional`, a value is required."""

    name: str
    type: str = "string"
    enum: tuple[Any, ...] = ()
    default: Any = _MISSING
    optional: bool = False
    description: str = ""
    roles: tuple[str, ...] = ("user", "assistant", "tool")

    @property
    def has_default(self) -> bool:
        """Whether the header names a default, which may be null."""
        return self.default is not _MISSING

    @property
    def required(self) -> bool:
        """Whether a case must give a value."""
        return not self.has_default and not self.optional


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """What shape of answer is asked for. `schema` is a file of the prompt folder, relative to it."""

    format: OutputFormat = "text"
    name: str = OUTPUT_NAME
    strict: bool | None = None
    schema: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a prompt file's header says. `inputs` is None without a header: every variable is a required string.

    `tools` are files of the prompt folder, relative to it. `jinja` are flags that differ from ours, for imported files.
    """

    description: str = ""
    model: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, InputSpec] | None = None
    output: OutputSpec | None = None
    tools: tuple[str, ...] = ()
    jinja: dict[str, bool] = field(default_factory=dict)
    allow_empty: bool = False
    renamed_from: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the prompt folder that the header names."""
        schema = self.output.schema if self.output else None
        return (*([] if schema is None else [schema]), *self.tools)

    def settings(self) -> dict[str, Any]:
        """What acts on a request, for the version digest."""
        settings: dict[str, Any] = {
            "model": self.model,
            "params": self.params,
            "allow_empty": self.allow_empty,
        }
        # Only where they are used, so that a version's digest outlives what a header may say later.
        if self.output is not None:
            settings["output"] = asdict(self.output)
        if self.tools:
            settings["tools"] = self.tools
        if self.jinja:
            settings["jinja"] = self.jinja
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """One prompt at one revision.

    `closure` maps each file it needs (relative to the prompt root) to its text; `path` is the template's
    path as a user would type it; `inputs` are the declared ones, or those found in a file without header.
    `tools` and `schema` are the content of the files that the header names.
    """

    id: str
    path: str
    header: Header
    inputs: dict[str, InputSpec]
    closure: dict[str, str]
    dynamic: bool = False
    tools: tuple[dict[str, Any], ...] = ()
    schema: dict[str, Any] | None = None

    @property
    def response_format(self) -> dict[str, Any] | None:
        """What asks for this shape of answer in the chat-completions protocol; None where text is wanted."""
        output = self.header.output
        if output is None or output.format == "text":
            return None
        if self.schema is None:
            return {"type": "json_object"}
        strict = {} if output.strict is None else {"strict": output.strict}
        return {
            "type": "json_schema",
            "json_schema": {"name": output.name, **strict, "schema": self.schema},
        }

    @property
    def digest(self) -> str:
        """`p1:` over the sorted closure and the settings before any substitution."""
        return digest("p1", {"closure": sorted(self.closure.items()), "settings": self.header.settings()})
