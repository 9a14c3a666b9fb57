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


def enough(flips: Sequence[Flip], comparison: Comparison, gate: Gate, *, suites: int) -> list[Flip]:
    """The flips of a suite to draw again, in the order given.

    Args:
        flips: In the order in which they are drawn again, the most important first.
        suites: How many suites the run compares: harm has to be beyond chance for all of them (Bonferroni, which is
            never less strict than Holm).
    """
    if len(flips) <= ENOUGH:
        return list(flips)
    evidence = weigh(comparison, gate)
    if evidence.p_worse is not None and evidence.p_worse * suites <= ALPHA_HARM:
        return list(flips[:ENOUGH])
    if evidence.p_better is not None and evidence.p_better <= ALPHA_BETTER:
        broken = [flip for flip in flips if flip.state != "fixed"]
        fixed = [flip for flip in flips if flip.state == "fixed"]
        return [*broken, *fixed[: len(broken) + ENOUGH]]
    return list(flips)
