"""What connects the command with its surroundings: two streams that outlast their readers, and signals."""

import codecs
import io
import os
import signal
import sys
import threading
from typing import Any

from promptctl.errors import PromptctlError

_ASCII = {"→": "->", "−": "-", "…": "...", "×": "x", "≥": ">=", "≤": "<=", "“": '"', "”": '"', "–": "-"} | {
    # The arithmetic of a decision, and its plot, whose marks keep their places.
    **{"±": "+/-", "√": "sqrt", "²": "^2"},
    **dict(zip("─━┣┫●│┆", "-=[]o|:", strict=True)),
}


def hear_signals() -> None:
    """Makes SIGTERM, which runners send when a job is cancelled, the same as Ctrl-C.

    Ctrl-C is heard also where a shell started the command in its background, deaf to it: calls cost money.
    """
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)


def make_streams() -> None:
    """Makes both fit for every command.

    A stream that cannot encode a character gets an ASCII form. One that is closed, or whose reader has gone (`head`, a
    pager), takes the rest and forgets it: a command ends with its own exit code, whoever looks on. Click would end it
    with 1, which says that the gate failed.
    """
    codecs.register_error("promptctl", _ascii_form)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif stream is getattr(sys, f"__{name}__") and not stream.isatty():
            setattr(sys, name, _lasting(stream))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="promptctl")


def _lasting(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    raw = _Lasting(stream.fileno(), "w", closefd=False)
    at_once = stream.line_buffering or stream.write_through  # the second is PYTHONUNBUFFERED
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, "promptctl", line_buffering=at_once)


class _Lasting(io.FileIO):
    """A file that takes and forgets everything after the first write that failed."""

    _failed = False

    def write(self, data: Any) -> int:
        """Writes.

        Raises:
            PromptctlError: `cannot-write`, once, where something else than the reader is missing.
        """
        if not self._failed:
            try:
                return super().write(data)
            except OSError as error:
                self._failed = True
                if not isinstance(error, BrokenPipeError):
                    raise _cannot_write(error) from None
        return len(data)


def _cannot_write(error: OSError) -> PromptctlError:
    return PromptctlError(
        f"the output cannot be written: {error.strerror}",
        slug="cannot-write",
        at="standard output",
        fix="make room where it goes, or send it elsewhere",
    )


def _ascii_form(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    forms = (_ASCII.get(c) or c.encode("ascii", "backslashreplace").decode("ascii") for c in text)
    return "".join(forms), error.end
