"""What each rule of the gate looked at, in one clause with the numbers of a finished suite."""

from promptctl.core.evidence import MIN_CLUSTERS
from promptctl.core.gate import ALPHA_HARM
from promptctl.core.result import CaseResult, Result, SuiteResult
from promptctl.core.words import percent, plural, points, signed_points
from promptctl.reporters.terminal_sums import chance, counted, decimal

NAMED = 5
"""Cases named by a rule."""


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


# a


def base_there(suite: SuiteResult, result: Result) -> str:
    if result.base is None:
        return "head alone is scored, and no base was asked for"
    return f"the base {result.base.label} is there"


def whole(suite: SuiteResult, result: Result) -> str:
    return "the run went on to its end" if result.complete else "the run was stopped before all was answered"


# b


def acting(suite: SuiteResult, *states: str) -> list[str]:
    """Blockers that may stop the change: confirmed, or with the only draws there are."""
    cached = suite.redraws is not None and suite.redraws.cached
    return [
        case.case
        for case in _blockers(suite, *states)
        if case.accepted is None and not case.flaky and (case.confirmed or cached or not asked_again(case))
    ]


def _blockers(suite: SuiteResult, *states: str) -> list[CaseResult]:
    return [case for case in suite.results if case.severity == "blocker" and case.state in states]


def asked_again(case: CaseResult) -> bool:
    """Whether anything of the case was drawn again."""
    return any(trial.role == "confirm" for trial in (*case.base, *case.head))


def blocker_broken(suite: SuiteResult, result: Result) -> str:
    if found := acting(suite, "broken"):
        kind = (
            "confirmed"
            if any(c.confirmed for c in _blockers(suite, "broken"))
            else "on the only draw there is"
        )
        return f"{plural(len(found), 'blocker')} broken, {kind}: {_named(found)}"
    left = _blockers(suite, "broken")
    flaky = _blockers(suite, "flaky")
    if left:
        return "; ".join(f"{case.case} {_excused(case)}" for case in left[:NAMED])
    if flaky:
        return f"no blocker is confirmed broken; asked again, {_named([case.case for case in flaky])} passed and failed"
    return "no blocker is broken"


def _excused(case: CaseResult) -> str:
    if case.accepted is not None:
        return "is broken, and that is accepted"
    if case.flaky:
        return "is broken, but flaky over six or more draws of base: it cannot act as a blocker until mended"
    return "is broken, but asking again was cut short, so it is not confirmed"


def new_blocker(suite: SuiteResult, result: Result) -> str:
    if found := acting(suite, "new_fail"):
        return f"{plural(len(found), 'new blocker')} failing: {_named(found)}"
    failing = _blockers(suite, "new_fail")
    if failing and all(case.accepted is not None for case in failing):
        return f"{_named([case.case for case in failing])} new and failing, and that is accepted"
    return "no new blocker is confirmed to fail" if failing else "no new blocker fails"


def blocker_removed(suite: SuiteResult, result: Result) -> str:
    gone = [change for change in suite.yardstick if change.blocker]
    left = [change.case for change in gone if change.accepted is None]
    if left:
        return f"{plural(len(left), 'blocker')} removed or weakened: {_named(left)}"
    return "what happened to blockers is accepted" if gone else "no blocker was removed or weakened"


# c


def _stuck(suite: SuiteResult) -> list[CaseResult]:
    """Cases that ended in an error, and flips that could not be drawn again because of one."""
    return [
        case
        for case in suite.results
        if case.state == "error"
        or (
            case.state in ("broken", "fixed", "new_fail")
            and not case.confirmed
            and any(t.role == "confirm" and t.outcome == "error" for t in (*case.base, *case.head))
        )
    ]


def spent(suite: SuiteResult, result: Result) -> str:
    spent = sum(
        any(t.failure is not None and t.failure.kind == "budget" for t in (*case.base, *case.head))
        for case in _stuck(suite)
    )
    if spent:
        return f"budget or deadline left {plural(spent, 'case')} without an answer or without a redraw"
    return "no answer is missing because of the budget or the deadline"


def errors(suite: SuiteResult, result: Result) -> str:
    allowed = f"max_errors is {suite.evidence.max_errors}" if suite.evidence else "max_errors is not recorded"
    alone = "" if suite.n else ", and no case is counted"
    return f"{plural(len(_stuck(suite)), 'error')} in cases or redraws; {allowed} for counted and new cases{alone}"


def unscored(suite: SuiteResult, result: Result) -> str:
    found = sum(case.state == "unscored" for case in suite.results)
    pairs = suite.n + found
    share = f" ({percent(found / pairs)})" if pairs else ""
    least = "at least 2 and more than 10 %" if suite.n else "one where no case is counted"
    return f"{found} of {pairs} pairs {'is' if found == 1 else 'are'} unscored{share}; it takes {least}"


# d


def cut_short(suite: SuiteResult, result: Result) -> str:
    left = _left(suite, "broken")
    return f"broken, and not contradicted: {_named(left)}" if left else "no blocker is left broken"


def new_cut_short(suite: SuiteResult, result: Result) -> str:
    left = _left(suite, "new_fail")
    return f"failing, and not contradicted: {_named(left)}" if left else "no new blocker is left failing"


