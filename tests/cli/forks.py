"""Commands as forks of a process that has imported everything: real processes without the half second of their start.

server = Server({"PATH": "/usr/bin", "LC_ALL": "C.UTF-8"})
code, out, err = server.run(["list"], tmp_path, environment, seconds=60)
"""

import atexit
import os
import pickle
import re
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer

PROGRAM = Path(__file__).with_name("fork_server.py")

# What Python and the libraries read when they start: a fork has that of its server.
READ_AT_START = re.compile(
    r"(PYTHON|LC_|LANG|LD_|GIT_PYTHON|OPENAI_|AZURE_|PYDANTIC_|AIOHTTP_|SSL_)|(PATH|TZ)$"
)


class Server:
    """A process of `fork_server.py`, started with an environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._at_start = _read_at_start(environment)
        self._line, theirs = socket.socketpair()
        with theirs:
            # A pipe, so that its sys.stdout is made for one, as that of its forks has to be.
            self._process = subprocess.Popen(
                [sys.executable, PROGRAM], cwd="/", env=environment, stdin=theirs, stdout=subprocess.PIPE
            )
        atexit.register(self._close)

    def _close(self) -> None:
        self._line.close()
        self._process.wait()

    def can_run(self, environment: Mapping[str, str]) -> bool:
        """Whether a new process would start as the server did, so that a fork is the same."""
        return hasattr(os, "pidfd_open") and _read_at_start(environment) == self._at_start

    def run(
        self, words: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes, bytes]:
        """Runs `python -m promptctl WORDS` as `subprocess.run` would, without input: exit code, stdout, stderr."""
        folder = os.open(cwd, os.O_RDONLY | os.O_DIRECTORY)
        reads, writes = zip(*(os.pipe() for _ in range(3)), strict=True)
        with TemporaryFile() as call:
            pickle.dump((words, environment), call)
            call.seek(0)
            socket.send_fds(self._line, [b"."], [folder, call.fileno(), *writes])
        for file in (folder, *writes):
            os.close(file)
        with os.fdopen(reads[2], "rb") as report:
            started = report.readline()
            assert started, f"{PROGRAM.name} has ended; what it said is above"
            limit = Timer(seconds, os.kill, (int(started), signal.SIGKILL))
            limit.start()
            out, err = _all_from(reads[:2])
            code = int(report.readline())
            late = limit.finished.is_set()
            limit.cancel()
        if late:
            raise subprocess.TimeoutExpired(["promptctl", *words], seconds, out, err)
        return code, out, err


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if READ_AT_START.match(name)}


def _all_from(pipes: Sequence[int]) -> list[bytes]:
    """What comes out of each until its end, read side by side."""
    taken = {pipe: bytearray() for pipe in pipes}
    with selectors.DefaultSelector() as ready:
        for pipe in pipes:
            ready.register(pipe, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                if part := os.read(key.fd, 1 << 16):
                    taken[key.fd] += part
                else:
                    ready.unregister(key.fd)
                    os.close(key.fd)
    return [bytes(part) for part in taken.values()]
