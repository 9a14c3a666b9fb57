"""The real command in a process of its own, on a machine that has nothing: no keys, no settings, no colours."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Done(NamedTuple):
    """How a command ended. `out` and `err` are its whole output."""

    code: int
    out: str
    err: str


def clean_environment(cwd: Path) -> dict[str, str]:
    """PATH, a home of its own beside `cwd`, and UTF-8; nothing else of this machine."""
    home = cwd.parent / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}


def promptctl(
    *args: str,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    input: str | bytes | None = None,  # noqa: A002 - as subprocess names it
    timeout: float = 60,
) -> Done:
    """Runs `promptctl ARGS` in `cwd`. `env` adds variables; None takes one away."""
    environment: dict[str, str | None] = {**clean_environment(cwd), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "promptctl", *args],
        cwd=cwd,
        env={name: value for name, value in environment.items() if value is not None},
        input=input.encode() if isinstance(input, str) else input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        timeout=timeout,
    )
    return Done(
        done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    )
