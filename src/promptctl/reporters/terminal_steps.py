"""The steps behind a decision that do not concern the table: chance, redraws, drift, the floor, stopping early."""

from collections.abc import Iterator

from promptctl.core.confirming import IDENTICAL_LEAST, IDENTICAL_SHARE
from promptctl.core.findings import EvidenceRecord, Redraws
from promptctl.core.gate import ALPHA_BETTER, ALPHA_HARM
from promptctl.core.result import CaseResult, Result, SuiteResult
from promptctl.core.stats import (
    binomial_at_least,
    binomial_probability,
    false_break_bound,
    holm,
    normal_quantile,
    wilson_upper,
)
from promptctl.core.words import percent, plural
from promptctl.reporters.terminal_because import asked_again
from promptctl.reporters.terminal_sums import Z, chance, counted, decimal, difference_of, flip_of, mixed

_EXACT_SIGNS = 16


def harm(suite: SuiteResult, result: Result) -> Iterator[str]:
    """Whether so many breaks against so few fixes are more than chance."""
    test = suite.test
    if test is None:
        return
    if test.name == "mcnemar-midp":
        yield from _midp(test.broken, test.fixed, test.p_worse)
    else:
        yield from _sign_flip(suite)
    evidence = suite.evidence
    if evidence is not None and evidence.p_adjusted is not None:
        adjusted = evidence.p_adjusted
        yield from _holm(suite, result, adjusted)
        verdict = "harm" if adjusted <= ALPHA_HARM else "no harm shown"
        yield f"{chance(adjusted)} {'≤' if adjusted <= ALPHA_HARM else '>'} {ALPHA_HARM}: {verdict}"
    better = test.p_better <= ALPHA_BETTER
    yield (
        f"the other way round p = {chance(test.p_better)} {'≤' if better else '>'} {ALPHA_BETTER}: "
        f'"better" is {"claimed" if suite.better else "not claimed"}'
        + ("; it needs a PASS and more fixes than breaks, too" if better and not suite.better else "")
    )


def _midp(b: int, f: int, p: float) -> Iterator[str]:
    if b + f == 0:
        yield "no case flipped: p = 1"
        return
    yield f"X ~ Bin(b + f, 1/2) = Bin({b + f}, 1/2); p = P(X ≥ b) − P(X = b) / 2"
    at_least, exactly = binomial_at_least(b, b + f, 0.5), binomial_probability(b, b + f, 0.5)
    yield f"= P(X ≥ {b}) − P(X = {b}) / 2 = {chance(at_least)} − {chance(exactly)} / 2 = {chance(p)}"


def _sign_flip(suite: SuiteResult) -> Iterator[str]:
    test, evidence = suite.test, suite.evidence
    if test is None:
        return
    clusters = evidence.clusters if evidence else None
    what = "sums over groups" if clusters else "differences of cases"
    yield f"sign-flip test: every sign of the {what} that are not 0 is thrown anew, a coin each;"
    moved = sum(difference_of(case) != 0 for case in counted(suite))
    if clusters is None and moved <= _EXACT_SIGNS:
        patterns = 2**moved
        yield (
            f"of all 2^{moved} = {patterns} patterns {round(test.p_worse * patterns)} have a sum as low as "
            f"the one seen or lower: p = {chance(test.p_worse)}"
        )
    else:
        how = f"all patterns of up to {_EXACT_SIGNS}, else 9,999 drawn with a fixed seed and the one seen"
        yield f"p = share of patterns with a sum as low or lower = {chance(test.p_worse)} ({how})"


