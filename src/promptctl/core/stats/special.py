"""The distributions the statistics rest on, from `math` alone.

`statistics.NormalDist` would do for the normal, but importing it brings fractions, decimal and random: about
10 ms of every start.
"""

import math
from collections.abc import Callable

_MOST_STEPS = 100_000
_TINY = 1e-300


def normal_cdf(x: float) -> float:
    """The share of a standard normal at or below `x`.

    Args:
        x: Any number, in standard deviations.

    Returns:
        A probability in [0, 1], with full relative precision in the lower tail.

    Source: the complementary error function.
    """
    return 0.5 * math.erfc(-x / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """The point of a standard normal below which the share `p` lies: 1.6449 for 0.95.

    Args:
        p: Probability, 0 < p < 1.

    Returns:
        Standard deviations; `normal_quantile(1 - p)` is `-normal_quantile(p)`.

    Raises:
        ValueError: p outside (0, 1).

    Source: Abramowitz and Stegun 1964, 26.2.23 as the start, then Halley's method on `normal_cdf`.
    """
    _check_open_probability(p)
    if p == 0.5:
        return 0.0
    if p > 0.5:
        return -normal_quantile(1 - p)
    t = math.sqrt(-2 * math.log(p))
    x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(
        3
    ):  # the start is good to 4.5e-4 and each step cubes the error: the third is for the far tail
        error = (normal_cdf(x) - p) * math.sqrt(2 * math.pi) * math.exp(x * x / 2)
        x -= error / (1 + x * error / 2)
    return x


def beta_cdf(x: float, a: float, b: float) -> float:
    """The share of a Beta(a, b) at or below `x`: the regularised incomplete beta function.

    Args:
        x: A fraction in [0, 1].
        a, b: Shapes, above 0. Relative precision is about 1e-14 for small shapes, 1e-9 at a + b = 100,000.

    Returns:
        A probability in [0, 1].

    Raises:
        ValueError: an argument outside its range.
        ArithmeticError: the fraction does not settle (shapes beyond about 1e9).

    Source: DLMF 8.17.22, continued fraction by the modified Lentz method.
    """
    if not 0 <= x <= 1:
        raise ValueError(f"x must lie in [0, 1], not {x}")
    if not (0 < a < math.inf and 0 < b < math.inf):
        raise ValueError(f"shapes must be positive, not {a} and {b}")
    return incomplete_beta(x, 1 - x, a, b)


def beta_quantile(p: float, a: float, b: float) -> float:
    """The point of a Beta(a, b) below which the share `p` lies.

    Args:
        p: Probability, 0 < p < 1.
        a, b: Shapes, above 0.

    Returns:
        A fraction in [0, 1].

    Raises:
        ValueError: an argument outside its range.

    Source: bisection on `beta_cdf` down to neighbouring floats.
    """
    _check_open_probability(p)
    return turning_point(lambda x: beta_cdf(x, a, b) < p, 0.0, 1.0)


def student_t_cdf(t: float, df: float) -> float:
    """The share of a Student t with `df` degrees of freedom at or below `t`.

    Args:
        t: Any number.
        df: Degrees of freedom, above 0, not necessarily whole.

    Returns:
        A probability in [0, 1], with full relative precision in the lower tail.

    Raises:
        ValueError: df not positive.

    Source: DLMF 8.17 with x = df / (df + t²).
    """
    _check_degrees(df)
    tail = _student_t_beyond(abs(t), df)
    return tail if t < 0 else 1 - tail


def student_t_quantile(p: float, df: float) -> float:
    """The point of a Student t below which the share `p` lies: 2.0150 for 0.95 and 5 degrees of freedom.

    Args:
        p: Probability, 0 < p < 1.
        df: Degrees of freedom, above 0.

    Returns:
        A number, negative below p = 0.5.

    Raises:
        ValueError: an argument outside its range.

    Source: bisection on `student_t_cdf` down to neighbouring floats.
    """
    _check_open_probability(p)
    _check_degrees(df)
    if p == 0.5:
        return 0.0
    tail = min(p, 1 - p)
    high = 1.0
    while _student_t_beyond(high, df) > tail:
        high *= 2
    t = turning_point(lambda t: _student_t_beyond(t, df) > tail, 0.0, high)
    return -t if p < 0.5 else t


def turning_point(still_below: Callable[[float], bool], low: float, high: float) -> float:
    """The last float from `low` towards `high` of which `still_below` is true, found by bisection.

    `still_below` must be true up to some point and false after it; `low` itself is taken for true.
    """
    while low < (middle := (low + high) / 2) < high:
        if still_below(middle):
            low = middle
        else:
            high = middle
    return low


def _student_t_beyond(t: float, df: float) -> float:
    """P(T > t) for t ≥ 0; x and its complement are formed apart, so neither loses digits near 0 or 1."""
    ratio = t * t / df
    inverse = 1 / ratio if ratio else math.inf
    return 0.5 * incomplete_beta(1 / (1 + ratio), 1 / (1 + inverse), df / 2, 0.5)


def incomplete_beta(x: float, complement: float, a: float, b: float) -> float:
    """`beta_cdf` from x and 1 - x apart, so that neither loses digits near 0."""
    if x == 0 or complement == 0:
        return float(complement == 0)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(complement)
    )
    if x * (a + b + 2) < a + 1:  # where the fraction converges quickly; elsewhere its mirror image does
        return min(1.0, front * _fraction(x, a, b) / a)
    return max(0.0, 1 - front * _fraction(complement, b, a) / b)


def _fraction(x: float, a: float, b: float) -> float:
    c = 1.0
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_STEPS):
        before = value
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            value *= c * d
        if abs(value - before) <= 1e-15 * abs(value):
            return value
    raise ArithmeticError(f"the incomplete beta function does not settle for x={x}, a={a}, b={b}")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _check_open_probability(p: float) -> None:
    if not 0 < p < 1:
        raise ValueError(f"a probability must lie between 0 and 1, not {p}")


def _check_degrees(df: float) -> None:
    if not 0 < df < math.inf:
        raise ValueError(f"degrees of freedom must be positive, not {df}")
