"""A result as text for a terminal: what broke first, the decision last, at most 88 columns a line."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator

from promptctl.core.result import CaseResult, Result, RevisionRecord, SuiteResult
from promptctl.core.ruling import word
from promptctl.core.words import percent, plural, points, signed_points
from promptctl.reporters.safe import terminal_line
from promptctl.reporters.terminal_cases import SuitePart
from promptctl.reporters.terminal_findings import plot_lines
from promptctl.reporters.terminal_page import Page, Style
from promptctl.reporters.terminal_variants import VariantsPart, compared

_OWN = re.compile(r"(\x1b\[(?:0|1|2|31|32|33)m)")


def render(result: Result, style: Style = Style()) -> str:  # noqa: B008 - a tuple
    """The whole report; its last line is the decision."""
    clean = _inert if style.colour else terminal_line
    return "\n".join(map(clean, _Report(result, style).lines())) + "\n"


class _Report:
    def __init__(self, result: Result, style: Style) -> None:
        self.result, self.page = result, Page(style)
        self.part = SuitePart(result, self.page)

    def lines(self) -> Iterator[str]:
        if not self.page.style.brief:
            variants = compared(self.result)
            if variants:
                yield from VariantsPart(self.result, self.page).lines(_revision(self.result.head))
            else:
                yield from self._heading()
            for suite in () if variants else self.result.suites:
                yield ""
                yield from self.part.lines(suite)
                if len(self.result.suites) > 1:
                    yield from self._evidence_of(suite)
                    first = suite.word or word(suite.status, suite.rule)
                    yield self.page.verdict(first, suite.status, suite.rule, suite.message, indent="  ")
            yield from self._untested()
            for note in self.result.notes:
                yield from self.page.wrap(f"note       {note}", hanging=11)
            if self.result.suites:
                yield ""
                if not variants:
                    yield from self._evidence()
                yield from self._calls()
                yield from self._next_steps()
        if self.page.style.explain:
            yield from self._explanation()
        yield self._decision()

    def _explanation(self) -> Iterator[str]:
        from promptctl.reporters.terminal_explain import Explanation  # few runs ask for it

        return Explanation(self.result, self.page).lines()

    # heading

    def _heading(self) -> Iterator[str]:
        base, head = self.result.base, self.result.head
        if base is None:
            yield self.page.fit(f"scoring    {_revision(head)}, without a base")
            return
        files = {path for affected in self.result.affected for path in affected.changed}
        changed = f" ({plural(len(files), 'prompt file')} changed)" if files else ""
        yield self.page.fit(f"comparing  {_revision(base)} → {_revision(head)}{changed}")
        label = "affected"
        untested = {entry.prompt for entry in self.result.untested}
        for affected in self.result.affected:
            own = [path for path in affected.changed if path.endswith(f"{affected.prompt}.prompt.j2")]
            through = [path for path in affected.changed if path not in own]
            how = "(text)" if own else ""
            if through:
                how = f"{how} through {', '.join(through)}".strip()
            if affected.prompt in untested:
                how += ": NOT TESTED, it has no cases"
            yield self.page.fit(f"{label:<11}{terminal_line(affected.prompt)}  {terminal_line(how)}")
            label = ""

    # the end

    def _untested(self) -> Iterator[str]:
        shown = {affected.prompt for affected in self.result.affected}
        for entry in self.result.untested:
            if entry.prompt not in shown:
                yield self.page.fit(f"NOT TESTED {terminal_line(entry.prompt)}: it changed and has no cases")

    def _evidence(self) -> Iterator[str]:
        if len(self.result.suites) == 1:
            yield from self._evidence_of(self.result.suites[0])
            return
        total = {
            state: sum(suite.counts.get(state, 0) for suite in self.result.suites)
            for state in ("cases", "broken", "fixed", "flaky", "error")
        }
        accepted = [case for suite in self.result.suites for case in _accepted(suite)]
        broken = total["broken"] - sum(case.state == "broken" for case in accepted)
        yield self.page.fit(
            f"  {plural(len(self.result.suites), 'suite')}, {plural(total['cases'], 'case')}: "
            f"{broken} broken, {total['fixed']} fixed, "
            + (f"{len(accepted)} accepted, " if accepted else "")
            + f"{total['flaky']} flaky"
            + (f", {plural(total['error'], 'error')}" if total["error"] else "")
        )

    def _evidence_of(self, suite: SuiteResult) -> Iterator[str]:
        rates, counts = suite.pass_rate, Counter(suite.counts)
        head = rates.head
        parts = []
        if head and not head.scored and counts["unchanged"]:
            parts.append(f"no case was asked on both sides, {counts['unchanged']} unchanged")
        elif suite.difference is None or rates.base is None:
            parts.append(
                f"{head.passed} of {head.scored} pass ({percent(head.low)} to {percent(head.high)})"
                if head and head.scored
                else "no case scored"
            )
        else:
            scored = f"{rates.base.passed} → {head.passed} of {head.scored}" if head else "none scored"
            some = bool(head and head.scored < suite.n)
            averaged = suite.evidence is not None and suite.evidence.samples > 1
            scored += " asked" if some else ""
            scored += " pass by majority" if averaged else "" if some else " pass"
            scored += f", {counts['unchanged']} unchanged" if some else ""
            d, over = suite.difference, " on average" if averaged else ""
            parts.append(
                f"{scored}, {signed_points(d.estimate)} points{over} "
                f"[{signed_points(d.low)}, {signed_points(d.high)}]"
            )
            parts.append(_flips(suite))
        if suite.difference is None and (accepted := _accepted(suite)):
            parts.append(f"{len(accepted)} accepted")
        if counts.get("error"):
            parts.append(plural(counts["error"], "error"))
        if len(self.result.suites) > 1 and suite.detectable is not None:
            parts.append(_detects(suite.detectable))
        yield from self.page.joined([parts[0], *(f"; {part}" for part in parts[1:])], indent=2)
        if self.page.style.verbose:
            yield from plot_lines(suite, self.page)

    def _calls(self) -> Iterator[str]:
        """What was asked and what that cost; the line goes on below where it is too long."""
        calls = self.result.calls
        sent = calls.prompt.sent + calls.judge.sent + calls.confirm.sent
        yield from self.page.joined(self._call_parts(plural(sent, "call")), indent=2)

    def _call_parts(self, first: str) -> Iterator[str]:
        calls = self.result.calls
        kinds = {
            "base": calls.sides.base,
            "head": calls.prompt.sent - calls.sides.base,
            "judge": calls.judge.sent,
            "confirm": calls.confirm.sent,
        }
        parts = [f"{count} {kind}" for kind, count in kinds.items() if count]
        several = len(parts) > 1 or kinds["confirm"]
        yield f"{first} ({', '.join(parts)})" if several else first
        yield f", {calls.prompt.reused + calls.judge.reused + calls.sides.redraws_reused} reused"
        if calls.prompt.saved_equal:
            yield f", {calls.prompt.saved_equal} saved as equal"
        if calls.retried:
            yield f", {calls.retried} retried"
        if calls.possibly_paid_twice:
            yield f", {calls.possibly_paid_twice} possibly paid twice"
        if calls.rate_limited:
            yield f", {calls.rate_limited} refused for now (429), waited {calls.paused_seconds:.0f} s"
        if calls.tokens.input or calls.tokens.output:
            yield f", {calls.tokens.input:,} + {calls.tokens.output:,} tokens"
        if calls.cost is None:
            yield ", cost unknown"
        else:
            yield (
                f", ${calls.cost:.3f}" if calls.currency == "USD" else f", {calls.currency} {calls.cost:.3f}"
            )
        detectable = [suite.detectable for suite in self.result.suites if suite.detectable is not None]
        if len(self.result.suites) == 1 and detectable and not compared(self.result):
            yield f"; {_detects(detectable[0])}"

    def _next_steps(self) -> Iterator[str]:
        meant = None
        for suite in self.result.suites:
            settle = [
                f"{suite.settle.cases} cases" if suite.settle.cases else "",
                f"{suite.settle.samples} samples a case" if suite.settle.samples else "",
            ]
            if suite.status == "undecided" and any(settle):
                yield self.page.fit(
                    f"  to settle     {terminal_line(suite.suite)}: {' or '.join(filter(None, settle))}"
                )
            broken = [case for case in suite.results if case.state == "broken" and case.accepted is None]
            if suite.status == "fail" and broken:
                first = min(broken, key=lambda case: (case.severity != "blocker", case.case)).case
                words = ["promptctl", "test", suite.suite, *self.result.sides, "--case", first, "-v"]
                yield f"  look closer   {terminal_line(shlex.join(words))}"
                meant = meant or self._named(suite, first)
        if meant is not None:
            accepting = shlex.join(["promptctl", "cases", "accept", meant])
            yield self.page.fit(f"  meant so?     {terminal_line(accepting)} --because '…'")

    def _named(self, suite: SuiteResult, case: str) -> str:
        """The id of a case, with its suite where another suite has it too."""
        holding = {one.suite for one in self.result.suites for found in one.results if found.case == case}
        return case if len(holding) < 2 else f"{suite.suite}/{case}"

    def _decision(self) -> str:
        decision = self.result.decision
        reason = decision.reasons[0] if decision.reasons else None
        rule = reason.rule if reason else "nothing-changed"
        message = reason.message if reason else "nothing that has cases is affected by this change"
        if reason and reason.suite and (len(self.result.suites) > 1 or decision.status == "fail"):
            message = f"{reason.suite}: {message}"
        first = reason.word if reason and reason.word else word(decision.status, rule)
        return self.page.verdict(first, decision.status, rule, message)


def _flips(suite: SuiteResult) -> str:
    """How many cases broke and were fixed, which of them for sure, and which were flaky."""
    counts = Counter(suite.counts)
    accepted = _accepted(suite)
    excused = sum(case.state == "broken" for case in accepted)
    broken, fixed = f"{counts['broken'] - excused} broken", f"{counts['fixed']} fixed"
    parts = [fixed, broken] if suite.better else [broken, fixed]
    if suite.redrawn:
        parts[0] = parts[0].replace(" ", " confirmed ")
    parts += [f"{len(accepted)} accepted"] if accepted else []
    if not suite.redrawn:
        flips = (case for case in suite.results if case.counted and case.state in ("broken", "fixed"))
        confirmed = sum(case.confirmed for case in flips)
        cached = suite.redraws is not None and suite.redraws.cached
        why = f"{confirmed} confirmed" if confirmed else "redraws cached" if cached else "not redrawn"
        parts[-1] += f" ({why})"
    parts += [f"{counts['flaky']} flaky"] if counts["flaky"] else []
    return ", ".join(parts)


def _accepted(suite: SuiteResult) -> list[CaseResult]:
    """Breaks and new failures that are meant."""
    return [
        case for case in suite.results if case.accepted is not None and case.state in ("broken", "new_fail")
    ]


def _detects(change: float) -> str:
    return f"detects −{points(round(change, 2))} points at 80 %"


def _inert(line: str) -> str:
    """One line with our own colours only: a result file may come from a stranger, with anything in any field."""
    return "".join(part if _OWN.fullmatch(part) else terminal_line(part) for part in _OWN.split(line))


def _revision(side: RevisionRecord) -> str:
    if side.label == "WORKTREE":
        return "working tree"
    label = terminal_line(side.label)
    if side.commit is None or side.commit.startswith(label):
        return label[:12]
    return f"{label}@{side.commit[:7]}"


__all__ = ["Style", "render"]
