from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promptctl.core.exchange import Failure
from promptctl.providers.interpret_errors import interpret_error

NOW = "Fri, 20 Nov 2026 12:00:00 GMT"


def asked(status: int, headers: dict[str, str], body: Any = None) -> float | None:
    failure = interpret_error(status, body or {"message": "slow down"}, headers)
    assert isinstance(failure, Failure)
    return failure.retry_after


WAITS: dict[str, tuple[dict[str, str], float | None]] = {
    "none": ({}, None),
    "seconds": ({"Retry-After": "2"}, 2.0),
    "part of one": ({"retry-after": " 0.5 "}, 0.5),
    "an hour": ({"Retry-After": "3600"}, 3600.0),
    "milliseconds come first": ({"Retry-After": "7", "retry-after-ms": "6500"}, 6.5),
    "a date by the server's own clock": ({"Date": NOW, "Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT"}, 30.0),
    "a date that is past": ({"Date": NOW, "Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
    "below nothing": ({"Retry-After": "-5"}, 0.0),
    "no number": ({"Retry-After": "nan"}, None),
    "without end": ({"Retry-After": "1e999"}, None),
    "words": ({"Retry-After": "soon"}, None),
    "empty": ({"Retry-After": ""}, None),
    "the window that is used up": (
        {
            "x-ratelimit-remaining-requests": "3",
            "x-ratelimit-reset-requests": "6m0s",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "350ms",
        },
        0.35,
    ),
    "the first window where none is said to be used up": (
        {"x-ratelimit-reset-requests": "1h2m3.5s", "x-ratelimit-reset-tokens": "20"},
        20.0,
    ),
    "a window's end as a date": (
        {"Date": NOW, "anthropic-ratelimit-tokens-reset": "2026-11-20T12:01:00Z"},
        60.0,
    ),
    "a window's end in milliseconds since 1970": ({"Date": NOW, "X-RateLimit-Reset": "1795176005000"}, 5.0),
    "a window's end in seconds since 1970": ({"Date": NOW, "x-ratelimit-reset": "1795176005"}, 5.0),
    "a window without a unit that is known": ({"x-ratelimit-reset-tokens": "3 moons"}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS)
def test_a_server_that_has_too_much_to_do_says_how_long(headers: dict[str, str], seconds: float | None):
    found = asked(429, headers)

    assert found == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("status", "seconds"), [(429, 9.0), (503, 9.0), (529, 9.0), (500, None), (400, None), (408, None)]
)
def test_only_a_server_that_has_too_much_to_do_is_left_alone(status: int, seconds: float | None):
    assert asked(status, {"retry-after": "9"}) == seconds


def test_windows_of_limits_count_for_a_refused_call_alone():
    assert asked(503, {"x-ratelimit-reset-requests": "6m0s"}) is None


def test_a_wait_in_the_body_counts_where_no_header_says_it():
    body = [{"error": {"code": 429, "details": [{"@type": "RetryInfo", "retryDelay": "34.5s"}]}}]

    assert asked(429, {}, body) == 34.5
    assert asked(429, {"retry-after": "1"}, body) == 1.0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_wants_no_second_try_gets_none(status: int):
    failure = interpret_error(status, "busy", {"x-should-retry": "false", "retry-after": "1"})

    assert isinstance(failure, Failure)
    assert (failure.passing, failure.retry_after, failure.fatal) == (False, None, False)


PASSING = {408: True, 409: True, 425: True, 429: True, 500: True, 502: True, 504: True, 529: True}
LASTING = dict.fromkeys((400, 413, 418, 422, 501, 505), False)


@pytest.mark.parametrize(("status", "passing"), {**PASSING, **LASTING}.items())
def test_asking_again_helps_only_where_the_fault_is_not_in_the_question(status: int, passing: bool):
    failure = interpret_error(status, {"message": "no"})

    assert isinstance(failure, Failure)
    assert (failure.passing, failure.lost, failure.sent, failure.fatal) == (passing, False, True, False)


names = st.sampled_from(
    ["retry-after", "retry-after-ms", "date", "x-ratelimit-reset", "x-ratelimit-remaining"]
)


@example({"retry-after": "1e308"})
@given(st.dictionaries(names, st.text() | st.floats().map(str) | st.integers().map(str)))
def test_whatever_the_headers_say_the_wait_is_a_time(headers: dict[str, str]):
    seconds = asked(429, headers)

    assert seconds is None or 0 <= seconds <= 3.2e9
