import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from promptctl.core.exchange import Answered, AnswerKey, Failure, Output, Request, Source
from promptctl.core.message import Message
from promptctl.engine.asking.ask import Asker, AskingInterrupted, answer_all
from promptctl.engine.asking.spending import Limits
from promptctl.engine.asking.wanted import Wanted
from promptctl.errors import Incomplete, Interrupted, PromptctlError
from promptctl.providers.scripted import ScriptedProvider
from promptctl.store.answers import SqliteAnswers, open_store


def a_request(text: str) -> Request:
    return Request(model="m", messages=(Message(role="user", content=text),))


def wanted(provider: ScriptedProvider, *texts: str, sample: int = 0) -> list[Wanted]:
    return [Wanted(a_request(text), sample, provider) for text in texts]


def echo(**options: object) -> ScriptedProvider:
    return ScriptedProvider(lambda request, sample: f"{request.messages[0].content} {sample}", **options)


def texts(answers: Mapping[AnswerKey, Answered]) -> list[str]:
    """Each answer's text, or the kind of its failure."""
    answer = [answered.answer for answered in answers.values()]
    return [one.text if isinstance(one, Output) else one.kind for one in answer]


def sources(answers: Mapping[AnswerKey, Answered]) -> list[Source]:
    return [answered.source for answered in answers.values()]


@pytest.fixture
def store(tmp_path: Path) -> SqliteAnswers:
    return open_store(tmp_path / ".promptctl" / "answers.db")


def test_what_is_missing_is_asked_once_and_then_comes_from_the_store(store: SqliteAnswers):
    provider = echo()
    questions = wanted(provider, "a", "b", "a")

    first = answer_all(questions, store=store)
    second = answer_all(questions, store=store)

    assert texts(first) == texts(second) == ["a 0", "b 0"]
    assert set(sources(first)) == {Source.ASKED}
    assert set(sources(second)) == {Source.STORE}
    assert len(provider.asked) == 2


def test_answers_come_in_the_order_they_were_wanted(store: SqliteAnswers):
    provider = ScriptedProvider(["1", "2", "3"])
    answer_all(wanted(provider, "b"), store=store)

    assert list(answer_all(wanted(provider, "c", "b", "a"), store=store)) == [
        one.key for one in wanted(provider, "c", "b", "a")
    ]


def test_samples_of_one_request_are_different_questions(store: SqliteAnswers):
    provider = echo()

    answers = answer_all([*wanted(provider, "a"), *wanted(provider, "a", sample=1000)], store=store)

    assert texts(answers) == ["a 0", "a 1000"]


def test_providers_that_differ_in_their_address_are_asked_apart(store: SqliteAnswers):
    one, two = (
        ScriptedProvider(["one"], base_url="http://one"),
        ScriptedProvider(["two"], base_url="http://two"),
    )

    answers = answer_all([*wanted(one, "a"), *wanted(two, "a")], store=store)

    assert texts(answers) == ["one", "two"]


def test_stored_comes_before_imported_before_recorded_before_asking(store: SqliteAnswers):
    provider = echo()
    asked, imported, recorded, new = wanted(provider, "asked", "imported", "recorded", "new")
    answer_all([asked], store=store)
    store.put_imported([(one.key.request, 0, Output(text="by import")) for one in (asked, imported)])
    recordings = {(one.key.request, 0): Output(text="by record") for one in (asked, imported, recorded)}

    answers = answer_all([asked, imported, recorded, new], store=store, recorded=recordings)

    assert texts(answers) == ["asked 0", "by import", "by record", "new 0"]
    assert sources(answers) == [Source.STORE, Source.IMPORTED, Source.RECORDED, Source.ASKED]


def test_offline_asks_nothing_and_says_so_of_every_miss(store: SqliteAnswers):
    provider = echo()
    answer_all(wanted(provider, "a"), store=store)

    answers = answer_all(wanted(provider, "a", "b"), store=store, offline=True)

    assert texts(answers) == ["a 0", "offline"]
    assert len(provider.asked) == 1


def test_offline_makes_no_store(store: SqliteAnswers):
    answer_all(wanted(echo(), "a"), store=store, offline=True)

    assert not store.path.parent.exists()


def test_without_a_store_answers_are_asked_and_not_kept():
    provider = echo()

    assert texts(answer_all(wanted(provider, "a"), store=None)) == ["a 0"]
    assert texts(answer_all(wanted(provider, "a"), store=None)) == ["a 0"]
    assert len(provider.asked) == 2


