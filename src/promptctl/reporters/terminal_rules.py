"""The rules a to f of the gate, walked in order on a finished suite: why each does not apply, up to one that does.

Which rule decided is never found out again: the record says it. Here stand the numbers that each rule looked at.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from promptctl.core.result import Result, SuiteResult
from promptctl.core.ruling import word
from promptctl.reporters import terminal_because as because
from promptctl.reporters.terminal_compared import run_of_variants


class Rule(NamedTuple):
    """A rule of docs/gate.md: its letter, its slug, what it looked at."""

    letter: str
    slug: str
    because: Callable[[SuiteResult, Result], str]


def rules_walked(suite: SuiteResult, result: Result) -> Iterator[str]:
    """Every rule up to the one that decided, which is marked with an arrow.

    The two that come a second time, for blockers that could not be drawn to the end, are shown there only where they
    decide.
    """
    for rule in rules_of(suite):
        said = rule.because(suite, result)
        waits = _FIRST.get(
            rule
        )  # the same slug comes again below, for blockers that could not be drawn to the end
        if rule.slug == suite.rule and (waits is None or because.acting(suite, waits)):
            yield f"→ {rule.letter}  {rule.slug} applies: {said}"
            yield f"{_word(suite)}  {suite.message}"
            return
        if rule not in _AGAIN:  # it would say again what its first place said
            yield f"{rule.letter}  {rule.slug} does not apply, because {said}"
    yield f"→ {suite.rule}"
    yield f"{_word(suite)}  {suite.message}"


def exit_because(result: Result) -> Iterator[str]:
    """How the run's status follows from its suites, and the exit code from that."""
    decision = result.decision
    if any(suite.compare is not None for suite in result.suites):
        yield from run_of_variants(result)
        return
    for reason in decision.reasons:
        name = reason.suite or "the run"
        yield f"{name}: {reason.word or reason.rule}  [{reason.rule}]"
    yield f"the worst of FAIL, INCOMPLETE, undecided and PASS decides: {decision.status}"
    code = decision.exit_code
    yield f"exit code {code}: {_EXITS.get((decision.status, code), _BY_CODE.get(code, 'as recorded'))}"


_EXITS = {
    ("pass", 0): "every suite passes",
    ("undecided", 0): "undecided exits 0 without --strict and on_undecided: fail",
    ("undecided", 1): "undecided, and on_undecided: fail",
    ("undecided", 3): "undecided under --strict",
    ("fail", 1): "a suite, or a prompt without cases, fails",
    ("incomplete", 3): "incomplete, and nothing fails",
}
_BY_CODE = {130: "interrupted"}


def rules_of(suite: SuiteResult) -> tuple[Rule, ...]:
    """The rules in the order in which the gate asks them of such a suite."""
    return (*_COMMON, *(_WITH_BASE if suite.pass_rate.base is not None else _ALONE))


def _word(suite: SuiteResult) -> str:
    return suite.word or word(suite.status, suite.rule)


_BROKEN = Rule("b", "blocker-broken", because.blocker_broken)
_NEW = Rule("b", "blocker-new-fail", because.new_blocker)
_FIRST = {_BROKEN: "broken", _NEW: "new_fail"}
_AGAIN = (
    Rule("d", "blocker-broken", because.cut_short),
    Rule("d", "blocker-new-fail", because.new_cut_short),
)

_COMMON = (
    Rule("a", "no-base-revision", because.base_there),
    Rule("a", "interrupted", because.whole),
    _BROKEN,
    _NEW,
    Rule("b", "blocker-removed", because.blocker_removed),
    Rule("c", "budget", because.spent),
    Rule("c", "errors", because.errors),
    Rule("c", "unscored", because.unscored),
    *_AGAIN,
    Rule("d", "broken-exceeds-fixed", because.more_broken),
    Rule("d", "worse-overall", because.worse),
    Rule("d", "below-floor", because.floor),
    Rule("e", "nothing-changed", because.same),
    Rule("e", "no-worse-than-margin", because.no_worse),
)
_WITH_BASE = (
    Rule("f", "no-base", because.no_base),
    Rule("f", "advisory-only", because.nothing_votes),
    Rule("f", "near-floor", because.near),
    Rule("f", "trade-off", because.trade),
    Rule("f", "no-break-found", because.no_break),
)
_ALONE = (
    Rule("f", "near-floor", because.near),
    Rule("f", "no-base", because.no_base),
)
