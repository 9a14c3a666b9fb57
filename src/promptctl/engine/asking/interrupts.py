"""Ctrl-C and SIGTERM while a loop runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

# For the calls in flight after the first Ctrl-C: the process is to have ended six seconds after it, report and all.
GRACE_SECONDS = 4.5


@contextmanager
def interrupts(stop: Callable[[], None], cancel: Callable[[], None]) -> Iterator[None]:
    """The first signal calls `stop` now and `cancel` after a grace; the next calls `cancel` now.

    Outside the main thread signals are someone else's: nothing is changed.
    """
    import asyncio
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    seen = False

    def interrupt() -> None:
        nonlocal seen
        if seen:
            cancel()
        else:
            loop.call_later(GRACE_SECONDS, cancel)
        seen = True
        stop()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
