"""How fast a provider is asked, against servers that are played in their own time: no clock runs."""

import heapq
import math
from collections.abc import Callable

import pytest

from promptctl.engine.asking.pace import Backoff, Pace, Ticket

Admits = Callable[[float], bool]


def bucket(rate: float, burst: float) -> Admits:
    """A server that lets `rate` calls a second through, and `burst` at once."""
    tokens, last = burst, 0.0

    def admits(now: float) -> bool:
        nonlocal tokens, last
        tokens, last = min(burst, tokens + (now - last) * rate), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return admits


def window(calls: int, seconds: float) -> Admits:
    """A server that lets so many calls through in each window of time."""
    seen: dict[int, int] = {}

    def admits(now: float) -> bool:
        this = int(now / seconds)
        seen[this] = seen.get(this, 0) + 1
        return seen[this] <= calls

    return admits


class Play:
    """All calls of `cases` questions, with the server's time. A refused question is asked again.

    `latency` are the seconds of an answer, `refusing` those of a refusal where they are not the same.
    """

    def __init__(
        self,
        admits: Admits,
        *,
        cases: int = 500,
        slots: int = 32,
        latency: float = 0.02,
        refusing: float | None = None,
    ) -> None:
        self.pace, self.admits, self.latency = Pace(slots), admits, latency
        self.refusing = latency if refusing is None else refusing
        self.sent: list[float] = []
        self.refused: list[float] = []
        self.most = 0
        self._left, self._now = cases, 0.0
        self._flying: list[tuple[float, int, Ticket, bool]] = []

    def run(self, pause: Callable[[Ticket, float], float]) -> "Play":
        """`pause`: for how long the server wants to be left alone."""
        while self._left or self._flying:
            wait = self.pace.delay(self._now) if self._left else math.inf
            if not wait:
                self._send()
                continue
            ends = self._flying[0][0] if self._flying else math.inf
            if self._now + wait < ends:
                self._now += wait + 1e-9
                continue
            self._now, _, ticket, admitted = heapq.heappop(self._flying)
            if admitted:
                self.pace.answered(ticket, self._now)
            else:
                self.refused.append(self._now)
                self.pace.refused(ticket, self._now, pause(ticket, self._now))
                self._left += 1
            self.pace.leave()
            if self.pace.down:
                return self
        return self

    def _send(self) -> None:
        self._left -= 1
        ticket = self.pace.take(self._now)
        self.sent.append(self._now)
        admitted = self.admits(self._now)
        ends = self._now + (self.latency if admitted else self.refusing)
        heapq.heappush(self._flying, (ends, ticket.number, ticket, admitted))
        self.most = max(self.most, len(self._flying))


def told(_ticket: Ticket, _now: float) -> float:
    return 1.0


@pytest.mark.parametrize("latency", [0.001, 0.02, 0.2])
@pytest.mark.parametrize(
    "server",
    [
        lambda: bucket(50, 50),
        lambda: bucket(50, 5),
        lambda: bucket(100, 1),
        lambda: bucket(10, 10),
        lambda: window(50, 1),
        lambda: window(20, 0.5),
    ],
    ids=["bucket-50", "small-burst", "no-burst", "slow", "window", "short-window"],
)
def test_a_rate_is_learned_and_then_hardly_any_call_is_refused(server: Callable[[], Admits], latency: float):
    play = Play(server(), latency=latency).run(told)

    learned = play.refused[0] + 1.0
    after = [at for at in play.sent if at > learned]
    refused_after = [at for at in play.refused if at > learned + latency]
    assert not play.pace.down
    assert len(play.sent) - len(play.refused) == 500
    assert len(after) <= 1.1 * (len(after) - len(refused_after)) + 1
    assert len(play.sent) <= 1.1 * 500 + 1


def test_without_a_time_to_come_back_a_rate_is_learned_too():
    backoff = Backoff(lambda: 0.5)
    play = Play(bucket(50, 50)).run(backoff.seconds)

    assert len(play.sent) <= 1.1 * 500 + 1


def test_a_learned_rate_is_used_and_not_far_below_what_the_server_bears():
    play = Play(bucket(50, 50), cases=3000).run(told)

    assert 3000 / play.sent[-1] > 0.75 * 50


