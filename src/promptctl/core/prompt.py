"""A prompt's header and a version of it. Plain dataclasses, as in `message`: `load` needs no msgspec."""

from dataclasses import dataclass, field
from typing import Any

from promptctl.core.digest import digest

INPUT_TYPES = ("string", "integer", "number", "boolean", "list", "object", "messages", "contexts", "image")

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
class Header:
    """What a prompt file's header says. `inputs` is None without a header: every variable is a required string."""

    description: str = ""
    model: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, InputSpec] | None = None
    allow_empty: bool = False
    renamed_from: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """What acts on a request, for the version digest."""
        return {"model": self.model, "params": self.params, "allow_empty": self.allow_empty}


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """One prompt at one revision.

    `closure` maps each file it needs (relative to the prompt root) to its text; `path` is the template's
    path as a user would type it; `inputs` are the declared ones, or those found in a file without header.
    """

    id: str
    path: str
    header: Header
    inputs: dict[str, InputSpec]
    closure: dict[str, str]
    dynamic: bool = False

    @property
    def digest(self) -> str:
        """`p1:` over the sorted closure and the settings before any substitution."""
        return digest("p1", {"closure": sorted(self.closure.items()), "settings": self.header.settings()})
