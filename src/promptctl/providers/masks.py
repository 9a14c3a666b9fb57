"""Messages and answers without the key that was sent: servers repeat it, and pieces of it."""

import base64
import re
from typing import Any
from urllib.parse import quote

_TRACE = 8  # so many characters of a key in a row are taken for a piece of it


def without_key(text: str, key: str) -> str:
    """`text` with the key, its encoded forms and longer pieces of them replaced by `***`.

    One shorter than such a piece, as servers on this machine take (`none`), only where it stands by itself.
    """
    if not key:
        return text
    if len(key) < _TRACE:
        return re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", "***", text)
    for form in forms_of(key):
        text = _masked(text.replace(form, "***"), form)
    return text


def forms_of(key: str) -> tuple[str, ...]:
    """The key and its encoded forms; none of a key so short that ordinary texts hold it."""
    if len(key) < _TRACE:
        return ()
    encoded = base64.b64encode(key.encode()).decode()
    return tuple({key, quote(key, safe=""), encoded, encoded.translate(str.maketrans("+/", "-_"))})


def without_forms(value: Any, forms: tuple[str, ...]) -> Any:
    """Any JSON value with these forms of a key replaced in all its texts. Pieces may be the model's own words."""
    if isinstance(value, str):
        for form in forms:
            value = value.replace(form, "***")
        return value
    if isinstance(value, dict):
        return {without_forms(name, forms): without_forms(one, forms) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(without_forms(one, forms) for one in value)
    return value


def _masked(text: str, form: str) -> str:
    """`text` without the runs of characters that also stand in `form`."""
    hidden = bytearray(len(text))
    for start in range(len(text) - _TRACE + 1):
        if text[start : start + _TRACE] in form:
            hidden[start : start + _TRACE] = b"\x01" * _TRACE
    if not any(hidden):
        return text
    kept = (
        (char, gone, bool(at and hidden[at - 1]))
        for at, (char, gone) in enumerate(zip(text, hidden, strict=True))
    )
    return "".join(("" if again else "***") if gone else char for char, gone, again in kept)
