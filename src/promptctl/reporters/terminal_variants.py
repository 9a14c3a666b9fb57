"""Models, settings or strategies side by side: what each gains, costs and takes, and the cases in which they differ."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from promptctl.core.findings import Measured, Trade
from promptctl.core.result import CaseResult, PartRecord, RateRecord, Result, SuiteResult, TrialRecord
from promptctl.core.words import plural, signed_points
from promptctl.reporters.safe import pad, terminal_line, width
from promptctl.reporters.terminal_facts import cause, deciding_checks, passes
from promptctl.reporters.terminal_page import Page

LISTED = 10
"""Cases of a list that are named without -v."""
PER = 1000
"""Answers that a cost is given for."""
DIGITS = 3
"""Decimals: milliseconds, and thousandths of what 1,000 answers cost."""
_DIFFERING = (("broken", "WORSE", "red"), ("fixed", "BETTER", "green"), ("flaky", "MIXED", "yellow"))
_WHAT = {"models": "models", "params": "settings", "strategies": "strategies"}


def compared(result: Result) -> bool:
    """Whether variants of head are compared, instead of base and head."""
    return any(suite.compare is not None for suite in result.suites)


class VariantsPart:
    """The variants of a run, suite by suite."""

    def __init__(self, result: Result, page: Page) -> None:
        self.result, self.page = result, page

    def lines(self, head: str) -> Iterator[str]:
        """All of it. `head` is the revision, as it is shown."""
        trades = [suite.trade for suite in self.result.suites if suite.trade]
        names = list(dict.fromkeys(name for trade in trades for name in (trade.base, trade.head)))
        what = _WHAT.get(self.result.suites[0].compare or "", "variants")
        yield from self.page.wrap(f"comparing  {what} on {head}: {', '.join(names)}", hanging=11)
        for name, group in groupby(self.result.suites, key=lambda suite: suite.suite):
            yield ""
            yield from self._suite(name, list(group))

    def _suite(self, name: str, variants: Sequence[SuiteResult]) -> Iterator[str]:
        first = variants[0]
        title = name if first.prompt == name else f"{name} ({first.prompt})"
        model = "" if first.compare == "models" else f"{first.model}   "
        cases = plural(first.counts.get("cases", 0), "case")
        yield self.page.paint(
            self.page.fit(f"{terminal_line(title)}   {terminal_line(model)}{cases}, first draws only"), "bold"
        )
        for note in dict.fromkeys(note for suite in variants for note in suite.notes):
            yield from self.page.wrap(note, indent=2)
        for suite in variants:
            if suite.trade:
                yield from self._variant(suite, suite.trade)

    def _variant(self, suite: SuiteResult, trade: Trade) -> Iterator[str]:
        label = f"{terminal_line(trade.head)} beside {terminal_line(trade.base)}"
        yield self.page.fit(f"  {label}")
        if suite.status == "incomplete":
            yield self.page.verdict("INCOMPLETE", suite.status, suite.rule, suite.message, indent="    ")
        elif suite.counts.get("unchanged", 0) == suite.counts.get("cases", 0):
            yield "    every request is the same: nothing to compare"
        rows = list(self._rows(suite, trade))
        widths = [max(width(row[column]) for row in rows) for column in range(3)] if rows else []
        for row in rows:
            cells = (pad(cell, columns) for cell, columns in zip(row, (*widths, 0), strict=True))
            yield self.page.fit("    " + "   ".join(cells).rstrip())
        yield from self._errors(suite)
        for state, title, colour in _DIFFERING:
            yield from self._differing(suite, trade, state, title, colour)

    def _rows(self, suite: SuiteResult, trade: Trade) -> Iterator[tuple[str, str, str, str]]:
        """Name, both sides, the ratio, the difference with its interval."""
        base, head, quality = suite.pass_rate.base, suite.pass_rate.head, trade.quality
        if base and head and quality:
            averaged = suite.evidence is not None and suite.evidence.samples > 1
            found = f"{signed_points(quality.difference)} points{' on average' if averaged else ''}"
            if quality.low is not None and quality.high is not None:
                found += f" [{signed_points(quality.low)}, {signed_points(quality.high)}]"
            yield "pass", f"{_passed(base, head)}{' by majority' if averaged else ''}", "", found
        answered = suite.counts.get("cases", 0) - suite.counts.get("error", 0)
        if not answered or suite.counts.get("unchanged", 0) == suite.counts.get("cases", 0):
            return
        currency = self.result.calls.currency
        money = "$" if currency == "USD" else f"{currency} "
        if trade.cost and not trade.cost.base and not trade.cost.head:
            yield "cost", "nothing", "", ""
        else:
            yield _measured(
                "cost",
                trade.cost,
                PER,
                f"{money}{{}} → {money}{{}} a {PER:,}",
                "not known: a price is missing",
            )
        yield _measured("seconds", trade.seconds, 1, "{} → {} median", "not known")

    def _errors(self, suite: SuiteResult) -> Iterator[str]:
        causes: dict[str, list[str]] = {}
        for case in suite.results:
            if case.state == "error":
                causes.setdefault(cause(case), []).append(case.case)
        for why, names in causes.items():
            yield self.page.fit(
                f"    {self.page.paint('ERROR', 'yellow')} {plural(len(names), 'case')}   {terminal_line(why)}"
            )

    def _differing(
        self, suite: SuiteResult, trade: Trade, state: str, title: str, colour: str
    ) -> Iterator[str]:
        found = [case for case in suite.results if case.state == state]
        if not found:
            return
        head = f"    {self.page.paint(f'{title} {len(found)}', colour)}"
        if not self.page.style.verbose:
            names = [terminal_line(case.case) for case in found[:LISTED]]
            more = ["…"] if len(found) > LISTED else []
            yield self.page.fit(f"    {title} {len(found)}   {', '.join([*names, *more])}")
            return
        yield head
        for case in found:
            checks = terminal_line(", ".join(deciding_checks(case)[:2]))
            yield self.page.fit(
                "      " + "   ".join(filter(None, [terminal_line(case.case), checks, passes(case)]))
            )
            yield from self._outputs(case, trade)

    def _outputs(self, case: CaseResult, trade: Trade) -> Iterator[str]:
        columns = min(max(width(terminal_line(name)) for name in (trade.base, trade.head)), 24)
        for name, trials in ((trade.base, case.base), (trade.head, case.head)):
            for trial in trials[:1]:
                yield self._said(self.page.fit(terminal_line(name))[:columns], columns, trial)
        for trial in case.head[:1]:
            yield from self._parts(trial.parts, columns)

    def _said(self, name: str, columns: int, trial: TrialRecord) -> str:
        text = trial.answer.text if trial.answer else trial.failure.message if trial.failure else ""
        return self.page.fit(f"        {pad(name, columns)}  {terminal_line(text) or '(empty)'}")

    def _parts(self, parts: Iterable[PartRecord], columns: int) -> Iterator[str]:
        for part in parts:
            name = f"{'→' if part.chosen else ' '} {part.prompt or f'draw {part.sample}'}"
            yield self.page.fit(
                f"        {pad(terminal_line(name), columns)}  {terminal_line(part.answer.text) or '(empty)'}"
            )


def _passed(base: RateRecord, head: RateRecord) -> str:
    return f"{base.passed} → {head.passed} of {head.scored}"


def _measured(
    name: str, found: Measured | None, per: int, form: str, unknown: str
) -> tuple[str, str, str, str]:
    if found is None:
        return name, unknown, "", ""
    base, head, difference = (round(one * per, DIGITS) for one in (found.base, found.head, found.difference))
    ratio = "" if found.ratio is None else f"×{_number(found.ratio)}"
    change = _signed(difference)
    if found.low is not None and found.high is not None:
        low, high = (round(one * per, DIGITS) for one in (found.low, found.high))
        change += f" [{_signed(low)}, {_signed(high)}]"
    else:
        change += f" ({plural(found.cases, 'case')}: too few for an interval)"
    return name, form.format(_number(base), _number(head)), ratio, change


def _number(value: float) -> str:
    """Three digits that tell, as people write them: 1,234, 12.3, 1.23, 0.00123."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{float(text):.10f}".rstrip("0").rstrip(".") if "e" in text else text


def _signed(value: float) -> str:
    text = _number(abs(value))
    return text if text == "0" else f"{'−' if value < 0 else '+'}{text}"
