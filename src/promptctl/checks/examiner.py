"""The process that tries patterns and schemas, as we see it: they come from a pull request, and can take for ever."""

import atexit
import os
from functools import cache
from pathlib import Path
from typing import Any

from promptctl.processes.child import Limits, python
from promptctl.processes.folders import folders_of
from promptctl.processes.worker import Worker

SECONDS = 1.0
"""How long one pattern, or one schema with one value, may take."""
LIMITS = Limits(memory=1024**3, file=16 * 1024**2, files=64)

_GRACE = 2.0  # the process itself stops first
_START = 60.0
_PROGRAM = Path(__file__).with_name("examiner_program.py")
_PACKAGES = (
    "attr",
    "attrs",
    "jsonschema",
    "jsonschema_specifications",
    "msgspec",
    "referencing",
    "regex",
    "rpds",
    "typing_extensions",
)


class Examiner:
    """A process without our environment that compiles patterns, searches texts, and fits values to schemas.

    Args:
        limits: What the process may use.
        seconds: How long one question may take.
    """

    def __init__(self, limits: Limits = LIMITS, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        program = python(
            _PROGRAM, str(seconds), *folders_of("promptctl", *_PACKAGES), limits=limits, site=False
        )
        self._worker = Worker(program, Path(os.sep))

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the process says.

        Raises:
            TimeoutError: it took too long.
            ValueError: what is asked has no answer, or takes too much memory; the process cannot be started.
            RecursionError: the question is nested too deeply to be asked.
        """
        late = f"it took longer than {self._seconds:g} s"
        if not self._worker.running:
            self._worker.call({"do": "nothing"}, _START)
        try:
            said = self._worker.call(question, self._seconds + _GRACE)
        except TimeoutError:
            raise TimeoutError(late) from None
        if "late" in said:
            raise TimeoutError(said["late"] or late)
        if "error" in said:
            raise ValueError(said["error"])
        return said

    def close(self) -> None:
        """Ends the process."""
        self._worker.close()


@cache
def examiner() -> Examiner:
    """The examiner of this process."""
    one = Examiner()
    atexit.register(one.close)
    return one
