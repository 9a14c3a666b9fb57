"""Work on the answer store, off the loop: one thing at a time, in order."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class OffLoop:
    """A thread of its own for what waits for a disk. It starts with the first piece of work."""

    def __init__(self) -> None:
        self._thread: Any = None

    async def do(self, work: Callable[..., T], *args: Any) -> T:
        """What `work` gives, or the exception that it raises."""
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        self._thread = self._thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix="answers")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def close(self) -> None:
        """Ends the thread when it has done what it was given."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            thread.shutdown()
