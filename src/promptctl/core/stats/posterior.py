"""What to believe of a change after seeing the cases: for display, never for the gate.

At the margin the posterior is not calibrated: with 20 cases it promises "no worse" in .12 of the changes that are
exactly that much worse, where .05 were asked.
"""

import math
from typing import NamedTuple

from promptctl.core.stats.quadrature import integral
from promptctl.core.stats.special import beta_cdf, beta_quantile
from promptctl.core.stats.tango import check_pairs

_BEYOND = 1e-15  # of the belief lies outside the range that is added up, on either side


class PairedPosterior(NamedTuple):
    """The belief, in [0, 1], that head is `worse` than base, and that it is `no_worse` than base by the margin."""

    worse: float
    no_worse: float


def bayes_paired(broken: int, fixed: int, n: int, *, margin: float = 0.05) -> PairedPosterior:
    """How much the cases speak for harm, and for no more harm than the margin, in one number each.

    Args:
        broken, fixed, n: As `tango_interval`.
        margin: The loss one is ready to miss, a fraction in [0, 1].

    Returns:
        A `PairedPosterior`; `worse` is ½ without flips. Good to nine digits.

    Raises:
        ValueError: a count or the margin outside its range.

    Source: Bowyer, Aitchison and Ivanova 2025, arXiv 2503.01747, here with the prior Dirichlet(½, ½, ½) on fixed,
    broken and same. Then the change is T·(2B - 1) with T ~ Beta(flips + 1, n - flips + ½), the share that flips, and
    B ~ Beta(fixed + ½, broken + ½), the share of fixes among them.
    """
    check_pairs(broken, fixed, n)
    if not 0 <= margin <= 1:
        raise ValueError(f"margin must lie in [0, 1], not {margin}")
    worse = beta_cdf(0.5, fixed + 0.5, broken + 0.5)
    return PairedPosterior(worse, min(1.0, _no_worse(broken, fixed, n, margin)))


def _no_worse(broken: int, fixed: int, n: int, margin: float) -> float:
    """P(T·(2B - 1) > -margin): certain where no more than `margin` of the cases flip, added up over T beyond."""
    flips, same = broken + fixed + 1, n - broken - fixed + 0.5
    few = beta_cdf(margin, flips, same)
    most = 1 - beta_quantile(_BEYOND, same, flips)
    if most <= margin:
        return few
    size = math.lgamma(flips + same) - math.lgamma(flips) - math.lgamma(same)
    start, least = math.asin(math.sqrt(margin)), beta_quantile(_BEYOND, flips, same)

    # With T = sin²(start + u²) nothing is steep any more: neither the pole of T at 1 nor, at T = margin, the root that
    # the share of fixes begins with.
    def density(u: float) -> float:
        angle = start + u * u
        sine, cosine = math.sin(angle), math.cos(angle)
        log = size + (2 * flips - 1) * math.log(sine) + (2 * same - 1) * math.log(cosine)
        enough = max(0.0, (1 - margin / (sine * sine)) / 2)
        return 4 * u * math.exp(log) * beta_cdf(1 - enough, broken + 0.5, fixed + 0.5)

    low, high = (math.sqrt(max(0.0, math.asin(math.sqrt(share)) - start)) for share in (least, most))
    return few + integral(density, low, high)
