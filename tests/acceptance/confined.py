"""Processes for which the machine is worse than it is: a full disk, files that may not grow, permissions that hold.

Each gives what `subprocess` runs in the child before the program. Only what Linux offers to any process, or to root
in a child of its own; nothing outlives the child.
"""

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.run import Done, clean_environment
from tests.faults.project import Ended, Project

_NEW_MOUNTS, _PRIVATE, _RECURSIVE = 0x20000, 0x40000, 0x4000
_DROP_CAPABILITY, _OVERRIDE, _READ_SEARCH = 24, 1, 2


def small_files(size: int) -> Callable[[], None]:
    """No file may grow beyond `size` bytes, as under `ulimit -f` or a quota."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def small_disk(folder: Path, size: int) -> Callable[[], None]:
    """`folder` is a disk of `size` bytes, seen by the child alone and empty at first."""

    def mount() -> None:
        c = ctypes.CDLL(None, use_errno=True)
        _ok(c.unshare(_NEW_MOUNTS))
        _ok(c.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))
        _ok(c.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode()))

    return mount


def permissions_hold() -> None:
    """Root, too, may only write where the permissions say so."""
    if os.geteuid() == 0:
        c = ctypes.CDLL(None, use_errno=True)
        _ok(c.prctl(_DROP_CAPABILITY, _OVERRIDE, 0, 0, 0))
        _ok(c.prctl(_DROP_CAPABILITY, _READ_SEARCH, 0, 0, 0))


def works(before: Callable[[], None]) -> bool:
    """Whether this machine lets a child do so."""
    try:
        return subprocess.run(["true"], preexec_fn=before, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def tried(project: Project, *args: str, before: Callable[[], None]) -> Ended:
    """`promptctl test` in such a process."""
    done = _run(project, "test", *project.options(*args), before=before)
    return project.read(done.returncode, done.stdout, done.stderr)


def ran(project: Project, *args: str, before: Callable[[], None]) -> Done:
    """Any other command in such a process."""
    done = _run(project, *args, before=before)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def _run(project: Project, *args: str, before: Callable[[], None]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "promptctl", *args],
        cwd=project.folder,
        env={**clean_environment(project.folder), **project.env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=before,
        timeout=60,
        check=False,
    )


def _ok(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
