"""A run's folder: what was planned, every trial as it is judged, the result last.

`result.json` appears atomically at the end, so its absence means that the run did not complete.
"""

import datetime
import json
import os
from pathlib import Path
from typing import Any

from promptctl.store.files import append_line, own_folder, write_atomically

RUNS = "runs"
RESULT = "result.json"


def new_run_id(now: datetime.datetime) -> str:
    """A name that sorts by time, to the microsecond, with random hex against two runs in one."""
    return f"{now:%Y%m%d-%H%M%S-%f}-{os.urandom(2).hex()}"


class Journal:
    """The folder of one run.

    Raises:
        PromptctlError: `cannot-write`.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self.folder = own_folder(root) / RUNS / run_id
        self._trials = self.folder / "trials.jsonl"
        self._descriptor: int | None = None

    def begin(self, manifest: dict[str, Any]) -> None:
        """Writes what is planned, before the first call."""
        write_atomically(self.folder / "manifest.json", _dump(manifest))

    def trial(self, record: dict[str, Any]) -> None:
        """Adds one trial."""
        if self._descriptor is None:
            self._descriptor = os.open(self._trials, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        append_line(self._descriptor, _dump(record).encode())

    def discard(self) -> None:
        """Takes back a run that asked nothing, because the project or the command line is wrong."""
        self.end(None)
        for path in (self._trials, self.folder / "manifest.json"):
            path.unlink(missing_ok=True)
        self.folder.rmdir()

    def end(self, result: str | None) -> None:
        """Closes the journal and writes the result, if there is one."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if result is not None:
            write_atomically(self.folder / RESULT, result)


def last_result(root: Path) -> Path | None:
    """The result file of the newest run that completed, or None."""
    folder = root / ".promptctl" / RUNS
    found = sorted(folder.glob(f"*/{RESULT}")) if folder.is_dir() else []
    return found[-1] if found else None


def _dump(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"