@pytest.mark.parametrize("finish", ["stop", "length", "refusal", "content_filter", "tool_calls"])
def test_whatever_the_model_did_is_stored(store: SqliteAnswers, finish: str):
    provider = ScriptedProvider([Output(text="", finish=finish)])

    answer_all(wanted(provider, "a"), store=store)

    assert store.stats().answers == 1


def test_a_failure_is_not_stored_and_is_asked_again(store: SqliteAnswers):
    provider = ScriptedProvider([Failure(kind="timeout", message="slow"), "now"])

    assert texts(answer_all(wanted(provider, "a"), store=store)) == ["timeout"]
    assert texts(answer_all(wanted(provider, "a"), store=store)) == ["now"]


def test_a_fatal_failure_stops_new_calls_and_keeps_what_was_answered(store: SqliteAnswers):
    refused = Failure(kind="rejected", message="the key was refused", fatal=True)
    provider = ScriptedProvider(["first", refused, "never"])

    answers = answer_all(wanted(provider, "a", "b", "c", "d"), store=store)

    assert texts(answers) == ["first", "rejected", "unavailable", "unavailable"]
    assert [answered.answer for answered in answers.values()][2:] == [
        Failure(kind="unavailable", message="not asked: the key was refused", sent=False)
    ] * 2
    assert len(provider.asked) == 2
    assert store.stats().answers == 1


def test_more_calls_than_allowed_are_refused_before_the_first(store: SqliteAnswers):
    provider = echo()
    answer_all(wanted(provider, "a"), store=store)

    with pytest.raises(Incomplete) as refused:
        answer_all(wanted(provider, "a", "b", "c"), store=store, limits=Limits(calls=1))

    assert (refused.value.slug, refused.value.exit_code) == ("budget", 3)
    assert "2 calls" in refused.value.message
    assert len(provider.asked) == 1
    assert texts(answer_all(wanted(provider, "a", "b", "c"), store=store, limits=Limits(calls=2))) == [
        "a 0",
        "b 0",
        "c 0",
    ]


def leading_to(provider: ScriptedProvider, **further: str) -> Callable[[Wanted, Answered], list[Wanted]]:
    """What follows from an answer: the question that `further` names for the one that was asked."""

    def follow(one: Wanted, _answered: Answered) -> list[Wanted]:
        text = further.get(one.request.messages[0].text)
        return wanted(provider, text) if text else []

    return follow


def test_what_follows_from_answers_is_asked_too_and_looked_up_first(store: SqliteAnswers):
    provider = echo()
    answer_all(wanted(provider, "a", "b"), store=store)
    follow = leading_to(provider, a="b", b="c", c="d")

    answers = answer_all(wanted(provider, "a", "x"), store=store, follow=follow, ahead=lambda: 1)

    assert {request.messages[0].text for request, _ in provider.asked[2:]} == {"x", "c", "d"}
    assert sorted(texts(answers)) == ["a 0", "b 0", "c 0", "d 0", "x 0"]


def test_two_answers_that_lead_to_the_same_question_ask_it_once_and_both_are_told(store: SqliteAnswers):
    provider = echo(delay=0.02)
    told: list[str] = []

    def follow(one: Wanted, answered: Answered) -> list[Wanted]:
        text = one.request.messages[0].text
        told.append(text)
        return wanted(provider, "after") if text in ("a", "b", "late") else []

    answers = answer_all(wanted(provider, "a", "b", "late"), store=store, follow=follow)

    assert [request.messages[0].text for request, _ in provider.asked].count("after") == 1
    assert sorted(texts(answers)) == ["a 0", "after 0", "b 0", "late 0"]
    assert "after" in told


def test_a_question_that_follows_is_answered_by_a_recording(store: SqliteAnswers):
    provider = echo()
    [later] = wanted(provider, "b")
    recorded = {(later.key.request, 0): Output(text="recorded")}

    answers = answer_all(
        wanted(provider, "a"), store=store, recorded=recorded, follow=leading_to(provider, a="b")
    )

    assert answers[later.key] == Answered(answer=Output(text="recorded"), source=Source.RECORDED)
    assert len(provider.asked) == 1


def test_a_plan_counts_what_may_follow(store: SqliteAnswers):
    provider = echo()

    with pytest.raises(Incomplete, match="3 calls are needed"):
        answer_all(wanted(provider, "a"), store=store, ahead=lambda: 2, limits=Limits(calls=2))

    assert provider.asked == []


def test_no_more_calls_are_made_than_are_allowed_whatever_follows(store: SqliteAnswers):
    provider = echo()
    follow = leading_to(provider, a="b", b="c")

    answers = answer_all(wanted(provider, "a"), store=store, follow=follow, limits=Limits(calls=2))

    assert texts(answers) == ["a 0", "b 0", "budget"]
    assert len(provider.asked) == 2


