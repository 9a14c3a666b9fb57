"""The only reader of what a server sends: an Output (the model answered) or a Failure (the world said no).

Total: any JSON value and any text gives one of the two, never an exception. Field names are those of chat
completions and of what compatible servers were seen to send instead. Errors are in `interpret_errors`, how long to wait
in `interpret_waits`, answers in parts in `interpret_stream`.
"""

import json
import math
from typing import Any

import msgspec

from promptctl.core.dialects import COMMON, Dialect
from promptctl.core.exchange import Failure, Finish, Output, Usage
from promptctl.core.record import replace
from promptctl.providers.excerpts import excerpt, without_surrogates
from promptctl.providers.interpret_errors import error_inside
from promptctl.providers.interpret_stream import CutOffError, is_stream, joined

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # GLM
    "safety": "content_filter",
    "prohibited_content": "content_filter",
    "refusal": "refusal",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
}
# The server gave up half-way: what came is not an answer of the model.
_BROKEN_OFF = {"insufficient_system_resource", "network_error", "abort", "error"}
# Of errors inside a 200. What was refused (the key, the rate) never came to a model.
_PERHAPS_BILLED = {"unavailable", "timeout"}
_THINK = "<think>"
_THOUGHT_ENDS = "</think>"
_DEEP = 64


class _MalformedError(Exception):
    """What came is not an answer; the text says why. `lost`: it cannot be read at all, so that it may be one."""

    def __init__(self, why: str, *, lost: bool = False) -> None:
        super().__init__(why)
        self.lost = lost


def interpret(
    body: Any,
    *,
    seconds: float | None = None,
    first_token_seconds: float | None = None,
    dialect: Dialect = COMMON,
) -> Output | Failure:
    """What the body of a 200 says.

    Args:
        body: Its bytes or text, or JSON that was already read.
        seconds, first_token_seconds: How long it took, for the Output.
        dialect: The server's; its codes mean what they mean there.
    """
    try:
        value = _parsed(body) if isinstance(body, (str, bytes)) else body
        found = _read(value, dialect, seconds, first_token_seconds)
    except _MalformedError as error:
        came = excerpt(body)
        message = f"{error}: {came}" if came else str(error)
        return Failure(kind="malformed", message=message, lost=error.lost, answered=True, passing=error.lost)
    except RecursionError:
        return Failure(kind="malformed", message=f"nested too deeply: {excerpt(body)}", answered=True)
    if isinstance(found, Failure) and found.kind in _PERHAPS_BILLED:
        return replace(found, answered=True)
    return found


def _parsed(body: str | bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):  # not what it takes, though others may: NaN, half a surrogate pair
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        return _leniently(text.removeprefix("\ufeff"))


def _leniently(text: str) -> Any:
    try:
        if is_stream(text):
            return joined(text)
        # NaN is not JSON, but servers put it beside the answer (log probabilities).
        return json.loads(text, parse_constant=lambda _: None)
    except CutOffError:
        raise _MalformedError("the parts end before the answer does", lost=True) from None
    except ValueError:
        start = text.lstrip()[:1]
        what = "empty body" if not start else "a page, not JSON" if start == "<" else "not JSON"
        raise _MalformedError(what, lost=True) from None


def _read(
    value: Any, dialect: Dialect, seconds: float | None, first_token_seconds: float | None
) -> Output | Failure:
    if not isinstance(value, dict):
        raise _MalformedError(f"{_kind(value)} where an object was expected")
    if value.get("error"):
        return _error_inside(value["error"], dialect)
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices:
        if (
            "code" in value or "error_code" in value
        ):  # DashScope and the old ERNIE interface say it at the top
            return _error_inside(value, dialect)
        raise _MalformedError("no choices")
    choice = choices[0]
    if not isinstance(choice, dict):
        raise _MalformedError(f"a choice that is {_kind(choice)}")
    if choice.get("error"):
        return _error_inside(choice["error"], dialect)
    said = choice.get("finish_reason")
    finish = said.lower() if isinstance(said, str) else ""
    if finish in _BROKEN_OFF:
        return Failure(
            kind="unavailable", message=f"the server broke off: finish_reason {said}", passing=True
        )
    # Gemini says why: content_filter: PROHIBITED_CONTENT.
    ended: Finish = _FINISHES.get(finish.partition(":")[0], "stop")
    message = choice.get("message")
    if not isinstance(message, dict):
        if ended != "content_filter":
            raise _MalformedError("no message")
        message = {}
    return _output(message, ended, value, seconds, first_token_seconds)


def _output(
    message: dict[str, Any],
    ended: Finish,
    value: dict[str, Any],
    seconds: float | None,
    first_token_seconds: float | None,
) -> Output:
    text, refusal, thoughts = _content(message.get("content"))
    refusal = _text(message.get("refusal")) or refusal
    calls = _tool_calls(message)
    if calls and ended == "stop":
        ended = "tool_calls"
    if refusal and ended == "stop":
        ended = "refusal"
    text, thought = _split_thought(text, cut_off=ended == "length")
    told = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
    reasoning = (
        "\n".join(part for part in (told, *thoughts, thought) if part) if told or thoughts or thought else ""
    )
    model = value.get("model")
    return Output(
        text=without_surrogates(text or refusal),
        finish=ended,
        tool_calls=calls,
        usage=_usage(value.get("usage")),
        model=without_surrogates(model) if isinstance(model, str) else None,
        reasoning=without_surrogates(reasoning) or None,
        seconds=seconds,
        first_token_seconds=first_token_seconds,
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
    if _THINK not in text[:64] or not (begun := text.lstrip()).startswith(_THINK):
        return text, ""
    thought, ended, answer = begun.removeprefix(_THINK).partition(_THOUGHT_ENDS)
    if ended:
        return answer.lstrip(), thought.strip()
    return ("", thought.strip()) if cut_off else (text, "")


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


def _error_inside(error: Any, dialect: Dialect) -> Output | Failure:
    """An error that came with status 200, as gateways send it."""
    found = error_inside(error, dialect)
    if found is None:
        raise _MalformedError("an error inside a 200")
    return found


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
