"""Which request gets which reply, as data: by number, by chance, by what is asked, by time, by how many there are.

A rule gives a reply, or None where it has nothing to say; the first that gives one decides:

    Server(every(2, limited(1)), chance({0.02: error(500)}), says(word))
"""

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from tests.faults.replies import Reply, answer, limited, streamed
from tests.faults.request import Request

Rule = Callable[[Request], Reply | None]
Given = Reply | Callable[[Request], Reply | None]
"""A reply, or what makes one of the request."""


def _give(what: Given, request: Request) -> Reply | None:
    return what if isinstance(what, Reply) else what(request)


def always(what: Given) -> Rule:
    """For every request."""
    return lambda request: _give(what, request)


def says(text: Callable[[Request], str] | str = "ok", *, late: float = 0.0) -> Rule:
    """The usual answer, streamed where that was asked for."""

    def rule(request: Request) -> Reply:
        said = text if isinstance(text, str) else text(request)
        return (streamed if request.json.get("stream") else answer)(said).late(late)

    return rule


def nth(numbers: Collection[int], what: Given) -> Rule:
    """For the requests of these numbers; the first that arrives is number 1."""
    return lambda request: _give(what, request) if request.number in numbers else None


def every(step: int, what: Given) -> Rule:
    """For each `step`-th request."""
    return lambda request: _give(what, request) if request.number % step == 0 else None


def attempts(numbers: Collection[int], what: Given) -> Rule:
    """For these attempts of a request, the first being 1: the same body again is the next attempt."""
    return lambda request: _give(what, request) if request.attempt in numbers else None


def chance(shares: Mapping[float, Given], *, seed: int = 1) -> Rule:
    """For these shares of the requests, by a dice thrown for each prompt and attempt: order does not matter."""

    def rule(request: Request) -> Reply | None:
        thrown = random.Random(f"{seed} {request.prompt} {request.attempt}").random()
        for share, what in shares.items():
            if thrown < share:
                return _give(what, request)
            thrown -= share
        return None

    return rule


def chosen(by: Callable[[Request], str], replies: Mapping[str, Given]) -> Rule:
    """By what `by` says of a request, for example its prompt; nothing where that is not among the replies."""
    return lambda request: _give(replies[by(request)], request) if by(request) in replies else None


def phases(parts: Sequence[tuple[float, Given]]) -> Rule:
    """One after the other, each for so many seconds since the first request; behind the last, nothing."""

    def rule(request: Request) -> Reply | None:
        end = 0.0
        for seconds, what in parts:
            end += seconds
            if request.at < end:
                return _give(what, request)
        return None

    return rule


class TokenBucket:
    """Admits `rate` requests a second, and `burst` at once after a rest; above that, `over`."""

    def __init__(self, rate: float, burst: float | None = None, over: Given | None = None) -> None:
        self.rate, self.burst = rate, rate if burst is None else burst
        self._over = limited() if over is None else over
        self._tokens, self._at = self.burst, time.monotonic()

    def __call__(self, request: Request) -> Reply | None:
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return None
        return _give(self._over, request)


class FixedWindow:
    """Admits `rate` requests in each window of `seconds`; above that, `over`, or 429 until the window ends."""

    def __init__(self, rate: int, seconds: float = 1.0, over: Given | None = None) -> None:
        self.rate, self.seconds = rate, seconds
        self._over = over or (lambda _request: limited(round(self._left(), 3)))
        self._window, self._used = -1, 0

    def _left(self) -> float:
        return self.seconds - time.monotonic() % self.seconds

    def __call__(self, request: Request) -> Reply | None:
        window = int(time.monotonic() / self.seconds)
        if window != self._window:
            self._window, self._used = window, 0
        self._used += 1
        return None if self._used <= self.rate else _give(self._over, request)
