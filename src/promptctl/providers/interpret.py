"""The only reader of what a server sends: an Output (the model answered) or a Failure (the world said no).

Total: any JSON value and any text gives one of the two, never an exception. Field names are those of chat
completions and of what compatible servers were seen to send instead.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from promptctl.core.exchange import Failure, Finish, Output, Usage

EXCERPT = 200

_FINISHES: dict[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # GLM
    "safety": "content_filter",
    "refusal": "refusal",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
}
# The server gave up half-way: what came is not an answer of the model.
_BROKEN_OFF = {"insufficient_system_resource", "network_error", "abort", "error"}
_FILTERED = {"content_filter", "data_inspection_failed", "content_policy_violation", "sensitive_content"}
# The next call would fail alike. 1113 is GLM's empty account, Arrearage DashScope's.
_HOPELESS = {
    "insufficient_quota",
    "exceeded_current_quota_error",
    "arrearage",
    "accountoverdueerror",
    "1113",
    "model_not_found",
    "invalid_api_key",
    "incorrect_api_key",
    "invalid_authentication_error",
}
_HOPELESS_STATUS = {401, 402, 403, 404}
_SURROGATE = re.compile("[\ud800-\udfff]")
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)
_UNENDED_THOUGHT = re.compile(r"\s*<think>(.*)", re.DOTALL)
_DEEP = 64


class _MalformedError(Exception):
    """What came is not an answer; the text says why."""


def interpret(body: Any) -> Output | Failure:
    """What the body of a 200 says. `body` is its text, or JSON that was already read."""
    try:
        value = _parsed(body) if isinstance(body, str) else body
        return _read(value)
    except _MalformedError as error:
        return Failure(kind="malformed", message=f"{error}: {excerpt(body)}")
    except RecursionError:
        return Failure(kind="malformed", message=f"nested too deeply: {excerpt(body)}")


def interpret_error(status: int, body: Any) -> Output | Failure:
    """What an HTTP error says. `body` is the inside of `{"error": …}`, or whatever else came instead.

    A refusal of the provider's content filter is an Output: it is an answer to what was asked.
    """
    codes, said = _error_parts(body)
    if codes & _FILTERED:
        return Output(text="", finish="content_filter")
    message = f"{status}: {said}" if said else str(status)
    if codes & _HOPELESS or status in _HOPELESS_STATUS or "api key not valid" in said.lower():
        return Failure(kind="rejected", message=message, fatal=True)
    if 300 <= status < 400:
        return Failure(
            kind="rejected", message=f"{status}: the server redirects; base_url must be final", fatal=True
        )
    if status == 429:
        return Failure(kind="rate_limited", message=message)
    if status == 408:
        return Failure(kind="timeout", message=message)
    if status == 409 or status >= 500:
        return Failure(kind="unavailable", message=message)
    return Failure(kind="rejected", message=message)


def excerpt(value: Any) -> str:
    """The first 200 characters of what came, on one line."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, RecursionError):
        text = f"<{type(value).__name__}>"
    # Cut first: the rest may be megabytes.
    line = " ".join(without_surrogates(text[: 4 * EXCERPT]).split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def without_surrogates(text: str) -> str:
    """`text` with each lone surrogate, which no file can carry, replaced by U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _parsed(body: str) -> Any:
    try:
        # NaN is not JSON, but servers put it beside the answer (log probabilities).
        return json.loads(body, parse_constant=lambda _: None)
    except ValueError:
        start = body.lstrip()[:1]
        what = "empty body" if not start else "a page, not JSON" if start == "<" else "not JSON"
        raise _MalformedError(what) from None


def _read(value: Any) -> Output | Failure:
    if not isinstance(value, dict):
        raise _MalformedError(f"{_kind(value)} where an object was expected")
    if value.get("error"):
        return _error_inside(value["error"])
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices:
        raise _MalformedError("no choices")
    choice = choices[0]
    if not isinstance(choice, dict):
        raise _MalformedError(f"a choice that is {_kind(choice)}")
    if choice.get("error"):
        return _error_inside(choice["error"])
    finish = choice.get("finish_reason")
    if isinstance(finish, str) and finish in _BROKEN_OFF:
        return Failure(kind="unavailable", message=f"the server broke off: finish_reason {finish}")
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _MalformedError("no message")
    return _output(message, finish if isinstance(finish, str) else "", value)


def _output(message: dict[str, Any], finish: str, value: dict[str, Any]) -> Output:
    text, refusal, thoughts = _content(message.get("content"))
    refusal = _text(message.get("refusal")) or refusal
    calls = _tool_calls(message)
    ended: Finish = _FINISHES.get(finish.lower(), "stop")
    if calls and ended == "stop":
        ended = "tool_calls"
    if refusal and ended == "stop":
        ended = "refusal"
    text, thought = _split_thought(text, cut_off=ended == "length")
    said = [_text(message.get("reasoning_content")) or _text(message.get("reasoning")), *thoughts, thought]
    model = value.get("model")
    return Output(
        text=without_surrogates(text or refusal),
        finish=ended,
        tool_calls=calls,
        usage=_usage(value.get("usage")),
        model=without_surrogates(model) if isinstance(model, str) else None,
        reasoning=without_surrogates("\n".join(part for part in said if part)) or None,
    )


def _content(content: Any) -> tuple[str, str, list[str]]:
    """The text, the refusal and the thoughts of a message's content."""
    if content is None or isinstance(content, str):
        return content or "", "", []
    if not isinstance(content, list):
        raise _MalformedError(f"content that is {_kind(content)}")
    texts: list[str] = []
    refusals: list[str] = []
    thoughts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif not isinstance(part, dict):
            raise _MalformedError(f"a part of content that is {_kind(part)}")
        elif part.get("type") in ("thinking", "reasoning"):
            thoughts.append(_text(part.get("thinking") or part.get("text")))
        elif part.get("type") == "refusal":
            refusals.append(_text(part.get("refusal")))
        else:
            texts.append(_text(part.get("text")))
    return "".join(texts), "".join(refusals), thoughts


def _split_thought(text: str, *, cut_off: bool) -> tuple[str, str]:
    """A leading `<think>…</think>` apart. One that never ends is a thought only if the answer was cut off."""
    if match := _THOUGHT.match(text):
        return text[match.end() :], match[1].strip()
    if cut_off and (match := _UNENDED_THOUGHT.match(text)):
        return "", match[1].strip()
    return text, ""


def _tool_calls(message: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        return tuple(_clean(call) for call in calls if isinstance(call, dict))
    function = message.get("function_call")
    return ({"type": "function", "function": _clean(function)},) if isinstance(function, dict) else ()


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    sent = _count(usage.get("prompt_tokens"), usage.get("input_tokens"))
    received = _count(usage.get("completion_tokens"), usage.get("output_tokens"))
    return None if sent is None and received is None else Usage(input=sent, output=received)


def _count(*candidates: Any) -> int | None:
    fitting = (n for n in candidates if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**53)
    return next(fitting, None)


def _error_inside(error: Any) -> Output | Failure:
    """An error that came with status 200, as gateways send it."""
    codes, _ = _error_parts(error)
    status = next((int(code) for code in sorted(codes) if re.fullmatch(r"[45]\d\d", code)), None)
    if status is not None or codes & (_FILTERED | _HOPELESS):
        return interpret_error(status or 400, error)
    raise _MalformedError("an error inside a 200")


def _error_parts(error: Any) -> tuple[set[str], str]:
    """The codes of an error, in lower case, and what it says."""
    if not isinstance(error, dict):
        return set(), excerpt(error) if error else ""
    inner = error.get("error")
    if isinstance(inner, dict):
        error = inner
    codes = {str(code).lower() for code in _codes(error)}
    said = error.get("message")
    return codes, excerpt(said if isinstance(said, str) and said else error)


def _codes(error: dict[str, Any]) -> Iterable[str | int]:
    nested = error.get("innererror")  # Azure
    for holder in (error, nested if isinstance(nested, dict) else {}):
        for name in ("code", "type", "status"):
            if isinstance(holder.get(name), (str, int)):
                yield holder[name]


def _clean(value: Any, depth: int = 0) -> Any:
    if depth > _DEEP:
        raise _MalformedError("nested too deeply")
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {without_surrogates(str(key)): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(
        value
    ):  # 1e999: no file of ours can hold it as a number
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _text(value: Any) -> str:
    if isinstance(value, list):  # Mistral wraps thoughts in parts
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
