"""Counts of successes, for any number of tries up to 100,000 and beyond."""

import math

from promptctl.core.stats.special import incomplete_beta


def binomial_probability(k: int, n: int, p: float) -> float:
    """The chance of exactly `k` successes in `n` tries.

    Args:
        k: Any whole number; outside 0 … n the chance is 0.
        n: Tries, 0 or more; good to nine digits at 100,000.
        p: Chance of one success, in [0, 1].

    Returns:
        A probability in [0, 1].

    Raises:
        ValueError: n negative or p outside [0, 1].

    Source: the binomial coefficient by log-gamma, so that nothing overflows.
    """
    _check_tries(n, p)
    if not 0 <= k <= n:
        return 0.0
    if p in (0, 1):
        return float(k == n * p)
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))


def binomial_at_least(k: int, n: int, p: float) -> float:
    """The chance of `k` or more successes in `n` tries.

    Args:
        k, n, p: As `binomial_probability`.

    Returns:
        A probability in [0, 1], with full relative precision where it is small.

    Raises:
        ValueError: n negative or p outside [0, 1].

    Source: DLMF 8.17.5, I_p(k, n - k + 1).
    """
    _check_tries(n, p)
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    return incomplete_beta(p, 1 - p, k, n - k + 1)


def binomial_at_most(k: int, n: int, p: float) -> float:
    """The chance of `k` or fewer successes in `n` tries.

    Args:
        k, n, p: As `binomial_probability`.

    Returns:
        A probability in [0, 1], with full relative precision where it is small.

    Raises:
        ValueError: n negative or p outside [0, 1].

    Source: DLMF 8.17.5, I_{1-p}(n - k, k + 1).
    """
    _check_tries(n, p)
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    return incomplete_beta(1 - p, p, n - k, k + 1)


def _check_tries(n: int, p: float) -> None:
    if n < 0:
        raise ValueError(f"tries must not be negative, not {n}")
    if not 0 <= p <= 1:
        raise ValueError(f"a probability must lie in [0, 1], not {p}")
