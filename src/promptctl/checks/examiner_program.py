"""Finds our packages, and answers: the program of the process that tries patterns and schemas.

Started as `examiner_program.py SECONDS FOLDER...`: how long one question may take, and where modules are looked for.
"""

import sys


def main(seconds: str, *folders: str) -> None:
    """Answers until there are no more questions."""
    sys.path += folders
    from promptctl.checks.examining import serve

    serve(float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
