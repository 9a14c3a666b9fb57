"""Cases as strange as they come, from a seed: every kind of text and number that has to survive being written anew."""

from collections.abc import Iterator
from random import Random
from typing import Any

TEXTS = (
    *("", " ", "a", "yes", "NO", "null", "~", "012", "0x1F", "1e3", "1_000", "0.10", "-0", "12:30:45"),
    *("2026-01-02", ".inf", "<<", "=", "!", "- a", "a: b", "# no comment", "a #b", "*a", "&a", "[x]", "{x}"),
    *("trailing ", " leading", "tab\there", "\ttab", "a\r\nb", "a\rb", "line\n", "line\n\n", "\nline", "\n"),
    *("two\nlines", "  indented\n    more\nless\n", "a\n\n\nb", "end: \n", "nel\x85x", "ls\u2028ps\u2029x"),
    *(
        "\ufeffbom",
        "zero\u200bwidth",
        "bell\x07",
        "nul\x00",
        "del\x7f",
        "esc\x1b[31m",
        "c1\x9b",
        "😀 ok",
        "👩‍👩‍👧",
    ),
    *(
        "我的钱什么时候退？",
        "『返金』はいつ",
        "한국어",
        "café",
        "cafe\u0301",
        "עברית",
        "{{ name }}",
        "'q' \"dq\"",
        "\\n",
    ),
    *(
        "=1+1",
        "+1",
        "-1",
        "@cmd",
        "'quoted",
        "json:1",
        'say "hi", ok',
        "a;b",
        "long " * 30,
        "长" * 40,
        "x" * 130,
    ),
)
NUMBERS = (
    0,
    1,
    -1,
    7,
    10**15,
    -(10**40),
    10**298,
    1.0,
    -0.0,
    0.1,
    1e3,
    1e22,
    1e-7,
    5e-324,
    1.7e308,
    123456.789,
)


def strange_cases(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """So many cases with different ids, most of them small. Every text above is in many of them."""
    chance = Random(seed)
    for number in range(count):
        case_id = f"c-{number:05}"
        if number % 4:
            yield {"id": case_id, "input": strange_value(chance), "expected": {"text": chance.choice(TEXTS)}}
        else:
            yield strange_case(case_id, chance)


def strange_case(case_id: str, chance: Random) -> dict[str, Any]:
    """One case with random keys, in canonical order as far as they go."""
    case: dict[str, Any] = {"id": case_id}
    if chance.random() < 0.3:
        case["severity"] = chance.choice(["blocker", "normal", "info"])
    if chance.random() < 0.3:
        case["tags"] = [chance.choice(TEXTS) for _ in range(chance.randrange(4))]
    if chance.random() < 0.3:
        case["why"] = chance.choice([*TEXTS, None])
    if chance.random() < 0.7:
        case["vars"] = {chance.choice(TEXTS): strange_value(chance) for _ in range(chance.randrange(4))}
    else:
        case["input"] = strange_value(chance)
    if chance.random() < 0.2:
        case["contexts"] = [{"id": "p", "text": chance.choice(TEXTS)}]
    case["expected"] = chance.choice(
        [{"text": chance.choice(TEXTS)}, {"json": strange_value(chance)}, 1, "b", True]
    )
    if chance.random() < 0.2:
        case["rejected"] = {"text": chance.choice(TEXTS), "reason": chance.choice(TEXTS)}
    if chance.random() < 0.3:
        case["checks"] = [
            "is_json",
            {"contains": chance.choice(TEXTS)},
            {"not": {"equals": chance.choice(TEXTS)}},
        ]
    if chance.random() < 0.2:
        case["source"] = {"kind": "x", "at": strange_value(chance)}
    return case


def strange_value(chance: Random, depth: int = 0) -> Any:
    """A text, a number, or a list or mapping of them."""
    kind = chance.random()
    if depth < 3 and kind < 0.1:
        return [strange_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if depth < 3 and kind < 0.2:
        return {chance.choice(TEXTS): strange_value(chance, depth + 1) for _ in range(chance.randrange(4))}
    if kind < 0.4:
        return chance.choice([*NUMBERS, True, False, None])
    return chance.choice(TEXTS)
