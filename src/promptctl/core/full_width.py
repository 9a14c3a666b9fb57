"""Full-width punctuation, as a Chinese or Japanese keyboard types it, and the half-width form that formats read.

In what people write it is right. It is named only where a format needs its own sign: what would be a colon, a comma, a
bracket or a quote of YAML, TOML, JSON or Jinja is plain text to them when it is full-width.
"""

import re
from collections.abc import Iterable, Mapping
from unicodedata import normalize

SPACE = "\u3000"
DASHES = "－—–―−‐‑"  # what a keyboard or an editor makes of `-`

# U+FF01 to U+FF5E are the printable ASCII characters in the same order. Letters and digits are left out: a name may
# hold them, and what reads names and numbers says so itself.
HALF: dict[str, str] = {
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum()},
    **dict.fromkeys(DASHES, "-"),
    **{"“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]", "、": ",", SPACE: " "},
}
_TABLE = str.maketrans(HALF)
_OPEN = "｛［【"
_WIDE_LETTER = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_OPTION = re.compile(rf"[{DASHES}]{{1,2}}-?([A-Za-z][\w-]*)")


def half(text: str) -> str:
    """`text` with every full-width sign in its half-width form; letters of any width stay."""
    return text.translate(_TABLE)


def signs(text: str) -> list[str]:
    """The full-width signs in `text`, each once, in the order in which they appear."""
    return [sign for sign in dict.fromkeys(text) if sign in HALF]


def narrow(text: str) -> str | None:
    """A name or a number whose letters or digits are full-width, as a keyboard for Latin types it; else None."""
    return normalize("NFKC", text) if _WIDE_LETTER.search(text) else None


def structural(text: str) -> list[str]:
    """The signs that would give `text` a structure, were they half-width: the first one and what belongs to it.

    A colon behind a key is alone; what stands behind it may be prose with signs of its own.
    """
    found = signs(text)
    if not found or found[0] in _OPEN:
        return found
    return [sign for sign in found if HALF[sign] == HALF[found[0]]]


def instead(found: Iterable[str], forms: Mapping[str, str] = HALF) -> str:
    """What to write: `write : instead of ：, , instead of ，`. `forms`: what each sign stands for in the format."""
    return "write " + ", ".join(f"{named(forms[sign])} instead of {named(sign)}" for sign in found)


def option(word: str) -> str | None:
    """The option of a command line that was most likely meant by a word which begins with another dash."""
    found = _OPTION.match(word)
    return f"{'--' if len(found[1]) > 1 else '-'}{found[1]}" if found else None


def named(sign: str) -> str:
    """A sign as it can be told: spaces by their name."""
    return {" ": "a plain space", SPACE: "the full-width space (U+3000)"}.get(sign, sign)
