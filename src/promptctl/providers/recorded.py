"""Answers that are committed beside a suite: one JSON line each, reviewed like any other file."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec

from promptctl.core.exchange import Finish, Output, Usage
from promptctl.errors import FileError, Place, PromptctlError, raise_all

# Lone surrogates cannot be written, U+0085, U+2028 and U+2029 end a line for many readers; the others colour, move
# and reorder what a terminal shows.
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Recording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of `answers/*.jsonl`. `request` and `sample` are the key.

    `case`, and `turn` in a conversation, are for the reader.
    """

    case: str
    turn: int | None = None
    sample: int
    request: str
    model: str | None = None
    text: str
    finish: Finish = "stop"
    tool_calls: tuple[dict[str, Any], ...] = ()
    usage: Usage | None = None

    def __post_init__(self) -> None:
        """Refuses a key that no request can have."""
        if not self.request.startswith("r1:") or len(self.request) != len("r1:") + 64:
            raise ValueError(f"request is not a digest (r1: and 64 hex digits): {self.request[:80]!r}")
        if self.sample < 0:
            raise ValueError("sample is negative")

    def output(self) -> Output:
        """The recorded answer."""
        return Output(
            text=self.text,
            finish=self.finish,
            tool_calls=self.tool_calls,
            usage=self.usage,
            model=self.model,
        )


def read_recordings(lines: Iterable[str], *, path: str = "answers.jsonl") -> dict[tuple[str, int], Output]:
    """The recorded answers of a file, by request digest and sample index.

    Args:
        lines: The file's lines, split at line feeds only; blank ones are skipped.
        path: The file as the user would type it, for messages.

    Raises:
        FileError: `bad-recording`, a line that is not one; `different-recordings`, one key with two answers.
        Several: more than one of them.
    """
    found: dict[tuple[str, int], Output] = {}
    errors: list[PromptctlError] = []
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if not text.strip():
            continue
        try:
            recording = _recording(text)
        except ValueError as error:
            fix = "write the line again with `promptctl answers export`"
            message = f"not a recorded answer: {error}"
            errors.append(FileError(message, slug="bad-recording", at=Place(path, number), fix=fix))
            continue
        key, output = (recording.request, recording.sample), recording.output()
        if found.setdefault(key, output) != output:
            message = f"case {recording.case!r}, sample {recording.sample} is recorded twice, differently"
            fix = "keep one of the two lines"
            errors.append(FileError(message, slug="different-recordings", at=Place(path, number), fix=fix))
    raise_all(errors)
    return found


def recording_line(
    *, case: str, sample: int, request: str, model: str | None, output: Output, turn: int | None = None
) -> str:
    """One line of a recording file, keys in their fixed order, without a line end. Only conversations have turns.

    Text stays readable in a review; only what would break the line or the file, or what a terminal would act on, is
    escaped.
    """
    values = {
        "case": case,
        **({} if turn is None else {"turn": turn}),
        "sample": sample,
        "request": request,
        "model": model,
        "text": output.text,
        "finish": output.finish,
        "tool_calls": list(output.tool_calls),
        "usage": None if output.usage is None else msgspec.to_builtins(output.usage),
    }
    line = json.dumps(values, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def _recording(line: str) -> Recording:
    try:
        value = json.loads(line, parse_constant=_refuse_number, parse_float=_finite)
        return msgspec.convert(value, Recording)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(written: str) -> float:
    number = float(written)
    return number if math.isfinite(number) else _refuse_number(written)


def _refuse_number(written: str) -> NoReturn:
    raise ValueError(f"{written[:20]} is no number that JSON can hold")