def _holm(suite: SuiteResult, result: Result, adjusted: float) -> Iterator[str]:
    count = suite.evidence.suites if suite.evidence else 1
    if count < 2 or suite.test is None:
        yield f"one suite: nothing to adjust, p = {chance(adjusted)}"
        return
    values = sorted(one.test.p_worse if one.test else 1.0 for one in result.suites if one.compare is None)
    rank = values.index(suite.test.p_worse) + 1 if suite.test.p_worse in values else 0
    if not rank or len(values) != count or holm(values)[rank - 1] != adjusted:
        yield f"Holm over {count} suites: p = {chance(adjusted)}"
        return
    yield (
        f"Holm 1979 over {count} suites: this p is number {rank} from below, so × {count - rank + 1} = "
        f"{chance(suite.test.p_worse * (count - rank + 1))}"
    )
    own = min(1.0, suite.test.p_worse * (count - rank + 1))
    why = (
        ""
        if adjusted == own and own < 1
        else ", at most 1"
        if adjusted == 1
        else ", not below that of a smaller p"
    )
    yield f"p after Holm = {chance(adjusted)}{why}"


# Redraws, drift, floor, early stop


def redrawn(suite: SuiteResult) -> Iterator[str]:
    """What asking again about the flips showed."""
    redraws = suite.redraws
    flips = [case for case in counted(suite) if case.state in ("broken", "fixed")]
    undone = sum(case.state == "flaky" and mixed(case) and flip_of(case) != 0 for case in counted(suite))
    if redraws is not None:
        yield from _asked_again(suite, redraws)
    elif any(not case.confirmed for case in flips):
        yield "nothing was drawn again: flips stand in the table, and are not confirmed"
    elif flips:
        yield from _by_first_draws(suite, 2)
    elif not undone:
        yield "no case flipped"
    if undone:
        yield f"flips whose first draws disagree, so that they are flaky without another draw: {undone}"
    broken = sum(case.state == "broken" and case.confirmed for case in flips)
    fixed = sum(case.state == "fixed" and case.confirmed for case in flips)
    yield f"confirmed broken {broken}, confirmed fixed {fixed}"


def _asked_again(suite: SuiteResult, redraws: Redraws) -> Iterator[str]:
    k = redraws.each
    yield (
        f"N = {plural(redraws.asked, 'case')} asked in the run: k = {k} draws of each side must agree, the first "
        "included (3 up to N = 25, 4 up to 100, 5 up to 500, else 6)"
    )
    yield (
        f"flips: {redraws.confirmed} confirmed, {redraws.contradicted} contradicted (flaky), "
        f"{redraws.unconfirmed} not confirmed"
    )
    yield from _left_open(suite, redraws)
    yield from _by_first_draws(suite, k)
    if suite.n:
        yield (
            f"a case that did not change is confirmed broken with a chance of at most 4^−k = {decimal(0.25**k)}; "
            f"any of n = {suite.n}: at most n × 4^−k = {decimal(false_break_bound(suite.n, k))}"
        )
    if redraws.compared:
        few = redraws.compared < IDENTICAL_LEAST
        cached = "too few to tell whether a cache answers" if few else "so no cache is seen"
        if redraws.cached:
            cached = "so a cache answers, and flips stay unconfirmed"
        yield (
            f"{redraws.identical} of {redraws.compared} redraws at a temperature above 0 "
            f"({percent(redraws.identical / redraws.compared)}) repeat their first draw word for word, {cached} "
            f"(a cache: {IDENTICAL_LEAST} or more redraws, and {percent(IDENTICAL_SHARE)} of them)"
        )


def _left_open(suite: SuiteResult, redraws: Redraws) -> Iterator[str]:
    """Why flips are not confirmed, each reason with its count."""
    left = redraws.unconfirmed - redraws.spared
    if redraws.spared:
        yield (
            f"{redraws.spared} of these were not drawn again, because first draws decide already "
            "(docs/gate.md, Drawing again)"
        )
    if redraws.cached:
        again = min(left, sum(_in_vain(case) for case in suite.results))
        if again:
            yield f"{again} of these were redrawn, and a cache confirms nothing"
        left -= again
    if left > 0:
        yield f"{left} of these could not be drawn again to the end"


