"""What a code check is: a record of its arguments that can be asked about one output."""

from collections.abc import Callable
from typing import Any, ClassVar

from promptctl.core.record import Record
from promptctl.core.verdict import Opinion, Subject


class Example(Record):
    """One line of a check's page, run as a test: `args` as in a suite, an output, what the check says of it.

    `answer` is what else came with the output (`seconds`, `tool_calls` ...), `files` are the project's, by path.
    """

    args: Any
    output: str
    status: str
    expected: dict[str, Any] | None = None
    answer: dict[str, Any] = {}
    files: dict[str, str] = {}
    note: str = ""


class Rule(Record):
    """A check. Fields are its arguments; the class docstring is its page; calling it gives an opinion.

    `SHORT` names the field that takes the one argument of the short form (`contains: "14 days"`).
    `NEEDS` lists case fields without which it cannot be asked (`expected`). A check for which `not` has no
    meaning sets `NEGATABLE` to False. `EXTRA` is the extra of promptctl that it needs, and `TIMED` says that it
    looks at how long an answer took, which is otherwise no part of one. Arguments that can never fail, or never
    make sense, raise ValueError in `__post_init__`: lint shows the text with its place.
    """

    SHORT: ClassVar[str | None] = None
    FAMILY: ClassVar[str] = ""
    NEEDS: ClassVar[tuple[str, ...]] = ()
    NEGATABLE: ClassVar[bool] = True
    EXTRA: ClassVar[str | None] = None
    TIMED: ClassVar[bool] = False
    EXAMPLES: ClassVar[tuple[Example, ...]] = ()

    def with_files(self, read: Callable[[str], str]) -> "Rule":
        """The same check, with what the files that it names say. `read` gives a file's text by its path.

        Raises:
            ValueError: a file does not say what it must.
        """
        return self

    def __call__(self, subject: Subject) -> Opinion:
        """What the rule says of `subject`. Raising makes the trial an error, never a fail."""
        raise NotImplementedError(type(self).__name__)
