"""The process that renders, as we see it: requests go ahead of their replies, and who takes too long is ended."""

import atexit
import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from promptctl.errors import Place, PromptctlError
from promptctl.processes.child import Child, Died, Limits, python
from promptctl.processes.folders import folders_of
from promptctl.store.rendering import wire
from promptctl.templating import faults

SECONDS = 5.0
"""How long one rendering, or one file to be parsed, may take."""
LIMITS = Limits(memory=1024**3, file=16 * 1024**2, files=32)
"""Files: only modules in their compiled form."""

_GRACE = 2.0  # the process itself stops first, and knows at which line
_START = 60.0
_MOST = 200_000_000  # bytes that wait to be read: a picture may have 30 MB, in a window of renderings
_PROGRAM = Path(__file__).with_name("program.py")
_PACKAGES = ("jinja2", "markupsafe")


class Need(NamedTuple):
    """Something that must be there before a request: its name among those of the tree, and the line that brings it."""

    key: str
    line: Callable[[], bytes]


class Ticket:
    """One request and, later, its reply.

    Args:
        kind: `facts`, `meaning` or `render`.
        tree: The number of the templates.
        more: What else goes with it, see `wire.body`.
        needs: What must be there before.
        name: The template that is worked on, as a user would type it.
    """

    __slots__ = ("kind", "more", "name", "needs", "reply", "tree")

    def __init__(self, kind: str, tree: int, more: bytes, needs: Sequence[Need], name: str) -> None:
        self.kind, self.tree, self.more, self.needs, self.name = kind, tree, more, needs, name
        self.reply: list[Any] | None = None


class Renderer:
    """A process that parses, compiles and renders templates, started when it is needed and again when it has died.

    Args:
        limits: What the process may use.
        seconds: How long one request may take.
    """

    def __init__(self, limits: Limits = LIMITS, seconds: float = SECONDS) -> None:
        self._limits, self._seconds = limits, seconds
        self._child: Child | None = None
        self._ready = False
        self._owner = 0
        self._trees = self._number = 0
        self._waiting: deque[tuple[int, Ticket]] = deque()
        self._has: dict[int, set[str]] = {}
        self._forgotten: list[int] = []
        self._lock = RLock()

    def tree(self) -> int:
        """The number of a new set of templates."""
        with self._lock:
            self._trees += 1
            return self._trees

    def forget(self, tree: int) -> None:
        """Says that a set of templates is gone. It may be called at any moment, by whoever collects garbage."""
        self._forgotten.append(tree)

    def start(self) -> None:
        """Starts the process, if it does not run, and does not wait for it.

        Raises:
            PromptctlError: `no-renderer`, it cannot be started.
        """
        with self._lock:
            self._started()

    def submit(self, ticket: Ticket) -> None:
        """Hands in a request. Raises as `start`."""
        with self._lock:
            self._send(self._started(), ticket)

    def wait(self, ticket: Ticket) -> Any:
        """What was asked for.

        Raises:
            PromptctlError: what the request met, `template-too-slow`, `template-too-large`; or `no-renderer`.
        """
        with self._lock:
            while ticket.reply is None:
                self._take()
        kind, *found = ticket.reply
        if kind == "is":
            return found[0]
        if kind == "error":
            raise wire.read_error(found[0])
        if kind == "late":
            raise faults.too_slow(Place(ticket.name))
        raise RuntimeError(f"the process that renders failed:\n{found[0]}")

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            if self._child is not None and self._owner == os.getpid():
                self._child.kill()
            self._child, self._ready = None, False
            self._has.clear()

    @property
    def pid(self) -> int | None:
        """The number of the process, if there is one."""
        return self._child.pid if self._child else None

    def _started(self) -> Child:
        if self._child is not None and self._owner == os.getpid():
            return self._child
        self._has.clear()  # also in a fork of ours, which must not talk on our pipes
        program = python(
            _PROGRAM,
            str(self._seconds),
            *folders_of("promptctl", *_PACKAGES),
            limits=self._limits,
            site=False,
        )
        try:
            self._child = Child(program, Path(os.sep), {}, _MOST)
        except (OSError, ValueError) as error:
            raise _not_started(str(error)) from error
        self._owner, self._ready = os.getpid(), False
        waiting = [ticket for _, ticket in self._waiting]
        self._waiting.clear()
        for ticket in waiting:
            self._send(self._child, ticket)
        return self._child

    def _send(self, child: Child, ticket: Ticket) -> None:
        while self._forgotten:
            tree = self._forgotten.pop()
            if self._has.pop(tree, None) is not None:
                child.send(wire.line([None, "forget", tree]))
        there = self._has.setdefault(ticket.tree, set())
        for need in ticket.needs:
            if need.key not in there:
                child.send(need.line())
                there.add(need.key)
        self._number += 1
        child.send(wire.with_head(self._number, ticket.kind, ticket.tree, ticket.more))
        self._waiting.append((self._number, ticket))

    def _take(self) -> None:
        """Gives the oldest request its reply: what came for it, or why nothing can come."""
        child = self._started()
        if not self._waiting:
            raise AssertionError("a request that was never handed in")
        try:
            if not self._ready:
                child.line(_START)
                self._ready = True
            number, *reply = json.loads(child.line(self._seconds + _GRACE))
        except (TimeoutError, Died) as error:
            if not self._ready:
                said = child.said.strip().splitlines()
                self.close()
                raise _not_started(said[-1] if said else str(error)) from error
            self._lose(error)
        except BaseException:
            self.close()  # a reply may have been read and not been given to anyone
            raise
        else:
            expected, ticket = self._waiting.popleft()
            if number != expected:
                raise AssertionError("the process that renders answered another question")
            ticket.reply = reply

    def _lose(self, error: TimeoutError | Died) -> None:
        """The process is of no use any more. What it worked on is to blame; the rest is asked of another."""
        self.close()
        _, lost = self._waiting.popleft()
        lost.reply = ["error", wire.written_error(_fault(error, lost))]
        if lost.kind == "render":
            same = (lost.tree, lost.name)
            for _, ticket in self._waiting:
                if (ticket.tree, ticket.name) == same:
                    ticket.reply = lost.reply
            self._waiting = deque(item for item in self._waiting if item[1].reply is None)


def _fault(error: TimeoutError | Died, ticket: Ticket) -> PromptctlError:
    """What a template did to the process that worked on it."""
    at = Place(ticket.name)
    if isinstance(error, TimeoutError) or error.code == -_signal("SIGPROF"):
        return faults.too_slow(at)
    if error.code in (-_signal("SIGSEGV"), -_signal("SIGBUS")):
        return faults.too_deep(at)
    if error.code in (wire.NO_MEMORY, -_signal("SIGKILL"), -_signal("SIGABRT")):
        return faults.too_large(at, None)
    return faults.broken(at, str(error))


def _signal(name: str) -> int:
    import signal

    return int(getattr(signal, name, 0))


def _not_started(why: str) -> PromptctlError:
    return PromptctlError(
        f"the process that renders prompts cannot be started: {why}",
        slug="no-renderer",
        fix="it needs this Python and about 100 MB; `promptctl test --no-isolate` renders without it",
    )


_shared: list[Renderer] = []


def shared() -> Renderer:
    """The renderer of this process: one for all revisions."""
    if not _shared:
        _shared.append(Renderer())
        atexit.register(_shared[0].close)
    return _shared[0]
