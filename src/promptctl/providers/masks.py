"""Messages without the key that was sent: servers repeat it, and pieces of it."""

import base64
from urllib.parse import quote

_TRACE = 8  # so many characters of a key in a row are taken for a piece of it


def without_key(text: str, key: str) -> str:
    """`text` with the key, its encoded forms and longer pieces of them replaced by `***`."""
    if not key:
        return text
    encoded = base64.b64encode(key.encode()).decode()
    for form in (key, quote(key, safe=""), encoded, encoded.translate(str.maketrans("+/", "-_"))):
        text = _masked(text.replace(form, "***"), form)
    return text


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
