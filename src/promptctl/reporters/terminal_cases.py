"""How one suite's cases look in the terminal: broken first, each with what was asked, answered and found wanting."""

from collections import Counter
from collections.abc import Iterator

from promptctl.core.result import CaseResult, Result, SuiteResult
from promptctl.core.worddiff import word_diff
from promptctl.core.words import plural
from promptctl.reporters.safe import terminal_line
from promptctl.reporters.terminal_facts import (
    cause,
    deciding_checks,
    labels,
    origins,
    passes,
    reply_in,
    shown_inputs,
    shown_turn,
    telling,
)
from promptctl.reporters.terminal_findings import (
    check_lines,
    exploratory_lines,
    flaky_lines,
    on_the_way,
    why_not_confirmed,
)
from promptctl.reporters.terminal_page import Page

LISTED = 20
"""Cases shown in full per state; more are counted, and listed with -v."""


class SuitePart:
    """The part of the page that is about one suite. The result says what changed in its prompt's files."""

    def __init__(self, result: Result, page: Page) -> None:
        self.result, self.page = result, page
        self._sources_shown: set[str] = set()

    def lines(self, suite: SuiteResult) -> Iterator[str]:
        """Heading, what is excused, then the cases by state, then lengths and seconds."""
        counts = Counter(suite.counts)  # a file may lack some
        text = plural(counts.get("cases", 0), "case")
        if suite.difference is not None:
            text += f": {counts['cases'] - counts['unchanged']} affected, {counts['unchanged']} unchanged"
        title = terminal_line(suite.suite)
        if suite.prompt != suite.suite:
            title += f" ({terminal_line(suite.prompt)})"
        yield self.page.paint(self.page.fit(f"{title}   {terminal_line(suite.model)}   {text}"), "bold")
        for note in (*origins(suite), *suite.notes):
            yield from self.page.wrap(note, indent=2)
        for line in on_the_way(suite):
            yield from self.page.wrap(line, indent=2, hanging=11)
        yield from self._excused(suite)
        yield from self._yardstick(suite)
        yield from self._cases(suite, "broken", "BROKEN", "red", detailed=True)
        yield from self._cases(suite, "fixed", "FIXED", "green", detailed=False)
        yield from self._cases(
            suite, "new_fail", "NEW, FAILING" if suite.difference else "FAILING", "yellow", True
        )
        yield from self._cases(
            suite, "new_pass", "NEW, PASSING" if suite.difference else "PASSING", "green", False
        )
        yield from self._errors(suite)
        yield from self._cases(suite, "unscored", "UNSCORED", "yellow", True)
        yield from flaky_lines(suite, self.page, self._in_full)
        yield from self._listed_only(suite)
        yield from self._watched(suite)
        yield from self._cases(suite, "still_failing", "still failing", "dim", self.page.style.verbose)
        if self.page.style.verbose:
            yield from self._cases(suite, "pass", "passing on both sides", "dim", True)
            yield from self._cases(suite, "unchanged", "unchanged", "dim", False)
        yield from check_lines(suite, self.page)
        yield from exploratory_lines(suite, self.page)
        yield from self._sizes(suite)

    def _cases(
        self, suite: SuiteResult, state: str, title: str, colour: str, detailed: bool
    ) -> Iterator[str]:
        found = [case for case in suite.results if case.state == state and case.accepted is None]
        if not found:
            return
        quiet = state in ("still_failing", "unchanged", "new_pass") and not self.page.style.verbose
        suffix = "   (-v lists them)" if quiet else ""
        yield "  " + self.page.paint(f"{title} {len(found)}", colour) + suffix
        if quiet:
            for case in found if state == "new_pass" else ():
                if case.base and case.base[0].outcome == "fail":
                    yield self._case_line(suite, case) + "   base failed: this change mends it"
            return
        # Blockers first, then by id: the worst must not be the line that was cut.
        found.sort(key=lambda case: (case.severity != "blocker", case.case))
        shown = found if self.page.style.verbose else found[:LISTED]
        for case in shown:
            yield from self._in_full(suite, case) if detailed else [self._case_line(suite, case)]
        if len(shown) < len(found):
            yield f"    … and {len(found) - len(shown)} more (-v lists them)"

    def _in_full(self, suite: SuiteResult, case: CaseResult) -> Iterator[str]:
        yield self._case_line(suite, case)
        yield from self._details(suite, case)

    def _errors(self, suite: SuiteResult) -> Iterator[str]:
        """Errors by their cause: an outage is one line, not one for each case."""
        causes: dict[str, list[str]] = {}
        for case in suite.results:
            if case.state == "error":
                causes.setdefault(cause(case), []).append(case.case)
        if not causes:
            return
        yield "  " + self.page.paint(f"ERRORS {sum(map(len, causes.values()))}", "yellow")
        for why, names in sorted(causes.items(), key=lambda item: -len(item[1]))[:LISTED]:
            yield self.page.fit(f"    {plural(len(names), 'case')}   {terminal_line(why)}")
            yield self.page.fit("      " + "  ".join(terminal_line(name) for name in names))

    def _case_line(self, suite: SuiteResult, case: CaseResult) -> str:
        parts = [terminal_line(case.case)]
        if case.severity == "blocker":
            parts.append("blocker, but flaky" if case.flaky else "blocker")
        checks = deciding_checks(case)
        if checks:
            parts.append(terminal_line(", ".join(checks[:2])))
        parts += [terminal_line(labels(case)), passes(case)]
        if case.state in ("broken", "fixed") and not case.confirmed:
            parts.append(why_not_confirmed(suite, case))
        if case.tags:
            parts.append("tags " + terminal_line(", ".join(case.tags)))
        if case.answers and case.state == "fixed":
            parts.append("answers " + terminal_line(", ".join(case.answers)))
        line = self.page.fit("    " + "   ".join(filter(None, parts)))
        if case.severity == "blocker":  # painted last: a line is cut by what it shows
            line = line.replace("   blocker   ", f"   {self.page.paint('blocker', 'red')}   ", 1)
        return line

    def _details(self, suite: SuiteResult, case: CaseResult) -> Iterator[str]:
        trial = telling(case)
        for name, value in shown_inputs(case, trial):
            yield self.page.field(terminal_line(name), value)
        if trial is None:
            return
        for verdict in trial.verdicts:
            if verdict.status != "pass" and verdict.votes:
                yield self.page.field("reason", verdict.reason or f"{verdict.check}: {verdict.status}")
        if trial.failure is not None:
            yield self.page.field("reason", f"{trial.failure.kind}: {trial.failure.message}")
        yield from self._outputs(case)
        if case.state == "broken" and self._source_due(suite):
            yield from self._source(suite)

    def _outputs(self, case: CaseResult) -> Iterator[str]:
        turn = shown_turn(case)
        base, head = reply_in(case.base, turn), reply_in(case.head, turn)
        if base is None or head is None or base == head:
            text = head if head is not None else base
            if text is not None:
                yield self.page.field("output", text or "(empty)")
            return
        pieces = word_diff(_excerpt(base, head)[0], _excerpt(base, head)[1])
        before = "".join(_mark(p.kind, p.text) for p in pieces if p.kind != "added")
        after = "".join(_mark(p.kind, p.text) for p in pieces if p.kind != "removed")
        yield self.page.field("base", before or "(empty)")
        yield self.page.field("head", after or "(empty)")

    def _source_due(self, suite: SuiteResult) -> bool:
        """Where the text changed is said once a suite, with its first broken case."""
        key = f"{suite.suite} {suite.model}"
        due = key not in self._sources_shown
        self._sources_shown.add(key)
        return due

    def _source(self, suite: SuiteResult) -> Iterator[str]:
        for affected in self.result.affected:
            if affected.prompt != suite.prompt:
                continue
            for change in affected.lines[:2]:
                pieces = word_diff(*_excerpt(change.before.strip(), change.after.strip()))
                marked = "".join(_mark(piece.kind, piece.text) for piece in pieces)
                yield self.page.field("changed", f"{change.path}:{change.line}   {marked}")

    def _listed_only(self, suite: SuiteResult) -> Iterator[str]:
        found = [case for case in suite.results if case.state == "advisory"]
        if not found:
            return
        title = self.page.paint(f"LISTED ONLY {len(found)}", "yellow")
        yield f"  {title}   info, quarantined or without a vote"
        for case in found[:LISTED]:
            yield self._case_line(suite, case)

    def _watched(self, suite: SuiteResult) -> Iterator[str]:
        found = [case for case in suite.results if case.state == "watched"]
        if not found:
            return
        yield f"  WATCHED {len(found)}   outputs side by side, no vote"
        for case in found if self.page.style.verbose else found[:LISTED]:
            turn = shown_turn(case)
            differs = reply_in(case.base, turn) != reply_in(case.head, turn)
            same = "output differs" if differs else "same output"
            at = f" in turn {turn}" if differs and turn else ""
            yield self.page.fit(f"    {terminal_line(case.case)}   {same}{at}")
            if differs:
                yield from self._outputs(case)

    def _excused(self, suite: SuiteResult) -> Iterator[str]:
        for case in suite.results:
            if case.accepted is not None and case.state in ("broken", "new_fail"):
                new = "new and failing" if suite.pass_rate.base else "failing"
                what, because = "broken" if case.state == "broken" else new, terminal_line(case.accepted)
                yield self.page.fit(f"  ACCEPTED   {terminal_line(case.case)} {what}, because: {because}")
        for change in suite.yardstick:
            if change.accepted is not None:
                because = terminal_line(change.accepted)
                yield self.page.fit(
                    f"  ACCEPTED   {terminal_line(change.case)} {change.what}, because: {because}"
                )

    def _yardstick(self, suite: SuiteResult) -> Iterator[str]:
        found = [change for change in suite.yardstick if change.accepted is None]
        if not found:
            return
        yield f"  changed cases {len(found)}"
        for change in sorted(found, key=lambda c: not c.blocker)[:LISTED]:
            kind = "blocker " if change.blocker else ""
            yield self.page.fit(
                f"    {kind}{terminal_line(change.case)}   {change.what}: {terminal_line(change.because)}"
            )

    def _sizes(self, suite: SuiteResult) -> Iterator[str]:
        if suite.sizes is None or suite.sizes.head is None:
            return
        base, head = suite.sizes.base, suite.sizes.head
        unit = "tokens" if head.input_tokens is not None else "characters"
        before = (base.input_tokens if unit == "tokens" else base.prompt_characters) if base else None
        after = head.input_tokens if unit == "tokens" else head.prompt_characters
        line = f"  prompt   {_arrow(before, after)} {unit} a request{_growth(before, after)}"
        before = (base.output_tokens if unit == "tokens" else base.answer_characters) if base else None
        after = head.output_tokens if unit == "tokens" else head.answer_characters
        if after is not None:
            line += f"; answers {_arrow(before, after)} {unit}"
        if head.seconds:
            line += f", {_arrow(base.seconds if base else None, head.seconds, 1)} s"
        yield self.page.fit(line)


def _excerpt(base: str, head: str) -> tuple[str, str]:
    """Both texts from shortly before the first difference, short enough to compare."""
    first = next(
        (i for i, (a, b) in enumerate(zip(base, head, strict=False)) if a != b), min(len(base), len(head))
    )
    start = max(0, first - 20) if max(len(base), len(head)) > 60 else 0
    mark = "…" if start else ""
    return mark + base[start : start + 400], mark + head[start : start + 400]


def _mark(kind: str, text: str) -> str:
    return {"same": text, "removed": f"[-{text}-]", "added": f"{{+{text}+}}"}[kind]


def _arrow(before: float | None, after: float | None, digits: int = 0) -> str:
    shown = f"{after:,.{digits}f}" if after is not None else "?"
    return shown if before is None else f"{before:,.{digits}f} → {shown}"


def _growth(before: float | None, after: float | None) -> str:
    if not before or after is None or round(after) == round(before):
        return ""
    change = after / before - 1
    warning = ", a quarter longer or more" if change > 0.25 else ""
    return f" ({change * 100:+.0f} %{warning})".replace("-", "−")