def test_calls_refused_now_and_then_slow_nothing_down_but_by_the_pauses():
    count = 0

    def admits(_now: float) -> bool:
        nonlocal count
        count += 1
        return count % 20 != 0

    play = Play(admits, latency=0.2, slots=50).run(told)
    free = Play(lambda _: True, latency=0.2, slots=50).run(told)

    assert play.pace.rate is None
    assert play.sent[-1] - play.pace.paused <= 1.3 * free.sent[-1]


def test_every_second_call_refused_ends_with_every_question_answered():
    count = 0

    def admits(_now: float) -> bool:
        nonlocal count
        count += 1
        return count % 2 == 0

    play = Play(admits, cases=60).run(lambda *_: 2.0)

    assert len(play.sent) - len(play.refused) == 60
    assert not play.pace.down


def test_nothing_is_sent_during_a_pause_by_anybody():
    pace = Pace(4)
    first, _ = pace.take(0.0), pace.take(0.0)
    pace.refused(first, 1.0, 10.0)
    pace.leave()

    assert pace.delay(1.0) == 10.0
    assert pace.delay(10.9) == pytest.approx(0.1)
    assert pace.delay(11.0) == 0.0
    assert pace.paused == 10.0


def test_pauses_that_overlap_count_once():
    pace = Pace(4)
    tickets = [pace.take(0.0) for _ in range(3)]
    for ticket in tickets:
        pace.refused(ticket, 1.0, 2.0)

    assert pace.paused == 2.0


def test_a_server_that_wants_to_be_left_alone_for_long_is_down():
    pace = Pace(4)
    pace.refused(pace.take(0.0), 0.1, 3600.0)

    assert pace.down == "the server asks to be left alone for 3600 s"


def test_a_server_that_refuses_every_call_for_minutes_is_down():
    play = Play(lambda _: False, slots=2, cases=3).run(lambda *_: 30.0)

    assert play.pace.down
    assert play.pace.down.startswith("the server refused every call for ")


def test_no_more_calls_are_under_way_than_there_are_slots():
    play = Play(lambda _: True, slots=7).run(told)

    assert play.most == 7


def test_calls_a_minute_are_kept_to_from_the_first_on():
    play = Play(lambda _: True, cases=30)
    play.pace = Pace(32, rate=2.0)

    play.run(told)

    assert play.sent[-1] == pytest.approx(14.5, abs=0.2)


def test_an_outage_is_tried_with_one_call_at_a_time_and_ends_with_an_answer():
    pace = Pace(16)
    tickets = [pace.take(0.0) for _ in range(16)]
    for ticket in tickets:
        pace.failed(ticket, 0.1, "500")
        pace.leave()

    assert pace.limit == 1
    assert pace.delay(0.1) > 0
    probe = pace.take(5.0)
    assert pace.delay(5.0) == math.inf
    pace.answered(probe, 5.1)
    pace.leave()
    assert (pace.limit, pace.delay(5.1), pace.down) == (16, 0.0, None)


def test_an_outage_that_lasts_is_given_up_with_the_last_cause():
    pace, now = Pace(16), 0.0
    while not pace.down and now < 100:
        now += pace.delay(now)
        pace.failed(pace.take(now), now, "refused")
        pace.leave()

    assert pace.down == f"{pace._failures} calls in a row failed, the last one so: refused"
    assert 8 < now < 30
    assert pace._failures < 20


def test_failures_now_and_then_are_no_outage():
    pace = Pace(4)
    for number in range(200):
        ticket = pace.take(float(number))
        (pace.failed(ticket, number + 0.5, "500") if number % 5 else pace.answered(ticket, number + 0.5))
        pace.leave()

    assert (pace.down, pace.limit) == (None, 4)


def test_calls_under_way_were_let_through_however_long_their_answers_take():
    sent = 0

    def admits(_now: float) -> bool:
        nonlocal sent
        sent += 1
        return not 48 <= sent < 51

    play = Play(admits, cases=200, slots=50, latency=30.0, refusing=0.05).run(told)

    assert play.sent[-1] < 2 * (200 / 50) * 30.0


@pytest.mark.parametrize(("seconds", "down"), [(60.0, False), (60.5, True)])
def test_a_minute_is_waited_for_and_no_longer(seconds: float, down: bool):
    pace = Pace(4)
    pace.refused(pace.take(0.0), 0.1, seconds)

    assert bool(pace.down) is down
