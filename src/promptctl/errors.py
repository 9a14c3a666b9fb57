"""Every error a user can meet, and the exit code each one ends in.

    PromptctlError            2   usage or project wrong
    ├── FileError             2   a file that people write does not say what it must
    ├── PromptError           2   a template that cannot be read or rendered
    ├── Several               2   more than one of the above, shown together
    ├── Incomplete            3   the question could not be answered
    └── Interrupted         130   the user or the runner stopped it

An error of one trial (a timeout, a rate limit) is data, not an exception: see `core.exchange.Failure`.
"""

from collections.abc import Sequence
from typing import Any


class Place:
    """Where something stands: a path as the user would type it, a line and a column from 1."""

    __slots__ = ("column", "line", "path")

    def __init__(self, path: str, line: int = 1, column: int = 1) -> None:
        self.path, self.line, self.column = path, line, column

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"

    def __repr__(self) -> str:
        return f"Place({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class PromptctlError(Exception):
    """What is wrong (`message`, `slug`), where (`at`), what to do (`fix`).

    `slug` is a heading of docs/messages.md. `at` is `file:line:column` where a file is to blame, else
    the command or option that was given.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, slug: str, at: Place | str | None = None, fix: str | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.slug, self.at, self.fix = message, slug, at, fix

    def each(self) -> tuple["PromptctlError", ...]:
        """The errors in this one: itself, or all of `Several`."""
        return (self,)

    def __str__(self) -> str:
        where = f" ({self.at})" if self.at is not None else ""
        return f"{self.message} [{self.slug}]{where}"


class FileError(PromptctlError):
    """A prompt, suite, case, configuration or data file that does not say what it must."""


class PromptError(PromptctlError):
    """A template that cannot be parsed or rendered."""


class Several(PromptctlError):
    """Errors that are better read together: the first 20 are shown, the rest are counted."""

    def __init__(self, errors: Sequence[PromptctlError]) -> None:
        first = errors[0]
        super().__init__(first.message, slug=first.slug, at=first.at, fix=first.fix)
        self.errors = tuple(errors)

    def each(self) -> tuple[PromptctlError, ...]:
        """All of them, in the order of the files."""
        return self.errors


class Incomplete(PromptctlError):
    """The question could not be answered: no base, no budget, too many errors.

    `result` is the record of the run that ended so, where there is one.
    """

    exit_code = 3
    result: Any = None


class Interrupted(PromptctlError):
    """Ctrl-C or SIGTERM. What was answered is stored. `result` is the record of the run, where there is one."""

    exit_code = 130
    result: Any = None


def raise_all(errors: Sequence[PromptctlError]) -> None:
    """Nothing for no error, the error itself for one, `Several` for more; what two readers found is said once."""
    errors = list({(error.slug, error.message, str(error.at)): error for error in errors}.values())
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Several(errors)
