"""Reading numbers out of prose: thousands, decimals, minus, percent, 万 and 亿."""

import re
import unicodedata
from collections import deque
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import NamedTuple

# Possessive and bounded: a megabyte of "123,123,…" would otherwise be read once per group.
_NUMBER = re.compile(
    r"""
    (?<![A-Za-z\d_.])(?<![A-Za-z]-)             # 4 in GPT-4 or A4 and the parts of 1.2.3 are no numbers
    (?:(?<![A-Za-z\d_)\]])(?<!\d\w)(?P<sign>[-+]))?  # the dash of 3-5 and 3天-5天 is no minus
    [$€£¥₹]?
    (?P<digits>\d{1,3}(?:[,\u00a0\u2009\u202f']\d{3}){1,8}+(?!\d)(?:\.\d+)?+|\d++(?:\.\d+)?+|\.\d++)
    (?P<exponent>[eE][+-]?\d{1,3}(?!\d))?
    (?!\.\d)
    [ ]?(?P<unit>%|万|萬|亿|億)?
    """,
    re.VERBOSE,
)
_UNITS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
# Full-width forms become plain ones, but NFKC would go too far: it reads 10² as 102. The full-width comma stays a
# comma of prose: 共3，400人.
_PLAIN = {0xFF01 + index: 0x21 + index for index in range(94)} | {
    ord("，"): "、",
    ord("−"): "-",
    ord("–"): "-",
    ord("￥"): "¥",
}


# Models write numbers of millions of digits; by default, arithmetic ends in an error at one million.
ROUNDED = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN)


class Number(NamedTuple):
    """A number as written: `value` is 12 for "12%", where `percent` is True."""

    value: Decimal
    percent: bool = False

    @property
    def fraction(self) -> Decimal:
        """What it stands for: 0.12 for "12%"."""
        with localcontext(ROUNDED):
            return self.value / 100 if self.percent else self.value

    def __str__(self) -> str:
        return f"{plain(self.value)}%" if self.percent else plain(self.value)


def plain(value: Decimal) -> str:
    """`value` without an exponent or closing zeros, unless it is very long."""
    text = f"{value:f}" if abs(value.adjusted()) < 20 else ""
    if not 0 < len(text) < 30:
        return f"{value:.6e}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def last_number(text: str) -> Number | None:
    """The last number in `text`, or None.

    The comma separates thousands and the dot decimals, whatever the language; full-width digits and signs count as
    plain ones. Numbers in words (twelve, 十二) are not read.
    """
    last = deque(_NUMBER.finditer(text.translate(_PLAIN)), maxlen=1)
    found = last[0] if last else None
    if found is None:
        return None
    digits = re.sub("[^0-9.]", "", "".join(_ascii(character) for character in found["digits"]))
    value = Decimal(f"{found['sign'] or ''}{digits}{found['exponent'] or ''}")
    if found["unit"] in _UNITS:
        with localcontext(ROUNDED):
            value *= _UNITS[found["unit"]]
    return Number(value, percent=found["unit"] == "%")


def _ascii(character: str) -> str:
    """Digits of other scripts as plain ones."""
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def distance(one: Number, other: Number) -> tuple[Decimal, Decimal]:
    """How far apart they are, and the size of `other`, in the same unit.

    Two percentages are compared in percentage points; a percentage and a plain number as fractions.
    """
    both = one.percent and other.percent
    left, right = (one.value, other.value) if both else (one.fraction, other.fraction)
    with localcontext(_EXACT):
        return abs(left - right), abs(right)
