"""From what a run found to what a result file says."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.core.case import Case
from promptctl.core.comparison import Change, Comparison
from promptctl.core.confirming import Side
from promptctl.core.evidence import LEVEL, Evidence, Rate
from promptctl.core.exchange import Output
from promptctl.core.exploratory import exploratory
from promptctl.core.findings import Drift, EvidenceRecord, Looks, Redraws, Trade
from promptctl.core.gate import ALPHA_FLOOR
from promptctl.core.result import (
    Affected,
    AnswerRecord,
    CaseResult,
    CheckRecord,
    DifferenceRecord,
    Digests,
    FailureRecord,
    PartRecord,
    PassRates,
    RateRecord,
    ReplyRecord,
    Settle,
    Size,
    Sizes,
    SourceChange,
    SuiteResult,
    Tally,
    TestRecord,
    TrialRecord,
    YardstickRecord,
)
from promptctl.core.ruling import Ruling
from promptctl.core.run import Trial
from promptctl.core.stats import wilson_interval, wilson_upper
from promptctl.engine import pairing
from promptctl.engine.plan import PlannedCase, SuitePlan
from promptctl.engine.rendered import Rendered

EXCERPT = 2000
"""Characters of an input that a result keeps."""

Sides = tuple[tuple[TrialRecord, ...], tuple[TrialRecord, ...]]
Records = dict[str, Sides]
"""The trials of each case, base's and head's."""


class Holm(NamedTuple):
    """The p-value of harm after Holm over `suites` suites; `p` is None where nothing was compared."""

    p: float | None
    suites: int


NO_HOLM = Holm(None, 1)


def suite_record(
    plan: SuitePlan,
    comparison: Comparison,
    evidence: Evidence,
    ruling: Ruling,
    records: Records,
    *,
    holm: Holm = NO_HOLM,
    redraws: Redraws | None = None,
    drift: Drift | None = None,
    looks: Looks | None = None,
    trade: Trade | None = None,
    notes: tuple[str, ...] = (),
) -> SuiteResult:
    """One suite of the result.

    Args:
        records: Its cases' trials.
        holm: What Holm made of its p-value of harm.
        redraws, drift, looks: What was found on the way to the decision.
        trade: What a variant gains and costs.
        notes: Added to the plan's own.
    """
    planned = {entry.case.id: entry for entry in plan.cases}
    results = tuple(
        _case(change, planned[change.case], records[change.case]) for change in comparison.changes
    )
    return SuiteResult(
        suite=plan.suite.id,
        prompt=plan.prompt,
        model=plan.model,
        status=ruling.status,
        rule=ruling.rule,
        word=ruling.word,
        message=ruling.message,
        better=ruling.better,
        redrawn=evidence.redrawn,
        digest=Digests(base=plan.base_digest, head=plan.head_digest, suite=plan.suite.digest),
        n=evidence.n,
        detectable=evidence.detectable,
        settle=Settle(samples=evidence.settle_samples, cases=evidence.settle_cases)
        if ruling.status == "undecided" and ruling.rule != "near-floor" and plan.variant is None
        else Settle(),
        counts=comparison.counts(),
        pass_rate=PassRates(
            base=_rate(evidence.base) if plan.has_base else None,
            head=_rate(evidence.head),
        ),
        difference=_difference(evidence),
        test=_test(evidence, plan.has_base),
        checks=_checks(results),
        results=results,
        changed=plan.changed,
        sizes=_sizes(plan, results),
        yardstick=tuple(
            YardstickRecord(
                case=y.case, what=y.what, because=y.because, blocker=y.blocker, accepted=y.accepted
            )
            for y in comparison.yardstick
        ),
        notes=(*plan.notes, *notes),
        compare=plan.compare,
        trade=trade,
        evidence=_evidence(plan, comparison, evidence, holm),
        redraws=redraws,
        drift=drift,
        looks=looks,
        exploratory=exploratory(results) if plan.has_base else (),
    )


def affected_record(entry: pairing.Affected) -> Affected:
    """A prompt that differs, with the first lines that do."""
    return Affected(
        prompt=entry.prompt,
        changed=entry.changed,
        lines=tuple(
            SourceChange(path=line.path, line=line.line, before=line.before, after=line.after)
            for line in entry.lines
        ),
    )


def _evidence(plan: SuitePlan, comparison: Comparison, evidence: Evidence, holm: Holm) -> EvidenceRecord:
    gate, head = plan.suite.gate, evidence.head
    floor = gate.min_pass_rate > 0 and head.scored > 0
    return EvidenceRecord(
        margin=gate.margin,
        min_pass_rate=gate.min_pass_rate,
        max_errors=gate.max_errors,
        bound=evidence.bound,
        missing=evidence.missing,
        p_adjusted=holm.p,
        suites=holm.suites,
        samples=plan.samples,
        clusters=evidence.clusters,
        floor_upper=wilson_upper(head.passed, head.scored, level=1 - ALPHA_FLOOR) if floor else None,
        flip_rate=evidence.flip_rate,
    )


def _rate(rate: Rate) -> RateRecord:
    if not rate.scored:
        return RateRecord(passed=0, scored=0, low=0.0, high=1.0)
    interval = wilson_interval(rate.passed, rate.scored)
    return RateRecord(passed=rate.passed, scored=rate.scored, low=interval.low, high=interval.high)


def _difference(evidence: Evidence) -> DifferenceRecord | None:
    found = evidence.difference
    if found is None:
        return None
    return DifferenceRecord(
        estimate=found.estimate, low=found.low, high=found.high, level=LEVEL, method=found.method
    )


def _test(evidence: Evidence, has_base: bool) -> TestRecord | None:
    if not has_base or evidence.p_worse is None or evidence.p_better is None:
        return None
    return TestRecord(
        name=evidence.test,
        broken=evidence.broken,
        fixed=evidence.fixed,
        p_worse=evidence.p_worse,
        p_better=evidence.p_better,
    )


def _case(change: Change, planned: PlannedCase, trials: Sides) -> CaseResult:
    pair, case = change.pair, planned.case
    return CaseResult(
        case=change.case,
        state=change.state,
        severity=pair.severity,
        tags=pair.tags,
        confirmed=change.confirmed,
        flaky=change.pair.flaky,
        edited=change.pair.edited,
        group=pair.group,
        base=trials[0],
        head=trials[1],
        counted=change.counted,
        accepted=pair.accepted,
        quarantined=case.status == "quarantined",
        answers=case.feedback_ids,
        inputs=_inputs(case),
    )


def _inputs(case: Case) -> dict[str, str]:
    values = dict(case.vars)
    if case.input is not None:
        values["input"] = case.input
    if case.messages:
        values["messages"] = "\n".join(f"{one['role']}: {_said(one)}" for one in case.messages)
    values |= {f"turn {number}": turn.say for number, turn in enumerate(case.turns, 1)}
    return {name: str(value)[:EXCERPT] for name, value in values.items()}


def _said(message: Mapping[str, Any]) -> str:
    content = message["content"]
    if not isinstance(content, str):
        content = " ".join(part.get("text") or "(image)" for part in content)
    return content or "(calls a tool)"


def trial_records(trials: Iterable[Trial]) -> tuple[TrialRecord, ...]:
    """What a result says of trials."""
    return tuple(map(_trial, trials))


def _trial(trial: Trial) -> TrialRecord:
    failure = trial.failure
    return TrialRecord(
        sample=trial.sample,
        role=trial.role,
        source=trial.source,
        outcome=trial.outcome,
        answer=_answer(trial.answer) if trial.answer else None,
        failure=FailureRecord(kind=failure.kind, message=failure.message) if failure else None,
        verdicts=trial.verdicts,
        replies=tuple(ReplyRecord(say=reply.say, answer=_answer(reply.answer)) for reply in trial.replies),
        turn=trial.turn,
        parts=tuple(
            PartRecord(
                sample=part.sample,
                source=part.source,
                answer=_answer(part.answer),
                chosen=part.chosen,
                prompt=part.prompt,
            )
            for part in trial.parts
        ),
    )


def _answer(answer: Output) -> AnswerRecord:
    usage = answer.usage
    return AnswerRecord(
        text=answer.text,
        finish=answer.finish,
        tool_calls=answer.tool_calls,
        reasoning=answer.reasoning,
        input_tokens=usage.input if usage else None,
        output_tokens=usage.output if usage else None,
        seconds=answer.seconds,
    )


def _checks(results: Sequence[CaseResult]) -> tuple[CheckRecord, ...]:
    base, head = Counter(_verdicts(_first(results, "base"))), Counter(_verdicts(_first(results, "head")))
    names = sorted({name for name, _ in (*base, *head)})
    return tuple(CheckRecord(check=name, base=_tally(base, name), head=_tally(head, name)) for name in names)


def _first(results: Sequence[CaseResult], side: Side) -> Iterator[TrialRecord]:
    """First draws alone: redraws are of the cases that flipped, and would count those several times."""
    for case in results:
        yield from (one for one in (case.base if side == "base" else case.head) if one.role == "first")


def _verdicts(trials: Iterable[TrialRecord]) -> Iterable[tuple[str, str]]:
    return ((verdict.check, verdict.status) for trial in trials for verdict in trial.verdicts)


def _tally(counts: Counter[tuple[str, str]], name: str) -> Tally:
    return Tally(passed=counts[name, "pass"], fail=counts[name, "fail"], unscored=counts[name, "unscored"])


def _sizes(plan: SuitePlan, results: Sequence[CaseResult]) -> Sizes:
    base = [entry.base for entry in plan.cases if entry.base is not None]
    head = [entry.head for entry in plan.cases]
    return Sizes(
        base=_size(base, list(_first(results, "base"))) if plan.has_base and base else None,
        head=_size(head, list(_first(results, "head"))) if head else None,
    )


def _size(sent: Sequence[Rendered], trials: Sequence[TrialRecord]) -> Size:
    answers = [answer for trial in trials for answer in _answers(trial)]
    return Size(
        prompt_characters=_mean([one.characters for one in sent]) or 0.0,
        answer_characters=_mean([len(answer.text) for answer in answers]),
        input_tokens=_mean([answer.input_tokens for answer in answers if answer.input_tokens is not None]),
        output_tokens=_mean([answer.output_tokens for answer in answers if answer.output_tokens is not None]),
        seconds=_mean([answer.seconds for answer in answers if answer.seconds is not None]),
    )


def _answers(trial: TrialRecord) -> Iterable[AnswerRecord]:
    yield from (reply.answer for reply in trial.replies)
    if trial.answer is not None:
        yield trial.answer


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
