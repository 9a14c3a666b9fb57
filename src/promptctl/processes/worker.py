"""A child process that answers questions, one after the other: started when it is needed, again when it has died."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from promptctl.processes.child import Child, Died

_TIRED = 3
"""Time-outs in a row after which nothing is asked again: 2,000 outputs at 10 seconds each are half a day."""


class Patience:
    """Around each question of one kind: ends where too many of them in a row took too long.

    Raises:
        TimeoutError: on entering, without the question being asked.
    """

    def __init__(self) -> None:
        self._late = 0
        self._why = ""

    def __enter__(self) -> None:
        if self._late >= _TIRED:
            raise TimeoutError(f"not asked again: {self._why} {_TIRED} times in a row")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        late = isinstance(error, TimeoutError)
        self._late, self._why = (self._late + 1, str(error)) if late else (0, "")


class Worker:
    """A process that reads a JSON mapping a line and answers each with one of the same `id`.

    Args:
        argv: Its command line.
        folder: Its current folder. Its environment is empty.
    """

    def __init__(self, argv: Sequence[str], folder: Path) -> None:
        self._argv, self._folder = argv, folder
        self._child: Child | None = None
        self._owner = 0
        self._number = 0
        self._lock = Lock()

    def call(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The reply to `request`. Whatever goes wrong ends the process; the next call starts another.

        Raises:
            TimeoutError: it took longer than `seconds`, its start included.
            ValueError: it died, or its reply is none.
        """
        with self._lock:
            self._number += 1
            line = json.dumps({"id": self._number, **request}).encode() + b"\n"
            try:
                reply = _mapping(self._started().exchange(line, seconds))
                if reply.get("id") != self._number:
                    raise Died("its process answered another question")
            except BaseException:
                self.close()
                raise
        return reply

    @property
    def running(self) -> bool:
        """Whether a process is there: the next call need not wait for one to start."""
        return self._child is not None and self._owner == os.getpid()

    def close(self) -> None:
        """Ends the process."""
        if self._child is not None and self._owner == os.getpid():
            self._child.kill()
        self._child = None

    def _started(self) -> Child:
        # A fork of ours has our pipes, and must not talk on them.
        if self._child is None or self._owner != os.getpid():
            self._child, self._owner = Child(self._argv, self._folder, {}), os.getpid()
        return self._child


def _mapping(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise Died("its process wrote something that is no reply")
    return reply
