"""The real command in a process of its own, on a machine that has nothing: no keys, no settings, no colours."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from tests.cli.forks import Server


class Done(NamedTuple):
    """How a command ended. `out` and `err` are its whole output."""

    code: int
    out: str
    err: str


def clean_environment(cwd: Path) -> dict[str, str]:
    """PATH, a home of its own beside `cwd`, and UTF-8; nothing else of this machine."""
    home = cwd.parent / "home"
    home.mkdir(exist_ok=True)
    return _bare_environment() | {"HOME": str(home)}


def promptctl(
    *args: str,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    input: str | bytes | None = None,  # noqa: A002 - as subprocess names it
    timeout: float = 60,
) -> Done:
    """Runs `promptctl ARGS` in `cwd`. `env` adds variables; None takes one away.

    The process is a fork of one that has imported everything; a new one with input, or where `env` changes how
    Python starts.
    """
    changed: dict[str, str | None] = {**clean_environment(cwd), **(env or {})}
    environment = {name: value for name, value in changed.items() if value is not None}
    data = input.encode() if isinstance(input, str) else input
    server = next(_servers())
    if data is None and server.can_run(environment):
        code, out, err = server.run(args, cwd, environment, timeout)
    else:
        done = subprocess.run(
            [sys.executable, "-m", "promptctl", *args],
            cwd=cwd,
            env=environment,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            timeout=timeout,
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    return Done(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def _bare_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}


@cache
def _servers() -> Iterator[Server]:
    """Two in turn: sets come in another order in each, and nothing that is shown may depend on that."""
    return cycle([Server(_bare_environment()) for _ in range(2)])