def test_what_is_wrong_before_the_first_call_is_raised_before_it(tmp_path: Path):
    (tmp_path / "file").touch()
    provider = echo()

    with pytest.raises(PromptctlError) as refused:
        answer_all(wanted(provider, "a"), store=open_store(tmp_path / "file" / "answers.db"))

    assert refused.value.slug in ("cannot-read", "cannot-write")
    assert provider.asked == []


class Unready(ScriptedProvider):
    def prepare(self) -> None:
        raise PromptctlError("no key", slug="missing-key")


def test_a_provider_that_is_not_ready_stops_the_run_unless_all_is_stored(store: SqliteAnswers):
    answer_all(wanted(echo(), "a"), store=store)
    unready = Unready(["x"])

    assert texts(answer_all(wanted(unready, "a"), store=store)) == ["a 0"]
    with pytest.raises(PromptctlError, match="no key"):
        answer_all(wanted(unready, "b"), store=store)


def test_a_provider_that_raises_is_an_error_of_that_trial(store: SqliteAnswers):
    def answer(request: Request, _sample: int) -> str:
        if request.messages[0].content == "bad":
            raise ZeroDivisionError("their bug")
        return "fine"

    answers = answer_all(wanted(ScriptedProvider(answer), "bad", "good"), store=store)

    assert texts(answers) == ["unavailable", "fine"]


class Crowd(ScriptedProvider):
    """Remembers how many calls were under way at once, and whether it was closed."""

    def __init__(self, concurrency: int) -> None:
        super().__init__(lambda request, sample: "x", delay=0.01)
        self.concurrency = concurrency
        self.now = self.most = self.closed = 0

    async def ask(self, request: Request, sample: int) -> Output | Failure:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().ask(request, sample)
        finally:
            self.now -= 1

    async def close(self) -> None:
        self.closed += 1


def test_no_more_calls_than_slots_are_under_way_and_the_provider_is_closed_once(store: SqliteAnswers):
    provider = Crowd(3)

    answer_all(wanted(provider, *map(str, range(20))), store=store)

    assert (provider.most, provider.closed) == (3, 1)


def test_the_same_question_asked_twice_at_once_is_paid_once(store: SqliteAnswers):
    provider = echo(delay=0.02)
    [question] = wanted(provider, "a")

    async def twice() -> list[Answered]:
        asker = Asker(store=store, recorded={})
        try:
            return await asyncio.gather(asker.ask(question), asker.ask(question))
        finally:
            await asker.close()

    first, second = asyncio.run(twice())

    assert first == second
    assert len(provider.asked) == 1


def test_after_a_stop_nothing_new_is_asked_and_the_first_reason_is_given(store: SqliteAnswers):
    provider = echo()
    asker = Asker(store=store, recorded={})
    asker.stop("the key was refused")
    asker.stop("interrupted")

    answered = asyncio.run(asker.ask(wanted(provider, "a")[0]))

    assert answered.answer == Failure(
        kind="unavailable", message="not asked: the key was refused", sent=False
    )
    assert provider.asked == []


class Progress:
    def __init__(self) -> None:
        self.seen: list[object] = []

    def start(self, total: int, *, reused: int = 0) -> None:
        self.seen.append((total, reused))

    def advance(self, answered: Answered, *, cost: float | None = None) -> None:
        self.seen.append(answered.source)

    def tick(self) -> None:
        self.seen.append("tick")

    def wait(self, seconds: float) -> None:
        self.seen.append(seconds)

    def end(self) -> None:
        self.seen.append("end")


def test_progress_is_told_of_calls_and_not_of_what_is_known(store: SqliteAnswers):
    provider, progress = echo(), Progress()
    answer_all(wanted(provider, "a"), store=store, progress=progress)
    answer_all(wanted(provider, "a"), store=store, progress=progress)

    assert progress.seen == [(1, 0), Source.ASKED, "end"]


class FullDisk:
    """Stores `room` answers and then fails."""

    def __init__(self, store: SqliteAnswers, room: int) -> None:
        self.store, self.room = store, room
        self.prepare, self.get_many, self.put = store.prepare, store.get_many, store.put
        self.claim, self.release = store.claim, store.release

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        if self.store.stats().answers >= self.room:
            raise PromptctlError("disk full", slug="cannot-write")
        return self.store.put_many(answers)


