"""What a server says when it gives no answer: vendors' codes and bodies, as Failures that say what may help.

Part of `interpret`, which alone reads what servers send. The codes are those of the vendors' documentation, in lower
case; where a vendor has numbers, their meaning is beside them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptctl.core.dialects import COMMON, Dialect
from promptctl.core.exchange import Failure, Output
from promptctl.providers.excerpts import excerpt
from promptctl.providers.interpret_waits import seconds_to_wait

# The content filter refused the question, or what the model began to say.
_FILTERED = re.compile(
    r"content_filter|content_policy_violation|responsibleaipolicyviolation|data_?inspection_?failed"
    r"|(input|output)?(text|image|video|audio)?sensitivecontentdetected(\..+)?|sensitive_content"
    r"|unsafe_request|[a-z_]+_unsafe|prohibited_content"
    r"|1301"  # GLM: sensitive content
)
# The next call would fail alike: no money, no permission, no such model.
_HOPELESS = re.compile(
    r"insufficient_quota|billing_hard_limit_reached|billing_not_active|billing_error|account_deactivated"
    r"|exceeded_current_quota_error|arrearage|allocationquota\.freetieronly|account_?overdue(error)?"
    r"|quotaexceeded|setlimitexceeded|insufficient_balance|accessdenied\.unpurchased"
    r"|model_?not_?found|modelnotopen|model_offline|invalidendpoint(ormodel)?\..+|not_found_error"
    r"|invalid_?api_?key|api_key_invalid|incorrect_api_key(_error)?|invalid_authentication_error"
    r"|authentication_?error|permission_(denied_)?error|invalid_iam_token|failed_precondition"
    r"|100[0-4]|111[0-3]|1121"  # GLM: the key; the account is closed, gone, locked, empty
    r"|1211|122[0-2]"  # GLM: no such model, no permission
    r"|1304|1308|1309|131[01]"  # GLM: what was bought for the day, the month or the plan is used up
)
_HOPELESS_WORDS = re.compile(
    r"(your credit balance is too low|api key not valid|model not exist|user location is not supported"
    r"|\S{1,120} is not a valid model id)",
    re.IGNORECASE,
)
_HOPELESS_STATUS = {401, 402, 403, 404}
_RATE = re.compile(
    r"rate_?limit.*|.*_rate_limit(ed|_exceeded)|limit_requests|throttling(\..+)?|.*ratelimitexceeded|requestbursttoofast"
    r"|resource_exhausted|engine_overloaded_error|insufficient_quota"
    r"|130[235]|1312"  # GLM: at once, in a minute, in all, this model
    r"|18|336501|336502"  # the old ERNIE interface, inside a 200
)
_BUSY = re.compile(
    r"server_?error|internal(_server)?_?error(\..+)?|overloaded_error|serveroverloaded|service_?unavailable(_error)?"
    r"|unavailable(_error)?|upstream_error|bad_response.*|requesttimeout|timeout|api_error"
    r"|500|1120|1230|1234|336100"  # GLM, ERNIE
)
_FLAGGED = re.compile(r"violat\w* our usage polic|flagged", re.IGNORECASE)
_PER_DAY = re.compile("perday", re.IGNORECASE)
# No second try mends these: what was asked for is not there.
_LASTING = {501, 505}
_EMPTY: Mapping[str, str] = {}
_ONLY_STREAMS = re.compile(
    r"only supports? stream|non-stream|stream\s*=\s*false|非流式|enable the stream|stream\w* is required"
    r"|must be stream|stream must be true",
    re.IGNORECASE,
)


def interpret_error(
    status: int, body: Any, headers: Mapping[str, str] = _EMPTY, dialect: Dialect = COMMON
) -> Output | Failure:
    """What an HTTP error says. `body` is the inside of `{"error": …}`, or whatever else came instead.

    A refusal of the provider's content filter is an Output: it is an answer to what was asked.
    """
    return _meant(status, str(status), _inside(body), headers, dialect)


def _meant(
    status: int, shown: str, error: Any, headers: Mapping[str, str], dialect: Dialect
) -> Output | Failure:
    codes, said = codes_of(error), said_by(error)
    if _is_filtered(codes, error, said):
        return Output(text="", finish="content_filter")
    message = ": ".join(filter(None, (shown, said)))
    if 300 <= status < 400:
        message = f"{status}: the server redirects; base_url must be final"
        return Failure(kind="rejected", message=message, fatal=True)
    headers = {name.lower(): value for name, value in headers.items()}
    wait = seconds_to_wait(status, headers, error)
    if _is_hopeless(status, codes, error, said, dialect) and not (status == 402 and wait is not None):
        return Failure(kind="rejected", message=message, fatal=True)
    return _obeying(headers.get("x-should-retry"), _passing(status, codes, message, wait))


def error_inside(error: Any, dialect: Dialect = COMMON) -> Output | Failure | None:
    """An error that came with status 200, as gateways send it; None where it does not say what it is."""
    error = _inside(error)
    codes = codes_of(error)
    shown = next((code for code in sorted(codes) if re.fullmatch(r"[45]\d\d", code)), "")
    status = int(shown or 0)
    for pattern, meant in ((_HOPELESS, 400), (_RATE, 429), (_BUSY, 503), (_FILTERED, 400)):
        if not status and _any(pattern, codes):
            status = meant
    if status or _is_filtered(codes, error, said_by(error)):
        return _meant(status or 400, shown, error, _EMPTY, dialect)
    return None


def only_streams(failure: Failure) -> bool:
    """Whether the server refused because it gives this model's answers in parts only."""
    return failure.kind == "rejected" and not failure.fatal and bool(_ONLY_STREAMS.search(failure.message))


