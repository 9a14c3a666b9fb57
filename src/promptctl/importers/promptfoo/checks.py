"""Assertions of promptfoo as checks, one function a type: from the value as promptfoo renders it to the check."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.importers.promptfoo.js import UNDEFINED, Unclear, as_text, is_finite
from promptctl.importers.promptfoo.not_carried import NotCarried
from promptctl.importers.promptfoo.patterns import python_pattern
from promptctl.importers.promptfoo.schemas import schema_of

Check = dict[str, Any]

FINISHES = ("stop", "length", "refusal", "content_filter", "tool_calls")
_QUOTED = re.compile(r'"((?:\\"|[^"])*)(?:"|\Z)')


class Asked(NamedTuple):
    """An assertion with its value rendered; `kind` is its type without `not-`."""

    kind: str
    value: Any
    threshold: Any
    tools: Sequence[Mapping[str, Any]] = ()


def comma_separated(text: str, *, quotes: bool) -> list[str]:
    """The texts of a list that is written in one text, between commas; with `quotes`, commas in double quotes stay.

    Raises:
        NotCarried: a double quote where versions of promptfoo differ about what it means.
    """
    if not quotes:
        if '"' in text:
            raise NotCarried(
                "a list in one text with double quotes, which versions of promptfoo read differently",
                "write it as a list",
            )
        return [part.strip() for part in text.split(",")]
    found: list[str] = []
    rest = text
    while rest := rest.lstrip(" \t\n\r,"):
        quoted = _QUOTED.match(rest)
        field, _, rest = (quoted[1], "", rest[quoted.end() :]) if quoted else rest.partition(",")
        found.append(field.replace('\\"', '"') if quoted else field.strip())
    return found


def _equals(asked: Asked) -> Check:
    if asked.value is UNDEFINED:
        raise NotCarried("assertion equals without a value", "write `value:`")
    if isinstance(asked.value, (dict, list)):
        return {"json_equals": {"to": asked.value}}
    text = "null" if asked.value is None else as_text(asked.value)
    return {"equals": text} if text else {"char_count": 0}


def _text(asked: Asked) -> str:
    """The value as text; a number is its digits."""
    if isinstance(asked.value, bool) or not isinstance(asked.value, (str, int, float)):
        raise NotCarried(f"assertion {asked.kind} without a text", "promptfoo stops here: write `value:`")
    text = as_text(asked.value)
    if not text:
        raise NotCarried(f"assertion {asked.kind} with an empty text", "promptfoo stops here: write `value:`")
    return text


def _contains(asked: Asked) -> Check:
    return {"contains": _text(asked)}


def _icontains(asked: Asked) -> Check:
    return {"contains": {"value": _text(asked), "ignore_case": True}}


def _starts_with(asked: Asked) -> Check:
    return {"starts_with": _text(asked)}


def _among(asked: Asked) -> Check:
    """contains-any, contains-all and both without regard to case."""
    values = asked.value
    if isinstance(values, str) and values:
        values = comma_separated(values, quotes=asked.kind == "contains-any")
    if not isinstance(values, list) or not values:
        raise NotCarried(f"assertion {asked.kind} without a list", "promptfoo stops here: write `value:`")
    texts = [as_text(value) for value in values]
    name = "contains_all" if asked.kind.endswith("-all") else "contains_any"
    if name == "contains_any" and "" in texts:
        raise NotCarried(
            f"assertion {asked.kind} with an empty text, which every output contains", "take it out"
        )
    texts = [text for text in texts if text]
    if not texts:
        raise NotCarried(
            f"assertion {asked.kind} of nothing but empty texts", "take it out: it holds for every output"
        )
    return {name: {"values": texts, "ignore_case": True}} if asked.kind.startswith("i") else {name: texts}


def _regex(asked: Asked) -> Check:
    if not isinstance(asked.value, str) or not asked.value:
        raise NotCarried("assertion regex without a pattern", "promptfoo stops here: write `value:`")
    try:
        pattern, flags = python_pattern(asked.value)
    except Unclear as error:
        raise NotCarried(f"assertion regex: {error}", "write a pattern of Python") from None
    return {"regex": {"pattern": pattern, "flags": flags} if flags else pattern}


def _is_json(asked: Asked) -> Check:
    return _shaped(asked, plain="is_json", schemed="json_schema")


def _contains_json(asked: Asked) -> Check:
    return _shaped(asked, plain="contains_json", schemed="contains_json")


def _shaped(asked: Asked, *, plain: str, schemed: str) -> Check:
    if asked.value in (UNDEFINED, None, ""):
        return {plain: None}
    try:
        schema = schema_of(asked.value)
    except Unclear as error:
        raise NotCarried(f"assertion {asked.kind} with {error}", "mend the schema") from None
    return {schemed: {"schema": schema}} if schema else {plain: None}


def _is_xml(asked: Asked) -> Check:
    paths = asked.value
    if isinstance(paths, dict):
        paths = paths.get("requiredElements")
        if not isinstance(paths, list):
            raise NotCarried(
                "assertion is-xml without requiredElements", "it always fails: name the elements"
            )
    if isinstance(paths, str):
        paths = [part.strip() for part in paths.split(",") if part.strip()]
    if paths in (UNDEFINED, None, []):
        return {"is_xml": None}
    if not isinstance(paths, list) or not all(isinstance(path, str) and path for path in paths):
        raise NotCarried("assertion is-xml with a value that names no elements", "write them as a list")
    return {"is_xml": {"has": [path.replace(".", "/") for path in paths]}}


def _is_html(asked: Asked) -> Check:
    return {"is_html": None}


def _word_count(asked: Asked) -> Check:
    value = asked.value
    wrong = NotCarried(
        "assertion word-count without a number", "promptfoo stops here: write a number, or min and max"
    )
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"\s*[0-9]{1,9}\s*", value) else None
    if isinstance(value, dict):
        bounds = {name: value[name] for name in ("min", "max") if value.get(name) is not None}
        if not bounds or not all(is_finite(number) for number in bounds.values()):
            raise wrong
        if "min" in bounds and "max" in bounds and bounds["min"] > bounds["max"]:
            raise wrong
        rounded = {
            name: (math.ceil if name == "min" else math.floor)(number) for name, number in bounds.items()
        }
        if rounded.get("min", 1) <= 0:
            del rounded["min"]
        if not rounded:
            raise NotCarried(
                "assertion word-count with `min: 0`, which holds for every output", "take it out"
            )
        return {"word_count": rounded}
    if not is_finite(value) or value != int(value):
        raise wrong
    return {"word_count": int(value)}


def _limit(asked: Asked, unit: float) -> float:
    if not is_finite(asked.threshold):
        raise NotCarried(
            f"assertion {asked.kind} without a threshold", "promptfoo stops here: write `threshold:`"
        )
    return float(asked.threshold) * unit


def _latency(asked: Asked) -> Check:
    return {"latency": _plain(_limit(asked, 0.001))}


def _cost(asked: Asked) -> Check:
    return {"cost": _plain(_limit(asked, 1.0))}


def _levenshtein(asked: Asked) -> Check:
    if not isinstance(asked.value, str):
        raise NotCarried("assertion levenshtein without a text", "promptfoo stops here: write `value:`")
    threshold = 5 if asked.threshold is None else asked.threshold
    if not is_finite(threshold) or threshold < 0:
        raise NotCarried(
            "assertion levenshtein with a threshold that is no number", "write how many edits are allowed"
        )
    if not asked.value:
        return {"char_count": {"max": math.floor(threshold)}}
    return {"levenshtein": {"to": asked.value, "at_most": math.floor(threshold)}}


def _finish_reason(asked: Asked) -> Check:
    if not isinstance(asked.value, str) or asked.value.lower() not in FINISHES:
        raise NotCarried(
            "assertion finish-reason with another reason", f"promptctl knows {', '.join(FINISHES)}"
        )
    return {"finish_reason": asked.value.lower()}


def _tool_call_f1(asked: Asked) -> Check:
    names = asked.value.split(",") if isinstance(asked.value, str) else asked.value
    if not isinstance(names, list):
        raise NotCarried("assertion tool-call-f1 without names", "promptfoo stops here: write `value:`")
    tools = [text for name in names if (text := as_text(name).strip())]
    limit = 1.0 if asked.threshold is None else asked.threshold
    return {"tool_call_f1": tools if limit == 1 else {"tools": tools, "at_least": limit}}


def _valid_calls(asked: Asked) -> Check:
    """Every call is of a tool that is offered, and fits what that tool takes; at least one call is made."""
    tools = {tool["function"]["name"]: tool["function"].get("parameters") or {} for tool in asked.tools}
    if not tools:
        raise NotCarried(
            f"assertion {asked.kind} of a prompt without tools", "it always fails: give the provider tools"
        )
    fits = [
        {"tool_args_schema": {"tool": name, "schema": schema if schema else {"type": "object"}}}
        for name, schema in tools.items()
    ]
    if len(fits) == 1:
        return fits[0]
    each = [{"any": [{"no_tool_call": name}, fit]} for name, fit in zip(tools, fits, strict=True)]
    return {"all": [{"not": "no_tool_call"}, *each]}


def _plain(number: float) -> float | int:
    return int(number) if number.is_integer() else float(f"{number:.12g}")


CHECKS: dict[str, Callable[[Asked], Check]] = {
    "equals": _equals,
    "contains": _contains,
    "icontains": _icontains,
    **dict.fromkeys(("contains-any", "contains-all", "icontains-any", "icontains-all"), _among),
    "starts-with": _starts_with,
    "regex": _regex,
    "is-json": _is_json,
    "contains-json": _contains_json,
    "is-xml": _is_xml,
    "is-html": _is_html,
    "word-count": _word_count,
    "latency": _latency,
    "cost": _cost,
    "levenshtein": _levenshtein,
    "finish-reason": _finish_reason,
    "tool-call-f1": _tool_call_f1,
    **dict.fromkeys(("is-valid-function-call", "is-valid-openai-function-call"), _valid_calls),
    "is-valid-openai-tools-call": _valid_calls,
}
OF_TEXT = frozenset(CHECKS) - {
    "latency",
    "cost",
    "finish-reason",
    "tool-call-f1",
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
}
