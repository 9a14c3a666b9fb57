"""The finished record, format `promptctl.result/1`. Reporters and scripts get this and nothing else.

Keys may be added within a format number, so readers ignore what they do not know.
"""

from typing import Any, Literal

from promptctl.core.findings import Drift, EvidenceRecord, Exploratory, Looks, Redraws, Trade
from promptctl.core.record import Shown
from promptctl.core.verdict import Verdict

FORMAT = "promptctl.result/1"

Status = Literal["pass", "fail", "undecided", "incomplete"]


class RevisionRecord(Shown):
    """One side. `commit` is the full id, None for a working tree with changes."""

    label: str
    commit: str | None = None
    dirty: bool = False


class Reason(Shown):
    """Why the run ended as it did: a rule's slug, one sentence, the suite and cases it is about.

    `word` begins the decision line: PASS, NO BREAK FOUND, UNDECIDED, ADVISORY, NO BASE, FAIL or INCOMPLETE.
    """

    rule: str
    message: str
    suite: str | None = None
    cases: tuple[str, ...] = ()
    word: str = ""


class DecisionRecord(Shown):
    """The gate's word on the whole run."""

    status: Status
    exit_code: int
    reasons: tuple[Reason, ...] = ()


class Sent(Shown):
    """Calls sent and answers reused; `saved_equal` were never needed, because both sides ask the same."""

    sent: int = 0
    reused: int = 0
    saved_equal: int = 0


class JudgeCalls(Shown):
    """Judge calls sent and reused."""

    sent: int = 0
    reused: int = 0


class ConfirmCalls(Shown):
    """Redraws sent."""

    sent: int = 0


class SideCalls(Shown):
    """First draws sent for base alone, and for head; redraws that were reused."""

    base: int = 0
    head: int = 0
    redraws_reused: int = 0


class Tokens(Shown):
    """Tokens of the answers asked in this run."""

    input: int = 0
    output: int = 0


class Calls(Shown):
    """What the run asked and cost. `cost` is None when the price of a model that was asked is unknown.

    `retried` calls were sent again after a failure, and of these `possibly_paid_twice` after one whose answer was lost.
    `rate_limited` calls were refused by servers, which were left alone for `paused_seconds` in all.
    """

    prompt: Sent = Sent()
    judge: JudgeCalls = JudgeCalls()
    confirm: ConfirmCalls = ConfirmCalls()
    sides: SideCalls = SideCalls()
    retried: int = 0
    possibly_paid_twice: int = 0
    rate_limited: int = 0
    paused_seconds: float = 0.0
    tokens: Tokens = Tokens()
    cost: float | None = None
    currency: str = "USD"
    cost_unknown_models: tuple[str, ...] = ()


class Size(Shown):
    """Means per request of one side; None where the provider does not count."""

    prompt_characters: float
    answer_characters: float | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    seconds: float | None = None


class Sizes(Shown):
    """Lengths and seconds on both sides; base is None without one."""

    base: Size | None
    head: Size | None


class Untested(Shown):
    """A prompt that changed and has no active case, with the files that changed."""

    prompt: str
    changed: tuple[str, ...] = ()


class SourceChange(Shown):
    """The first place where a file of a prompt differs: a line number on head, the lines there on both sides."""

    path: str
    line: int
    before: str
    after: str


class Affected(Shown):
    """A prompt whose version differs between the sides, and through which files."""

    prompt: str
    changed: tuple[str, ...] = ()
    lines: tuple[SourceChange, ...] = ()


class Digests(Shown):
    """Version digests of both sides and the suite's own."""

    base: str | None
    head: str | None
    suite: str


class Settle(Shown):
    """What would settle an undecided suite: samples a case, or cases."""

    samples: int | None = None
    cases: int | None = None


class RateRecord(Shown):
    """Cases passed of cases scored, with the Wilson 95 % interval."""

    passed: int
    scored: int
    low: float
    high: float


class PassRates(Shown):
    """Pass rates of both sides; base is None without one."""

    base: RateRecord | None
    head: RateRecord | None


class DifferenceRecord(Shown):
    """Head minus base as a fraction, with its interval."""

    estimate: float
    low: float
    high: float
    level: float
    method: str