def codes_of(error: Any) -> set[str]:
    """The codes of an error, in lower case."""
    return {str(code).lower() for code in _codes(error)} if isinstance(error, dict) else set()


def said_by(error: Any) -> str:
    """What an error says, as an excerpt; empty where it says nothing."""
    if not isinstance(error, dict):
        return excerpt(error) if error else ""
    for name in ("message", "error_msg", "detail", "error", "msg"):
        said = error.get(name)
        if isinstance(said, str) and said:
            behind = _metadata(error).get("raw")  # OpenRouter: what the server behind it said
            return excerpt(f"{said}: {behind}" if isinstance(behind, str) else said)
    return excerpt(error) if error else ""


def _passing(status: int, codes: set[str], message: str, wait: float | None) -> Failure:
    if status in (402, 429):
        return Failure(kind="rate_limited", message=message, passing=True, retry_after=wait)
    if status == 408:
        return Failure(kind="timeout", message=message, passing=True)
    if status in (409, 425) or (status >= 500 and status not in _LASTING):
        return Failure(kind="unavailable", message=message, passing=True, retry_after=wait)
    if _any(_RATE, codes):  # a vendor's own limit under another status
        return Failure(kind="rate_limited", message=message, passing=True, retry_after=wait)
    if status in _LASTING:
        return Failure(kind="unavailable", message=message)
    return Failure(kind="rejected", message=message)


def _obeying(should_retry: str | None, failure: Failure) -> Failure:
    """The failure as the server itself wants it taken."""
    if should_retry != "false":
        return failure
    return Failure(kind=failure.kind, message=failure.message)


def _is_filtered(codes: set[str], error: Any, said: str) -> bool:
    if _any(_FILTERED, codes):
        return True
    if "invalid_prompt" in codes and _FLAGGED.search(said):  # OpenAI's reasoning models
        return True
    metadata = _metadata(error)  # OpenRouter's moderation
    return "flagged_input" in metadata or bool(metadata.get("reasons"))


def _is_hopeless(status: int, codes: set[str], error: Any, said: str, dialect: Dialect) -> bool:
    if status in _HOPELESS_STATUS or _HOPELESS_WORDS.match(said):
        return True
    if dialect.quota_per_minute and status == 429:
        codes = codes - {"insufficient_quota"}
    # Gemini asks to wait some seconds also where the quota is that of a day.
    return _any(_HOPELESS, codes) or any(_PER_DAY.search(quota) for quota in _quotas(error))


def _any(pattern: re.Pattern[str], codes: set[str]) -> bool:
    return any(pattern.fullmatch(code) for code in codes)


def _inside(body: Any) -> Any:
    """The error itself: without the list that Gemini wraps it in, and the object that most do."""
    for _ in range(3):
        if isinstance(body, list) and body and isinstance(body[0], dict):
            body = body[0]
        if not isinstance(body, dict) or not isinstance(body.get("error"), (dict, list)):
            break
        body = body["error"]
    return body


def _codes(error: dict[str, Any]) -> Iterator[str | int]:
    nested = [error.get("innererror"), *_details(error)]  # Azure, Gemini
    for holder in (error, *nested):
        if isinstance(holder, dict):
            for name in ("code", "type", "status", "error_code", "reason"):
                if isinstance(holder.get(name), (str, int)):
                    yield holder[name]


def _details(error: Any) -> list[dict[str, Any]]:
    details = error.get("details") if isinstance(error, dict) else None
    return [part for part in details if isinstance(part, dict)] if isinstance(details, list) else []


def _quotas(error: Any) -> Iterator[str]:
    for part in _details(error):
        violations = part.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and isinstance(violation.get("quotaId"), str):
                yield violation["quotaId"]


def _metadata(error: Any) -> dict[str, Any]:
    metadata = error.get("metadata") if isinstance(error, dict) else None
    return metadata if isinstance(metadata, dict) else {}
