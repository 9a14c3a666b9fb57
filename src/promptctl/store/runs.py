"""A run's folder: what was planned, every trial as it is judged, the result last.

`result.json` appears atomically at the end. Without one the run was killed or is still under way. One that says
`complete: false` is of a run that ended without an answer: its budget was spent, or too much failed.
"""

import datetime
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from promptctl.errors import PromptctlError
from promptctl.store.files import append_line, cannot_write, own_folder, state_folder, write_atomically

RUNS = "runs"
RESULT = "result.json"
_STAMP = "%Y%m%d-%H%M%S-%f"


def new_run_id(now: datetime.datetime, root: Path | None = None) -> str:
    """A name that sorts by time, to the microsecond, with random hex against two runs in one.

    In a project it sorts behind those of all its runs, also where the clock was set back since.
    """
    runs = None if root is None else state_folder(root) / RUNS
    if runs is not None and runs.is_dir():
        newest = max((stamp for run in runs.iterdir() if (stamp := _stamp_of(run.name))), default=None)
        if newest is not None and newest >= now.replace(tzinfo=None):
            now = newest + datetime.timedelta(microseconds=1)
    return f"{now:{_STAMP}}-{os.urandom(2).hex()}"


def _stamp_of(name: str) -> datetime.datetime | None:
    try:
        stamp = datetime.datetime.strptime(name.rpartition("-")[0], _STAMP)
    except ValueError:
        return None
    return (
        stamp if stamp.year < datetime.MAXYEAR else None
    )  # a folder of somebody's own: nothing comes after it


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
        """Adds one trial: plain data and records, every number of it finite."""
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._trials, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            except OSError as error:
                raise cannot_write(self._trials, error) from error
        try:
            append_line(self._descriptor, _line(record))
        except PromptctlError as error:
            error.at = str(self._trials)  # a descriptor has no name
            raise

    def discard(self) -> None:
        """Takes back a run that asked nothing, because the project or the command line is wrong.

        Never raises: it is called on the way out with an error, which must be the one that is told.
        """
        with suppress(OSError):
            self.end(None)
        for remove in (self._trials.unlink, (self.folder / "manifest.json").unlink, self.folder.rmdir):
            with suppress(OSError):  # not there, or not ours: what someone else put into the folder stays
                remove()

    def end(self, result: str | Iterable[str] | None) -> None:
        """Closes the journal and writes the result, if there is one, whole or in pieces."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
        if result is not None:
            write_atomically(self.folder / RESULT, result)


def last_result(root: Path) -> Path | None:
    """The result file of the newest run that has one, or None. It may be of a run that was not complete."""
    folder = state_folder(root) / RUNS
    found = sorted(folder.glob(f"*/{RESULT}")) if folder.is_dir() else []
    return found[-1] if found else None


def _dump(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"


def _line(data: dict[str, Any]) -> bytes:
    """The same of what may hold records, ten times as fast for what is ASCII already."""
    try:
        line = msgspec.json.encode(data)
        if line.isascii():
            return line
    except (UnicodeEncodeError, OverflowError):  # half a character, an integer beyond 64 bits
        pass
    return _dump(msgspec.to_builtins(data)).encode()
