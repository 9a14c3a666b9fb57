"""Finds our packages, and serves: the program of the process that renders.

Started as `program.py SECONDS FOLDER...`: how long one rendering may take, and where modules are looked for.
"""

import sys


def main(seconds: str, *folders: str) -> None:
    """Serves until there is nothing more to do."""
    sys.path += folders
    from promptctl.store.rendering.serving import serve

    serve(float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
