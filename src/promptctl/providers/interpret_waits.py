"""How long a server asked to be left alone. Part of `interpret`, which alone reads what servers send."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

ASKING = {402, 429, 503, 529}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_A_CENTURY = 3.2e9  # seconds; what is later is a time of the clock, in milliseconds
_A_YEAR = 3.2e7
_RESETS = (
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-input-tokens-reset",
    "anthropic-ratelimit-output-tokens-reset",
    "x-ratelimit-reset",
    "ratelimit-reset",
)


def seconds_to_wait(status: int, headers: Mapping[str, str], error: Any) -> float | None:
    """Seconds that the server asked for, from 0 to those of a century; None where it asked for none.

    Only where it says that there is too much to do; the windows of its limits count for a 429 alone.

    Args:
        headers: By name in lower case.
        error: What came with them.
    """
    if status not in ASKING:
        return None
    now = _now(headers)
    asked = [
        _number(headers.get("retry-after-ms"), 0.001),
        _when(headers.get("retry-after"), now),
        _told(error),
    ]
    found = next((seconds for seconds in asked if seconds is not None), None)
    if found is None and status == 429:
        found = _window(headers, now)
    return None if found is None else min(max(0.0, found), _A_CENTURY)


def _window(headers: Mapping[str, str], now: datetime) -> float | None:
    """Until the limits that are used up begin again; until the first of all where none says that it is."""
    resets = list(_resets(headers, now))
    spent = [seconds for seconds, remaining in resets if remaining == 0]
    return max(spent) if spent else min((seconds for seconds, _ in resets), default=None)


def _resets(headers: Mapping[str, str], now: datetime) -> Iterator[tuple[float, float | None]]:
    for name in _RESETS:
        seconds = _when(headers.get(name), now)
        if seconds is not None:
            yield seconds, _number(headers.get(name.replace("reset", "remaining")))


def _when(text: str | None, now: datetime) -> float | None:
    """Seconds from a number of them, a duration such as `6m0s`, a date, or seconds or milliseconds since 1970."""
    if text is None:
        return None
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number > _A_CENTURY:
            number /= 1000
        return number - now.timestamp() if number > _A_YEAR else number
    duration = _duration(text)
    if duration is not None:
        return duration
    try:
        date = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _duration(text: str) -> float | None:
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        return None
    return _finite(sum(float(number) * _UNITS[unit] for number, unit in parts))


def _told(error: Any) -> float | None:
    """Gemini says it in the body: `{"@type": "…RetryInfo", "retryDelay": "34s"}`."""
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    for part in details if isinstance(details, list) else ():
        delay = part.get("retryDelay") if isinstance(part, dict) else None
        if isinstance(delay, str):
            return _duration(delay)
    return None


def _number(text: str | None, unit: float = 1.0) -> float | None:
    try:
        return None if text is None else _finite(float(text) * unit)
    except ValueError:
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _now(headers: Mapping[str, str]) -> datetime:
    """The server's own clock, which its dates are of; ours where it does not tell."""
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
        return said if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return datetime.now(UTC)
