"""`--explain` where models, settings or strategies are compared: what they gain, cost and take; no gate decides."""

from collections.abc import Iterator

from promptctl.core.findings import Measured
from promptctl.core.result import Result, SuiteResult
from promptctl.core.ruling import word
from promptctl.core.stats import binomial_at_most, student_t_quantile, tango_z
from promptctl.core.words import percent, plural
from promptctl.reporters.safe import terminal_line
from promptctl.reporters.terminal_plot import interval_plot
from promptctl.reporters.terminal_sums import decimal, signed

PER = 1000
"""Answers that a cost is given for, as in the report."""


def name_of(suite: SuiteResult, between: str = "   ") -> str:
    """The variant beside the one that it is compared with; the model where the file does not name them."""
    if suite.trade is None:
        return terminal_line(suite.model)
    names = f"{terminal_line(suite.trade.head)} beside {terminal_line(suite.trade.base)}"
    return names if suite.compare == "models" else f"{terminal_line(suite.model)}{between}{names}"


def quality(suite: SuiteResult) -> Iterator[str]:
    """How far the rates of passing are apart."""
    found = suite.trade.quality if suite.trade else None
    if found is None:
        yield "no case has a vote on both sides"
        return
    averaged = suite.evidence is not None and suite.evidence.samples > 1
    by, over = (", a case by the majority of its draws", " on average") if averaged else ("", "")
    yield (
        f"{found.centre}s over n = {plural(found.cases, 'case')}{by}: {decimal(found.base)} → {decimal(found.head)}"
    )
    said = f"difference = {signed(found.difference)}{over}"
    if found.low is None or found.high is None:
        yield said
        return
    yield (
        f"{said}; {percent(found.level)} interval by {found.method}: {decimal(found.low)} to {decimal(found.high)}"
    )
    table = suite.test
    if found.method == "tango" and table is not None and -1 < found.low <= found.high < 1:
        ends = (
            f"{decimal(tango_z(table.broken, table.fixed, suite.n, margin=-d))}"
            for d in (found.low, found.high)
        )
        yield f"its ends are where z(D), as in docs/gate.md, is 1.6449 and −1.6449; here {' and '.join(ends)}"
    if -1 <= found.low <= found.difference <= found.high <= 1:
        yield interval_plot(found.low, found.difference, found.high)


def cost(suite: SuiteResult, currency: str) -> Iterator[str]:
    """What an answer costs more: means, because bills add up."""
    found = suite.trade.cost if suite.trade else None
    if found is None:
        yield "not known: a price is missing"
        return
    yield f"n = {plural(found.cases, 'case')} whose cost is known on both sides; {currency} for {PER:,} answers"
    if not found.base and not found.head:
        yield "nothing on either side"
        return
    yield from _sides(found, PER)
    if found.low is None or found.high is None:
        yield "one case alone gives no interval"
        return
    if found.method != "paired-t":
        yield f"{_interval(found, PER)} by {found.method}"
        return
    t = student_t_quantile((1 + found.level) / 2, found.cases - 1)
    error = (found.high - found.low) / 2 / t
    yield (
        f"{_interval(found, PER)} = difference ± t × s / √n = {_plain(found.difference * PER)} ± {decimal(t)} × "
        f"{_plain(error * PER)}, with t of n − 1 = {found.cases - 1} degrees and s the standard deviation of the "
        "cases' differences"
    )


def seconds(suite: SuiteResult) -> Iterator[str]:
    """How much longer an answer takes: medians, because one slow call says nothing of the others."""
    found = suite.trade.seconds if suite.trade else None
    if found is None:
        yield "not known"
        return
    n = found.cases
    yield f"n = {plural(n, 'case')} whose seconds are known on both sides"
    yield from _sides(found, 1)
    if found.low is None or found.high is None:
        yield f"too few cases for an interval of {percent(found.level)}: that takes five"
        return
    if found.method != "sign-test":
        yield f"{_interval(found, 1)} by {found.method}"
        return
    if not 1 <= n <= len(suite.results):
        raise ValueError(f"{plural(n, 'case')} measured, of {len(suite.results)}")
    most = (1 - found.level) / 2
    outside = -1  # differences that may lie below the interval, and as many above
    while outside + 1 < n / 2 and binomial_at_most(outside + 1, n, 0.5) <= most:
        outside += 1
    if outside < 0:
        raise ValueError(f"{plural(n, 'case')} cover no {percent(found.level)}")
    yield (
        f"{_interval(found, 1)}: the differences of the cases in order, without {outside} at either end; P(X ≤ "
        f"{outside}) = {decimal(binomial_at_most(outside, n, 0.5))} ≤ {decimal(most)} for X ~ Bin({n}, 1/2)"
    )


def no_gate(suite: SuiteResult) -> Iterator[str]:
    """What is said of the suite instead of a decision."""
    yield "no gate decides where variants are compared: the exit code is 0 unless answers are missing"
    yield f"{suite.word or word(suite.status, suite.rule)}  {suite.message}"


def run_of_variants(result: Result) -> Iterator[str]:
    """What every comparison came to, and the exit code."""
    for suite in result.suites:
        first = suite.word or word(suite.status, suite.rule)
        yield f"{suite.suite}, {name_of(suite, ', ')}: {first}  [{suite.rule}]"
    for reason in result.decision.reasons:
        if reason.suite is None and reason.rule != "compared":
            yield f"the run: {reason.word or reason.rule}  [{reason.rule}]  {reason.message}"
    code = result.decision.exit_code
    said = {
        0: "no gate decides where variants are compared, and no answer is missing beyond what is allowed",
        3: "no gate decides where variants are compared, but answers are missing",
        130: "interrupted",
    }
    yield f"exit code {code}: {said.get(code, 'as recorded')}"


def _sides(found: Measured, per: int) -> Iterator[str]:
    yield (
        f"{found.centre} of a side: {_plain(found.base * per)} → {_plain(found.head * per)}; difference, the "
        f"{found.centre} of head − base case by case: {_plain(found.difference * per)}"
    )
    if found.ratio is not None:
        how = "head / base" if found.centre == "mean" else f"the {found.centre} of head / base case by case"
        yield f"×{_plain(found.ratio)}: {how}"


def _interval(found: Measured, per: int) -> str:
    low, high = (0.0 if end is None else end * per for end in (found.low, found.high))
    return f"{percent(found.level)} interval [{_plain(low)}, {_plain(high)}]"


def _plain(value: float) -> str:
    """Five digits that tell, without an exponent."""
    text = f"{value:.5g}"
    if "e" in text:
        text = f"{float(text):.12f}".rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text).replace("-", "−")