class TestRecord(Shown):
    """The test of harm over first draws; p-values are one-sided, before Holm's adjustment."""

    name: str
    broken: int
    fixed: int
    p_worse: float
    p_better: float


class Tally(Shown, rename={"passed": "pass"}):
    """Verdicts of one check on one side."""

    passed: int = 0
    fail: int = 0
    unscored: int = 0


class CheckRecord(Shown):
    """Verdicts of one check by side."""

    check: str
    base: Tally
    head: Tally


class AnswerRecord(Shown):
    """What the model said."""

    text: str
    finish: str
    tool_calls: tuple[dict[str, Any], ...] = ()
    reasoning: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None


class PartRecord(Shown, rename={"source": "from"}):
    """One of the answers that a strategy made an answer of; `prompt` is the second prompt, where that gave it."""

    sample: int
    source: str
    answer: AnswerRecord
    chosen: bool = False
    prompt: str | None = None


class ReplyRecord(Shown):
    """An earlier turn of a conversation: what the user said, and what came back."""

    say: str
    answer: AnswerRecord


class FailureRecord(Shown):
    """What kept us from an answer."""

    kind: str
    message: str


class TrialRecord(Shown, rename={"source": "from"}):
    """One draw: where it came from, what came back, what the checks said.

    In a conversation `answer` is the last reply, `replies` are those before it, and `turn`, from 1, is where it failed
    or could not be scored. `parts` are all the answers that a strategy made it of.
    """

    sample: int
    role: str
    source: str
    outcome: str
    answer: AnswerRecord | None = None
    failure: FailureRecord | None = None
    verdicts: tuple[Verdict, ...] = ()
    replies: tuple[ReplyRecord, ...] = ()
    turn: int | None = None
    parts: tuple[PartRecord, ...] = ()


class CaseResult(Shown):
    """One case: its state and the draws of both sides.

    `flaky`: base's own draws disagree often, over six or more. `edited`: its inputs or checks came with the change, so
    that a fix of it outvotes no break. `group` is what it stands and falls with.
    """

    case: str
    state: str
    severity: str
    tags: tuple[str, ...] = ()
    confirmed: bool = False
    base: tuple[TrialRecord, ...] = ()
    head: tuple[TrialRecord, ...] = ()
    counted: bool = False
    accepted: str | None = None
    quarantined: bool = False
    flaky: bool = False
    edited: bool = False
    group: str | None = None
    answers: tuple[str, ...] = ()
    inputs: dict[str, str] = {}


class YardstickRecord(Shown):
    """A case of base that was removed, retired or weakened."""

    case: str
    what: str
    because: str
    blocker: bool = False
    accepted: str | None = None


class SuiteResult(Shown):
    """One suite under one model. `better` is the claim of improvement, made only where it is earned.

    `compare` is None where base and head are compared; else what else is: `models`, `params` or `strategies`. `trade`
    is what such a variant gains and costs.
    """

    suite: str
    prompt: str
    model: str
    status: Status
    rule: str
    digest: Digests
    n: int
    detectable: float | None
    settle: Settle
    counts: dict[str, int]
    pass_rate: PassRates
    difference: DifferenceRecord | None
    test: TestRecord | None
    checks: tuple[CheckRecord, ...] = ()
    results: tuple[CaseResult, ...] = ()
    word: str = ""
    message: str = ""
    better: bool = False
    redrawn: bool = False
    changed: tuple[str, ...] = ()
    sizes: Sizes | None = None
    yardstick: tuple[YardstickRecord, ...] = ()
    notes: tuple[str, ...] = ()
    compare: str | None = None
    trade: Trade | None = None
    evidence: EvidenceRecord | None = None
    redraws: Redraws | None = None
    drift: Drift | None = None
    looks: Looks | None = None
    exploratory: tuple[Exploratory, ...] = ()


class Result(Shown):
    """A whole run, as written to result.json. `sides` are the options that chose base and head, as they were given."""

    run: str
    started_at: str
    seconds: float
    complete: bool
    base: RevisionRecord | None
    head: RevisionRecord
    decision: DecisionRecord
    format: str = FORMAT
    promptctl: str = ""
    calls: Calls = Calls()
    untested: tuple[Untested, ...] = ()
    suites: tuple[SuiteResult, ...] = ()
    affected: tuple[Affected, ...] = ()
    sides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
