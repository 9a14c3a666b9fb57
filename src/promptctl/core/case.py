"""A case, a check as written, a suite, and what its gate asks for."""

from typing import Any, Literal

import msgspec

from promptctl.core.record import Record
from promptctl.errors import Place

Status = Literal["draft", "active", "quarantined", "retired"]
Severity = Literal["blocker", "normal", "info"]


class Extract(Record):
    """The part of an output that a check looks at."""

    regex: str | None = None
    group: int | str = 1
    take: Literal["first", "last"] = "first"
    json: str | None = None
    block: str | None = None
    line: Literal["first", "last"] | None = None
    otherwise: Literal["fail", "whole", "unscored"] = "fail"


class CheckSpec(Record):
    """A check as written: a kind with arguments, or `not`/`any`/`all` over `parts`.

    `name` is unique within the case; `place` is where it stands, for messages, and no part of its meaning.
    `files` is the project's own code that it runs, text by path: read when the check is made, never written in a suite.
    `implied` ones come from the prompt itself, not from a suite.
    """

    kind: str
    name: str
    args: dict[str, Any] = {}
    required: bool = True
    extract: Extract | None = None
    parts: tuple["CheckSpec", ...] = ()
    files: dict[str, str] = {}
    implied: bool = False
    place: Place | None = None

    def meaning(self) -> dict[str, Any]:
        """What the check asks, without its place: equal meanings give equal verdicts."""
        asked = {
            "kind": self.kind,
            "name": self.name,
            "args": self.args,
            "required": self.required,
            "extract": None if self.extract is None else msgspec.to_builtins(self.extract),
            "parts": [part.meaning() for part in self.parts],
        }
        if self.files:
            asked["files"] = self.files
        return asked


class Turn(Record):
    """One user message of a conversation that the model's own replies continue, with checks of its reply."""

    say: str
    checks: tuple[CheckSpec, ...] = ()


class Quarantine(Record):
    """Why a case is set aside, and the ISO date past which it counts again."""

    reason: str
    until: str
    since: str | None = None


class Accept(Record):
    """A break, removal or weakening that is meant: excused until the ISO date `until`."""

    case: str
    what: Literal["broken", "removed", "weakened"]
    because: str
    until: str | None = None
    suite: str | None = None


class Case(Record):
    """Inputs, optional references, checks.

    `messages` are a conversation so far; of `turns`, each is said after the model's reply to the one before.
    `checks` look at the last reply, `checks_all` at every one.

    `written_id` is False where the id was computed from the inputs. `finished` asks for an answer that ended by
    itself; the suite says it for all its cases.
    """

    id: str
    written_id: bool = True
    status: Status = "active"
    severity: Severity = "normal"
    tags: tuple[str, ...] = ()
    group: str | None = None
    why: str | None = None
    vars: dict[str, Any] = {}
    input: Any = None
    messages: tuple[dict[str, Any], ...] = ()
    turns: tuple[Turn, ...] = ()
    contexts: tuple[dict[str, Any], ...] = ()
    relevant: tuple[str, ...] = ()
    expected: dict[str, Any] | None = None
    rejected: dict[str, Any] | None = None
    checks: tuple[CheckSpec, ...] = ()
    checks_all: tuple[CheckSpec, ...] = ()
    watch: bool = False
    finished: bool = True
    source: dict[str, Any] | None = None
    redacted: tuple[str, ...] = ()
    quarantine: Quarantine | None = None
    place: Place | None = None

    def inputs(self) -> dict[str, Any]:
        """What the case puts into a prompt, as written."""
        given: dict[str, Any] = {"vars": self.vars, "input": self.input, "contexts": self.contexts}
        # Only where they are used, so that digests of suites without conversations stay what they were.
        if self.messages:
            given["messages"] = self.messages
        if self.turns:
            given["turns"] = [turn.say for turn in self.turns]
        return given

    def meaning(self) -> dict[str, Any]:
        """What the case asks of an output, apart from its inputs: equal meanings judge alike."""
        asked: dict[str, Any] = {
            "expected": self.expected,
            "rejected": self.rejected,
            "checks": [check.meaning() for check in self.checks],
            "watch": self.watch,
            "finished": self.finished,
        }
        if self.checks_all:
            asked["checks_all"] = [check.meaning() for check in self.checks_all]
        if any(turn.checks for turn in self.turns):
            asked["turns"] = [[check.meaning() for check in turn.checks] for turn in self.turns]
        return asked

    @property
    def every_check(self) -> tuple[CheckSpec, ...]:
        """All that is asked of any reply."""
        return (*self.checks, *self.checks_all, *(check for turn in self.turns for check in turn.checks))

    @property
    def votes(self) -> bool:
        """Whether a gate counts it."""
        return self.status == "active" and self.severity != "info" and not self.watch

    @property
    def asked(self) -> bool:
        """Whether a run asks it: drafts and retired cases are left out."""
        return self.status in ("active", "quarantined")

    @property
    def feedback_ids(self) -> tuple[str, ...]:
        """The feedback that the case answers when it turns from fail to pass."""
        if self.source and self.source.get("feedback"):
            return (str(self.group or self.source.get("trace") or self.id),)
        return ()


class Gate(Record):
    """What decides. Rates and margins are fractions in [0, 1]."""

    margin: float = 0.05
    min_pass_rate: float = 0.0
    on_undecided: Literal["pass", "fail"] = "pass"
    on_untested: Literal["warn", "fail"] = "warn"
    max_errors: int = 0


class Suite(Record):
    """The cases of one prompt, sorted by id, with repeats, checks and gate.

    `digest` (`s1:`) covers the suite file and active cases.

    `checks` are already merged into each case's own; they stay here to say what changed. `internal` is where the suite
    says that its cases go to internal providers alone; None where it does not.
    """

    id: str
    prompt: str
    samples: int = 1
    finished: bool = True
    checks: tuple[CheckSpec, ...] = ()
    gate: Gate = Gate()
    accept: tuple[Accept, ...] = ()
    cases: tuple[Case, ...] = ()
    judge: dict[str, Any] = {}
    renamed_from: str | None = None
    place: Place | None = None
    internal: Place | None = None
    digest: str = ""

    def by_id(self) -> dict[str, Case]:
        """The cases by id."""
        return {case.id: case for case in self.cases}

    def case(self, case_id: str) -> Case | None:
        """The case of that id; for many at once take `by_id`."""
        return next((case for case in self.cases if case.id == case_id), None)
