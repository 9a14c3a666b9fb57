"""What is done about calls that fail: how often they are sent again, what is counted, when asking stops."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from promptctl.core.exchange import Answered, AnswerKey, Failure, Output, Request
from promptctl.core.message import Message
from promptctl.engine.asking.ask import answer_all
from promptctl.engine.asking.claims import Claims
from promptctl.engine.asking.off_loop import OffLoop
from promptctl.engine.asking.pace import Pace
from promptctl.engine.asking.retries import ATTEMPTS, Retries, Tries
from promptctl.engine.asking.spending import Limits, Tally
from promptctl.engine.asking.turnstile import Turnstile
from promptctl.engine.asking.wanted import Wanted
from promptctl.errors import Incomplete, PromptctlError
from promptctl.providers.scripted import ScriptedProvider
from promptctl.store.answer_claims import Claimed
from promptctl.store.answers import SqliteAnswers, open_store
from promptctl.store.claimant import Owner, this_process
from tests.engine.asking.ending import ending_in

Says = Callable[[str, int], str | Output | Failure]
"""What comes back, by the text that is sent and how often it was sent before."""

BUSY = Failure(kind="rate_limited", message="429", passing=True, retry_after=0.1)
BROKEN = Failure(kind="unavailable", message="500", passing=True)
LOST = Failure(kind="unavailable", message="dropped", passing=True, lost=True)
REFUSED = Failure(kind="rejected", message="400: too long")


class Server(ScriptedProvider):
    """Answers by `says`; `calls` counts how often each text was sent."""

    name = "local"

    def __init__(self, says: Says, *, concurrency: int = 4, delay: float = 0.0) -> None:
        super().__init__(self._say, delay=delay)
        self.says, self.calls = says, dict[str, int]()
        self.concurrency = concurrency

    def _say(self, request: Request, _sample: int) -> str | Output | Failure:
        text = request.messages[0].text
        before = self.calls.get(text, 0)
        self.calls[text] = before + 1
        return self.says(text, before)


def questions(provider: Server, *texts: str) -> list[Wanted]:
    messages = [Message(role="user", content=text) for text in texts]
    return [Wanted(Request(model="m", messages=(one,)), 0, provider, model="m") for one in messages]


def many(count: int) -> list[str]:
    return [f"question {number}" for number in range(count)]


def outcomes(answers: Mapping[AnswerKey, Answered]) -> list[str]:
    answer = [answered.answer for answered in answers.values()]
    return [one.text if isinstance(one, Output) else one.kind for one in answer]


@pytest.fixture
def store(tmp_path: Path) -> SqliteAnswers:
    return open_store(tmp_path / ".promptctl" / "answers.db")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules, with waits of hundredths of a second."""
    monkeypatch.setattr("promptctl.engine.asking.retries._WAIT_SECONDS", (0.005, 0.02))
    monkeypatch.setattr("promptctl.engine.asking.pace.PROBE_SECONDS", (0.01, 0.05))


def test_a_failure_that_passes_is_tried_again_and_the_answer_says_how_often(store: SqliteAnswers):
    server, tally = Server(lambda _, before: "fine" if before == 2 else BROKEN), Tally()

    answers = answer_all(questions(server, "a"), store=store, tally=tally)

    [answered] = answers.values()
    assert answered.answer == Output(text="fine", attempts=3)
    assert (tally.retried, tally.twice) == (2, 0)


def test_one_question_is_sent_five_times_at_most_and_the_failure_says_so(store: SqliteAnswers):
    server = Server(lambda *_: BROKEN)

    [answered] = answer_all(questions(server, "a"), store=store).values()

    assert server.calls == {"a": ATTEMPTS}
    assert isinstance(answered.answer, Failure)
    assert answered.answer.message == "500 (5 attempts)"


def test_all_retries_together_are_a_share_of_the_planned_calls():
    for planned, allowed in ((1, 10), (50, 10), (500, 100)):
        retries = Retries(planned, lambda: 0.5)
        waits = [retries.wait(BROKEN, Tries()) for _ in range(allowed + 5)]
        assert sum(wait is not None for wait in waits) == allowed


