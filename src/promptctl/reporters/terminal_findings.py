"""What a suite's numbers say beside the states of its cases: flaky cases, drift, caches, checks, exploratory rows."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from promptctl.core.findings import Exploratory
from promptctl.core.result import CaseResult, SuiteResult, TrialRecord
from promptctl.core.words import percent, plural
from promptctl.reporters.safe import fit, pad, terminal_line, width
from promptctl.reporters.terminal_page import Page
from promptctl.reporters.terminal_plot import interval_plot
from promptctl.reporters.terminal_sums import chance, mixed

NAMED = 100
"""Flaky cases that are named without -v."""
EXPLORATORY = 0.10
"""Adjusted p-value up to which a row of the exploratory tables is shown without -v."""
_NAME = 30


def on_the_way(suite: SuiteResult) -> Iterator[str]:
    """What happened before the decision: draws pooled, base drifted, redraws from a cache, an early stop."""
    evidence, drift, redraws, looks = suite.evidence, suite.drift, suite.redraws, suite.looks
    if evidence is not None and evidence.samples > 1:
        yield f"averages   {evidence.samples} first draws a side of each case"
    if drift is not None and drift.by == "flips":
        now = "; base was drawn anew, and that decides" if drift.redrawn else ""
        yield f"drift      base's redraws contradict {drift.changed} of {drift.drawn} flips{now}"
    elif drift is not None:
        usual = "" if drift.usual is None or drift.p is None else (
            f" (usual {percent(drift.usual)}, p = {chance(drift.p)})"
        )  # fmt: skip
        now = "drift: base was drawn anew, and that decides" if drift.redrawn else "no drift"
        missing = f", {drift.missing} got no verdict" if drift.missing else ""
        yield f"canary     {drift.changed} of {drift.drawn} old answers of base changed{missing}{usual}: {now}"
    if redraws is not None and redraws.cached:
        yield (
            f"cached     {redraws.identical} of {redraws.compared} redraws repeat their first draw word for word, so "
            "no flip is confirmed"
        )
    if looks is not None and looks.stopped:
        left = suite.counts.get("not_asked", looks.planned - looks.asked)
        yield (
            f"note       stopped early at look {looks.look} of {looks.looks}: {looks.asked} of {looks.planned} cases "
            f"asked, {left} not asked"
        )


def flaky_lines(
    suite: SuiteResult, page: Page, in_full: Callable[[SuiteResult, CaseResult], Iterator[str]]
) -> Iterator[str]:
    """Flips that were contradicted, first draws that disagree, and cases that are flaky without any change.

    With -v the first two are shown by `in_full`, as other cases are; the last stand among those.
    """
    found = [case for case in suite.results if case.state == "flaky"]
    again = [case for case in found if not mixed(case)]
    first = [case for case in found if mixed(case)]
    for cases, about in (
        (again, "passed and failed when asked again, no vote"),
        (first, "passed and failed in first draws of one side"),
    ):
        if cases and page.style.verbose:
            yield _title(page, cases, "FLAKY", about)
            for case in cases:
                yield from in_full(suite, case)
        else:
            yield from _names(page, cases, "FLAKY", about)
    steady = [case for case in suite.results if case.flaky]
    about = "over six or more draws; cannot act as a blocker until mended"
    yield from _names(page, steady, "FLAKY BEFORE", about)


def _names(page: Page, cases: Sequence[CaseResult], title: str, about: str) -> Iterator[str]:
    if not cases:
        return
    yield _title(page, cases, title, about)
    shown = cases if page.style.verbose else cases[:NAMED]
    names = (
        terminal_line(case.case).replace(" ", "_") + (" (blocker)" if case.severity == "blocker" else "")
        for case in shown
    )
    yield from page.wrap("  ".join(names), indent=4, hanging=0)
    if len(shown) < len(cases):
        yield f"    … and {len(cases) - len(shown)} more (-v lists them)"


def _title(page: Page, cases: Sequence[CaseResult], title: str, about: str) -> str:
    return "  " + page.paint(f"{title} {len(cases)}", "yellow") + f"   {about}"


def why_not_confirmed(suite: SuiteResult, case: CaseResult) -> str:
    """Why a flip stands on its first draw alone, in a few words."""
    again = [trial.outcome for trial in (*case.base, *case.head) if trial.role == "confirm"]
    if not again:
        return "not redrawn"
    if "error" in again:
        return "not redrawn: an error"
    if suite.redraws is not None and suite.redraws.cached:
        return "redraws cached"
    return "redraw unscored" if "unscored" in again else "redraws cut short"


def check_lines(suite: SuiteResult, page: Page) -> Iterator[str]:
    """How often each check passed on first draws, where that differs between the sides; all with -v."""
    base, head = _passed(suite, "base"), _passed(suite, "head")
    names = sorted({*base, *head})
    wide = max((min(_NAME, width(terminal_line(name))) for name in names), default=0)
    for name in names if len(names) > 1 or page.style.verbose else ():
        before, after = base.get(name), head.get(name)
        if not page.style.verbose and (before == after or before is None or after is None):
            continue
        yield page.fit(f"  {pad(fit(terminal_line(name), _NAME), wide)}  pass {_counts(before, after)}")


def _passed(suite: SuiteResult, side: str) -> dict[str, tuple[int, int]]:
    """Passes and verdicts of each check over the first draws of a side."""
    found: Counter[tuple[str, bool]] = Counter()
    for case in suite.results:
        trials: tuple[TrialRecord, ...] = getattr(case, side)
        for trial in trials:
            if trial.role == "first":
                found.update((v.check, v.status == "pass") for v in trial.verdicts if v.status != "unscored")
    names = {name for name, _ in found}
    return {name: (found[name, True], found[name, True] + found[name, False]) for name in names}


def _counts(before: tuple[int, int] | None, after: tuple[int, int] | None) -> str:
    if before is None or after is None:
        one = before or after or (0, 0)
        return f"{one[0]} of {one[1]}"
    if before[1] == after[1]:
        return f"{before[0]} → {after[0]} of {after[1]}"
    return f"{before[0]} of {before[1]} → {after[0]} of {after[1]}"


def exploratory_lines(suite: SuiteResult, page: Page) -> Iterator[str]:
    """Tags and checks by themselves: only what stands out, unless everything is asked for."""
    checks = sum(row.kind == "check" for row in suite.exploratory)
    rows = [
        row
        for row in suite.exploratory  # an only check says what the whole suite says
        if page.style.verbose or (row.adjusted <= EXPLORATORY and not (row.kind == "check" and checks == 1))
    ]
    if not rows:
        return
    yield page.fit(
        f"  exploratory: {plural(len(suite.exploratory), 'row')} looked at, no part of the decision "
        "(p after Benjamini-Hochberg)"
    )
    rows.sort(key=lambda row: (row.kind, row.adjusted, row.name))
    wide = min(_NAME, max(width(terminal_line(row.name)) for row in rows))
    for row in rows:
        yield page.fit(f"    {_row(row, wide)}")


def _row(row: Exploratory, wide: int) -> str:
    name = pad(fit(terminal_line(row.name), wide), wide)
    return (
        f"{pad(fit(terminal_line(row.kind), 5), 5)}  {name}  {row.broken} broken, {row.fixed} fixed of {row.n}   "
        f"p = {chance(row.p, 3)} → {chance(row.adjusted, 3)}"
    )


def plot_lines(suite: SuiteResult, page: Page) -> Iterator[str]:
    """The interval of the change as a picture."""
    d = suite.difference
    if d is not None and -1 <= d.low <= d.estimate <= d.high <= 1:
        margin = suite.evidence.margin if suite.evidence else None
        yield page.fit(f"  {interval_plot(d.low, d.estimate, d.high, margin)}")
