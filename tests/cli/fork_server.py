"""Imports once what commands import, and then becomes `python -m promptctl`, again and again, by forking.

A program by itself, which `tests.cli.forks` starts: it imports nothing of the tests, as a command would not. Each call
is one byte with five open files: the folder to run in, a pickled pair of words and environment, standard output,
standard error, and where to tell the process id and, when it has ended, its exit code: two lines.
"""

import atexit
import gc
import os
import pickle
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

# What the source imports inside functions. Without them the tests run too, but slower.
LIBRARIES = (
    *("aiohttp", "asyncio", "concurrent.futures", "difflib", "git.cmd", "importlib.metadata", "jsonschema"),
    *("openai", "openai.types.chat", "random", "referencing.jsonschema", "regex", "sqlglot", "sqlite3"),
    *("tabulate", "tomllib", "traceback", "wcwidth", "xml.parsers.expat"),
)


def main() -> None:
    line = socket.socket(fileno=os.dup(0))
    import_everything()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests and their commands
    ready = selectors.DefaultSelector()
    ready.register(line, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj is not line:
                tell(*key.data)
                ready.unregister(key.fd)
                os.close(key.fd)
                continue
            byte, files, _, _ = socket.recv_fds(line, 1, 5)
            if not byte:
                return
            started, report = start(*files)
            ready.register(os.pidfd_open(started), selectors.EVENT_READ, (started, report))


def import_everything() -> None:
    import promptctl

    os.environ["GIT_PYTHON_REFRESH"] = "quiet"  # as the command sets it while it imports `git`
    modules = [module.name for module in pkgutil.walk_packages(promptctl.__path__, "promptctl.")]
    for name in (*LIBRARIES, *modules):
        with suppress(Exception):  # the command that needs it says what is wrong
            if name != "promptctl.__main__":
                import_module(name)
    del os.environ["GIT_PYTHON_REFRESH"]
    gc.collect()
    gc.freeze()  # else the first collection in each fork would copy every page


def start(folder: int, call: int, out: int, err: int, report: int) -> tuple[int, int]:
    """Starts a command; gives its process id and where to tell how it ended."""
    if not (command := os.fork()):
        try:
            os.fchdir(folder)
            for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), out, err)):
                os.dup2(file, number)
            with open(call, "rb", closefd=False) as file:
                words, environment = pickle.load(file)
            os.closerange(3, 1024)  # also what other commands have open
            become(words, environment)
        finally:
            os._exit(70)
    for file in (folder, call, out, err):
        os.close(file)
    os.write(report, b"%d\n" % command)
    return command, report


def tell(command: int, report: int) -> None:
    """Tells the exit code of a command that has ended, negative for a signal."""
    _, status = os.waitpid(command, 0)
    os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
    os.close(report)


def become(words: list[str], environment: dict[str, str]) -> NoReturn:
    """Does what `python -m promptctl WORDS` does after its start, its end included."""
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[0] = str(Path.cwd())
    sys.argv = ["promptctl", *words]
    sys.orig_argv = [sys.executable, "-m", "promptctl", *words]
    code = 0
    try:
        runpy.run_module("promptctl", run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    gc.collect()  # so that what tells of itself when it is forgotten does
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    main()
