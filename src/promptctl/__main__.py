"""`python -m promptctl` and the `promptctl` command."""

import sys


def run() -> None:
    """The process: exit with the code of `cli.main.main`."""
    from promptctl.cli.main import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