def _in_vain(case: CaseResult) -> bool:
    """Whether redraws of a flip came without an error, and yet it is not confirmed."""
    again = [trial.outcome for trial in (*case.base, *case.head) if trial.role == "confirm"]
    flipped = (case.counted and case.state in ("broken", "fixed")) or case.state == "new_fail"
    return flipped and not case.confirmed and bool(again) and "error" not in again


def _by_first_draws(suite: SuiteResult, each: int) -> Iterator[str]:
    """What confirmed flips of which nothing was drawn again: so many first draws, or a model that never varies."""
    found = [
        min(sum(trial.role == "first" for trial in side) for side in (case.base, case.head) if side)
        for case in suite.results
        if case.confirmed and (case.base or case.head) and not asked_again(case)
    ]
    if any(draws >= each for draws in found):
        yield "first draws of a side that all agree, and are as many as it takes, confirm a flip by themselves"
    if any(draws < each for draws in found):
        yield "a provider that always answers alike confirms a flip by its first draw"


def drifted(suite: SuiteResult) -> Iterator[str]:
    """Whether the model under base has changed by itself."""
    drift = suite.drift
    if drift is None:
        return
    if drift.by == "flips":
        yield (
            f"of {drift.drawn} flips {drift.changed} are contradicted by base's own redraws; drift: more than half of "
            "4 or more, and beyond chance"
        )
        if drift.contradicted is not None and drift.p is not None:
            yield (
                f"X ~ Bin({drift.contradicted} contradicted, 1/2): P(X ≥ {drift.changed}) = {chance(drift.p)}; "
                "drift: at most 0.10"
            )
    else:
        yield (
            f"{drift.drawn} cases of base whose answers are old were drawn again: {drift.changed} changed their verdict"
        )
        if drift.usual is not None and drift.p is not None:
            yield (
                f"X ~ Bin({drift.drawn}, {decimal(drift.usual)}), the share that changes anyway: "
                f"P(X ≥ {drift.changed}) = {chance(drift.p)}; drift: below 0.01"
            )
    yield (
        "base was drawn anew for all cases, and that table decides"
        if drift.redrawn
        else "no drift: the stored answers of base stay"
    )


def floor(suite: SuiteResult, evidence: EvidenceRecord) -> Iterator[str]:
    """Head's rate against the least that the suite asks for."""
    head, upper = suite.pass_rate.head, evidence.floor_upper
    if head is None or not head.scored or upper is None:
        return
    n, least = head.scored, decimal(evidence.min_pass_rate)
    yield f"head passes {head.passed} of {n}: p = {decimal(head.passed / n)}; the floor (min_pass_rate) is {least}"
    if wilson_upper(head.passed, n) == upper:
        yield (
            "upper one-sided 95 % end = (p + z²/2n + z × √(p(1 − p)/n + z²/4n²)) / (1 + z²/n), "
            f"z = {decimal(Z)}: {decimal(upper)}"
        )
    low = upper < evidence.min_pass_rate
    yield f"{decimal(upper)} is {'below' if low else 'not below'} {least}"


def looked(suite: SuiteResult) -> Iterator[str]:
    """Where asking stopped early, and by which boundary."""
    looks, evidence = suite.looks, suite.evidence
    if looks is None:
        return
    yield f"look {looks.look} of {looks.looks} at {looks.asked} of {looks.planned} cases in random order"
    if 1 <= looks.look <= looks.looks:
        start = normal_quantile(0.975)
        yield (
            f"spent by now of alpha = .05: 2 − 2 × Phi(z.975 / √({looks.look} / {looks.looks})), "
            f"z.975 = {decimal(start)}, which gives the boundary {decimal(looks.boundary)}"
        )
    margin = f" = {decimal(-evidence.margin)}" if evidence else ""
    over = looks.z >= looks.boundary
    yield (
        f"Tango's z at D = −margin{margin}: {decimal(looks.z)} {'≥' if over else '<'} {decimal(looks.boundary)}"
        + ("; the rest was not asked" if looks.stopped else "")
    )
