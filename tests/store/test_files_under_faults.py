"""A disk that fails at the n-th operation, for every n: a file is the old one or the new one, never half of either."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptctl.errors import PromptctlError
from promptctl.store import files
from promptctl.store.files import write_atomically

OLD, NEW = b"old " * 1000, b"new " * 3000


class Killed(BaseException):
    """The process ends here: nothing that comes after happens, no cleaning up either."""


class Disk:
    """What the file layer asks of the operating system. `fails_at`: the number of the first operation that fails."""

    def __init__(self, fails_at: int, *, killed: bool) -> None:
        self.asked, self._fails_at, self._killed = 0, fails_at, killed

    def __call__(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **named: Any) -> Any:
            self.asks()
            return real(*args, **named)

        return ask

    def asks(self) -> None:
        """One operation."""
        self.asked += 1
        if self._killed and self.asked >= self._fails_at:
            raise Killed
        if self.asked == self._fails_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open(self, descriptor: int, mode: str) -> io.FileIO:
        """A file whose writes are operations in two halves."""
        disk = self

        class File(io.FileIO):
            def write(self, data: Any, /) -> int:
                for half in (data[: len(data) // 2], data[len(data) // 2 :]):
                    disk.asks()
                    super().write(half)
                return len(data)

        return File(descriptor, mode)


def under(disk: Disk, work: Callable[[], None]) -> BaseException | None:
    """What `work` raised on this disk."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mkdir", "stat", "open", "fchmod", "fsync", "replace", "unlink", "close"):
            patch.setattr(os, name, disk(getattr(os, name)))
        patch.setattr(files, "open", disk.open, raising=False)
        try:
            work()
        except (PromptctlError, Killed) as raised:
            return raised
    return None


@pytest.mark.parametrize("killed", [False, True], ids=["an error", "a kill"])
@pytest.mark.parametrize("old", [OLD, None], ids=["a file is there", "none is there"])
def test_whichever_operation_fails_the_file_is_the_old_one_or_the_new_one(
    tmp_path: Path, old: bytes | None, killed: bool
):
    for number in range(1, 50):
        path = tmp_path / str(number) / "result.json"
        path.parent.mkdir()
        if old is not None:
            path.write_bytes(old)
        disk = Disk(number, killed=killed)

        raised = under(disk, lambda path=path: write_atomically(path, NEW))

        found = path.read_bytes() if path.exists() else None
        assert found in (old, NEW), f"operation {number}"
        if not killed:
            assert found == (NEW if raised is None else old)
            assert len(list(path.parent.iterdir())) == (found is not None), "a temporary file was left"
        if disk.asked < number:  # every operation has failed once
            break

    assert (raised, found) == (None, NEW)
    assert number > 8
