"""One function per sink that makes foreign text harmless. Here: the terminal.

Model output, feedback and pull-request content can hold escape sequences that colour, link, write to the
clipboard or move the cursor, and characters that reorder a line. All become visible.
"""

import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSAFE = re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)


def terminal_text(text: str) -> str:
    """`text` with everything that a terminal would act on written out (`\\x1b`, `\\u202e`); line ends stay."""
    return _UNSAFE.sub(_visible, text)


def terminal_line(text: str) -> str:
    """`terminal_text` on one line: line ends and tabs become single spaces."""
    return terminal_text(re.sub(r"[\r\n\t]+", " ", text))


def width(text: str) -> int:
    """Columns that `text` takes: Chinese and Japanese characters take two."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # its tables are needed only for text beyond ASCII

    columns = wcswidth(text)
    return columns if columns >= 0 else len(text)


def fit(text: str, columns: int) -> str:
    """`text` cut to `columns`, with `…` where something was cut."""
    if width(text) <= columns:
        return text
    if text.isascii():
        return text[: max(0, columns - 1)] + "…"
    from wcwidth import wcwidth

    kept, used = [], 0
    for character in text:
        used += max(1, wcwidth(character))  # a mark that widens what stands before it counts as one
        if used > columns - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def pad(text: str, columns: int) -> str:
    """`text` followed by spaces up to `columns`."""
    return text + " " * max(0, columns - width(text))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
