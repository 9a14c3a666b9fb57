"""What a code check is: a record of its arguments that can be asked about one output."""

from typing import Any, ClassVar

from promptctl.core.record import Record
from promptctl.core.verdict import Opinion, Subject


class Example(Record):
    """One line of a check's page, run as a test: `args` as in a suite, an output, what the check says of it."""

    args: Any
    output: str
    status: str
    expected: dict[str, Any] | None = None
    note: str = ""


class Rule(Record):
    """A check. Fields are its arguments; the class docstring is its page; calling it gives an opinion.

    `SHORT` names the field that takes the one argument of the short form (`contains: "14 days"`).
    `NEEDS` lists case fields without which it cannot be asked (`expected`). A check for which `not` has no
    meaning sets `NEGATABLE` to False. Arguments that can never fail, or never make sense, raise ValueError
    in `__post_init__`: lint shows the text with its place.
    """

    SHORT: ClassVar[str | None] = None
    FAMILY: ClassVar[str] = ""
    NEEDS: ClassVar[tuple[str, ...]] = ()
    NEGATABLE: ClassVar[bool] = True
    EXAMPLES: ClassVar[tuple[Example, ...]] = ()

    def __call__(self, subject: Subject) -> Opinion:
        """What the rule says of `subject`. Raising makes the trial an error, never a fail."""
        raise NotImplementedError(type(self).__name__)