def test_waits_grow_and_have_full_jitter():
    bounds = []
    for chance in (0.0, 0.999999):
        tries, retries = Tries(), Retries(500, lambda chance=chance: chance)
        bounds.append([retries.wait(BROKEN, tries) for _ in range(4)])

    least, most = bounds
    assert least == [0.0] * 4
    assert most == pytest.approx([0.005, 0.01, 0.02, 0.02], rel=1e-3)


def test_an_answer_that_was_lost_is_asked_for_once_more_and_counted(store: SqliteAnswers):
    server, tally = Server(lambda text, before: LOST if text == "never" or not before else "fine"), Tally()

    answers = answer_all(questions(server, "never", "second"), store=store, tally=tally)

    assert outcomes(answers) == ["unavailable", "fine"]
    assert server.calls == {"never": 2, "second": 2}
    assert (tally.retried, tally.twice) == (2, 2)


def test_what_lies_in_the_request_is_not_tried_again(store: SqliteAnswers):
    server = Server(lambda text, _: REFUSED if text == "long" else "fine")

    assert outcomes(answer_all(questions(server, "long", "short"), store=store)) == ["rejected", "fine"]
    assert server.calls == {"long": 1, "short": 1}


def test_a_refusal_that_names_a_time_uses_up_neither_attempts_nor_retries(store: SqliteAnswers):
    server, tally = Server(lambda _, before: BUSY if before < 12 else "fine", concurrency=1), Tally()

    [answered] = answer_all(questions(server, "a"), store=store, tally=tally).values()

    assert answered.answer == Output(text="fine")
    assert (tally.retried, tally.refusals) == (0, 12)
    assert tally.paused > 0


def test_a_server_that_wants_to_be_left_alone_for_an_hour_stops_the_run(store: SqliteAnswers):
    hour = Failure(kind="rate_limited", message="429", passing=True, retry_after=3600.0)
    server = Server(lambda text, _: hour if text == "question 3" else "fine", concurrency=1)

    answers = answer_all(questions(server, *many(10)), store=store)

    assert outcomes(answers) == ["fine"] * 3 + ["rate_limited"] + ["unavailable"] * 6
    last = list(answers.values())[-1].answer
    assert isinstance(last, Failure)
    assert last.message == "not asked: local: the server asks to be left alone for 3600 s"
    assert len(server.calls) == 4


