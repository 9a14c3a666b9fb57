"""Processes for the project's own checks: their files in a folder of their own, functions called, programs run."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptctl.core.digest import digest
from promptctl.processes.child import Child, Ended, Limits, python
from promptctl.processes.worker import Worker

LIMITS = Limits(memory=4 * 1024**3, file=100 * 1024**2)

_PROGRAM = Path(__file__).with_name("worker_program.py")
_GRACE = 5.0  # the worker itself stops later than it is stopped
_KEPT = 8  # workers at a time, one for each set of files


class CodeWorker:
    """A Python process that calls functions of some files.

    Args:
        code: The files, text by path.
        folder: The folder among them that modules are looked for.
    """

    def __init__(self, code: Mapping[str, str], folder: str) -> None:
        self._root = Path(os.path.realpath(tempfile.mkdtemp(prefix="promptctl-check-")))
        _write(self._root, code)
        self._worker = Worker(python(_PROGRAM, str(self._root), folder, limits=LIMITS), self._root)

    def call(self, request: Mapping[str, Any], seconds: float) -> Any:
        """What a function returned.

        Args:
            request: `module`, `function`, `arguments`, `output` and `case`.
            seconds: How long it may take, importing its module included.

        Raises:
            TimeoutError: it took longer.
            ValueError: it raised, with file and line; it died; or its answer is none.
        """
        reply = self._worker.call({**request, "longest": seconds + _GRACE}, seconds)
        if "error" in reply:
            raise ValueError(str(reply["error"]))
        return reply.get("returned")

    def close(self) -> None:
        """Ends the process and takes its folder away."""
        self._worker.close()
        shutil.rmtree(self._root, ignore_errors=True)


_workers: dict[str, CodeWorker] = {}


def worker_of(code: Mapping[str, str], folder: str) -> CodeWorker:
    """The worker for these files: the same one as long as this process lives, unless many others come between."""
    key = digest("code", [folder, dict(code)])
    if key not in _workers:
        if not _workers:
            atexit.register(_close_all)
        while len(_workers) >= _KEPT:
            _workers.pop(next(iter(_workers))).close()
        _workers[key] = CodeWorker(code, folder)
    _workers[key] = _workers.pop(key)  # the one that was not asked for longest stands first
    return _workers[key]


def _close_all() -> None:
    while _workers:
        _workers.popitem()[1].close()


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
            child = Child(argv, Path(folder), environment)
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