def test_a_store_that_fails_stops_asking_at_once_and_says_how_many_answers_are_safe(store: SqliteAnswers):
    provider = echo()
    provider.concurrency = 1

    with pytest.raises(Incomplete, match="disk full; asking was stopped, 3 new answers are safe") as stopped:
        answer_all(wanted(provider, *map(str, range(100))), store=FullDisk(store, 3))

    assert stopped.value.exit_code == 3
    assert len(provider.asked) == 4


def interrupted(provider: ScriptedProvider, numbers: Sequence[int], run: Callable[[], object]) -> None:
    """Sends this process signals, one after the other, once a call of `run` is under way."""

    def send() -> None:
        while (
            not provider.asked
        ):  # before that, the handlers are not there yet, and pytest itself would be stopped
            time.sleep(0.01)
        for number in numbers:
            time.sleep(0.2)
            os.kill(os.getpid(), number)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    run()
    sender.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_interrupt_starts_nothing_new_keeps_what_arrives_and_a_new_run_resumes(
    store: SqliteAnswers, number: int
):
    provider = echo(delay=0.2)
    provider.concurrency = 2
    questions = wanted(provider, *map(str, range(50)))
    before = signal.getsignal(number)
    partial: dict[AnswerKey, Answered] = {}

    def run() -> None:
        with pytest.raises(Interrupted) as stopped:
            answer_all(questions, store=store)
        assert isinstance(stopped.value, AskingInterrupted)
        assert stopped.value.exit_code == 130
        partial.update(stopped.value.answers)

    interrupted(provider, [number], run)

    assert len(provider.asked) == len(partial) == store.stats().answers
    assert 2 <= len(partial) < 50
    assert signal.getsignal(number) == before
    provider.delay = 0
    answers = answer_all(questions, store=store)
    assert len(answers) == len(provider.asked) == 50


@pytest.mark.timeout(60)
def test_a_second_interrupt_does_not_wait_for_the_calls_in_flight(
    store: SqliteAnswers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("promptctl.engine.asking.interrupts.GRACE_SECONDS", 3600)
    provider = echo(delay=3600)

    def run() -> None:
        with pytest.raises(AskingInterrupted) as stopped:
            answer_all(wanted(provider, "a", "b"), store=store)
        assert set(texts(stopped.value.answers)) == {"unavailable"}
        assert all(one.answer.lost for one in stopped.value.answers.values())

    interrupted(provider, [signal.SIGINT, signal.SIGINT], run)


@pytest.mark.timeout(60)
def test_calls_that_hang_are_cut_some_seconds_after_the_interrupt(
    store: SqliteAnswers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("promptctl.engine.asking.interrupts.GRACE_SECONDS", 0.2)
    provider = echo(delay=3600)

    def run() -> None:
        with pytest.raises(AskingInterrupted):
            answer_all(wanted(provider, "a"), store=store)

    interrupted(provider, [signal.SIGINT], run)


def test_it_works_outside_the_main_thread(store: SqliteAnswers):
    found: list[str] = []
    thread = threading.Thread(
        target=lambda: found.extend(texts(answer_all(wanted(echo(), "a"), store=store)))
    )
    thread.start()
    thread.join(30)

    assert found == ["a 0"]


def test_a_run_answered_from_the_store_loads_neither_an_sdk_nor_asyncio(store: SqliteAnswers):
    code = """
import sys
from promptctl.core.exchange import Request
from promptctl.core.message import Message
from promptctl.core.routes import route
from promptctl.engine.asking.ask import answer_all
from promptctl.engine.asking.wanted import Wanted
from promptctl.providers.openai import OpenAIProvider
from promptctl.store.answers import open_store

provider = OpenAIProvider(route("gpt-x", {}, {}), "sk-x")
request = Request(model="gpt-x", messages=(Message(role="user", content="a"),))
answers = answer_all([Wanted(request, 0, provider)], store=open_store(sys.argv[1]))
offline = answer_all([Wanted(request, 1, provider)], store=open_store(sys.argv[1]), offline=True)
heavy = {"openai", "asyncio", "httpx", "httpx2", "pydantic", "aiohttp"}
print([answered.source for answered in answers.values()], sorted(heavy & set(sys.modules)))
"""
    request = Request(model="gpt-x", messages=(Message(role="user", content="a"),))
    store.put(AnswerKey("openai", "https://api.openai.com/v1", request.digest, 0), Output(text="stored"))

    run = subprocess.run([sys.executable, "-c", code, str(store.path)], capture_output=True, text=True)

    assert run.stderr == ""
    assert run.stdout == "[<Source.STORE: 'store'>] []\n"
