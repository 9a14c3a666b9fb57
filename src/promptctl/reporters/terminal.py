"""A result as text for a terminal: what broke first, the decision last, at most 88 columns a line."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from promptctl.core.gate import word
from promptctl.core.result import CaseResult, Result, RevisionRecord, SuiteResult, TrialRecord
from promptctl.core.worddiff import word_diff
from promptctl.core.words import percent, plural, points, signed_points
from promptctl.reporters.safe import fit, pad, terminal_line, width

COLUMNS = 88
LISTED = 20
"""Cases shown in full per state; more are counted, and listed with -v."""

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
_OWN = re.compile(r"(\x1b\[(?:0|1|2|31|32|33)m)")
_STATUS = {"pass": "green", "fail": "red", "incomplete": "yellow", "undecided": "yellow"}


class Style(NamedTuple):
    """How to show it. `verbose` lists every case with its outputs; `brief` keeps only the last lines."""

    colour: bool = False
    verbose: bool = False
    brief: bool = False
    columns: int = COLUMNS


def render(result: Result, style: Style = Style()) -> str:  # noqa: B008 - a tuple
    """The whole report; its last line is the decision."""
    clean = _inert if style.colour else terminal_line
    return "\n".join(map(clean, _Report(result, style).lines())) + "\n"


class _Report:
    def __init__(self, result: Result, style: Style) -> None:
        self.result, self.style = result, style
        self._sources_shown: set[str] = set()

    def lines(self) -> Iterator[str]:
        if not self.style.brief:
            yield from self._heading()
            for suite in self.result.suites:
                yield ""
                yield from self._suite(suite)
            yield from self._untested()
            for note in self.result.notes:
                yield self._fit(f"note       {terminal_line(note)}")
            if self.result.suites:
                yield ""
                yield from self._evidence()
                yield self._calls()
                yield from self._next_steps()
        yield self._decision()

    # heading

    def _heading(self) -> Iterator[str]:
        base, head = self.result.base, self.result.head
        if base is None:
            yield self._fit(f"scoring    {_revision(head)}, without a base")
            return
        files = {path for affected in self.result.affected for path in affected.changed}
        changed = f" ({plural(len(files), 'prompt file')} changed)" if files else ""
        yield self._fit(f"comparing  {_revision(base)} → {_revision(head)}{changed}")
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
            yield self._fit(f"{label:<11}{terminal_line(affected.prompt)}  {terminal_line(how)}")
            label = ""

    # one suite

    def _suite(self, suite: SuiteResult) -> Iterator[str]:
        counts = Counter(suite.counts)  # a file may lack some
        text = plural(counts.get("cases", 0), "case")
        if suite.difference is not None:
            text += f": {counts['cases'] - counts['unchanged']} affected, {counts['unchanged']} unchanged"
        title = terminal_line(suite.suite)
        if suite.prompt != suite.suite:
            title += f" ({terminal_line(suite.prompt)})"
        yield self._paint(self._fit(f"{title}   {terminal_line(suite.model)}   {text}"), "bold")
        for note in (*_origins(suite), *suite.notes):
            yield self._fit(f"  {terminal_line(note)}")
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
        yield from self._names(suite, "flaky", "FLAKY", "   passed and failed on the same side")
        yield from self._names(suite, "advisory", "LISTED ONLY", "   info, quarantined or without a vote")
        yield from self._watched(suite)
        yield from self._cases(suite, "still_failing", "still failing", "dim", self.style.verbose)
        if self.style.verbose:
            yield from self._cases(suite, "pass", "passing on both sides", "dim", True)
            yield from self._cases(suite, "unchanged", "unchanged", "dim", False)
        yield from self._sizes(suite)
        if len(self.result.suites) > 1:
            yield self._evidence_of(suite)
            first = suite.word or word(suite.status, suite.rule)
            yield self._verdict(first, suite.status, suite.rule, suite.message, indent="  ")

    def _cases(
        self, suite: SuiteResult, state: str, title: str, colour: str, detailed: bool
    ) -> Iterator[str]:
        found = [case for case in suite.results if case.state == state and case.accepted is None]
        if not found:
            return
        quiet = state in ("still_failing", "unchanged", "new_pass") and not self.style.verbose
        suffix = "   (-v lists them)" if quiet else ""
        yield "  " + self._paint(f"{title} {len(found)}", colour) + suffix
        if quiet:
            return
        # Blockers first, then by id: the worst must not be the line that was cut.
        found.sort(key=lambda case: (case.severity != "blocker", case.case))
        shown = found if self.style.verbose else found[:LISTED]
        for case in shown:
            yield self._case_line(case)
            if detailed:
                yield from self._details(suite, case)
        if len(shown) < len(found):
            yield f"    … and {len(found) - len(shown)} more (-v lists them)"

    def _errors(self, suite: SuiteResult) -> Iterator[str]:
        """Errors by their cause: an outage is one line, not one for each case."""
        causes: dict[str, list[str]] = {}
        for case in suite.results:
            if case.state == "error":
                causes.setdefault(_cause(case), []).append(case.case)
        if not causes:
            return
        yield "  " + self._paint(f"ERRORS {sum(map(len, causes.values()))}", "yellow")
        for cause, names in sorted(causes.items(), key=lambda item: -len(item[1]))[:LISTED]:
            yield self._fit(f"    {plural(len(names), 'case')}   {terminal_line(cause)}")
            yield self._fit("      " + "  ".join(terminal_line(name) for name in names))

    def _case_line(self, case: CaseResult) -> str:
        parts = [terminal_line(case.case)]
        if case.severity == "blocker":
            parts.append("blocker")
        checks = _deciding_checks(case)
        if checks:
            parts.append(terminal_line(", ".join(checks[:2])))
        parts.append(_passes(case))
        if case.state in ("broken", "fixed") and not case.confirmed:
            parts.append("not redrawn")
        if case.tags:
            parts.append("tags " + terminal_line(", ".join(case.tags)))
        if case.answers and case.state == "fixed":
            parts.append("answers " + terminal_line(", ".join(case.answers)))
        line = self._fit("    " + "   ".join(filter(None, parts)))
        if case.severity == "blocker":  # painted last: a line is cut by what it shows
            line = line.replace("   blocker   ", f"   {self._paint('blocker', 'red')}   ", 1)
        return line

    def _details(self, suite: SuiteResult, case: CaseResult) -> Iterator[str]:
        for name, value in list(case.inputs.items())[:3]:
            yield self._field(terminal_line(name), value)
        trial = _telling(case)
        if trial is None:
            return
        for verdict in trial.verdicts:
            if verdict.status != "pass" and verdict.votes:
                yield self._field("reason", verdict.reason or f"{verdict.check}: {verdict.status}")
        if trial.failure is not None:
            yield self._field("reason", f"{trial.failure.kind}: {trial.failure.message}")
        yield from self._outputs(case)
        if case.state == "broken" and self._source_due(suite):
            yield from self._source(suite)

    def _outputs(self, case: CaseResult) -> Iterator[str]:
        base, head = _text(case.base), _text(case.head)
        if base is None or head is None or base == head:
            text = head if head is not None else base
            if text is not None:
                yield self._field("output", text or "(empty)")
            return
        pieces = word_diff(_excerpt(base, head)[0], _excerpt(base, head)[1])
        before = "".join(_mark(p.kind, p.text) for p in pieces if p.kind != "added")
        after = "".join(_mark(p.kind, p.text) for p in pieces if p.kind != "removed")
        yield self._field("base", before or "(empty)")
        yield self._field("head", after or "(empty)")

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
                yield self._field("changed", f"{change.path}:{change.line}   {marked}")

    def _names(self, suite: SuiteResult, state: str, title: str, about: str) -> Iterator[str]:
        found = [case for case in suite.results if case.state == state]
        if not found:
            return
        yield "  " + self._paint(f"{title} {len(found)}", "yellow") + about
        if state == "advisory":
            for case in found[:LISTED]:
                yield self._case_line(case)
        else:
            yield self._fit("    " + "  ".join(terminal_line(case.case) for case in found))

    def _watched(self, suite: SuiteResult) -> Iterator[str]:
        found = [case for case in suite.results if case.state == "watched"]
        if not found:
            return
        yield f"  WATCHED {len(found)}   outputs side by side, no vote"
        for case in found if self.style.verbose else found[:LISTED]:
            base, head = _text(case.base), _text(case.head)
            same = "same output" if base == head else "output differs"
            yield self._fit(f"    {terminal_line(case.case)}   {same}")
            if base != head:
                yield from self._outputs(case)

    def _excused(self, suite: SuiteResult) -> Iterator[str]:
        for case in suite.results:
            if case.accepted is not None and case.state == "broken":
                yield self._fit(
                    f"  ACCEPTED   {terminal_line(case.case)} broken, because: {terminal_line(case.accepted)}"
                )
        for change in suite.yardstick:
            if change.accepted is not None:
                because = terminal_line(change.accepted)
                yield self._fit(
                    f"  ACCEPTED   {terminal_line(change.case)} {change.what}, because: {because}"
                )

    def _yardstick(self, suite: SuiteResult) -> Iterator[str]:
        found = [change for change in suite.yardstick if change.accepted is None]
        if not found:
            return
        yield f"  changed cases {len(found)}"
        for change in sorted(found, key=lambda c: not c.blocker)[:LISTED]:
            kind = "blocker " if change.blocker else ""
            yield self._fit(
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
        yield self._fit(line)

    # the end

    def _untested(self) -> Iterator[str]:
        shown = {affected.prompt for affected in self.result.affected}
        for entry in self.result.untested:
            if entry.prompt not in shown:
                yield self._fit(f"NOT TESTED {terminal_line(entry.prompt)}: it changed and has no cases")

    def _evidence(self) -> Iterator[str]:
        if len(self.result.suites) == 1:
            yield self._evidence_of(self.result.suites[0])
            return
        total = {
            state: sum(suite.counts.get(state, 0) for suite in self.result.suites)
            for state in ("cases", "broken", "fixed", "flaky", "error")
        }
        yield self._fit(
            f"  {plural(len(self.result.suites), 'suite')}, {plural(total['cases'], 'case')}: "
            f"{total['broken']} broken, {total['fixed']} fixed, {total['flaky']} flaky"
            + (f", {plural(total['error'], 'error')}" if total["error"] else "")
        )

    def _evidence_of(self, suite: SuiteResult) -> str:
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
            aside = f" asked, {counts['unchanged']} unchanged" if head and head.scored < suite.n else " pass"
            d = suite.difference
            parts.append(
                f"{scored}{aside}, {signed_points(d.estimate)} points "
                f"[{signed_points(d.low)}, {signed_points(d.high)}]"
            )
            kind = "confirmed " if suite.redrawn else ""
            accepted = sum(case.accepted is not None and case.state == "broken" for case in suite.results)
            flips = f"{counts['broken'] - accepted} {kind}broken, {counts['fixed']} fixed"
            flips += f", {accepted} accepted" if accepted else ""
            if not suite.redrawn:
                flips += " (not redrawn)"
            parts.append(flips + (f", {counts['flaky']} flaky" if counts["flaky"] else ""))
        if counts.get("error"):
            parts.append(plural(counts["error"], "error"))
        return self._fit("  " + "; ".join(parts))

    def _calls(self) -> str:
        calls = self.result.calls
        cost = f"{calls.currency} {calls.cost:.3f}" if calls.cost is not None else "cost unknown"
        if calls.currency == "USD" and calls.cost is not None:
            cost = f"${calls.cost:.3f}"
        sent = calls.prompt.sent + calls.judge.sent + calls.confirm.sent
        reused, saved = calls.prompt.reused, calls.prompt.saved_equal
        line = f"  {plural(sent, 'call')}, {reused} reused, {saved} saved as equal, {cost}"
        detectable = [suite.detectable for suite in self.result.suites if suite.detectable is not None]
        if len(self.result.suites) == 1 and detectable:
            line += f"; detects −{points(round(detectable[0], 2))} points at 80 %"
        return self._fit(line)

    def _next_steps(self) -> Iterator[str]:
        for suite in self.result.suites:
            settle = [
                f"{suite.settle.cases} cases" if suite.settle.cases else "",
                f"{suite.settle.samples} samples a case" if suite.settle.samples else "",
            ]
            if suite.status == "undecided" and any(settle):
                yield self._fit(
                    f"  to settle     {terminal_line(suite.suite)}: {' or '.join(filter(None, settle))}"
                )
            broken = [case for case in suite.results if case.state == "broken" and case.accepted is None]
            if suite.status == "fail" and broken:
                first = min(broken, key=lambda case: (case.severity != "blocker", case.case)).case
                yield f"  look closer   promptctl test {terminal_line(suite.suite)} --case {terminal_line(first)} -v"

    def _decision(self) -> str:
        decision = self.result.decision
        reason = decision.reasons[0] if decision.reasons else None
        rule = reason.rule if reason else "nothing-changed"
        message = reason.message if reason else "nothing that has cases is affected by this change"
        if reason and reason.suite and (len(self.result.suites) > 1 or decision.status == "fail"):
            message = f"{reason.suite}: {message}"
        first = reason.word if reason and reason.word else word(decision.status, rule)
        return self._verdict(first, decision.status, rule, message)

    def _verdict(self, first: str, status: str, rule: str, message: str, indent: str = "") -> str:
        room = self.style.columns - len(indent) - len(first) - len(rule) - 6
        text = terminal_line(message)
        if width(text) > room:  # the same with fewer words, before anything is cut
            text = text.replace("no worse than", "within").replace("shows ", "")
        text = fit(text, room)
        return f"{indent}{self._paint(first, _STATUS[status])}  {text}  [{rule}]"

    # helpers of the page

    def _field(self, name: str, value: str) -> str:
        return self._fit(f"      {pad(fit(name, 8), 8)} {terminal_line(value)}")

    def _fit(self, line: str) -> str:
        return fit(line, self.style.columns) if "\x1b" not in line else line

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.style.colour else text


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


def _passes(case: CaseResult) -> str:
    """`base 4/4 → head 0/4`, or `pass → fail` for a single draw."""
    sides = [(name, trials) for name, trials in (("base", case.base), ("head", case.head)) if trials]
    if all(len(trials) == 1 for _, trials in sides):
        return " → ".join(trials[0].outcome for _, trials in sides)
    return " → ".join(
        f"{name} {sum(t.outcome == 'pass' for t in trials)}/{len(trials)}" for name, trials in sides
    )


def _deciding_checks(case: CaseResult) -> list[str]:
    side = case.base if case.state == "fixed" else case.head
    failed = (
        verdict.check
        for trial in side
        for verdict in trial.verdicts
        if verdict.votes and verdict.status != "pass"
    )
    return list(dict.fromkeys(failed))  # each once, however many draws it failed in


def _origins(suite: SuiteResult) -> list[str]:
    """Answers that this project did not ask for itself are named in every report."""
    origins = [trial.source for case in suite.results for trial in (*case.base, *case.head)]
    kinds = {"imported": origins.count("imported"), "recorded": origins.count("recorded")}
    found = [f"{count} {kind}" for kind, count in kinds.items() if count]
    return [f"answers: {', '.join(found)} of {len(origins)}, so nothing was redrawn"] if found else []


def _cause(case: CaseResult) -> str:
    for trial in (*case.head, *case.base):
        if trial.failure is not None:
            return f"{trial.failure.kind}: {trial.failure.message}"
        if trial.outcome == "error":
            return next((v.reason for v in trial.verdicts if v.check == "error"), "a check failed to run")
    return "no answer"


def _telling(case: CaseResult) -> TrialRecord | None:
    """The draw that shows best why the case is in its state."""
    trials = [*case.head, *case.base]
    return next((t for t in trials if t.outcome not in ("pass", "advisory")), trials[0] if trials else None)


def _text(trials: tuple[TrialRecord, ...]) -> str | None:
    return next((trial.answer.text for trial in trials if trial.answer is not None), None)


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


__all__ = ["Style", "render", "width"]
