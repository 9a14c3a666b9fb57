"""What drawing again proves: whether a flip is a break, and whether the model itself has drifted."""

import math

from promptctl.core.stats.binomial import binomial_at_least


def false_break_probability(pass_rate: float, draws: int) -> float:
    """The chance that a case the change does not touch is confirmed broken.

    Args:
        pass_rate: The case's true pass rate on both sides, in [0, 1].
        draws: Agreeing draws asked of each side, the first included, at least 1.

    Returns:
        A probability, at most 4^-draws, reached by a case that passes half the time.

    Raises:
        ValueError: an argument outside its range.

    Source: independent draws: base passes all and head fails all, (p·(1 - p))^draws.
    """
    _check_rate(pass_rate)
    _check_positive(draws, "draws")
    return float((pass_rate * (1 - pass_rate)) ** draws)


def false_break_bound(n: int, draws: int) -> float:
    """The most that the chance of any falsely confirmed break in a suite can be, whatever its cases are like.

    Args:
        n: Cases, at least 1.
        draws: Agreeing draws asked of each side, the first included, at least 1.

    Returns:
        A probability in (0, 1]; true suites stay ten to twenty times below it.

    Raises:
        ValueError: an argument outside its range.

    Source: Bonferroni over the worst case, n · 4^-draws.
    """
    _check_positive(n, "n")
    _check_positive(draws, "draws")
    return min(1.0, n * 0.25**draws)


def flip_probability(pass_rate: float) -> float:
    """The chance that two draws of the same case differ although nothing changed.

    Args:
        pass_rate: The case's true pass rate, in [0, 1].

    Returns:
        A probability in [0, 0.5]: 0.18 for a case that passes nine times in ten.

    Raises:
        ValueError: pass_rate outside [0, 1].

    Source: independent draws, 2p·(1 - p).
    """
    _check_rate(pass_rate)
    return 2 * pass_rate * (1 - pass_rate)


def all_against_all(draws: int) -> float:
    """How surprising it is that base passes all its draws and head fails all of its own.

    Args:
        draws: Draws of each side, at least 1.

    Returns:
        A one-sided p-value in (0, 0.5]: 0.05 for three against three.

    Raises:
        ValueError: draws below 1.

    Source: Fisher's exact test, 1 / C(2·draws, draws).
    """
    _check_positive(draws, "draws")
    return 1 / math.comb(2 * draws, draws)


def cases_until_first_broken(n: int, broken: int) -> float:
    """How many cases are asked on average until the first broken one, in random order.

    Args:
        n: Cases, at least 1.
        broken: Broken ones among them, 1 … n.

    Returns:
        Cases, the broken one included, at least 1.

    Raises:
        ValueError: a count outside its range.

    Source: the mean of the smallest of `broken` places out of n, (n + 1) / (broken + 1).
    """
    _check_positive(n, "n")
    if not 1 <= broken <= n:
        raise ValueError(f"broken must lie between 1 and {n}, not {broken}")
    return (n + 1) / (broken + 1)


def drift_probability(flips: int, redraws: int, flip_rate: float) -> float:
    """How surprising so many changed redraws of base would be if the model were still the same.

    Args:
        flips: Redraws that differ from the stored outcome, 0 … redraws.
        redraws: Cases drawn again, at least 1.
        flip_rate: The share that differs when nothing has changed, in [0, 1].

    Returns:
        A p-value in [0, 1]: P(X ≥ flips) with X ~ Bin(redraws, flip_rate).

    Raises:
        ValueError: an argument outside its range.

    Source: the exact binomial test.
    """
    _check_positive(redraws, "redraws")
    _check_rate(flip_rate)
    if not 0 <= flips <= redraws:
        raise ValueError(f"flips must lie between 0 and {redraws}, not {flips}")
    return binomial_at_least(flips, redraws, flip_rate)


def _check_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate must lie in [0, 1], not {rate}")


def _check_positive(count: int, name: str) -> None:
    if count < 1:
        raise ValueError(f"{name} must be at least 1, not {count}")
