"""Work on a thread of its own: a check may take seconds, and the loop that asks must not wait for it."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from time import sleep
from typing import Generic, TypeVar

T = TypeVar("T")

# What comes together is done together: every change of threads costs the loop more than the work itself.
GATHER_SECONDS = 0.02


class Behind(Generic[T]):
    """Does one thing after the other, in the order they come, behind whoever hands them over."""

    def __init__(self, do: Callable[[T], None]) -> None:
        self._do = do
        self._queue: SimpleQueue[tuple[T] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._error: BaseException | None = None

    def put(self, item: T) -> None:
        """One more to be done."""
        if self._thread is None:
            # Nothing waits for it when the process is told to end at once.
            self._thread = Thread(target=self._work, name="judging", daemon=True)
            self._thread.start()
        self._queue.put((item,))

    def close(self) -> None:
        """Waits until all is done, and raises what the first that failed raised; after that one none was done."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._queue.put(None)
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (item := self._wait()) is not None:
            if self._error is None:
                try:
                    self._do(item[0])
                except BaseException as error:  # raised again by `close`, where someone can take it
                    self._error = error

    def _wait(self) -> tuple[T] | None:
        if self._queue.empty():
            first = self._queue.get()
            if first is not None:
                sleep(GATHER_SECONDS)
            return first
        return self._queue.get()
