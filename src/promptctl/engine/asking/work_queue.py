"""A queue that grows while it is worked off."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def work_off(
    items: Iterable[T],
    size: int,
    do: Callable[[T], Awaitable[Iterable[T]]],
) -> None:
    """Does every item in order, at most `size` at a time; what `do` gives stands at the end of the queue.

    Raises:
        Exception: the first that `do` raised, once nothing is left to do.
    """
    import asyncio

    queue = deque(items)
    running: set[Any] = set()
    raised: list[BaseException] = []

    async def work() -> None:
        while queue:
            queue.extend(await do(queue.popleft()))
            hire(len(queue) - 1)  # this worker takes one itself

    def hire(wanted: int) -> None:
        # As many workers as slots: tasks do not grow with the number of items.
        for _ in range(min(wanted, size - len(running))):
            running.add(asyncio.ensure_future(work()))

    hire(len(queue))
    while running:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        running -= done
        raised += [error for task in done if not task.cancelled() and (error := task.exception())]
        hire(len(queue))  # one that raised leaves its items to another
    if raised:
        raise raised[0]
