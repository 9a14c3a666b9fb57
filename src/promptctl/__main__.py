"""`python -m promptctl` and the `promptctl` command."""

import atexit
import contextlib
import gc
import os
import sys

INTERRUPTED = 130
COLLECT_AFTER = 20_000
"""New objects between two looks for garbage, instead of 700: a command makes many that live as long as it does."""


def run() -> None:
    """The process: exit with the code of `cli.main.main`."""
    gc.set_threshold(COLLECT_AFTER)
    try:
        from promptctl.cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # while Python still imports: nothing has begun
        code = INTERRUPTED
    if sys.getprofile() or sys.gettrace():  # whoever watches wants to see the end
        sys.exit(code)
    _leave(code)


def _leave(code: int) -> None:
    """Ends at once: everything is written.

    To take the SDK apart piece by piece costs Python a third of a second, and a thread that still waits for a name
    server keeps it for much longer.
    """
    with contextlib.suppress(OSError, KeyboardInterrupt):  # nobody reads it, or the user has had enough
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
