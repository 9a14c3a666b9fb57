"""Processes for the project's own checks: short of everything, watched by the clock, ended with all they started.

They keep accidents away, not enemies: the code runs as the user, who may read files and open connections.
"""

import atexit
import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from promptctl.core.digest import digest

REPLY = 1_000_000
"""Bytes that a reply may have, and what a program may print."""

_PROGRAM = Path(__file__).with_name("worker_program.py")
_KEPT = 8  # workers at a time, one for each set of files


class Ended(NamedTuple):
    """How a program ended, and what it printed."""

    code: int
    out: str
    err: str


class Worker:
    """A Python process that calls functions of some files, started when it is needed and again when it has died.

    Args:
        code: The files, text by path.
        folder: The folder among them that modules are looked for.
    """

    def __init__(self, code: Mapping[str, str], folder: str) -> None:
        self._root = Path(os.path.realpath(tempfile.mkdtemp(prefix="promptctl-check-")))
        _write(self._root, code)
        self._folder = folder
        self._child: _Child | None = None
        self._number = 0
        self._lock = Lock()

    def call(self, request: Mapping[str, Any], seconds: float) -> Any:
        """What a function returned.

        Args:
            request: `module`, `function`, `arguments`, `output` and `case`.
            seconds: How long it may take, importing its module included.

        Raises:
            TimeoutError: it took longer.
            ValueError: it raised, with file and line; it died; or its answer is none.
        """
        with self._lock:
            self._number += 1
            line = json.dumps({"id": self._number, **request}).encode() + b"\n"
            try:
                reply = _mapping(self._started().exchange(line, seconds))
                if reply.get("id") != self._number:
                    raise ValueError("its process answered another question")
            except BaseException:
                self._stop()
                raise
        if "error" in reply:
            raise ValueError(str(reply["error"]))
        return reply.get("returned")

    def close(self) -> None:
        """Ends the process and takes its folder away."""
        self._stop()
        shutil.rmtree(self._root, ignore_errors=True)

    def _started(self) -> "_Child":
        if self._child is None:
            argv = [sys.executable, "-I", "-X", "utf8", str(_PROGRAM), str(self._root), self._folder]
            self._child = _Child(argv, self._root, {})
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.kill()
        self._child = None


_workers: dict[str, Worker] = {}


def worker_of(code: Mapping[str, str], folder: str) -> Worker:
    """The worker for these files: the same one as long as this process lives, unless many others come between."""
    key = digest("code", [folder, dict(code)])
    if key not in _workers:
        if not _workers:
            atexit.register(_close_all)
        while len(_workers) >= _KEPT:
            _workers.pop(next(iter(_workers))).close()
        _workers[key] = Worker(code, folder)
    _workers[key] = _workers.pop(key)  # the one that was not asked for longest stands first
    return _workers[key]


def _close_all() -> None:
    while _workers:
        _workers.popitem()[1].close()


def _mapping(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise ValueError("its process wrote something that is no reply")
    return reply


def run_program(
    argv: Sequence[str], request: Mapping[str, Any], code: Mapping[str, str], seconds: float
) -> Ended:
    """Runs a program in a new folder with some files, `request` as JSON on its standard input.

    Raises:
        TimeoutError: it took longer than `seconds`.
        ValueError: it cannot be started, was ended by a signal, or prints without end.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    with tempfile.TemporaryDirectory(prefix="promptctl-check-", ignore_cleanup_errors=True) as folder:
        _write(Path(folder), code)
        try:
            child = _Child(argv, Path(folder), environment)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ValueError(f"{argv[0]} cannot be started: {why}") from None
        try:
            return child.to_its_end(json.dumps(request).encode(), seconds)
        finally:
            child.kill()


def _write(root: Path, code: Mapping[str, str]) -> None:
    for name, text in code.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        path.chmod(0o700)  # a script may be called by its path


class _Child:
    """A process in a group of its own, whose pipes never make us wait beyond the clock."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._streams = {name: getattr(self._process, name) for name in ("stdin", "stdout", "stderr")}
        for stream in self._streams.values():
            os.set_blocking(stream.fileno(), False)
        self._read = {"stdout": bytearray(), "stderr": bytearray()}

    def exchange(self, line: bytes, seconds: float) -> bytes:
        """One line for another."""
        out = self._read["stdout"]
        self._pump(line, seconds, lambda: b"\n" in out, close=False)
        if b"\n" not in out:
            raise ValueError(f"its process ended {self._how()}")
        reply, _, rest = bytes(out).partition(b"\n")
        if rest:
            raise ValueError("its process wrote more than one reply")
        out.clear()
        return reply

    def to_its_end(self, data: bytes, seconds: float) -> Ended:
        """Everything in, everything out."""
        end = time.monotonic() + seconds
        self._pump(data, seconds, lambda: False, close=True)
        try:
            code = self._process.wait(max(end - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"it took longer than {seconds:g} s") from None
        if code < 0:
            raise ValueError(f"its process ended {self._how()}")
        out, err = (bytes(self._read[name]).decode("utf-8", "replace") for name in ("stdout", "stderr"))
        return Ended(code, out, err)

    def kill(self) -> None:
        """Ends the process with all that it started, and gives everything back."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a zombie
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in self._streams.values():
            stream.close()

    def _pump(self, data: bytes, seconds: float, enough: Callable[[], bool], *, close: bool) -> None:
        """Writes `data` and reads until there is `enough`, or until nothing more can come."""
        end = time.monotonic() + seconds
        rest = memoryview(data)
        with selectors.DefaultSelector() as selector:
            selector.register(self._streams["stdin"], selectors.EVENT_WRITE, "stdin")
            for name in self._read:
                selector.register(self._streams[name], selectors.EVENT_READ, name)
            reading = set(self._read)
            while reading and not enough():
                ready = selector.select(max(end - time.monotonic(), 0))
                if not ready or time.monotonic() > end:
                    raise TimeoutError(f"it took longer than {seconds:g} s")
                for key, _ in ready:
                    if key.data == "stdin":
                        rest = self._write_some(rest)
                        if not rest:
                            selector.unregister(key.fileobj)
                            if close:
                                self._streams["stdin"].close()
                    elif not self._read_some(key.data):
                        selector.unregister(key.fileobj)
                        reading.discard(key.data)

    def _write_some(self, rest: memoryview) -> memoryview:
        try:
            return rest[os.write(self._streams["stdin"].fileno(), rest[:65536]) :]
        except BlockingIOError:
            return rest
        except BrokenPipeError:  # it reads no more: that is its own affair
            return rest[len(rest) :]

    def _read_some(self, name: str) -> bool:
        """Whether more can come."""
        piece = os.read(self._streams[name].fileno(), 65536)
        self._read[name] += piece
        if len(self._read[name]) > REPLY:
            raise ValueError(f"it wrote more than {REPLY:,} bytes")
        return bool(piece)

    def _how(self) -> str:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "its output"
        if code < 0:
            return f"by signal {-code} ({_signal_name(-code)})"
        return f"with exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
