"""What came, cut to what a message can carry."""

import json
import re
from typing import Any

EXCERPT = 200

_SURROGATE = re.compile("[\ud800-\udfff]")


def excerpt(value: Any) -> str:
    """The first 200 characters of what came, on one line."""
    try:
        if isinstance(value, bytes):
            text = value[: 8 * EXCERPT].decode("utf-8", "replace")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, RecursionError):
        text = f"<{type(value).__name__}>"
    # Cut first: the rest may be megabytes.
    line = " ".join(without_surrogates(text[: 4 * EXCERPT]).split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def without_surrogates(text: str) -> str:
    """`text` with each lone surrogate, which no file can carry, replaced by U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
