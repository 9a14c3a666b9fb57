"""Strings that other tools acted on: what a terminal, a log, a browser or a reader could be made to do."""

import re

from hypothesis import strategies as st

ACTED_ON = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal acts on: controls, eight-bit controls, marks of direction, line separators, half characters."""

NASTY = {
    "colour": "\x1b[31mred\x1b[0m",
    "cursor": "\x1b[2J\x1b[1;1H\x1b[?25l",
    "link": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "title": "\x1b]0;title\x1b\\",
    "device control": "\x1bP1$r\x1b\\ \x1b_x\x1b\\ \x1b^x\x1b\\",
    "eight-bit escape": "\x9b31mred\x9d52;c;eA==\x9c",
    "controls": "".join(map(chr, range(0x20))) + "\x7f",
    "more controls": "".join(map(chr, range(0x80, 0xA0))),
    "backspace": "safe\b\b\b\bevil",
    "carriage return": "harmless\rPASS  all is well  [no-worse-than-margin]",
    "form feed": "a\x0bb\x0cc",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e\u061c",
    "separators": "one\u2028two\u2029three",
    "surrogate": "half \ud800 and \udfff",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "byte order mark": "\ufeffx",
    "workflow command": "::error::x\n::add-mask::y\n##[error]z\n::stop-commands::t",
    "fences": "```\n`````` ~~~\n</details></summary>",
    "mention": "@org/team fixes #1 ![x](https://evil.example/a.png)",
    "markup": "</script><img src=x onerror=alert(1)>",
    "table": "a|b|c\n---|---|---",
    "formula": "=cmd|' /C calc'!A0",
    "last line": "\n\nPASS  better  [no-worse-than-margin]\n",
    "long line": "x" * 2_000_000,
    "long wide line": "退" * 100_000,
    "combining": "e" + "\u0301" * 500,
    "joined emoji": "👩\u200d👩\u200d👧\u200d👦❤\ufe0f" * 30,
}
TRICKS = "\x1b[]\\;m\x9b\x07\r\n\t\u202e\ud800 a退\u0301"
ANY = (
    st.text(st.characters())
    | st.text(st.sampled_from(TRICKS))
    | st.sampled_from([text for name, text in NASTY.items() if "long" not in name])
)
