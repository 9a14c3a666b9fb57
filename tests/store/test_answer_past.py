"""What the store knows of the past: how often a request was drawn, what for, and when."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promptctl.core.exchange import AnswerKey, Output
from promptctl.store.answers import SqliteAnswers, open_store


def a_request(number: int = 0) -> str:
    return f"r1:{number:064x}"


def a_key(number: int = 0, sample: int = 0, base_url: str = "https://a.test/v1") -> AnswerKey:
    return AnswerKey("openai", base_url, a_request(number), sample)


@pytest.fixture
def store(tmp_path: Path) -> SqliteAnswers:
    return open_store(tmp_path / "answers.db")


def edit(store: SqliteAnswers, statement: str) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(statement)


def put(store: SqliteAnswers, *keys: AnswerKey) -> None:
    store.put_many([(key, Output(text=f"{key.request[-4:]}/{key.sample}")) for key in keys])


def test_the_draws_of_many_requests_come_by_sample_and_without_imported_ones(store: SqliteAnswers):
    put(store, a_key(1, 2000), a_key(1, 0), a_key(1, 1000), a_key(2), a_key(3))
    store.put_imported([(a_request(1), 5, Output(text="mine"))])

    found = store.draws_of(a_request(number) for number in (1, 2, 4, 1))

    assert {request: [draw.sample for draw in draws] for request, draws in found.items()} == {
        a_request(1): [0, 1000, 2000],
        a_request(2): [0],
    }
    [first, *_] = found[a_request(1)]
    assert (first.kind, first.base_url, first.answered.answer) == (
        "openai",
        "https://a.test/v1",
        Output(text="0001/0"),
    )


def test_requests_that_no_provider_was_asked_so_often_are_left_out(store: SqliteAnswers):
    put(store, *(a_key(1, sample) for sample in range(3)))
    put(store, *(a_key(2, sample, url) for sample in range(2) for url in ("https://a", "https://b")))

    assert list(store.draws_of([a_request(1), a_request(2)], at_least=3)) == [a_request(1)]


def test_more_requests_than_one_query_can_name_are_all_looked_at(store: SqliteAnswers):
    keys = [a_key(number) for number in range(1203)]
    put(store, *keys)
    requests = [key.request for key in keys]

    assert (
        len(store.draws_of(requests)) == len(store.stored_at(keys)) == len(store.samples_of(requests)) == 1203
    )


def test_the_samples_of_a_request_are_those_asked_and_those_imported(store: SqliteAnswers):
    put(store, a_key(1, 1000), a_key(1, 0), a_key(1, 0, "https://b.test"))
    store.put_imported([(a_request(1), 3, Output(text="mine")), (a_request(2), 0, Output(text="mine"))])

    assert store.samples_of([a_request(1), a_request(2), a_request(3)]) == {
        a_request(1): [0, 3, 1000],
        a_request(2): [0],
    }


def test_when_an_answer_was_stored_is_known_in_utc_and_of_the_asked_ones_alone(store: SqliteAnswers):
    put(store, a_key(1), a_key(1, 1))
    store.put_imported([(a_request(2), 0, Output(text="mine"))])
    edit(store, "UPDATE answers SET at = '2026-01-02T03:04:05Z' WHERE sample = 1")

    found = store.stored_at([a_key(1), a_key(1, 1), a_key(1, 2), a_key(2), a_key(1, 0, "https://b.test")])

    assert set(found) == {a_key(1), a_key(1, 1)}
    assert found[a_key(1, 1)] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found[a_key(1)].utcoffset() == timedelta(0)


def test_the_order_in_which_answers_were_stored_is_known_whatever_the_clock_says(store: SqliteAnswers):
    put(store, a_key(2), a_key(1))
    put(store, a_key(1, 1000))
    store.put_imported([(a_request(3), 0, Output(text="mine"))])
    edit(store, "UPDATE answers SET at = '2026-01-02T03:04:05Z'")

    found = store.stored_order([a_key(1), a_key(2), a_key(1, 1000), a_key(3), a_key(4)])

    assert sorted(found, key=found.__getitem__) == [a_key(2), a_key(1), a_key(1, 1000)]
    assert len(set(found.values())) == 3


@pytest.mark.parametrize("at", ["'long ago'", "''", "7", "x'ff'"])
def test_a_time_that_cannot_be_read_is_not_known(store: SqliteAnswers, at: str):
    put(store, a_key())
    edit(store, f"UPDATE answers SET at = {at}")

    assert store.stored_at([a_key()]) == {}
    [[draw]] = store.draws_of([a_request()]).values()
    assert draw.time is None


def test_a_draw_that_was_edited_is_left_out_and_told(store: SqliteAnswers):
    put(store, a_key(1), a_key(1, 1))
    edit(store, "UPDATE answers SET sha256 = 'x' WHERE sample = 0")

    assert [draw.sample for draw in store.draws_of([a_request(1)])[a_request(1)]] == [1]
    assert "[damaged-answer]" in store.warnings[0]


def test_stats_tell_first_draws_redraws_and_canaries_apart(store: SqliteAnswers):
    put(store, a_key(1), a_key(1, 999), a_key(1, 1000), a_key(1, 1999), a_key(1, 1001), a_key(1, 2000))

    stats = store.stats()

    assert (stats.answers, stats.first, stats.redraws, stats.canaries) == (6, 2, 3, 1)


def test_without_a_store_nothing_is_known_and_none_is_made(store: SqliteAnswers):
    assert (
        store.draws_of([a_request()]) == store.samples_of([a_request()]) == store.stored_at([a_key()]) == {}
    )
    assert not store.path.exists()


def test_whether_anything_is_old_takes_one_look(store: SqliteAnswers):
    put(store, a_key(1), a_key(2))
    edit(store, "UPDATE answers SET at = '2026-01-02T03:04:05Z' WHERE seq = 2")

    assert store.any_before(datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))
    assert not store.any_before(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_a_request_that_was_drawn_in_redraws_alone_counts_as_drawn(store: SqliteAnswers):
    put(store, *(a_key(1, sample) for sample in (0, 1000, 1001)))

    assert list(store.draws_of([a_request(1)], at_least=3)) == [a_request(1)]
    assert store.draws_of([a_request(1)], at_least=4) == {}
