"""One pass rate and the range it plausibly lies in."""

import math

from promptctl.core.stats.interval import Interval, check_level, one_sided_z, two_sided_z
from promptctl.core.stats.special import beta_quantile


def wilson_interval(passed: int, n: int, *, level: float = 0.95) -> Interval:
    """The pass rate with the range it plausibly lies in: the one to show.

    Args:
        passed: Cases that passed, 0 … n.
        n: Cases, at least 1.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        `Interval(low, estimate, high)` in fractions within [0, 1]; low is 0 only if nothing passed, high is 1
        only if all did.

    Raises:
        ValueError: a count or the level outside its range.

    Source: Wilson 1927, Journal of the American Statistical Association 22.
    """
    _check_counts(passed, n)
    z = two_sided_z(level)
    return Interval(_wilson_low(passed, n, z), passed / n, 1 - _wilson_low(n - passed, n, z))


def wilson_lower(passed: int, n: int, *, level: float = 0.95) -> float:
    """The rate that the true pass rate plausibly reaches.

    Args:
        passed, n: As `wilson_interval`.
        level: One-sided confidence, 0.5 ≤ level < 1.

    Returns:
        A fraction in [0, passed / n].

    Raises:
        ValueError: a count or the level outside its range.

    Source: Wilson 1927.
    """
    _check_counts(passed, n)
    return _wilson_low(passed, n, one_sided_z(level))


def wilson_upper(passed: int, n: int, *, level: float = 0.95) -> float:
    """The rate that the true pass rate plausibly does not exceed.

    Args:
        passed, n: As `wilson_interval`.
        level: One-sided confidence, 0.5 ≤ level < 1.

    Returns:
        A fraction in [passed / n, 1].

    Raises:
        ValueError: a count or the level outside its range.

    Source: Wilson 1927.
    """
    _check_counts(passed, n)
    return 1 - _wilson_low(n - passed, n, one_sided_z(level))


def jeffreys_interval(passed: int, n: int, *, level: float = 0.95, truncated: bool = True) -> Interval:
    """The pass rate with its equal-tailed posterior range under the Jeffreys prior.

    Args:
        passed, n: As `wilson_interval`.
        level: Two-sided, 0 < level < 1.
        truncated: Set low to 0 when nothing passed and high to 1 when all did, so that the range holds what
            was observed.

    Returns:
        `Interval(low, estimate, high)` in fractions within [0, 1].

    Raises:
        ValueError: a count or the level outside its range.

    Source: Brown, Cai and DasGupta 2001, Statistical Science 16; quantiles of Beta(passed + ½, n - passed +
    ½).
    """
    _check_counts(passed, n)
    check_level(level)
    a, b = passed + 0.5, n - passed + 0.5
    low = 0.0 if truncated and passed == 0 else beta_quantile((1 - level) / 2, a, b)
    high = 1.0 if truncated and passed == n else 1 - beta_quantile((1 - level) / 2, b, a)
    return Interval(low, passed / n, high)


def uniform_prior_interval(passed: int, n: int, *, level: float = 0.95) -> Interval:
    """The pass rate with its equal-tailed posterior range if every rate was equally likely before.

    Args:
        passed, n: As `wilson_interval`.
        level: Two-sided confidence, 0 < level < 1.

    Returns:
        `Interval(low, estimate, high)` in fractions within (0, 1). It never reaches 0 or 1, so where nothing or
        everything passed it misses the estimate.

    Raises:
        ValueError: a count or the level outside its range.

    Source: Bowyer, Aitchison and Ivanova 2025, arXiv 2503.01747; quantiles of Beta(passed + 1, n - passed + 1).
    """
    _check_counts(passed, n)
    check_level(level)
    a, b, tail = passed + 1, n - passed + 1, (1 - level) / 2
    return Interval(beta_quantile(tail, a, b), passed / n, 1 - beta_quantile(tail, b, a))


def clopper_pearson_interval(passed: int, n: int, *, level: float = 0.95) -> Interval:
    """The pass rate with a range that is never too narrow, at the price of being wide.

    Args:
        passed, n: As `wilson_interval`.
        level: Two-sided confidence, 0 < level < 1; the true coverage is at least this.

    Returns:
        `Interval(low, estimate, high)` in fractions within [0, 1].

    Raises:
        ValueError: a count or the level outside its range.

    Source: Clopper and Pearson 1934, Biometrika 26; quantiles of Beta(passed, n - passed + 1) and
    Beta(passed + 1, n - passed).
    """
    _check_counts(passed, n)
    check_level(level)
    failed = n - passed
    low = beta_quantile((1 - level) / 2, passed, failed + 1) if passed else 0.0
    high = 1 - beta_quantile((1 - level) / 2, failed, passed + 1) if failed else 1.0
    return Interval(low, passed / n, high)


def _wilson_low(passed: int, n: int, z: float) -> float:
    """The lower end; the upper one is its mirror image, so the two can never disagree."""
    if passed == 0:
        return 0.0  # the difference below would leave 1e-18, which is not nothing in a report
    failed = n - passed
    centre = passed + z * z / 2
    spread = z * math.sqrt(passed * failed / n + z * z / 4)
    return min(passed / n, (centre - spread) / (n + z * z))


def _check_counts(passed: int, n: int) -> None:
    if n < 1:
        raise ValueError(f"a rate needs at least one case, not {n}")
    if not 0 <= passed <= n:
        raise ValueError(f"passed must lie between 0 and {n}, not {passed}")
