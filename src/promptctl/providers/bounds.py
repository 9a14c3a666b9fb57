"""Bodies of a bounded length: a server that sends without end must not take all memory there is."""

from collections.abc import AsyncIterator
from functools import cache
from typing import Any

MOST = 20_000_000
"""Bytes of one response, as they come over the line. Answers have some thousand."""


class TooLargeError(Exception):
    """A response is longer than `MOST`."""


async def bound(response: Any) -> None:
    """Makes reading the body raise TooLargeError where it is too long. A hook of the SDK's HTTP client."""
    kind: Any = type(response.stream)
    response.stream = _bounded(kind)(response.stream)


@cache
def _bounded(stream: Any) -> Any:
    # The client refuses whatever is no stream of its own, and which library has it changed between releases.
    class Bounded(stream):  # type: ignore[misc]  # known when it runs
        def __init__(self, whole: Any) -> None:
            self._whole = whole

        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for part in self._whole:
                read += len(part)
                if read > MOST:
                    raise TooLargeError(f"the server sent more than {MOST // 1_000_000} MB")
                yield part

        async def aclose(self) -> None:
            await self._whole.aclose()

    return Bounded