def test_a_server_that_is_down_is_given_up_after_few_calls(
    store: SqliteAnswers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("promptctl.engine.asking.pace.PATIENCE_SECONDS", 0.3)
    down = Failure(kind="unavailable", message="connection refused", passing=True, sent=False)
    server = Server(lambda *_: down, concurrency=32)

    answers = answer_all(questions(server, *many(500)), store=store)

    assert set(outcomes(answers)) == {"unavailable"}
    assert sum(server.calls.values()) < 100
    said = {answered.answer.message for answered in answers.values() if isinstance(answered.answer, Failure)}
    assert any("calls in a row failed, the last one so: connection refused" in one for one in said)


def test_an_outage_of_a_moment_costs_no_case(store: SqliteAnswers):
    sent = 0

    def says(_text: str, _before: int) -> str | Failure:
        nonlocal sent
        sent += 1
        return BROKEN if 50 < sent <= 75 else "fine"

    server, tally = Server(says, concurrency=16), Tally()

    answers = answer_all(questions(server, *many(200)), store=store, tally=tally)

    assert outcomes(answers) == ["fine"] * 200
    assert tally.retried == 25


def test_a_limit_of_calls_holds_for_calls_that_are_sent_again_too(store: SqliteAnswers):
    server = Server(
        lambda text, before: BROKEN if text == "question 0" and before < 4 else "fine", concurrency=1
    )

    answers = answer_all(questions(server, *many(3)), store=store, limits=Limits(calls=3))

    assert sum(server.calls.values()) == 3
    assert "budget" in {*outcomes(answers)} | {"unavailable"}
    assert outcomes(answers).count("fine") <= 2


def test_refused_calls_are_not_billed_and_do_not_count_against_the_limit(store: SqliteAnswers):
    server = Server(lambda _, before: "fine" if before else BUSY, concurrency=1)

    assert (
        outcomes(answer_all(questions(server, *many(3)), store=store, limits=Limits(calls=3))) == ["fine"] * 3
    )


def test_a_limit_of_the_cost_holds_while_asking(store: SqliteAnswers):
    server = Server(lambda *_: "fine", concurrency=3)

    def cost_of(_wanted: Wanted, output: Output | None) -> float:
        return 1.0 if output is None else 3.0  # three times what was expected

    answers = answer_all(questions(server, *many(20)), store=store, limits=Limits(cost=10.0), cost_of=cost_of)

    assert outcomes(answers).count("fine") <= 4
    assert outcomes(answers).count("fine") >= 3
    assert set(outcomes(answers)) == {"fine", "budget"}


def test_when_the_time_is_up_calls_in_flight_are_cut_and_the_rest_is_not_asked(store: SqliteAnswers):
    server = Server(lambda *_: "fine", concurrency=2, delay=3600)

    answers = answer_all(questions(server, *many(5)), store=store, limits=ending_in(0.2))

    assert outcomes(answers) == ["budget"] * 5
    said = [one.answer.message for one in answers.values() if isinstance(one.answer, Failure)]
    assert said[0] == "cut off: the 0.2 s of --deadline are over"
    assert said[-1] == "not asked: the 0.2 s of --deadline are over"
    assert [one.answer.sent for one in answers.values() if isinstance(one.answer, Failure)].count(True) == 2


def test_calls_at_a_time_can_be_chosen(store: SqliteAnswers):
    now = most = 0

    class Crowd(Server):
        async def ask(self, request: Request, sample: int) -> Output | Failure:
            nonlocal now, most
            now += 1
            most = max(most, now)
            try:
                return await super().ask(request, sample)
            finally:
                now -= 1

    answer_all(
        questions(Crowd(lambda *_: "fine", delay=0.01), *many(20)), store=store, limits=Limits(slots=7)
    )

    assert most == 7


def test_what_another_process_is_asking_is_waited_for_and_not_paid_twice(store: SqliteAnswers):
    other = this_process()._replace(pid=1, start="")
    server = Server(lambda *_: "ours")
    [first, second] = questions(server, "a", "b")
    store.claim([first.key], other)
    timer = threading.Timer(0.5, lambda: open_store(store.path).put(first.key, Output(text="theirs")))
    timer.start()

    answers = answer_all([first, second], store=store)

    timer.join()
    assert outcomes(answers) == ["theirs", "ours"]
    assert server.calls == {"b": 1}


def test_what_a_process_that_died_was_asking_is_asked_at_once(store: SqliteAnswers):
    dead = this_process()._replace(pid=2**22 + 1, start="1")
    server = Server(lambda *_: "ours")
    [question] = questions(server, "a")
    store.claim([question.key], dead)

    assert outcomes(answer_all([question], store=store)) == ["ours"]


def test_a_plan_beyond_the_limit_is_refused_before_the_first_call(store: SqliteAnswers):
    server = Server(lambda *_: "fine")

    with pytest.raises(Incomplete, match="5 calls are needed, and at most 4 are allowed"):
        answer_all(questions(server, *many(5)), store=store, limits=Limits(calls=4))

    assert server.calls == {}


def test_what_fails_does_not_hold_up_what_was_not_tried_yet(store: SqliteAnswers):
    server = Server(lambda text, _: "fine" if text == "question 9" else BROKEN, concurrency=2)

    answers = answer_all(questions(server, *many(10)), store=store)

    assert outcomes(answers) == ["unavailable"] * 9 + ["fine"]


def test_a_server_that_wants_an_hour_from_the_first_call_on_is_told_so(store: SqliteAnswers):
    hour = Failure(kind="rate_limited", message="429", passing=True, retry_after=3600.0)

    [answered] = answer_all(questions(Server(lambda *_: hour), "a"), store=store).values()

    assert isinstance(answered.answer, Failure)
    assert answered.answer.message == "429; the server asks to be left alone for 3600 s"


def test_when_the_time_is_up_the_reason_before_it_is_told_too(store: SqliteAnswers):
    class Hanging(Server):
        async def ask(self, request: Request, sample: int) -> Output | Failure:
            self.delay = 3600 if self.calls else 0
            return await super().ask(request, sample)

    server = Hanging(lambda *_: BROKEN, concurrency=1)

    [answered] = answer_all(questions(server, "a"), store=store, limits=ending_in(0.5)).values()

    assert isinstance(answered.answer, Failure)
    assert answered.answer.message == "cut off: the 0.5 s of --deadline are over; before that: 500"


def test_a_call_that_never_left_does_not_count_against_the_limit(store: SqliteAnswers):
    unsent = Failure(kind="unavailable", message="connection refused", passing=True, sent=False)
    server = Server(lambda text, before: unsent if text == "question 0" and not before else "fine")

    answers = answer_all(questions(server, *many(3)), store=store, limits=Limits(calls=3))

    assert outcomes(answers) == ["fine"] * 3


def test_a_failure_that_no_further_attempt_would_mend_stays_what_it_was_when_a_limit_ends_the_run(
    store: SqliteAnswers,
):
    class Late(Server):
        async def ask(self, request: Request, sample: int) -> Output | Failure:
            self.delay = 0.1 if request.messages[0].text == "question 0" else 0.0
            return await super().ask(request, sample)

    again = Failure(kind="unavailable", message="500", passing=True)
    server = Late(lambda text, _: REFUSED if text == "question 0" else again, concurrency=2)

    answers = answer_all(questions(server, *many(2)), store=store, limits=Limits(calls=2))

    assert outcomes(answers) == ["rejected", "budget"]


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (asyncio.CancelledError("a pool of theirs"), "scripted raised CancelledError: a pool of theirs"),
        (None, "scripted gave a bad NoneType: neither Output nor Failure"),
        (
            Output(text="", tool_calls=({"a": object()},)),
            "scripted gave a bad Output: Encoding objects of type object is unsupported",
        ),
    ],
)
def test_whatever_a_strangers_provider_does_is_the_error_of_one_trial(
    does: BaseException | Output | None, message: str, store: SqliteAnswers
):
    class Strange(Server):
        async def ask(self, request: Request, sample: int) -> Any:
            if request.messages[0].text != "odd":
                return await super().ask(request, sample)
            if isinstance(does, BaseException):
                raise does
            return does

    odd, fine = answer_all(questions(Strange(lambda *_: "fine"), "odd", "even"), store=store).values()

    assert isinstance(odd.answer, Failure)
    assert odd.answer.message == f"provider {message}"
    assert fine.answer == Output(text="fine")


