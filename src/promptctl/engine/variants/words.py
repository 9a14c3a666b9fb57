"""What is said of a comparison of variants where a gate would say its decision."""

from promptctl.core.comparison import Comparison
from promptctl.core.evidence import Evidence
from promptctl.core.result import Reason
from promptctl.core.words import plural, signed_points
from promptctl.engine.plan import Plan, Variant

_NOUNS = {"models": "model", "params": "setting", "strategies": "strategy"}


def summary(plan: Plan) -> Reason:
    """The whole run in one sentence."""
    variants = {suite.variant.head for suite in plan.suites if suite.variant}
    first = next(suite for suite in plan.suites if suite.variant)
    noun = _NOUNS[first.compare or "models"]
    count = (
        f"{len(variants)} strategies"
        if noun == "strategy" and len(variants) > 1
        else plural(len(variants), noun)
    )
    base = first.variant.base if first.variant else ""
    return Reason(rule="compared", word="ADVISORY", message=f"{count} beside {base}; no gate decides")


def sentence(variant: Variant, comparison: Comparison, evidence: Evidence) -> str:
    """One suite under one variant."""
    if comparison.all_equal:
        return f"{variant.head}: every request is the same as with {variant.base}"
    found = evidence.difference
    if found is None:
        return f"{variant.head}: nothing has a vote in {plural(len(comparison.changes), 'case')}"
    return (
        f"{variant.head}: {evidence.base.passed} → {evidence.head.passed} of {evidence.head.scored} pass, "
        f"{signed_points(found.estimate)} points [{signed_points(found.low)}, {signed_points(found.high)}]"
    )
