"""Everything a template reaches: files, variables, role blocks. Read from syntax trees, never by rendering."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that a template names. `name` is None when it is computed."""

    name: str | None
    line: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file's syntax tree says."""

    references: tuple[Reference, ...]
    undeclared: frozenset[str]
    assigned: frozenset[str]
    first_use: dict[str, int] = field(default_factory=dict)
    has_roles: bool = False
    nested_roles: tuple[tuple[int, str], ...] = ()
    system_inputs: tuple[tuple[int, str], ...] = ()
    cut_images: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Closure:
    """A template with all it reaches. `names` is sorted; `dynamic` says that an include is computed.

    `undeclared` maps each variable that must come from outside to the file and line that first use it.
    """

    names: tuple[str, ...]
    undeclared: dict[str, tuple[str, int]]
    dynamic: bool
    has_roles: bool
