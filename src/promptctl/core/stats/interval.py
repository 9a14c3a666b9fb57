"""The shape of an answer with its range, and the normal points that belong to a confidence level."""

from typing import NamedTuple

from promptctl.core.stats.special import normal_quantile


class Interval(NamedTuple):
    """What was observed, between the ends of the range it plausibly stands for.

    `estimate` is always the observed value, also where the method shrinks it to find the ends.
    """

    low: float
    estimate: float
    high: float


def two_sided_z(level: float) -> float:
    """How many standard errors reach to either end at this confidence: 1.96 for 0.95.

    Raises:
        ValueError: level outside (0, 1).
    """
    check_level(level)
    return -normal_quantile((1 - level) / 2)


def one_sided_z(level: float) -> float:
    """How many standard errors reach to a single bound at this confidence: 1.645 for 0.95.

    Raises:
        ValueError: level not in [0.5, 1): below one half a bound would lie on the wrong side of what was
        seen.
    """
    check_one_sided_level(level)
    return normal_quantile(level)


def check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def check_one_sided_level(level: float) -> None:
    if not 0.5 <= level < 1:
        raise ValueError(f"a one-sided level must lie in [0.5, 1), not {level}")
