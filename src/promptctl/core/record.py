"""The base of every record: frozen, keyword-only, and strict about what it is given."""

from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

import msgspec

if TYPE_CHECKING:
    # A type checker takes `frozen` and `kw_only` from each class line unless it is told once here.
    @dataclass_transform(frozen_default=True, kw_only_default=True)
    class Record:
        """A frozen record. Unknown fields are refused when it is read."""

        def __init_subclass__(cls, rename: dict[str, str] | None = None) -> None: ...

    class Shown(Record):
        """A record of a result file. It tolerates unknown keys, because keys may be added."""
else:

    class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """A frozen record. Unknown fields are refused when it is read."""

    class Shown(msgspec.Struct, frozen=True, kw_only=True):
        """A record of a result file. It tolerates unknown keys, because keys may be added."""


R = TypeVar("R")


def fault_of(record: object) -> str | None:
    """What a field of a record holds that it must not: types are looked at only where records are read."""
    try:
        msgspec.convert(msgspec.to_builtins(record), type(record))
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        return str(error)
    return None


def replace(record: R, **changes: Any) -> R:
    """A copy of `record` with other values for some fields."""
    return msgspec.structs.replace(record, **changes)  # type: ignore[type-var]
