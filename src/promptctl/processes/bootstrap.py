"""Sets limits for its own process, then runs a Python program in it. It imports nothing of promptctl.

Started as `python -I bootstrap.py MEMORY FILE FILES PROGRAM ARGUMENT...`: bytes of address space, bytes of a file, open
files; 0 leaves one as it is. A limit cannot be set between fork and exec while other threads run, so the child does it.
"""

import sys


def main(memory: int, file: int, files: int) -> None:
    """Sets the limits, as far as the system knows them."""
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    wanted = (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_NOFILE, files),
    )
    for which, most in (*((which, most) for which, most in wanted if most), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(which)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            # The hard limit too: a child that could raise its own limit has none.
            resource.setrlimit(which, (allowed, allowed))
        except (ValueError, OSError):  # a system that knows the limit and does not keep it
            continue


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
    sys.argv = sys.argv[4:]
    with open(sys.argv[0], "rb") as program:  # noqa: PTH123 - pathlib takes a third of the start
        code = compile(program.read(), sys.argv[0], "exec")
    exec(code, {"__name__": "__main__", "__file__": sys.argv[0]})  # noqa: S102 - a program of ours
