"""The real command in a process of its own, on a machine that has nothing: no keys, no settings, no colours."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.repository import git_environment


class Done(NamedTuple):
    """How a command ended. `out` and `err` are its whole output."""

    code: int
    out: str
    err: str


def clean_environment(home: Path) -> dict[str, str]:
    """PATH, an empty home and UTF-8; nothing else of this machine."""
    settings = {name: value for name, value in git_environment().items() if name.startswith("GIT_CONFIG")}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", **settings}


def promptctl(
    *args: str,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    input: str | bytes | None = None,  # noqa: A002 - as in subprocess
    timeout: float = 60,
) -> Done:
    """Runs `promptctl ARGS` in `cwd`. `env` adds variables, None takes one away."""
    home = cwd.parent / "home"
    home.mkdir(exist_ok=True)
    environment: dict[str, str | None] = {**clean_environment(home), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "promptctl", *args],
        cwd=cwd,
        env={name: value for name, value in environment.items() if value is not None},
        input=input.encode() if isinstance(input, str) else input,
        capture_output=True,
        timeout=timeout,
    )
    return Done(
        done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    )
