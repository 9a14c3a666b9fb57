"""The project's own checks, a function or a program: what they take, what their answers mean. They run elsewhere."""

import math
import re
from typing import Any

from promptctl.checks.text import shown
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, fails, passes, unscored

LONGEST = 600.0

_FUNCTION = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*)\Z")
_KEYS = ("pass", "score", "reason")
_POLITE = """\
def polite(output, case, words=("please", "请")):
    return any(word in output.lower() for word in words)
"""
_SHORT = """\
import json, sys
asked = json.load(sys.stdin)
print(len(asked["output"]), "characters")
sys.exit(len(asked["output"]) > 20)
"""


class OwnCode(Rule, kw_only=True):  # type: ignore[call-arg]  # so that required fields may follow
    """What the two have in common: how long one output may take, and which further files they need."""

    FAMILY = "own"

    timeout: float = 10.0
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.timeout <= LONGEST:
            raise ValueError(f"`timeout` is a number of seconds above 0, {LONGEST:g} at most")
        if any(path.startswith("/") or ".." in path.split("/") for path in self.files):
            raise ValueError("`files` are files of the folder for the project's own checks, named from it")


class Python(OwnCode):
    """A function of the project's own Python code says what it thinks of the output.

    `module:function` is a function in evals/_checks/module.py, of the revision that is tested (`a.b:function` stands in
    evals/_checks/a/b.py). It is called with the output's text, with `arguments` as keywords and, where it has a
    parameter `case`, with a mapping of vars, expected, rejected, contexts, tool_calls and finish. It returns:

    - true or false;
    - a number, which passes from `at_least` on;
    - {"pass": ..., "score": ..., "reason": ...}, each of which may be missing;
    - None where it cannot tell: unscored.

    Whatever else it does makes the trial an error with file and line: raising, returning something else, ending the
    process, taking longer than `timeout` seconds (10 unless you say otherwise). It runs in a process of its own with an
    empty environment and an empty folder; what it prints is thrown away. Modules beside it can be imported, and so can
    what is installed; `files` names what else it needs of evals/_checks. A change of any of these files is a change of
    the check. It is called for an empty output, and for one of any size, as for any other.
    """

    SHORT = "function"
    EXAMPLES = (
        Example(
            args="tone:polite",
            files={"evals/_checks/tone.py": _POLITE},
            output="Please wait.",
            status="pass",
        ),
        Example(
            args={"function": "tone:polite", "arguments": {"words": ["您好"]}},
            files={"evals/_checks/tone.py": _POLITE},
            output="请稍候。",
            status="fail",
        ),
        Example(
            args={"function": "size:size", "at_least": 3},
            files={"evals/_checks/size.py": "def size(output):\n    return len(output)\n"},
            output="",
            status="fail",
        ),
    )

    function: str
    arguments: dict[str, Any] = {}
    at_least: float | None = None

    def __post_init__(self) -> None:
        if not _FUNCTION.match(self.function):
            raise ValueError(f"{shown(self.function)} is no module:function, such as tone:polite")
        if self.at_least is not None and not math.isfinite(self.at_least):
            raise ValueError("`at_least` is a finite number")
        if "case" in self.arguments:
            raise ValueError("`case` is given by promptctl: call the argument something else")
        OwnCode.__post_init__(self)

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        return self.function.partition(":")[0]

    @property
    def name(self) -> str:
        """The function's name in it."""
        return self.function.partition(":")[2]

    def opinion(self, returned: Any) -> Opinion:
        """What the function's answer means.

        Raises:
            ValueError: it is none that a check can give.
        """
        if not isinstance(returned, dict):
            return self._verdict(returned, None, "")
        unknown = [key for key in returned if key not in _KEYS]
        if unknown or not returned:
            what = f"the key {shown(str(unknown[0]))}" if unknown else "an empty mapping"
            raise ValueError(f"{self.function} returned {what}: known are {', '.join(_KEYS)}")
        score, reason = returned.get("score"), returned.get("reason")
        if score is not None and not _is_number(score):
            raise ValueError(f"{self.function} returned the score {shown(str(score))}, which is no number")
        if reason is not None and not isinstance(reason, str):
            raise ValueError(f"{self.function} returned a reason that is no text")
        verdict = returned.get("pass", score)
        if "pass" in returned and not isinstance(verdict, bool | None):
            raise ValueError(f"{self.function} returned a `pass` that is neither true nor false")
        return self._verdict(verdict, score, one_line(reason or ""))

    def _verdict(self, value: Any, score: float | None, reason: str) -> Opinion:
        if value is None:
            return unscored(reason or f"{self.name} could not tell")
        if isinstance(value, bool):
            said = reason or f"{self.name} says {'yes' if value else 'no'}"
            score = None if score is None else float(score)
            return passes(said, score) if value else fails(said, score)
        if not _is_number(value):
            raise ValueError(f"{self.function} returned {shown(str(value))}, which is no verdict")
        if self.at_least is None:
            raise ValueError(
                f"{self.function} returned the number {value:g}: from where on is that a pass? add at_least"
            )
        said = reason or f"{self.name} gives {value:g}, at least {self.at_least:g} wanted"
        return passes(said, float(value)) if value >= self.at_least else fails(said, float(value))


class Command(OwnCode):
    """A program says what it thinks of the output: exit code 0 is pass, 1 is fail, any other an error.

    A list, the program and its arguments, never a line for a shell. It reads one JSON mapping on its standard input:
    output, vars, expected, rejected, contexts, tool_calls and finish. The first line that it prints is the reason. Its
    environment is PATH and LANG=C.UTF-8 alone. It runs in a new folder that has those files of evals/_checks which an
    argument or `files` names, under their own paths, and no other file of the project, so that any revision can be
    tested; a change of one of them is a change of the check. What it prints on standard error is shown where it breaks.
    After `timeout` seconds (10 unless you say otherwise) it is ended, with all that it started. It is called for an
    empty output, and for one of any size, as for any other. One process starts for each output: where there are
    thousands, take `python`.
    """

    SHORT = "run"
    EXAMPLES = (
        Example(
            args=["python3", "evals/_checks/short.py"],
            files={"evals/_checks/short.py": _SHORT},
            output="退款需要 14 天。",
            status="pass",
        ),
        Example(
            args=["python3", "evals/_checks/short.py"],
            files={"evals/_checks/short.py": _SHORT},
            output="Refunds are paid within 14 days.",
            status="fail",
        ),
        Example(args=["grep", "--quiet", "14 days"], output="", status="fail", note="grep ends with 1"),
    )

    run: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.run or not self.run[0]:
            raise ValueError("the list is empty: name a program")
        if any("\0" in word for word in self.run):
            raise ValueError("an argument holds a zero byte")
        if len(self.run) == 1 and len(self.run[0].split()) > 1:
            raise ValueError(
                f"{shown(self.run[0])} is a line for a shell: write each word as an item of the list"
            )
        OwnCode.__post_init__(self)

    def opinion(self, passed: bool, printed: str) -> Opinion:
        """What the program means by its exit code, with what it printed."""
        reason = one_line(printed.lstrip().partition("\n")[0])
        if passed:
            return passes(reason or f"{self.run[0]} ends with 0")
        return fails(reason or f"{self.run[0]} ends with 1")


def one_line(text: str, limit: int = 300) -> str:
    """`text` on one line, cut after `limit` characters, half characters replaced."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
