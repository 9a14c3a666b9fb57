"""What is done on a thread of its own: in order, to the end, and what goes wrong is told."""

from threading import Event, get_ident

import pytest

from promptctl.engine.behind import Behind


def test_all_is_done_in_order_and_elsewhere_before_close_returns():
    done: list[tuple[int, int]] = []
    behind = Behind[int](lambda number: done.append((number, get_ident())))

    for number in range(200):
        behind.put(number)
    behind.close()

    assert [number for number, _ in done] == list(range(200))
    assert get_ident() not in {thread for _, thread in done}


def test_whoever_hands_over_does_not_wait():
    go = Event()
    behind = Behind[int](lambda _number: go.wait() and None)

    behind.put(1)
    behind.put(2)
    go.set()

    behind.close()


def test_what_goes_wrong_is_raised_at_the_end_and_nothing_is_done_after_it():
    done: list[int] = []

    def do(number: int) -> None:
        if number == 2:
            raise ValueError("two")
        done.append(number)

    behind = Behind[int](do)
    for number in range(5):
        behind.put(number)

    with pytest.raises(ValueError, match="two"):
        behind.close()
    assert done == [0, 1]
