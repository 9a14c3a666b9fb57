"""Which process holds a claim, and whether it still runs. No wall clock decides about processes of this machine."""

import os
import time
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PROCESS_SPACE = Path("/proc/self/ns/pid")
_ENDED = ("Z", "X")  # states of /proc/PID/stat: it has ended, and its parent has not looked yet


class Owner(NamedTuple):
    """A process that may hold claims.

    `boot` is the same for everything that runs since one start of one machine. `host` tells machines and containers
    apart: within one, a `pid` means the same process to all. `start` tells a process from a later one with its pid.
    """

    boot: str
    host: str
    pid: int
    start: str


def this_process() -> Owner:
    """The process that asks. What the system does not tell is empty."""
    name = os.uname().nodename
    try:
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        boot = name
    try:
        # Containers count their processes each from 1, also where two have the same host name.
        space = str(_PROCESS_SPACE.stat().st_ino)
    except OSError:
        space = ""
    return Owner(boot, f"{name}/{space}", os.getpid(), _start_of(os.getpid()))


def seconds_since_boot() -> float:
    """A clock that all processes since one boot share and that nobody can set; it goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def has_ended(owner: Owner, me: Owner) -> bool:
    """Whether `owner` certainly runs no more, as far as `me` can see: False for what runs on another machine."""
    if owner.boot != me.boot:
        return _name(owner) == _name(me)  # this machine, before it was started again
    return owner.host == me.host and not _runs(owner.pid, owner.start)


def _name(owner: Owner) -> str:
    return owner.host.rpartition("/")[0]


def _runs(pid: int, start: str) -> bool:
    found = _stat_of(pid)
    if found is not None:
        return found[0] not in _ENDED and (not start or found[1] == start)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to another user, and /proc hides it
        return True
    return True


def _start_of(pid: int) -> str:
    found = _stat_of(pid)
    return found[1] if found else ""


def _stat_of(pid: int) -> tuple[str, str] | None:
    """State and start of a process, in clock ticks since boot; None where /proc does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name of a program may hold spaces and parentheses
    return fields[0], fields[19]
