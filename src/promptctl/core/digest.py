"""Digests: SHA-256 over canonical JSON, with a tag that says what was hashed."""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """`value` as JSON that is equal whenever the values are: sorted keys, no spaces, integral floats as integers.

    Raises:
        ValueError: a number that JSON has no word for (NaN, infinity).
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(tag: str, value: Any) -> str:
    """`tag:` and the SHA-256 (hex) of the canonical JSON of `value`, UTF-8.

    A lone surrogate, which UTF-8 cannot carry, is hashed by its escape.
    """
    data = canonical_json(value).encode("utf-8", "backslashreplace")
    return f"{tag}:{hashlib.sha256(data).hexdigest()}"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
