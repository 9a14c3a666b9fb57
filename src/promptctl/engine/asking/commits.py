"""Answers that arrive together are stored together, off the loop."""

from collections.abc import Sequence
from typing import Any, Protocol

from promptctl.core.exchange import AnswerKey, Output
from promptctl.engine.asking.off_loop import OffLoop

# Long enough to share a disk flush among calls that end together, nothing beside the time of a model.
GATHER_SECONDS = 0.002


class PutMany(Protocol):
    """What takes the answers: all of a batch or none."""

    def put_many(self, answers: Sequence[tuple[AnswerKey, Output]]) -> int:
        """Stores them durably."""
        ...


class Commits:
    """One transaction at a time. `stored` counts the answers that are safe."""

    def __init__(self, store: PutMany, off_loop: OffLoop) -> None:
        self.stored = 0
        self._store, self._off_loop = store, off_loop
        self._waiting: list[tuple[AnswerKey, Output, Any]] = []
        self._writing: Any = None

    async def add(self, key: AnswerKey, output: Output) -> None:
        """Returns when the answer is on disk.

        Raises:
            PromptctlError: it could not be stored.
        """
        import asyncio

        # A future for each: one that is cancelled takes no other with it.
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((key, output, done))
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write())
        await done

    async def close(self) -> None:
        """Waits for what was added. Errors went to those who added."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        import asyncio

        await asyncio.sleep(GATHER_SECONDS)
        while self._waiting:  # what arrives while a batch is written is the next one
            batch, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await self._off_loop.do(self._store.put_many, [(key, output) for key, output, _ in batch])
                self.stored += len(batch)
            except Exception as raised:
                error = raised
            for _, _, done in batch:
                if done.cancelled():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
            await asyncio.sleep(0)  # whoever was waiting goes on, and may add
        self._writing = None
