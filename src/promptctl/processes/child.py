"""One child process: in a group of its own, watched by the clock, ended with all that it started."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

REPLY = 1_000_000
"""Bytes that a reply may have, and what a program may print."""

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_PIECE = 65536


class Limits(NamedTuple):
    """What a Python program may use; 0 leaves one as it is.

    `memory` is address space in bytes, `file` the size of a file in bytes, `files` how many are open at once.
    """

    memory: int
    file: int = 0
    files: int = 0


class Ended(NamedTuple):
    """How a program ended, and what it printed."""

    code: int
    out: str
    err: str


class Died(ValueError):
    """The process is gone, or talks nonsense. `code` is its exit code, below 0 the signal that ended it."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


def python(program: Path, *arguments: str, limits: Limits, site: bool = True) -> list[str]:
    """The command line of a Python program under `limits`; without `site` it finds the standard library alone."""
    alone = [*(() if site else ("-S",)), *(("-B",) if sys.dont_write_bytecode else ())]
    most = [str(limit) for limit in limits]
    return [sys.executable, "-I", *alone, "-X", "utf8", str(_BOOTSTRAP), *most, str(program), *arguments]


class Child:
    """A process whose pipes never make us wait beyond the clock.

    Args:
        argv: Its command line.
        folder: Its current folder.
        environment: All of its variables.
        most: Bytes that it may write before they are taken.

    Raises:
        OSError, ValueError: it cannot be started.
    """

    def __init__(
        self, argv: Sequence[str], folder: Path, environment: Mapping[str, str], most: int = REPLY
    ) -> None:
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
        self._most = most
        self._streams = {name: getattr(self._process, name) for name in ("stdin", "stdout", "stderr")}
        self._read = {"stdout": bytearray(), "stderr": bytearray()}
        self._reading = set(self._read)
        self._lines = 0
        self._unsent = bytearray()
        self._close_when_sent = self._waits_to_write = False
        self._selector = selectors.DefaultSelector()
        for name, stream in self._streams.items():
            os.set_blocking(stream.fileno(), False)
            if name in self._read:
                self._selector.register(stream, selectors.EVENT_READ, name)

    @property
    def pid(self) -> int:
        """Its number, which is that of its group."""
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Hands over `data` without waiting; what the pipe does not take goes with the next `line`."""
        self._unsent += data
        self._write_some()

    def line(self, seconds: float) -> bytes:
        """The next line that it writes, without the line break.

        Raises:
            TimeoutError: none came within `seconds`.
            Died: none can come any more.
        """
        self._pump(seconds, lambda: self._lines > 0)
        if not self._lines:
            raise Died(f"its process ended {self._how()}", self._process.returncode or 0)
        out = self._read["stdout"]
        end = out.index(b"\n")
        line = bytes(out[:end])
        del out[: end + 1]
        self._lines -= 1
        return line

    def exchange(self, line: bytes, seconds: float) -> bytes:
        """One line for another. Raises as `line`; Died too where it writes more."""
        self.send(line)
        reply = self.line(seconds)
        if self._read["stdout"]:
            raise Died("its process wrote more than one reply")
        return reply

    def to_its_end(self, data: bytes, seconds: float) -> Ended:
        """Everything in, everything out.

        Raises:
            TimeoutError: it took longer than `seconds`.
            Died: a signal ended it, or it printed too much.
        """
        end = time.monotonic() + seconds
        self._close_when_sent = True
        self.send(data)
        self._pump(seconds, lambda: False)
        try:
            code = self._process.wait(max(end - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"it took longer than {seconds:g} s") from None
        if code < 0:
            raise Died(f"its process ended {self._how()}", code)
        return Ended(code, self._text("stdout"), self.said)

    @property
    def said(self) -> str:
        """What it wrote to its standard error so far."""
        return self._text("stderr")

    def kill(self) -> None:
        """Ends the process with all that it started, and gives everything back."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a zombie
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        for stream in self._streams.values():
            stream.close()

    def _how(self) -> str:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "its output"
        if code < 0:
            return f"by signal {-code} ({_signal_name(-code)})"
        return f"with exit code {code}"

    def _text(self, name: str) -> str:
        return bytes(self._read[name]).decode("utf-8", "replace")

    def _pump(self, seconds: float, enough: Callable[[], bool]) -> None:
        """Writes what is unsent and reads until there is `enough`, or until nothing more can come."""
        end = time.monotonic() + seconds
        while self._reading and not enough():
            ready = self._selector.select(max(end - time.monotonic(), 0))
            if not ready or time.monotonic() > end:
                raise TimeoutError(f"it took longer than {seconds:g} s")
            for key, _ in ready:
                if key.data == "stdin":
                    self._write_some()
                else:
                    self._read_some(key.data)

    def _write_some(self) -> None:
        stdin = self._streams["stdin"]
        try:
            while self._unsent:
                del self._unsent[: os.write(stdin.fileno(), memoryview(self._unsent)[:_PIECE].tobytes())]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # it reads no more: that is its own affair
            self._unsent.clear()
        if bool(self._unsent) != self._waits_to_write:
            self._waits_to_write = bool(self._unsent)
            if self._waits_to_write:
                self._selector.register(stdin, selectors.EVENT_WRITE, "stdin")
            else:
                self._selector.unregister(stdin)
        if self._close_when_sent and not self._unsent:
            stdin.close()

    def _read_some(self, name: str) -> None:
        stream, found = self._streams[name], self._read[name]
        piece = os.read(stream.fileno(), _PIECE)
        found += piece
        if name == "stdout":
            self._lines += piece.count(b"\n")
        if len(found) > self._most:
            raise Died(f"it wrote more than {self._most:,} bytes")
        if not piece:
            self._selector.unregister(stream)
            self._reading.discard(name)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
