"""Builders of records: each shows only what a test is about.

A letter is a first draw: `p` pass, `f` fail, `u` unscored, `e` error, `a` advisory. Letters behind a `+` are
redraws: `pp+f` is two first draws and one redraw.
"""

from collections.abc import Mapping
from typing import Any

from promptctl.core.case import Case, CheckSpec, Gate, Suite
from promptctl.core.comparison import Comparison, compare
from promptctl.core.evidence import Evidence, weigh
from promptctl.core.exchange import Failure, Output, Source
from promptctl.core.gate import decide
from promptctl.core.ruling import Ruling
from promptctl.core.run import Outcome, Pair, Standing, Trial
from promptctl.core.verdict import Verdict

OUTCOMES: dict[str, Outcome] = {"p": "pass", "f": "fail", "u": "unscored", "e": "error", "a": "advisory"}


def a_trial(letter: str = "p", *, sample: int = 0, role: Any = "first", text: str = "text") -> Trial:
    """One draw; an error is one of the world."""
    outcome = OUTCOMES[letter]
    broken = Failure(kind="timeout", message="no complete answer within 60 s") if outcome == "error" else None
    verdicts = (
        Verdict(check="contains", status=outcome, reason=outcome, votes=True)
        if outcome in ("pass", "fail", "unscored")
        else Verdict(check="style", status="pass", votes=False),
    )
    return Trial(
        sample=sample,
        role=role,
        source=Source.ASKED,
        outcome=outcome,
        answer=None if broken else Output(text=text),
        failure=broken,
        verdicts=() if broken else verdicts,
    )


def draws(letters: str) -> tuple[Trial, ...]:
    """The trials of one side."""
    first, _, redrawn = letters.partition("+")
    return (
        *(a_trial(letter, sample=n) for n, letter in enumerate(first)),
        *(a_trial(letter, sample=1000 + n, role="confirm") for n, letter in enumerate(redrawn)),
    )


def a_pair(base: str = "p", head: str = "p", *, case: str = "case", **facts: Any) -> Pair:
    """One case on both sides."""
    return Pair(case=case, base=draws(base), head=draws(head), **facts)


def a_run(base: Mapping[str, str], head: Mapping[str, str], **facts: Any) -> list[Pair]:
    """The pairs of a run from letters by case. A case that base lacks is new; `facts` hold for every pair."""
    return [
        a_pair(
            base.get(case, ""),
            letters,
            case=case,
            **{"standing": Standing.COUNTED if case in base else Standing.NEW, **facts},
        )
        for case, letters in head.items()
    ]


def cases(count: int, base: str = "p", head: str = "p", *, name: str = "", **facts: Any) -> list[Pair]:
    """`count` pairs with the same draws; their names begin with `name`, by default with the draws."""
    stem = name or f"{base}{head}"
    return [a_pair(base, head, case=f"{stem}-{n:03}", **facts) for n in range(count)]


def a_table(n: int, *, broken: int = 0, fixed: int = 0, confirmed: bool = True, **facts: Any) -> list[Pair]:
    """`n` counted pairs, of which some flip; the rest pass on both sides."""
    return [
        *cases(broken, "p", "f", name="broken", final=confirmed, **facts),
        *cases(fixed, "f", "p", name="fixed", final=confirmed, **facts),
        *cases(n - broken - fixed, "p", "p", name="stable", **facts),
    ]


def shown(pairs: list[Pair], gate: Gate | None = None, **options: Any) -> tuple[Comparison, Evidence]:
    """The comparison of `pairs` and the numbers behind it."""
    comparison = compare(pairs, **options)
    return comparison, weigh(comparison, gate or Gate())


def ruled(
    pairs: list[Pair], gate: Gate | None = None, *, said: Mapping[str, Any] | None = None, **options: Any
) -> Ruling:
    """What the gate says of `pairs`; `said` goes to `decide`, `options` to `compare`."""
    gate = gate or Gate()
    comparison, evidence = shown(pairs, gate, **options)
    p = {"p_worse": 1.0 if evidence.p_worse is None else evidence.p_worse}
    return decide(comparison, evidence, gate, **{**p, **(said or {})})


def a_case(case_id: str = "case", **facts: Any) -> Case:
    """A case that asks for one thing."""
    return Case(id=case_id, **{"checks": (a_check("contains", value="x"),), **facts})


def a_check(kind: str, *, name: str = "", required: bool = True, **args: Any) -> CheckSpec:
    """A check as written."""
    return CheckSpec(kind=kind, name=name or kind, args=args, required=required)


def a_suite(*found: Case) -> Suite:
    """A suite of these cases."""
    return Suite(id="reply", prompt="reply", cases=tuple(found))
