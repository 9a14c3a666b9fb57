"""Results to report: built from pairs by the same code as a real run, with texts that a test can choose."""

from collections.abc import Mapping
from typing import Any

from promptctl.core.case import Case, Gate, Suite
from promptctl.core.comparison import compare
from promptctl.core.evidence import weigh
from promptctl.core.exchange import Output
from promptctl.core.gate import decide
from promptctl.core.message import Message
from promptctl.core.prompt import Header, PromptVersion
from promptctl.core.record import replace
from promptctl.core.result import (
    Affected,
    Calls,
    DecisionRecord,
    Reason,
    Result,
    RevisionRecord,
    Sent,
    SourceChange,
    SuiteResult,
    Tokens,
)
from promptctl.core.ruling import Ruling, exit_code, worst
from promptctl.core.run import Pair, Trial
from promptctl.engine.plan import PlannedCase, SuitePlan
from promptctl.engine.records import Holm, suite_record, trial_records
from promptctl.engine.rendered import Opening, Rendered, Sender

POLICY = SourceChange(
    path="prompts/_policy.j2", line=7, before="Refunds arrive within 14 days.", after="Refunds arrive soon."
)


def saying(pair: Pair, *, base: str, head: str) -> Pair:
    """The pair with these texts as the answers of its sides."""
    return replace(
        pair,
        base=tuple(_saying(trial, base) for trial in pair.base),
        head=tuple(_saying(trial, head) for trial in pair.head),
    )


def _saying(trial: Trial, text: str) -> Trial:
    return trial if trial.answer is None else replace(trial, answer=replace(trial.answer, text=text))


def a_suite_result(
    pairs: list[Pair],
    *,
    suite: str = "support/reply",
    vars: Mapping[str, Any] | None = None,  # noqa: A002 - as a case names them
    gate: Gate | None = None,
    has_base: bool = True,
    **facts: Any,
) -> tuple[SuiteResult, Ruling]:
    """One suite as the engine records it, and what the gate says of it."""
    gate = gate or Gate()
    comparison = compare(pairs, has_base=has_base)
    evidence = weigh(comparison, gate)
    ruling = decide(comparison, evidence, gate, p_worse=evidence.p_worse or 1.0)
    records = {pair.case: (trial_records(pair.base), trial_records(pair.head)) for pair in pairs}
    plan = SuitePlan(
        suite=Suite(id=suite, prompt=suite, digest="s1:c3", gate=gate),
        grader=None,
        base_suite=None,
        prompt=suite,
        model="qwen-plus",
        base_digest="p1:a1" if has_base else None,
        head_digest="p1:b2",
        has_base=has_base,
        samples=1,
        cases=tuple(_planned(pair, vars or {"ticket": "When is it paid?"}, has_base) for pair in pairs),
        changed=("prompts/support/reply.prompt.j2",),
        yardstick=(),
    )
    record = suite_record(plan, comparison, evidence, ruling, records, holm=Holm(evidence.p_worse, 1))
    return replace(record, **facts), ruling


def _planned(pair: Pair, values: Mapping[str, Any], has_base: bool) -> PlannedCase:
    case = Case(id=pair.case, severity=pair.severity, tags=pair.tags, vars=dict(values))
    head, base = _rendered("h" * 90), _rendered("b" * 100)
    return PlannedCase(
        case=case, standing=pair.standing, base=base if has_base else None, head=head, ask=True
    )


def _rendered(text: str) -> Rendered:
    version = PromptVersion(
        id="reply", path="prompts/reply.prompt.j2", header=Header(), inputs={}, closure={}
    )
    return Sender(version, "qwen-plus", None).rendered(Opening((Message(role="user", content=text),)))


def a_result(*suites: tuple[SuiteResult, Ruling], **facts: Any) -> Result:
    """A whole run over these suites, from `main` to the working tree."""
    rulings = [ruling for _, ruling in suites]
    order = {"fail": 0, "incomplete": 1, "undecided": 2, "pass": 3}
    reasons = [
        Reason(rule=r.rule, message=r.message, suite=s.suite, cases=r.cases, word=r.word) for s, r in suites
    ]
    reasons.sort(key=lambda reason: order[next(r.status for s, r in suites if s.suite == reason.suite)])
    return Result(
        **{
            "run": "20261101-101500-4f2a9c",
            "started_at": "2026-11-01T10:15:00Z",
            "seconds": 12.5,
            "complete": True,
            "promptctl": "0.1.0",
            "base": RevisionRecord(label="main", commit="3f9a2c1" + "0" * 33),
            "head": RevisionRecord(label="WORKTREE", dirty=True),
            "decision": DecisionRecord(
                status=worst([ruling.status for ruling in rulings]),
                exit_code=exit_code([(ruling, Gate()) for ruling in rulings], strict=False),
                reasons=tuple(reasons),
            ),
            "calls": Calls(
                prompt=Sent(sent=60, reused=60, saved_equal=4),
                tokens=Tokens(input=900, output=300),
                cost=0.0123,
            ),
            "affected": (
                Affected(
                    prompt="support/reply",
                    changed=("prompts/_policy.j2", "prompts/support/reply.prompt.j2"),
                    lines=(POLICY,),
                ),
            ),
            "suites": tuple(suite for suite, _ in suites),
            **facts,
        }
    )


def an_output(text: str) -> Output:
    """An answer of the model."""
    return Output(text=text)
