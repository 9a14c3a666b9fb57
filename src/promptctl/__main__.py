"""`python -m promptctl` and the `promptctl` command."""

import atexit
import contextlib
import os
import sys

INTERRUPTED = 130


def run() -> None:
    """The process: exit with the code of `cli.main.main`."""
    try:
        from promptctl.cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # while Python still imports: nothing has begun
        code = INTERRUPTED
    if code == INTERRUPTED:
        # Everything is written. What a thread still waits for, such as a name server, is nobody's concern any more.
        with contextlib.suppress(OSError, KeyboardInterrupt):  # nobody reads it, or the user has had enough
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    run()
