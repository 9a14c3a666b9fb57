"""Looking before all cases are asked, without being fooled more often for it.

`*_boundaries` are for a few looks that are planned, `e_process` for a look after every case, for ever.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from promptctl.core.stats.quadrature import weighted_points
from promptctl.core.stats.special import normal_cdf, normal_quantile, turning_point

_MOST_LOOKS = 20
_FAR = 8.5  # standard errors: 1e-17 of a normal lies beyond
_BETS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)


class EProcess(NamedTuple):
    """Evidence gathered case by case: of a loss smaller than the margin (`no_worse`), and of any loss (`worse`).

    1 is none. `*_at` is the case, counted from 1, after which it first reached 1 / alpha; None if it never did.
    """

    no_worse: float
    worse: float
    no_worse_at: int | None
    worse_at: int | None


def obrien_fleming_boundaries(looks: int, *, alpha: float = 0.05) -> tuple[float, ...]:
    """How large z must be at each of several equally spaced looks: strict at first, near the usual value at last.

    Args:
        looks: Looks in all, the last one at all cases, 1 … 20.
        alpha: One-sided chance of ever crossing without cause, in (0, 0.5].

    Returns:
        One z per look, falling: 4.2292, 2.8881, 2.2981, 1.9618 and 1.7397 for five looks. The normal approximation of
        a sum over cases in random order; good to seven digits.

    Raises:
        ValueError: an argument outside its range.

    Source: Lan and DeMets 1983, Biometrika 70, O'Brien-Fleming-type spending 2 - 2Φ(z_{1 - alpha/2} / √t); crossing
    probabilities by the recursion of Armitage, McPherson and Rowe 1969, Journal of the Royal Statistical Society A 132.
    """
    _check_plan(looks, alpha)
    start = normal_quantile(1 - alpha / 2)
    return _boundaries(looks, lambda share: 2 * normal_cdf(-start / math.sqrt(share)))


def pocock_boundaries(looks: int, *, alpha: float = 0.05) -> tuple[float, ...]:
    """As `obrien_fleming_boundaries`, about as strict at every look: it stops sooner, and asks more at last.

    Args:
        looks, alpha: As `obrien_fleming_boundaries`.

    Returns:
        One z per look: 2.1762, 2.1437, 2.1133, 2.0896 and 2.0710 for five looks.

    Raises:
        ValueError: an argument outside its range.

    Source: Lan and DeMets 1983, Biometrika 70, Pocock-type spending alpha·ln(1 + (e - 1)·t).
    """
    _check_plan(looks, alpha)
    return _boundaries(looks, lambda share: alpha * math.log1p((math.e - 1) * share))


def e_process(differences: Sequence[float], *, margin: float = 0.05, alpha: float = 0.05) -> EProcess:
    """Evidence that holds whenever one stops looking, for cases that come one by one.

    Args:
        differences: Head minus base per case, each in [-1, 1], in random order of the cases; may be empty.
        margin: The loss one is ready to miss, a fraction in [0, 1).
        alpha: Chance of ever reaching 1 / alpha without cause, in (0, 1).

    Returns:
        An `EProcess`.

    Raises:
        ValueError: an argument outside its range.

    Source: Waudby-Smith and Ramdas 2024, Journal of the Royal Statistical Society B 86; the mean over bets L of
    Π(1 + L·(x + margin) / (1 - margin)) against a loss of `margin` or more, of Π(1 - L·x) against no loss.
    """
    if not 0 <= margin < 1:
        raise ValueError(f"margin must lie in [0, 1), not {margin}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    for x in differences:
        if not -1 <= x <= 1:
            raise ValueError(f"a difference must lie in [-1, 1], not {x}")
    no_worse, no_worse_at = _bet([(x + margin) / (1 - margin) for x in differences], 1 / alpha)
    worse, worse_at = _bet([-x for x in differences], 1 / alpha)
    return EProcess(no_worse, worse, no_worse_at, worse_at)


def _bet(gains: Sequence[float], enough: float) -> tuple[float, int | None]:
    """What a stake of 1, spread evenly over the bets, has become, and the case that first made it `enough`."""
    stakes, worth, reached = [1.0] * len(_BETS), 1.0, None
    for case, gain in enumerate(gains, start=1):
        stakes = [stake * (1 + bet * gain) for stake, bet in zip(stakes, _BETS, strict=True)]
        worth = math.fsum(stakes) / len(_BETS)
        if reached is None and worth >= enough:
            reached = case
    return worth, reached


def _boundaries(looks: int, spent: Callable[[float], float]) -> tuple[float, ...]:
    """The z at which exactly `spent(share)` of the chance is used up by each look.

    The sum over the cases so far is walked in steps of variance 1, one a look: `where` holds places it may stand at
    without having crossed, each with its chance.
    """
    where, used, found = [(0.0, 1.0)], 0.0, []
    for look in range(1, looks + 1):
        total, far = spent(look / looks), _FAR * math.sqrt(look)
        limit = _limit(where, total - used, far)
        found.append(limit / math.sqrt(look))
        where, used = _step(where, -far, min(limit, far)), total
    return tuple(found)


def _limit(where: Sequence[tuple[float, float]], allowed: float, far: float) -> float:
    """The place that the next step lands beyond with just the chance `allowed`."""

    def crossed(limit: float) -> float:
        return math.fsum(chance * normal_cdf(place - limit) for place, chance in where)

    return turning_point(lambda limit: crossed(limit) > allowed, -far, 5 * far)


def _step(where: Sequence[tuple[float, float]], low: float, high: float) -> list[tuple[float, float]]:
    points = 24 + math.ceil(2 * (high - low))
    scale = 1 / math.sqrt(2 * math.pi)
    return [
        (x, scale * width * math.fsum(chance * math.exp(-((x - place) ** 2) / 2) for place, chance in where))
        for x, width in weighted_points(low, high, points)
    ]


def _check_plan(looks: int, alpha: float) -> None:
    if not 1 <= looks <= _MOST_LOOKS:
        raise ValueError(f"looks must lie between 1 and {_MOST_LOOKS}, not {looks}")
    if not 0 < alpha <= 0.5:
        raise ValueError(f"alpha must lie in (0, 0.5], not {alpha}")
