"""Which flips are drawn again where first draws alone decide: a prompt that is broken altogether must not cost tenfold.

Where so many cases break that harm is beyond chance on first draws, no redraw can save the change. Where so many are
fixed that the gain is, fixes beyond those that outvote every break add nothing. Some are drawn again all the same, for
the reader, and because they may show that base has drifted.
"""

from collections.abc import Sequence

from promptctl.core.case import Gate
from promptctl.core.comparison import Comparison
from promptctl.core.evidence import weigh
from promptctl.core.gate import ALPHA_BETTER, ALPHA_HARM
from promptctl.engine.confirm import Flip

ENOUGH = 50
"""Flips of a suite that are drawn again although first draws decide."""


def enough(
    flips: Sequence[Flip], comparison: Comparison, gate: Gate, *, each: int, suites: int
) -> tuple[list[Flip], list[Flip]]:
    """The flips of a suite to draw again now, and those that are spared.

    Args:
        flips: In the order in which they are drawn again, the most important first.
        comparison: With all redraws so far; once nothing is to be drawn again, the decision stands.
        each: Draws of a side that must agree.
        suites: How many suites the run compares: harm has to be beyond chance for all of them (Bonferroni, which is
            never less strict than Holm).
    """
    open_flips = [flip for flip in flips if flip.may_ask and flip.seen(each).verdict == "open"]
    if len(flips) <= ENOUGH:
        return open_flips, []
    evidence = weigh(comparison, gate)
    if evidence.p_worse is not None and evidence.p_worse * suites <= ALPHA_HARM:
        return _split(open_flips, ENOUGH - (len(flips) - len(open_flips)))
    if evidence.p_better is None or evidence.p_better > ALPHA_BETTER:
        return open_flips, []
    broken = [flip for flip in open_flips if flip.state != "fixed"]
    fixed = [flip for flip in open_flips if flip.state == "fixed"]
    if broken:  # then fixes, until they outvote what was confirmed
        return broken, fixed
    confirmed = [change for change in comparison.counted if change.confirmed]
    lead = sum(1 if change.state == "fixed" else -1 for change in confirmed if not change.pair.edited)
    return _split(fixed, ENOUGH - lead)


def _split(flips: list[Flip], count: int) -> tuple[list[Flip], list[Flip]]:
    return flips[: max(0, count)], flips[max(0, count) :]