@pytest.mark.parametrize("hangs", [False, True])
def test_a_provider_that_does_not_close_takes_no_answer_with_it(
    hangs: bool, store: SqliteAnswers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("promptctl.engine.asking.session.CLOSE_SECONDS", 0.01)

    class Sticky(Server):
        async def close(self) -> None:
            if hangs:
                await asyncio.sleep(3600)
            raise OSError("the line is gone")

    assert outcomes(answer_all(questions(Sticky(lambda *_: "fine"), "a"), store=store)) == ["fine"]


def test_who_is_cancelled_while_waiting_for_a_slot_takes_nobody_elses_turn():
    async def play() -> bool:
        turnstile = Turnstile(Pace(1))
        await turnstile.enter()
        first, second = (asyncio.ensure_future(turnstile.enter()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        turnstile.leave()
        return await asyncio.wait_for(second, 10) is not None

    assert asyncio.run(play())


def test_a_claim_that_cannot_be_renewed_is_renewed_the_next_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("promptctl.engine.asking.claims.RENEW_SECONDS", 0.0)

    class Locked(SqliteAnswers):
        tried = 0

        def claim(self, keys: Sequence[AnswerKey], owner: Owner) -> Claimed:
            self.tried += 1
            if self.tried == 3:
                raise EOFError
            raise PromptctlError("locked", slug="cannot-write")

    store, off_loop = Locked(Path("none")), OffLoop()
    with pytest.raises(EOFError):
        asyncio.run(Claims(store, off_loop, (), 4).renew())

    off_loop.close()
    assert store.tried == 3
