"""What the stages of one run share: the loop, the open providers, what may still be spent.

A run asks first draws, then redraws of what flipped: the limits hold for all of them together, and a provider is
closed once, when the last stage is over.
"""

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from promptctl.core.exchange import Failure
from promptctl.core.ports import Provider
from promptctl.engine.asking.spending import CostOf, Limits, Spending, Tally

CLOSE_SECONDS = 0.5

T = TypeVar("T")


class Session:
    """Use it as a context. `stopped` says why nothing new is asked; None as long as the run goes on."""

    def __init__(self, limits: Limits, cost_of: CostOf | None, tally: Tally) -> None:
        self.spending = Spending(limits, cost_of, tally)
        self.stopped: Failure | None = None
        self._providers: dict[int, Provider] = {}
        self._runner: Any = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is None:
            return
        try:
            self._runner.run(self._close())
        finally:
            self._runner.close()
            self._runner = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it in the session's loop, which is made for the first."""
        import asyncio

        if self._runner is None:
            self._runner = asyncio.Runner()
        result: T = self._runner.run(work)
        return result

    def holds(self, provider: Provider) -> None:
        """A provider that has been asked, to be closed at the end."""
        self._providers[id(provider)] = provider

    async def _close(self) -> None:
        import asyncio

        for provider in self._providers.values():
            # Everything is answered and stored: a stranger's provider that cannot end must not take the result with it.
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await provider.close()
        self._providers.clear()
