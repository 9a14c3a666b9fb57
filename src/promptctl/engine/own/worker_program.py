"""Calls functions of a project's own code: the program of a worker process. It imports nothing of promptctl.

Started as `worker_program.py FOLDER CODE`: FOLDER is where the files stand, CODE the folder in it that
modules are looked for. It reads requests and writes replies, one JSON mapping a line, on what were its standard input
and output; the code that it calls finds both closed, so that a `print` cannot disturb a reply.
"""

import faulthandler
import importlib
import inspect
import json
import os
import sys
import traceback
from typing import Any


def main(folder: str, code: str) -> None:
    """Answers requests until there are no more."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    own, pipes = os.getpid(), [requests.fileno(), replies.fileno()]
    if hasattr(os, "register_at_fork"):
        # What a check forks would go on below, read our requests and write a second reply.
        os.register_at_fork(after_in_child=lambda: _close(pipes))
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(folder, code))  # noqa: PTH118 - pathlib is loaded only where a check wants it
    for line in requests:
        request = json.loads(line)
        # Whoever watches the clock may be killed: nothing of ours goes on for ever then.
        faulthandler.dump_traceback_later(request["longest"], exit=True)
        reply = {"id": request["id"], **_reply(request, folder)}
        faulthandler.cancel_dump_traceback_later()
        if os.getpid() != own:
            os._exit(0)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _close(pipes: list[int]) -> None:
    while pipes:  # a fork of a fork finds none
        os.close(pipes.pop())


def _reply(request: dict[str, Any], folder: str) -> dict[str, Any]:
    try:
        returned = _called(request)
    except BaseException as error:  # sys.exit() in a check ends the check, not the worker
        return {"error": _told(error, folder)}
    try:
        # Verified here, because what cannot be written must not leave half a line.
        json.dumps(returned, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {"error": f"it returned {type(returned).__name__} {_brief(returned)}, which is no verdict"}
    return {"returned": returned}


def _called(request: dict[str, Any]) -> Any:
    function = getattr(importlib.import_module(request["module"]), request["function"])
    more = dict(request["arguments"])
    if "case" in inspect.signature(function).parameters:
        more["case"] = request["case"]
    returned = function(request["output"], **more)
    # A number or truth value of numpy is told as Python's own.
    return returned.item() if type(returned).__module__ == "numpy" and hasattr(returned, "item") else returned


def _told(error: BaseException, folder: str) -> str:
    """The error with the line of the project's own code that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(folder + os.sep)]
    where = f"{own[-1].filename[len(folder) + 1 :]}:{own[-1].lineno}: " if own else ""
    said = _brief(error)
    return f"{where}{type(error).__name__}{': ' + said if said else ''}"


def _brief(value: object) -> str:
    try:
        return " ".join(str(value).split())[:300]
    except BaseException:  # a __str__ of the project's own
        return "(it cannot be shown)"


if __name__ == "__main__":
    main(*sys.argv[1:3])
