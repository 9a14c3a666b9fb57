"""What a child of ours does inside: it keeps its pipes to itself, and looks at its own clock."""

import os
import signal
from typing import Any, BinaryIO


def pipes() -> tuple[BinaryIO, BinaryIO]:
    """What was standard input and output. Whoever prints or reads from now on finds nothing there."""
    found = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    return found


class Clock:
    """Around each piece of work in the main thread: raises `late` in what takes longer than `seconds`.

    `late` must be no Exception, or what runs might keep it. Where it has no turn, inside a long call of C, the system
    ends the process once twice the time was computed (SIGPROF).
    """

    def __init__(self, seconds: float, late: type[BaseException]) -> None:
        self._seconds = seconds

        def raise_late(number: int, frame: Any) -> None:
            raise late

        signal.signal(signal.SIGALRM, raise_late)

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        signal.setitimer(signal.ITIMER_PROF, 2 * self._seconds)

    def __exit__(self, *error: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
