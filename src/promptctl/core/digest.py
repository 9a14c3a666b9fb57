"""Digests: SHA-256 over canonical JSON, with a tag that says what was hashed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

# Made once: `json.dumps` makes a new encoder for every call that asks for anything but its defaults.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> str:
    """`value` as JSON that is equal whenever the values are: sorted keys, no spaces, integral floats as integers.

    Raises:
        ValueError: a number that JSON has no word for (NaN, infinity).
    """
    return _ENCODER.encode(_plain(value))


def digest(tag: str, value: Any) -> str:
    """`tag:` and the SHA-256 (hex) of the canonical JSON of `value`, UTF-8.

    A lone surrogate, which UTF-8 cannot carry, is hashed by its escape.
    """
    return digest_of_text(tag, canonical_json(value))


def digest_of_text(tag: str, text: str) -> str:
    """The digest of a value of which `text` is the canonical JSON."""
    return f"{tag}:{hashlib.sha256(_bytes(text)).hexdigest()}"


def digest_of_list(tag: str, name: str, items: Iterable[Any], others: Mapping[str, Any]) -> str:
    """The digest of `{name: [*items], **others}`, without holding the items: there may be many.

    `name` must come before all other keys.
    """
    if any(str(key) <= name for key in others):
        raise ValueError(f"{name} is not the first key")
    sha = hashlib.sha256(f"{{{canonical_json(name)}:[".encode())
    for number, item in enumerate(items):
        sha.update(_bytes(f"{',' * bool(number)}{canonical_json(item)}"))
    rest = canonical_json(dict(others))[1:]
    sha.update(_bytes(f"]{',' * (rest != '}')}{rest}"))
    return f"{tag}:{sha.hexdigest()}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:  # most of what there is
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
