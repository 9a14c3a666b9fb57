"""The best of several: of draws of one case, and of candidates that were all tried."""

import math

from promptctl.core.stats.quadrature import integral
from promptctl.core.stats.special import normal_cdf


def pass_at_k(n: int, passed: int, k: int) -> float:
    """The chance that at least one of `k` draws passes.

    Args:
        n: Draws that were made, at least 1.
        passed: Those that passed, 0 … n.
        k: Draws that the question is about, 1 … n.

    Returns:
        A probability in [0, 1], without bias.

    Raises:
        ValueError: a count outside its range.

    Source: Chen et al. 2021, arXiv 2107.03374: 1 - C(n - passed, k) / C(n, k).
    """
    _check_draws(n, passed, k)
    every = math.comb(n, k)
    return (every - math.comb(n - passed, k)) / every


def pass_hat_k(n: int, passed: int, k: int) -> float:
    """The chance that all of `k` draws pass.

    Args:
        n, passed, k: As `pass_at_k`.

    Returns:
        A probability in [0, 1], without bias, at most `pass_at_k`.

    Raises:
        ValueError: a count outside its range.

    Source: Yao et al. 2024, arXiv 2406.12045: C(passed, k) / C(n, k).
    """
    _check_draws(n, passed, k)
    return math.comb(passed, k) / math.comb(n, k)


def expected_best(candidates: int) -> float:
    """How far the best of several looks ahead by luck alone, in standard errors.

    Args:
        candidates: Equally good ones, 1 … 1,000,000.

    Returns:
        The mean of the largest of so many standard normals: 0 for one, 1.5388 for ten. Good to nine digits.

    Raises:
        ValueError: candidates outside its range.

    Source: the mean of an order statistic, ∫₀^∞ (1 - Φ(x)^C - Φ(-x)^C) dx, by quadrature.
    """
    if not 1 <= candidates <= 1_000_000:
        raise ValueError(f"candidates must lie between 1 and 1,000,000, not {candidates}")

    def ahead(x: float) -> float:
        beyond = normal_cdf(-x)
        return -math.expm1(candidates * math.log1p(-beyond)) - float(beyond**candidates)

    return integral(ahead, 0.0, 12.0, points=128)


def spurious_gain(candidates: int, flip_rate: float, n: int) -> float:
    """How much better than base the best of several seems on the cases it was chosen by, if none is better.

    Args:
        candidates: As `expected_best`.
        flip_rate: The share of cases that flip, in [0, 1].
        n: Cases, at least 1.

    Returns:
        A change of the pass rate, a fraction of 0 or more: 0.069 for ten candidates on 50 cases of which a tenth flip.

    Raises:
        ValueError: an argument outside its range.

    Source: `expected_best`·√(psi / n), the candidates taken for independent; the winner's curse.
    """
    if n < 1:
        raise ValueError(f"a suite needs at least one case, not {n}")
    if not 0 <= flip_rate <= 1:
        raise ValueError(f"a rate must lie in [0, 1], not {flip_rate}")
    return expected_best(candidates) * math.sqrt(flip_rate / n)


def _check_draws(n: int, passed: int, k: int) -> None:
    if n < 1:
        raise ValueError(f"at least one draw is needed, not {n}")
    if not 0 <= passed <= n:
        raise ValueError(f"passed must lie between 0 and {n}, not {passed}")
    if not 1 <= k <= n:
        raise ValueError(f"k must lie between 1 and {n}, not {k}")
