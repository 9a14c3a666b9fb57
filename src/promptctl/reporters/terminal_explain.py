"""How a decision came about, step by step, from a finished result alone: the arithmetic, the rules, the sources."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from promptctl.core.findings import EvidenceRecord
from promptctl.core.result import CaseResult, Result, SuiteResult
from promptctl.core.words import percent, plural
from promptctl.reporters.safe import terminal_line
from promptctl.reporters.terminal_compared import cost, name_of, no_gate, quality, seconds
from promptctl.reporters.terminal_page import Page
from promptctl.reporters.terminal_planning import detectable_sum, settle_sum
from promptctl.reporters.terminal_plot import interval_plot
from promptctl.reporters.terminal_rules import exit_because, rules_walked
from promptctl.reporters.terminal_steps import drifted, floor, harm, looked, redrawn
from promptctl.reporters.terminal_sums import (
    bound_sum,
    counted,
    decimal,
    flip_of,
    mixed,
    signed,
)

NAMED = 8
"""Cases named of one kind; the report above lists them all."""

_LEFT_OUT = {
    "new": "new: not active in base's suite, so that nobody outvotes a break by adding cases",
    "info": "of severity info: listed only",
    "quarantined": "quarantined: listed only",
    "watched": "watched: outputs side by side, no vote",
    "advisory": "without a check that has a vote",
    "accepted": "broken, which is accepted",
    "error": "ended in an error: neither a pass nor a fail",
    "unscored": "unscored: a check could not say",
    "not_asked": "not asked",
    "other": "without a say",
}


class Step(NamedTuple):
    """One step: what it is about, where the rule or formula comes from, its lines."""

    title: str
    source: str
    lines: Iterator[str]


class Explanation:
    """The arithmetic of every suite of a result, then of the run."""

    def __init__(self, result: Result, page: Page) -> None:
        self.result, self.page = result, page

    def lines(self) -> Iterator[str]:
        """All of it, at most as wide as the page."""
        for suite in self.result.suites:
            yield ""
            about, name = "HOW IT WAS DECIDED", terminal_line(suite.model)
            if suite.compare is not None:
                about, name = "HOW THEY COMPARE", name_of(suite)
            title = f"{about}   {terminal_line(suite.suite)}   {name}"
            yield self.page.paint(self.page.fit(title), "bold")
            steps = self._steps(suite) if suite.compare is None else self._compared(suite)
            for number, step in enumerate(steps, 1):
                yield from self._step(number, step)
        yield ""
        yield self.page.paint("THE RUN", "bold")
        for line in exit_because(self.result):
            yield from self.page.wrap(line, indent=5)
        yield ""

    def _step(self, number: int, step: Step) -> Iterator[str]:
        source = f"   ({step.source})" if step.source else ""
        yield from self.page.wrap(f"{number}  {step.title}{source}", indent=2)
        lines = step.lines
        while True:
            try:
                line = next(lines)
            except StopIteration:
                return
            except (
                ValueError,
                ArithmeticError,
            ) as fault:  # a file that was edited: numbers that contradict each other
                line = f"the record's numbers do not fit together: {fault}"
            yield from self.page.wrap(line, indent=5)

    def _steps(self, suite: SuiteResult) -> Iterator[Step]:
        evidence = suite.evidence
        yield Step("what is counted", "docs/gate.md, What is counted", _counted(suite))
        if suite.difference is None:
            yield Step("head alone", "Wilson 1927", _head_alone(suite))
        else:
            yield Step("first draws, base against head", "", _table(suite))
        if evidence is None:
            yield Step("the bound, redraws and rules", "", iter(_OLD_FILE))
        if evidence is not None and suite.difference is not None:
            sources = {
                "tango": "Tango 1998",
                "graded-pseudo-obs": "Bonett and Price 2012, with Student t",
                "clustered-pseudo-obs": "Liang and Zeger 1986, Bonett and Price 2012",
            }
            source = sources.get(suite.difference.method, terminal_line(suite.difference.method))
            yield Step(
                "the most that the change plausibly costs, one-sided 95 %", source, _bound(suite, evidence)
            )
        if suite.test is not None:
            exact = suite.test.name == "mcnemar-midp"
            source = "Fagerland, Lydersen and Laake 2013" if exact else "Fisher 1935"
            yield Step("harm beyond chance, one-sided", source, harm(suite, self.result))
        yield Step("drawing flips again", "docs/gate.md, Drawing again", redrawn(suite))
        if suite.drift is not None:
            yield Step("did the model under base change?", "docs/gate.md, Drift", drifted(suite))
        if evidence is not None and evidence.floor_upper is not None:
            yield Step("the floor", "Wilson 1927", floor(suite, evidence))
        if suite.looks is not None:
            yield Step("stopping early", "docs/gate.md, Stopping early", looked(suite))
        if evidence is not None and suite.detectable is not None:
            source = "docs/gate.md, The formulas"
            yield Step("what so many cases can see", source, detectable_sum(suite, evidence))
        if evidence is not None and (suite.settle.cases or suite.settle.samples):
            yield Step("what would settle it, at 80 % power", "Miller 2024", settle_sum(suite, evidence))
        yield Step("the first rule that applies", "docs/gate.md, The rules", rules_walked(suite, self.result))

    def _compared(self, suite: SuiteResult) -> Iterator[Step]:
        """Variants are not gated: what they gain, cost and take, and no rule."""
        yield Step("what is counted", "docs/gate.md, What is counted", _counted(suite))
        if suite.trade is not None:
            names = f"{terminal_line(suite.trade.base)} as base, {terminal_line(suite.trade.head)} as head"
            yield Step(f"first draws: {names}", "", _table(suite))
        source = "docs/variants.md, How the numbers are made"
        yield Step("passing", source, quality(suite))
        yield Step("cost", "Student 1908", cost(suite, self.result.calls.currency))
        yield Step("seconds", "Thompson 1936", seconds(suite))
        yield Step("what it comes to", source, no_gate(suite))


_OLD_FILE = ("this file was written by an earlier version, which did not record them",)


# Cases and first draws


def _counted(suite: SuiteResult) -> Iterator[str]:
    total = suite.counts.get("cases", len(suite.results))
    left = Counter(_left_out_because(case) for case in suite.results if not case.counted)
    yield f"{plural(total, 'case')} in the suite"
    for why, about in _LEFT_OUT.items():
        if left[why]:
            yield f"− {left[why]} {about}"
    yield f"n = {suite.n}"
    if total - left.total() != suite.n:
        yield "the cases of this file do not add up to n: it does not hold all of them"
    same = sum(case.state == "unchanged" for case in counted(suite))
    if same:
        yield f"of these {same} send the same request on both sides, and count as no difference"


def _left_out_because(case: CaseResult) -> str:
    if case.state in ("error", "unscored", "not_asked", "watched"):
        return case.state
    if case.accepted is not None and case.state in ("broken", "flaky"):
        return "accepted"
    if case.severity == "info":
        return "info"
    if case.quarantined:
        return "quarantined"
    if case.state in ("new_pass", "new_fail", "flaky"):
        return "new"  # a flaky case that is not counted was a new one that failed
    return "advisory" if case.state == "advisory" else "other"


def _head_alone(suite: SuiteResult) -> Iterator[str]:
    head = suite.pass_rate.head
    if head is None or not head.scored:
        yield "no case is scored"
        return
    yield f"{head.passed} of {head.scored} pass: {percent(head.passed / head.scored)}"
    yield (
        "(p + z²/2n ± z × √(p(1 − p)/n + z²/4n²)) / (1 + z²/n), z = 1.9600: "
        f"from {decimal(head.low)} to {decimal(head.high)} (95 %)"
    )


def _table(suite: SuiteResult) -> Iterator[str]:
    test, rates, difference = suite.test, suite.pass_rate, suite.difference
    samples = suite.evidence.samples if suite.evidence else 1
    if test is None or difference is None:
        return
    b, f = test.broken, test.fixed
    if samples > 1:
        yield f"{samples} first draws a side of each case are averaged; a side passes where more than half of them do"
    base, head = rates.base, rates.head
    if base and head and base.passed - b == head.passed - f >= 0:
        both = base.passed - b
        yield f"both pass {both},  broken (base passes, head fails) b = {b},"
        yield f"fixed (base fails, head passes) f = {f},  both fail {base.scored - both - b - f}"
        if base.scored < suite.n:
            yield f"{suite.n - base.scored} unchanged cases without a stored answer are in n alone"
    else:
        yield f"broken (base passes, head fails) b = {b}, fixed (base fails, head passes) f = {f}"
    for name, way in (("b", -1), ("f", 1)):
        names = [_with_fate(suite, case) for case in counted(suite) if flip_of(case) == way]
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            yield f"{name}: {', '.join(names[:NAMED])}{more}"
    if difference.method == "tango":
        yield f"delta = (f − b) / n = ({f} − {b}) / {suite.n} = {signed(difference.estimate)}"
    else:
        yield (
            f"delta = mean over {plural(suite.n, 'case')} of (head's share of passes − base's) = "
            f"{signed(difference.estimate)}"
        )


def _with_fate(suite: SuiteResult, case: CaseResult) -> str:
    if suite.compare is not None:
        return case.case  # nothing is drawn again there
    fate = "confirmed" if case.confirmed else "not confirmed"
    if case.state == "flaky":
        fate = "first draws disagree" if mixed(case) else "contradicted"
    return f"{case.case} ({fate})"


def _bound(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    yield from bound_sum(suite, evidence)
    d = suite.difference
    if d is not None and -1 <= d.low <= d.estimate <= d.high <= 1:
        yield interval_plot(d.low, d.estimate, d.high, evidence.margin)