def _left(suite: SuiteResult, state: str) -> list[str]:
    """Blockers that could not be drawn again to the end."""
    return [case.case for case in _blockers(suite, state) if case.accepted is None and not case.flaky]


def _confirmed(suite: SuiteResult, state: str) -> int:
    """Confirmed flips that count: not a fix by inputs or checks that came with the change."""
    return sum(
        case.state == state and case.confirmed and not (state == "fixed" and case.edited)
        for case in counted(suite)
    )


def more_broken(suite: SuiteResult, result: Result) -> str:
    if suite.pass_rate.base is None:
        return "there is no base"
    broken, fixed = _confirmed(suite, "broken"), _confirmed(suite, "fixed")
    edited = sum(case.state == "fixed" and case.confirmed and case.edited for case in counted(suite))
    aside = f", apart from {edited} by inputs or checks that this change edited" if edited else ""
    more = "more" if broken > fixed else "not more"
    return f"{broken} confirmed broken is {more} than {fixed} confirmed fixed{aside}"


def worse(suite: SuiteResult, result: Result) -> str:
    if suite.pass_rate.base is None or suite.test is None:
        return "no case is compared" if suite.pass_rate.base else "there is no base"
    p = suite.evidence.p_adjusted if suite.evidence else None
    if p is None:
        return f"p = {chance(suite.test.p_worse)} before Holm, against {ALPHA_HARM}"
    return f"p = {chance(p)} {'≤' if p <= ALPHA_HARM else '>'} {ALPHA_HARM}"


def floor(suite: SuiteResult, result: Result) -> str:
    evidence, head = suite.evidence, suite.pass_rate.head
    if evidence is None or head is None:
        return "no floor is recorded"
    if not evidence.min_pass_rate:
        return "min_pass_rate is 0: there is no floor"
    if evidence.floor_upper is None:
        return "no case is scored"
    below = evidence.floor_upper < evidence.min_pass_rate
    return (
        f"the upper end {decimal(evidence.floor_upper)} of head's rate is {'below' if below else 'not below'} "
        f"the floor {decimal(evidence.min_pass_rate)}"
    )


# e


def same(suite: SuiteResult, result: Result) -> str:
    if suite.pass_rate.base is None:
        return "there is no base"
    if suite.rule == "nothing-changed":
        return "every case sends the same request on both sides"
    total = suite.counts.get("cases", len(suite.results))
    equal = suite.counts.get("unchanged", 0)
    if total and equal == total:
        return "every request is equal, but head's rate is below the floor"
    other = total - equal
    return f"{other} of {plural(total, 'case')} {'is' if other == 1 else 'are'} not the same on both sides"


def no_worse(suite: SuiteResult, result: Result) -> str:
    evidence = suite.evidence
    if suite.pass_rate.base is None:
        return "there is no base"
    if evidence is None:
        return "the bound is not recorded"
    if evidence.bound is None:
        return "no case is counted, so there is no bound"
    if evidence.clusters is not None and evidence.clusters < MIN_CLUSTERS:
        return f"{plural(evidence.clusters, 'group')} hold no bound: it takes {MIN_CLUSTERS}"
    looks = suite.looks
    if looks is not None:
        over = "reaches" if looks.z >= looks.boundary else "does not reach"
        said = f"z = {decimal(looks.z)} {over} the boundary {decimal(looks.boundary)} of look {looks.look}"
    else:
        above = "above" if evidence.bound > -evidence.margin else "not above"
        said = f"the bound {signed_points(evidence.bound)} points is {above} −{points(evidence.margin)}"
    if evidence.min_pass_rate:
        said += f", and head's rate {_head_rate(suite)} {_reaches(suite)} the floor {percent(evidence.min_pass_rate)}"
    return said


def _head_rate(suite: SuiteResult) -> str:
    head = suite.pass_rate.head
    return percent(head.passed / head.scored) if head and head.scored else "(none scored)"


def _reaches(suite: SuiteResult) -> str:
    head, evidence = suite.pass_rate.head, suite.evidence
    if head is None or evidence is None or not head.scored:
        return "does not reach"
    return "reaches" if head.passed / head.scored >= evidence.min_pass_rate - 1e-15 else "does not reach"


# f


def nothing_votes(suite: SuiteResult, result: Result) -> str:
    if suite.n:
        return f"{plural(suite.n, 'case')} {'has' if suite.n == 1 else 'have'} a vote"
    if suite.rule == "advisory-only":
        return "nothing has a vote"
    return "what has a vote is new or accepted"


def near(suite: SuiteResult, result: Result) -> str:
    evidence = suite.evidence
    if evidence is None or not evidence.min_pass_rate:
        return "there is no floor"
    return f"head's rate {_head_rate(suite)} {_reaches(suite)} the floor {percent(evidence.min_pass_rate)}"


def trade(suite: SuiteResult, result: Result) -> str:
    broken, fixed = _confirmed(suite, "broken"), _confirmed(suite, "fixed")
    return f"{broken} confirmed broken, {fixed} confirmed fixed" if broken else "no break is confirmed"


def no_break(suite: SuiteResult, result: Result) -> str:
    return (
        "no break is confirmed, and the cases are too few to rule one out"
        if suite.n
        else "nothing is compared"
    )


def no_base(suite: SuiteResult, result: Result) -> str:
    if suite.pass_rate.base is None:
        return "head alone is scored, and neither a blocker nor a floor stops it"
    return "there is a base"
