"""Answers that arrive together are stored together, off the loop."""

from collections.abc import Sequence
from typing import Any, Protocol

from promptctl.core.exchange import AnswerKey, Output

# Long enough to share a disk flush among calls that end together, nothing beside the time of a model.
GATHER_SECONDS = 0.002


class PutMany(Protocol):
    """What takes the answers: all of a batch or none."""

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        """Stores them durably."""
        ...


class Commits:
    """One transaction at a time, on a thread of its own. `stored` counts the answers that are safe."""

    def __init__(self, store: PutMany) -> None:
        self.stored = 0
        self._store = store
        self._waiting: list[tuple[AnswerKey, Output]] = []
        self._next: Any = None
        self._running: Any = None
        self._thread: Any = None

    async def add(self, key: AnswerKey, output: Output) -> None:
        """Returns when the answer is on disk.

        Raises:
            PromptctlError: it could not be stored.
        """
        import asyncio

        self._waiting.append((key, output))
        if self._next is None:
            self._next = asyncio.ensure_future(self._commit(self._running))
        await asyncio.shield(self._next)

    async def close(self) -> None:
        """Waits for what was added and ends the thread. Errors went to those who added."""
        import asyncio

        under_way = [task for task in (self._running, self._next) if task is not None]
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    async def _commit(self, before: Any) -> None:
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        await asyncio.sleep(GATHER_SECONDS)
        if before is not None:  # what arrives meanwhile comes along
            await asyncio.wait([before])
        batch, self._waiting = self._waiting, []
        self._running, self._next = self._next, None
        self._thread = self._thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix="answers")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.put_many, batch)
        self.stored += len(batch)
